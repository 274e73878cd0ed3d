package vsphere

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/vmware/govmomi/vim25/soap"
)

var errThumbprint = errors.New("it has another thumbprint than the configured one")

// tlsConfig believes the roots, the thumbprint, or both where both are set.
func tlsConfig(c Config) *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
	if c.Thumbprint == "" {
		return t
	}
	// Without roots the thumbprint alone decides: vCenter signs its own
	// certificate as installed, and it is often reached by another name.
	t.InsecureSkipVerify = c.Roots == nil
	t.VerifyConnection = func(s tls.ConnectionState) error {
		sum := sha256.Sum256(s.PeerCertificates[0].Raw)
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(c.Thumbprint)) != 1 {
			return errThumbprint
		}
		return nil
	}
	return t
}

// untrusted reports whether a connection was not made because of the certificate.
func untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) ||
		errors.Is(err, errThumbprint)
}

// soapClient makes a client with connections and cookies of its own. govmomi's own
// way to dial TLS knows neither context nor limit, and falls back from a refused
// certificate to a thumbprint of SHA-1, so it is put aside.
func soapClient(u *url.URL, c Config) *soap.Client {
	s := soap.NewClient(u, false)
	s.UserAgent = "itmsbot"
	t := s.DefaultTransport()
	t.DialTLSContext = nil
	t.TLSClientConfig = tlsConfig(c)
	t.DialContext = (&net.Dialer{Timeout: c.Dial}).DialContext
	t.TLSHandshakeTimeout = c.Dial
	t.Proxy = nil // a proxy from the environment would be given the log-on
	t.MaxIdleConnsPerHost = connections
	t.MaxConnsPerHost = connections
	// Shorter than any server's, so that a change is not lost on a connection
	// that the far end is just closing.
	t.IdleConnTimeout = 15 * time.Second
	return s
}

// connections is how many calls are under way at once; a snapshot of fifty
// machines starts in a few rounds, and TLS is agreed on once for each.
const connections = 16
