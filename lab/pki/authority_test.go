package pki

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
)

func leaf(t *testing.T, c *tls.Certificate) *x509.Certificate {
	t.Helper()
	l, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newAuthority(t *testing.T) *Authority {
	t.Helper()
	a, err := NewAuthority("Practice estate CA")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestWhoBelievesWhom: a certificate is believed by its own authority's clients, under
// its own names, and by nobody else; an impostor's by none.
func TestWhoBelievesWhom(t *testing.T) {
	own, other := newAuthority(t), newAuthority(t)
	c, err := own.Issue("smp1.lab.example", "smp1")
	if err != nil {
		t.Fatal(err)
	}
	fake, err := Impostor(c)
	if err != nil {
		t.Fatal(err)
	}
	fromPEM := x509.NewCertPool()
	if !fromPEM.AppendCertsFromPEM(own.PEM()) {
		t.Fatal("the authority's PEM is none")
	}
	for _, tt := range []struct {
		what  string
		shown *tls.Certificate
		roots *x509.CertPool
		name  string
		want  bool
	}{
		{"its own name", c, own.Roots(), "smp1.lab.example", true},
		{"its short name", c, fromPEM, "smp1", true},
		{"loopback", c, own.Roots(), "127.0.0.1", true},
		{"another machine's name", c, own.Roots(), "sql1.lab.example", false},
		{"another authority's client", c, other.Roots(), "smp1.lab.example", false},
		{"an impostor", fake, own.Roots(), "smp1.lab.example", false},
	} {
		_, err := leaf(t, tt.shown).Verify(x509.VerifyOptions{Roots: tt.roots, DNSName: tt.name})
		if (err == nil) != tt.want {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
	if Thumbprint(c) == Thumbprint(fake) || leaf(t, c).Subject.String() != leaf(t, fake).Subject.String() {
		t.Error("an impostor has the names, and not the certificate")
	}
}
