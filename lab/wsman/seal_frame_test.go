package wsman

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"itmsbot/lab/ntlm"
)

func exampleFrame() frame {
	return frame{length: 5, signature: []byte("sixteen bytes...."[:16]), sealed: []byte("\r\n--x")}
}

func TestFrame(t *testing.T) {
	good := string(exampleFrame().marshal())
	short := exampleFrame()
	short.signature = short.signature[:8]
	for _, test := range []struct {
		name, message string
		want          error
	}{
		{"as written", good, nil},
		{"without the tabs", strings.ReplaceAll(good, "\t", ""), nil},
		{"without the last line end", strings.TrimSuffix(good, "\r\n"), nil},
		{"empty", "", errFrame},
		{"no first boundary", strings.TrimPrefix(good, "--Encrypted Boundary\r\n"), errFrame},
		{"no last boundary", strings.TrimSuffix(good, "--Encrypted Boundary--\r\n"), errFrame},
		{"something follows", good + "x", errFrame},
		{"other protocol", strings.Replace(good, "HTTP-SPNEGO", "HTTP-Kerberos", 1), errFrame},
		{"other part", strings.Replace(good, "octet-stream", "xml", 1), errFrame},
		{"no original content", strings.Replace(good, "OriginalContent", "Original", 1), errFrame},
		{"no length", strings.Replace(good, ";Length=5", "", 1), errFrameLength},
		{"negative length", strings.Replace(good, "Length=5", "Length=-5", 1), errFrameLength},
		{"longer than it is", strings.Replace(good, "Length=5", "Length=6", 1), errFrameLength},
		{"short signature", string(short.marshal()), errFrame},
		{"endless header", strings.Replace(good, "Length=5", "Length="+strings.Repeat("0", 400)+"5", 1), errFrame},
		{"cut in the signature", good[:strings.Index(good, "octet-stream")+24] + "--Encrypted Boundary--\r\n", errFrame},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := parseFrame([]byte(test.message))
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil && !bytes.Equal(f.marshal(), exampleFrame().marshal()) {
				t.Errorf("read back as %+v", f)
			}
		})
	}
}

func TestSealedType(t *testing.T) {
	for contentType, want := range map[string]bool{
		sealType: true,
		`multipart/encrypted; protocol="application/HTTP-SPNEGO-session-encrypted"; boundary="Encrypted Boundary"`: true,
		`multipart/encrypted;protocol="application/HTTP-Kerberos-session-encrypted";boundary="Encrypted Boundary"`: false,
		`multipart/x-multi-encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"`:                         false,
		soapType: false,
		"":       false,
		"/;;=":   false,
	} {
		if sealedType(contentType) != want {
			t.Errorf("%q: got %v", contentType, !want)
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(exampleFrame().marshal())
	f.Add([]byte("--Encrypted Boundary\r\n\tContent-Type: \r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseFrame(b)
		if err != nil {
			return
		}
		if len(m.signature) != ntlm.SignatureSize || m.length != len(m.sealed) {
			t.Errorf("accepted %+v", m)
		}
		again, err := parseFrame(m.marshal())
		if err != nil || !bytes.Equal(again.sealed, m.sealed) {
			t.Errorf("not read back: %v", err)
		}
	})
}
