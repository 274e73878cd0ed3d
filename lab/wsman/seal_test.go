package wsman

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// pair is the two ends of a session.
func pair(t testing.TB) (client, server *seal) {
	t.Helper()
	key := []byte("0123456789abcdef")
	server, err := newSeal(flagKeyExchange, key)
	if err != nil {
		t.Fatal(err)
	}
	client, err = newSeal(flagKeyExchange, key)
	if err != nil {
		t.Fatal(err)
	}
	client.in, client.out = client.out, client.in
	return client, server
}

func TestSealBothWays(t *testing.T) {
	client, server := pair(t)
	for _, message := range []string{"one", "", strings.Repeat("two ", 1000)} {
		signature, sealed := client.close([]byte(message))
		plain, err := server.open(signature, sealed)
		if err != nil || string(plain) != message {
			t.Fatalf("to the server: %q, %v", plain, err)
		}
		plain, err = client.open(server.close([]byte(message)))
		if err != nil || string(plain) != message {
			t.Fatalf("to the client: %q, %v", plain, err)
		}
	}
}

func TestSealSpoiled(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(client, server *seal) error
	}{
		{"altered text", func(client, server *seal) error {
			signature, sealed := client.close([]byte("stop"))
			sealed[0] ^= 1
			_, err := server.open(signature, sealed)
			return err
		}},
		{"altered signature", func(client, server *seal) error {
			signature, sealed := client.close([]byte("stop"))
			signature[5] ^= 1
			_, err := server.open(signature, sealed)
			return err
		}},
		{"repeated", func(client, server *seal) error {
			signature, sealed := client.close([]byte("stop"))
			if _, err := server.open(signature, sealed); err != nil {
				return nil
			}
			_, err := server.open(signature, sealed)
			return err
		}},
		{"one lost", func(client, server *seal) error {
			client.close([]byte("first"))
			signature, sealed := client.close([]byte("second"))
			_, err := server.open(signature, sealed)
			return err
		}},
		{"sent back", func(client, server *seal) error {
			_, err := server.open(server.close([]byte("stop")))
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t)
			if err := test.do(client, server); !errors.Is(err, errSeal) {
				t.Errorf("got %v, want %v", err, errSeal)
			}
		})
	}
}

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
		if len(m.signature) != signatureSize || m.length != len(m.sealed) {
			t.Errorf("accepted %+v", m)
		}
		again, err := parseFrame(m.marshal())
		if err != nil || !bytes.Equal(again.sealed, m.sealed) {
			t.Errorf("not read back: %v", err)
		}
	})
}
