package tds

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// certificate chooses what a new connection is shown.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if s.faults.strikes("", FaultAnotherCertificate) {
		return impostor(s.cfg.Certificate)
	}
	return s.cfg.Certificate, nil
}

// impostor makes a certificate with the names of c that nobody has vouched for: what
// somebody in the middle can show.
func impostor(c *tls.Certificate) (*tls.Certificate, error) {
	own, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("impostor's certificate: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("impostor's key: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: own.SerialNumber,
		Subject:      own.Subject,
		DNSNames:     own.DNSNames,
		IPAddresses:  own.IPAddresses,
		NotBefore:    own.NotBefore,
		NotAfter:     time.Now().AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("impostor's certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
