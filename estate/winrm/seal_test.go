package winrm

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"
)

// keys are those of a session with a host that does not matter.
func keys(t testing.TB) *ntlmssp.SecuritySession {
	t.Helper()
	c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("svc", "secret"), ntlmssp.SetDomain("LAB"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Authenticate(nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Authenticate(challenge(goodFlags, endPair...), nil); err != nil {
		t.Fatal(err)
	}
	return c.SecuritySession()
}

func TestSplitSealed(t *testing.T) {
	const clear = "<Envelope>"
	body, err := sealMessage(keys(t), []byte(clear))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte(clear)) {
		t.Fatal("it is not sealed")
	}
	signature, sealed, err := splitSealed(body)
	if err != nil || len(signature) != 16 || len(sealed) != len(clear) {
		t.Fatalf("%x %x %v", signature, sealed, err)
	}
	replace := func(from, to string) []byte { return bytes.Replace(body, []byte(from), []byte(to), 1) }
	for name, bad := range map[string][]byte{
		"empty":                nil,
		"no boundary":          body[2:],
		"one part":             []byte(boundary + "\r\n\tContent-Type: x\r\n"),
		"no length":            replace(";Length=", ";Size="),
		"negative length":      replace(";Length=10", ";Length=-1"),
		"shorter than stated":  replace(";Length=10", ";Length=11"),
		"longer than stated":   replace(";Length=10", ";Length=9"),
		"much longer":          replace(";Length=10", ";Length=999999999999"),
		"short signature":      replace("\x10\x00\x00\x00\x01", "\x08\x00\x00\x00\x01"),
		"huge signature":       replace("\x10\x00\x00\x00\x01", "\xff\xff\xff\xff\x01"),
		"another version":      replace("\x10\x00\x00\x00\x01", "\x10\x00\x00\x00\x02"),
		"another second part":  replace("octet-stream", "x-stream"),
		"no end":               bytes.TrimSuffix(body, []byte("--\r\n")),
		"something behind it":  append(bytes.Clone(body), "x"...),
		"cut in the signature": body[:bytes.Index(body, []byte("octet-stream\r\n"))+20],
	} {
		if _, _, err := splitSealed(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOpenSealed(t *testing.T) {
	body, err := sealMessage(keys(t), []byte("another session's"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{sealedType, "application/soap+xml", "", "multipart/encrypted;protocol=\"x\""} {
		if _, err := openSealed(keys(t), kind, body); !errors.Is(err, errUnsealed) {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func FuzzSplitSealed(f *testing.F) {
	body, err := sealMessage(keys(f), []byte("<Envelope>"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(boundary + "\r\n;Length=0\r\n" + boundary + "\r\nContent-Type: application/octet-stream\r\n\x10\x00\x00\x00" + strings.Repeat("\x01", 16) + boundary + "--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		signature, sealed, err := splitSealed(data)
		if err != nil {
			return
		}
		if len(signature) != signatureSize || len(sealed) > len(data) {
			t.Errorf("%d and %d bytes", len(signature), len(sealed))
		}
		// A body that parses can still not have been sealed with fresh keys.
		if _, err := openSealed(keys(t), sealedType, data); err == nil && len(sealed) > 0 {
			t.Error("it opened")
		}
	})
}
