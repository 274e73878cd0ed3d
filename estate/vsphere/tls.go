package vsphere

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
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
