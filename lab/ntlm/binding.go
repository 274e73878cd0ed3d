package ntlm

import (
	"crypto"
	"crypto/md5"
	"crypto/x509"
	"encoding/binary"
)

// ChannelBindings is the MsvAvChannelBindings value for a TLS server certificate:
// the MD5 of a gss_channel_bindings_struct whose only part is the certificate's
// hash, [MS-NLMP] 2.2.2.1 and RFC 5929 section 4.1.
func ChannelBindings(certificate *x509.Certificate) []byte {
	hash := bindingHash(certificate.SignatureAlgorithm).New()
	hash.Write(certificate.Raw)
	data := append([]byte("tls-server-end-point:"), hash.Sum(nil)...)

	b := make([]byte, 16) // no address of either side
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := md5.Sum(append(b, data...))
	return sum[:]
}

// bindingHash, which crypto/x509 has linked in, is the certificate's own hash, but SHA-256 for MD5, SHA-1 and
// whatever has none of its own.
func bindingHash(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		return crypto.SHA512
	}
	return crypto.SHA256
}
