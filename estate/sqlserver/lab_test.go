package sqlserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"itmsbot/estate/trust"
	"itmsbot/lab/tds"
	"itmsbot/lab/world"
)

const (
	secret       = "Tr0ub4dor&3 é"
	sqlUser      = "itmsbot"
	windowsUser  = "svc-itmsbot"
	windowsRealm = "LAB"
)

// practice is an instance of the practice estate and the adapter that looks at it.
type practice struct {
	t       *testing.T
	world   *world.World
	server  *tds.Server
	address string
	roots   *x509.CertPool
	print   string
	off     atomic.Bool
	asked   atomic.Int64 // how often the password was read
}

func newPractice(t *testing.T) *practice {
	t.Helper()
	return practiceIn(t, world.New(world.Options{Manual: true, Managed: 50}))
}

func practiceIn(t *testing.T, w *world.World) *practice {
	t.Helper()
	p := &practice{t: t, world: w}
	certificate := selfSigned(t)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(certificate.Leaf)
	sum := sha256.Sum256(certificate.Leaf.Raw)
	p.print = hex.EncodeToString(sum[:])
	p.server = tds.New(tds.Config{
		Name: "SQL1", Domain: windowsRealm, Certificate: certificate, World: p.world,
		Password: func(user, domain string) (string, bool) {
			return secret, domain == "" && user == sqlUser || domain == windowsRealm && user == windowsUser
		},
		Answers: func() bool { return !p.off.Load() },
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- p.server.Serve(l) }() // the cleanup waits for it
	t.Cleanup(func() {
		if err := p.server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return p
}

func selfSigned(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "SQL1"}, DNSNames: []string{"sql1.lab"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// instance is the configuration that works.
func (p *practice) instance() Instance {
	return Instance{
		Name: "SQL1", Address: p.address, Peer: trust.Peer{Roots: p.roots},
		Login: &trust.Login{User: sqlUser, Password: p.password(secret)},
	}
}

func (p *practice) password(word string) func() (string, error) {
	return func() (string, error) {
		p.asked.Add(1)
		return word, nil
	}
}

// open makes an adapter that is closed with the test.
func (p *practice) open(i Instance, o Options) *Server {
	p.t.Helper()
	s, err := New(i, o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return s
}

// set makes a condition of the world so.
func (p *practice) set(c world.Condition) {
	p.t.Helper()
	if err := p.world.Set(c); err != nil {
		p.t.Fatal(err)
	}
}

// ctx is a context that ends with the test, and long after anything in it should.
func (p *practice) ctx() context.Context {
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	p.t.Cleanup(cancel)
	return ctx
}

func of[T any](v T) *T { return &v }

// looksOf are the looks by name.
func looksOf(s *Server) map[string]func(context.Context) (any, error) {
	return map[string]func(context.Context) (any, error){
		"queue":      func(ctx context.Context) (any, error) { return s.Queue(ctx) },
		"backups":    func(ctx context.Context) (any, error) { return s.Backups(ctx) },
		"neighbours": func(ctx context.Context) (any, error) { return s.Neighbours(ctx) },
		"sites":      func(ctx context.Context) (any, error) { return s.SiteServers(ctx) },
		"server":     func(ctx context.Context) (any, error) { return s.Probe(ctx) },
		"named":      func(ctx context.Context) (any, error) { return s.ComputersNamed(ctx, "WS-0021") },
		"at":         func(ctx context.Context) (any, error) { return s.ComputersAt(ctx, "10.22.0.21") },
		"since":      func(ctx context.Context) (any, error) { return s.ClientsSince(ctx, 3600) },
	}
}
