package winrm

import (
	"crypto"
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"

	"github.com/bodgit/ntlmssp"

	"itmsbot/estate"
)

var errThumbprint = errors.New("it has another thumbprint than the configured one")

// tlsConfig believes the host's roots, its thumbprint, or both where both are set.
func tlsConfig(h *Host) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: h.Roots}
	if h.Thumbprint == "" {
		return c
	}
	// Without roots the thumbprint alone decides: the certificate of a Windows
	// host is often signed by itself and bears whatever name.
	c.InsecureSkipVerify = h.Roots == nil
	c.VerifyConnection = func(s tls.ConnectionState) error {
		sum := sha256.Sum256(s.PeerCertificates[0].Raw)
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(h.Thumbprint)) != 1 {
			return errThumbprint
		}
		return nil
	}
	return c
}

// untrusted reports whether a connection was not made because of the certificate.
func untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) ||
		errors.Is(err, errThumbprint)
}

// channelBindings ties an NTLM log-on to the certificate of this connection, so
// that it is worth nothing on another one (RFC 5929 section 4.1).
func channelBindings(s *tls.ConnectionState) (*ntlmssp.ChannelBindings, error) {
	if s == nil || len(s.PeerCertificates) == 0 {
		return nil, &trouble{kind: estate.Untrusted, detail: "the host showed no certificate"}
	}
	cert := s.PeerCertificates[0]
	hash := bindingHash(cert.SignatureAlgorithm)
	if hash == 0 {
		return nil, &trouble{kind: estate.Untrusted, detail: "no channel binding exists for a certificate signed with " + cert.SignatureAlgorithm.String()}
	}
	sum := hash.New()
	sum.Write(cert.Raw)
	return &ntlmssp.ChannelBindings{ApplicationData: append([]byte(ntlmssp.TLSServerEndPoint+":"), sum.Sum(nil)...)}, nil
}

// bindingHash is the hash of a certificate's signature, with SHA-256 in place of
// the broken ones; 0 where RFC 5929 leaves it undefined.
func bindingHash(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.DSAWithSHA256, x509.ECDSAWithSHA256:
		return crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return crypto.SHA512
	}
	return 0
}
