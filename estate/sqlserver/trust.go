package sqlserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
)

var (
	errNoCertificate = errors.New("it showed none")
	errThumbprint    = errors.New("it has another thumbprint than the configured one")
)

// trusted is nil when a certificate is the instance's: by its roots, its thumbprint,
// or both where both are set. Without roots the thumbprint alone decides, because SQL
// Server's own certificate is signed by itself and bears whatever name.
func trusted(i *Instance, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errNoCertificate
	}
	leaf := chain[0]
	if i.Thumbprint != "" {
		sum := sha256.Sum256(leaf.Raw)
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(i.Thumbprint)) != 1 {
			return errThumbprint
		}
	}
	if i.Roots == nil {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: i.Roots, Intermediates: between, DNSName: i.CertificateName})
	return err
}
