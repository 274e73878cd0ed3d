package winrm

import (
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"crypto/tls"
	"crypto/x509"

	"github.com/bodgit/ntlmssp"

	"itmsbot/estate"
)

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
