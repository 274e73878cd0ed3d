package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// authority signs certificates of servers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate; the authority of a zero one is itself.
func (a authority) sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(1)
	parent, by := a.cert, a.key
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func (a authority) under(t *testing.T, name string) authority {
	t.Helper()
	key := newKey(t)
	return authority{a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}, key), key}
}

// server gives a certificate for sql1.lab and 10.0.0.7 that is good until then.
func (a authority) server(t *testing.T, until time.Time, use ...x509.ExtKeyUsage) *tls.Certificate {
	t.Helper()
	key := newKey(t)
	cert := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "SQL1"}, DNSNames: []string{"sql1.lab"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 7)},
		ExtKeyUsage: use, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until}, key)
	return &tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func (a authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func printOf(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// handshake connects to a server with that certificate, as one called name.
func handshake(t *testing.T, server *tls.Config, client *tls.Config) (uint16, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan struct{})
	go func() { // waited for below
		defer close(ended)
		far, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		_ = tls.Server(far, server).Handshake() // the client's no is its error too
		_ = far.Close()
	}()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(near, client)
	err = conn.Handshake()
	_ = near.Close()
	<-ended
	return conn.ConnectionState().Version, err
}

// TestPeer says who is believed.
func TestPeer(t *testing.T) {
	root, other := authority{}.under(t, "root"), authority{}.under(t, "other")
	between := root.under(t, "issuing")
	soon := time.Now().Add(time.Hour)
	cert := root.server(t, soon, x509.ExtKeyUsageServerAuth)
	stranger := other.server(t, soon)
	expired := root.server(t, time.Now().Add(-time.Hour))
	client := root.server(t, soon, x509.ExtKeyUsageClientAuth)
	chained := between.server(t, soon)
	chained.Certificate = append(chained.Certificate, between.cert.Raw)
	lone := between.server(t, soon)
	roots, print := root.pool(), printOf(cert)
	for _, tt := range []struct {
		name     string
		shows    *tls.Certificate
		peer     Peer
		as       string
		believed bool
	}{
		{"roots", cert, Peer{Roots: roots}, "sql1.lab", true},
		{"roots, by address", cert, Peer{Roots: roots}, "10.0.0.7", true},
		{"roots, over an authority in between", chained, Peer{Roots: roots}, "sql1.lab", true},
		{"roots, the one in between was not shown", lone, Peer{Roots: roots}, "sql1.lab", false},
		{"roots, another name", cert, Peer{Roots: roots}, "sql2.lab", false},
		{"roots, another address", cert, Peer{Roots: roots}, "10.0.0.8", false},
		{"roots, no name", cert, Peer{Roots: roots}, "", false},
		{"roots, out of its time", expired, Peer{Roots: roots}, "sql1.lab", false},
		{"roots, a certificate for clients", client, Peer{Roots: roots}, "sql1.lab", false},
		{"other roots", cert, Peer{Roots: other.pool()}, "sql1.lab", false},
		{"no roots in the pool", cert, Peer{Roots: x509.NewCertPool()}, "sql1.lab", false},
		{"thumbprint", cert, Peer{Thumbprint: print}, "sql1.lab", true},
		{"thumbprint, whatever name", cert, Peer{Thumbprint: print}, "x", true},
		{"thumbprint, whatever time", expired, Peer{Thumbprint: printOf(expired)}, "sql1.lab", true},
		{"thumbprint of another", stranger, Peer{Thumbprint: print}, "sql1.lab", false},
		{"thumbprint of the authority", chained, Peer{Thumbprint: hex.EncodeToString(sum(between.cert))}, "sql1.lab", false},
		{"both", cert, Peer{roots, print}, "sql1.lab", true},
		{"both, another name", cert, Peer{roots, print}, "sql2.lab", false},
		{"roots and other thumbprint", cert, Peer{roots, printOf(stranger)}, "sql1.lab", false},
		{"thumbprint and other roots", cert, Peer{other.pool(), print}, "sql1.lab", false},
		{"nothing to know it by", cert, Peer{}, "sql1.lab", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := handshake(t, &tls.Config{Certificates: []tls.Certificate{*tt.shows}}, tt.peer.TLS(tt.as))
			if (err == nil) != tt.believed {
				t.Fatalf("believed is %v, want %v: %v", err == nil, tt.believed, err)
			}
			if err != nil && !Untrusted(err) {
				t.Errorf("not told as untrusted: %v", err)
			}
		})
	}
}

func sum(c *x509.Certificate) []byte {
	s := sha256.Sum256(c.Raw)
	return s[:]
}

func TestVersions(t *testing.T) {
	cert := authority{}.under(t, "root").server(t, time.Now().Add(time.Hour))
	p := Peer{Thumbprint: printOf(cert)}
	for _, tt := range []struct{ min, max, bound, want uint16 }{
		{tls.VersionTLS12, tls.VersionTLS13, 0, tls.VersionTLS13},
		{tls.VersionTLS12, tls.VersionTLS13, tls.VersionTLS12, tls.VersionTLS12},
		{tls.VersionTLS10, tls.VersionTLS11, 0, 0},
		{tls.VersionTLS13, tls.VersionTLS13, tls.VersionTLS12, 0},
	} {
		c := p.TLS("sql1.lab")
		if tt.bound != 0 {
			c.MaxVersion = tt.bound
		}
		got, err := handshake(t, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tt.min, MaxVersion: tt.max}, c)
		if (err == nil) != (tt.want != 0) || err == nil && got != tt.want || Untrusted(err) {
			t.Errorf("%+v: %x, %v", tt, got, err)
		}
	}
}

func TestChecked(t *testing.T) {
	good := strings.Repeat("ab", sha256.Size)
	for _, tt := range []struct {
		name string
		peer Peer
		want string // the thumbprint; empty where it cannot be used
	}{
		{"plain", Peer{Thumbprint: good}, good},
		{"as Windows tools show it", Peer{Thumbprint: strings.Repeat("AB:", 31) + "AB"}, good},
		{"with spaces", Peer{Thumbprint: " " + strings.Repeat("AB ", 32)}, good},
		{"SHA-1", Peer{Thumbprint: strings.Repeat("ab", 20)}, ""},
		{"no hexadecimal", Peer{Thumbprint: strings.Repeat("xy", 32)}, ""},
		{"roots and SHA-1", Peer{Roots: x509.NewCertPool(), Thumbprint: strings.Repeat("ab", 20)}, ""},
		{"nothing", Peer{}, ""},
	} {
		p, err := tt.peer.Checked()
		if (err == nil) != (tt.want != "") || err == nil && p.Thumbprint != tt.want {
			t.Errorf("%s: %q, %v", tt.name, p.Thumbprint, err)
		}
	}
	if p, err := (Peer{Roots: x509.NewCertPool()}).Checked(); err != nil || !p.Known() {
		t.Errorf("roots alone: %v", err)
	}
	if Untrusted(nil) || Untrusted(errors.New("x")) {
		t.Error("any error is told as untrusted")
	}
}
