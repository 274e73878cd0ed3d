// Package pki makes the certificates of the practice servers: an authority, what it
// issues, and what an impostor can show in the place of it.
//
// It promises certificates that a client can verify with nothing but the authority's
// own, by the machine's name and by the loopback address on which a lab serves it. They
// are made anew at every start, last a month, and no key leaves the process.
//
// It knows no server and no world.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync/atomic"
	"time"
)

// Authority signs certificates; it may be used by several goroutines.
type Authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	serial      atomic.Int64
}

// NewAuthority makes an authority of this name.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", name, err)
	}
	t := lasting(name, 1)
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	a := &Authority{key: key, certificate: c}
	a.serial.Store(1)
	return a, nil
}

// PEM is the authority's own certificate, for clients.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// Roots holds the authority's own certificate.
func (a *Authority) Roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	return roots
}

// Issue makes the certificate of a server, good for these names in DNS, of which the
// first is the machine's own, and for loopback. The chain has the authority's as well.
func (a *Authority) Issue(names ...string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", names[0], err)
	}
	t := lasting(names[0], a.serial.Add(1))
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames, t.IPAddresses = append(names, "localhost"), []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	der, err := x509.CreateCertificate(rand.Reader, t, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", names[0], err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key}, nil
}

// Thumbprint is the SHA-256 of a server's certificate in hexadecimal.
func Thumbprint(c *tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// Impostor makes a certificate with the names of c that nobody has vouched for: what
// somebody in the middle can show.
func Impostor(c *tls.Certificate) (*tls.Certificate, error) {
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
		NotAfter:     own.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("impostor's certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// lasting is good from a day before now, for clocks that are behind.
func lasting(name string, serial int64) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(0, 1, 0)}
}
