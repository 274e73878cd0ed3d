package ntlm

import (
	"errors"
	"strings"
	"testing"
)

// pair is the two ends of a session.
func pair(t testing.TB) (client, server *Session) {
	t.Helper()
	key := []byte("0123456789abcdef")
	server, err := newSession(flagKeyExchange, key)
	if err != nil {
		t.Fatal(err)
	}
	client, err = newSession(flagKeyExchange, key)
	if err != nil {
		t.Fatal(err)
	}
	client.in, client.out = client.out, client.in
	return client, server
}

func TestSealBothWays(t *testing.T) {
	client, server := pair(t)
	for _, message := range []string{"one", "", strings.Repeat("two ", 1000)} {
		signature, sealed := client.Seal([]byte(message))
		plain, err := server.Open(signature, sealed)
		if err != nil || string(plain) != message {
			t.Fatalf("to the server: %q, %v", plain, err)
		}
		plain, err = client.Open(server.Seal([]byte(message)))
		if err != nil || string(plain) != message {
			t.Fatalf("to the client: %q, %v", plain, err)
		}
	}
}

func TestSealSpoiled(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(client, server *Session) error
	}{
		{"altered text", func(client, server *Session) error {
			signature, sealed := client.Seal([]byte("stop"))
			sealed[0] ^= 1
			_, err := server.Open(signature, sealed)
			return err
		}},
		{"altered signature", func(client, server *Session) error {
			signature, sealed := client.Seal([]byte("stop"))
			signature[5] ^= 1
			_, err := server.Open(signature, sealed)
			return err
		}},
		{"repeated", func(client, server *Session) error {
			signature, sealed := client.Seal([]byte("stop"))
			if _, err := server.Open(signature, sealed); err != nil {
				return nil
			}
			_, err := server.Open(signature, sealed)
			return err
		}},
		{"one lost", func(client, server *Session) error {
			client.Seal([]byte("first"))
			signature, sealed := client.Seal([]byte("second"))
			_, err := server.Open(signature, sealed)
			return err
		}},
		{"sent back", func(client, server *Session) error {
			_, err := server.Open(server.Seal([]byte("stop")))
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
