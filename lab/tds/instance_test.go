package tds

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"itmsbot/lab/world"
)

const (
	user   = "itmsbot"
	secret = "Secret1!"
)

// instance is a server that is served until the end of a test.
type instance struct {
	*testing.T
	*Server
	world   *world.World
	address string
	host    string
	port    uint64
	roots   *x509.CertPool
	ca      string // the file of the same
	off     atomic.Bool
}

func newInstance(t *testing.T) *instance {
	t.Helper()
	i := &instance{T: t, world: world.New(world.Options{Manual: true, Managed: 50})}
	certificate := i.certify()
	i.Server = New(Config{
		Name: "SQL1", Domain: "LAB", Certificate: certificate, World: i.world,
		Password: func(name, domain string) (string, bool) {
			return secret, name == user && (domain == "" || domain == "LAB")
		},
		Answers: func() bool { return !i.off.Load() },
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i.address = l.Addr().String()
	host, port, _ := net.SplitHostPort(i.address)
	i.host = host
	if i.port, err = strconv.ParseUint(port, 10, 16); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- i.Serve(l) }() // the cleanup waits for it
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return i
}

func (i *instance) certify() *tls.Certificate {
	i.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		i.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	i.roots = x509.NewCertPool()
	i.roots.AppendCertsFromPEM(text)
	i.ca = filepath.Join(i.TempDir(), "ca.pem")
	if err := os.WriteFile(i.ca, text, 0o600); err != nil {
		i.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// open is a pool of connections of go-mssqldb, which does not know the lab.
func (i *instance) open(change func(*msdsn.Config)) *sql.DB {
	i.Helper()
	c := msdsn.Config{
		Host: i.host, Port: i.port, Protocols: []string{"tcp"}, Database: world.CMDB, User: user, Password: secret,
		Encryption: msdsn.EncryptionRequired, TLSConfig: &tls.Config{RootCAs: i.roots, ServerName: "localhost"},
	}
	if change != nil {
		change(&c)
	}
	db := sql.OpenDB(mssql.NewConnectorConfig(c))
	i.Cleanup(func() { _ = db.Close() })
	return db
}

// product is the text of one of the product's statements.
func product(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../estate/sqlserver/queries/" + name + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
