package ntlm

import (
	"crypto/x509"
	"testing"
)

func TestBindingHash(t *testing.T) {
	for a, want := range map[x509.SignatureAlgorithm]int{
		x509.SHA1WithRSA: 32, x509.MD5WithRSA: 32, x509.SHA256WithRSA: 32, x509.PureEd25519: 32,
		x509.SHA384WithRSA: 48, x509.ECDSAWithSHA384: 48, x509.SHA512WithRSAPSS: 64,
	} {
		if got := bindingHash(a).Size(); got != want {
			t.Errorf("%v: %d bytes, want %d", a, got, want)
		}
	}
}
