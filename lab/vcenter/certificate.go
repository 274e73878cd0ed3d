package vcenter

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
	"math/big"
	"net"
	"time"
)

// certificate is the server's, signed by an authority of its own, as vCenter's is.
type certificate struct {
	tls        tls.Certificate
	thumbprint string
	roots      *x509.CertPool
	pem        []byte // of the authority
}

// newCertificate makes an authority and a certificate for loopback, good for a day
// before and two years after today.
func newCertificate() (certificate, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	ca := template("Practice vCenter CA", 1)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return certificate{}, err
	}
	leaf := template("vcenter.lab", 2)
	leaf.DNSNames, leaf.IPAddresses = []string{"vcenter.lab", "localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return certificate{}, err
	}
	sum := sha256.Sum256(der)
	c := certificate{
		tls:        tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key},
		thumbprint: hex.EncodeToString(sum[:]),
		roots:      x509.NewCertPool(),
		pem:        pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
	}
	c.roots.AppendCertsFromPEM(c.pem)
	return c, nil
}

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(2, 0, 0),
	}
}
