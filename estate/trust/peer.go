package trust

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Peer is by what the other end of a TLS connection is known: its Roots, its
// Thumbprint, or both where both are set.
type Peer struct {
	// Roots are the authorities to believe. With them the certificate has to bear
	// the name of the server and be in its time.
	Roots *x509.CertPool
	// Thumbprint is the SHA-256 of the certificate in hexadecimal; colons and
	// spaces do not matter once Checked. Without Roots it decides alone: what
	// Windows, SQL Server and vCenter bring along is signed by itself and bears
	// whatever name.
	Thumbprint string
}

var (
	errUnknown       = errors.New("nothing is configured to know it by")
	errNoCertificate = errors.New("it showed none")
	errNoName        = errors.New("it is not known by which name it has to go")
	errThumbprint    = errors.New("it has another thumbprint than the configured one")
)

// Known reports whether there is anything to know the peer by.
func (p Peer) Known() bool { return p.Roots != nil || p.Thumbprint != "" }

// Checked is p with its thumbprint in one form, or why it cannot be used.
func (p Peer) Checked() (Peer, error) {
	if !p.Known() {
		return p, errors.New("it needs root certificates or a thumbprint to be known by")
	}
	if p.Thumbprint == "" {
		return p, nil
	}
	t, err := Thumbprint(p.Thumbprint)
	p.Thumbprint = t
	return p, err
}

// Thumbprint brings a SHA-256 as people paste it into the form of
// hex.EncodeToString.
func Thumbprint(s string) (string, error) {
	s = strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(s))
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return s, fmt.Errorf("the thumbprint has to be the SHA-256 of the certificate, %d hexadecimal digits", 2*sha256.Size)
	}
	return s, nil
}

// TLS is for a connection to the server called name, from TLS 1.2 on. A caller
// may bound the versions further and watch VerifyConnection, not leave it out.
func (p Peer) TLS(name string) *tls.Config {
	return &tls.Config{
		ServerName: name,
		MinVersion: tls.VersionTLS12,
		// Go's own verification knows no thumbprint; VerifyConnection, which runs in
		// every handshake, does both.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			return p.verify(s.PeerCertificates, name)
		},
	}
}

// verify is nil when the chain that a server called name has shown is the peer's.
func (p Peer) verify(chain []*x509.Certificate, name string) error {
	switch {
	case !p.Known():
		return errUnknown
	case len(chain) == 0:
		return errNoCertificate
	}
	leaf := chain[0]
	if p.Thumbprint != "" {
		sum := sha256.Sum256(leaf.Raw)
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(p.Thumbprint)) != 1 {
			return errThumbprint
		}
	}
	if p.Roots == nil {
		return nil
	}
	if name == "" { // which Verify would take for any name
		return errNoName
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: p.Roots, Intermediates: between, DNSName: name}); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}

// Untrusted reports whether a connection was not made because of the certificate.
func Untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) ||
		errors.Is(err, errThumbprint) || errors.Is(err, errNoCertificate) || errors.Is(err, errNoName) || errors.Is(err, errUnknown)
}
