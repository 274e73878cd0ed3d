package ntlm

import (
	"errors"
	"testing"

	"github.com/bodgit/ntlmssp"
)

// handshake is the last message of a client that does not know the lab.
func handshake(t *testing.T, a *Acceptor, name, password string) []byte {
	t.Helper()
	c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo(name, password), ntlmssp.SetDomain("LAB"), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		t.Fatal(err)
	}
	negotiate, err := c.Authenticate(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := a.Challenge(negotiate)
	if err != nil {
		t.Fatal(err)
	}
	authenticate, err := c.Authenticate(challenge, nil)
	if err != nil {
		t.Fatal(err)
	}
	return authenticate
}

const user, secret = "svc-itms", "correct horse battery staple"

func newAcceptor() *Acceptor {
	return &Acceptor{Name: "SQL1", Domain: "LAB", LMv2: true, Password: func(name, domain string) (string, bool) {
		return secret, name == user && domain == "LAB"
	}}
}

func TestHandshake(t *testing.T) {
	tests := []struct {
		name   string
		user   string
		word   string
		change func(a *Acceptor, token []byte)
		want   error
	}{
		{"as it should be", user, secret, nil, nil},
		{"a wrong password", user, "x", nil, ErrWrongAccount},
		{"nobody", "nobody", secret, nil, ErrWrongAccount},
		{"an altered first message", user, secret, func(a *Acceptor, _ []byte) { a.negotiate[12] ^= 1 }, errMIC},
		{"an altered challenge", user, secret, func(a *Acceptor, _ []byte) { a.challenge[20] ^= 1 }, errMIC},
		{"altered flags", user, secret, func(_ *Acceptor, token []byte) { token[60] ^= 1 << 5 }, errMIC},
		{"the answer to an earlier challenge", user, secret, func(a *Acceptor, _ []byte) { a.nonce[0] ^= 1 }, ErrWrongAccount},
		{"a first message once more", user, secret, func(_ *Acceptor, token []byte) { token[8] = 1 }, errNotNTLM},
		{"a field that points nowhere", user, secret, func(_ *Acceptor, token []byte) { token[26] = 0xff }, errTruncated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAcceptor()
			token := handshake(t, a, tt.user, tt.word)
			if tt.change != nil {
				tt.change(a, token)
			}
			on, err := a.Accept(token)
			if !errors.Is(err, tt.want) || err == nil && (on.User != user || on.Domain != "LAB") {
				t.Errorf("%+v, %v, want %v", on, err, tt.want)
			}
		})
	}
}

// TestNTLMWithoutAChallenge holds that a type-3 message proves nothing by itself.
func TestWithoutAChallenge(t *testing.T) {
	token := handshake(t, newAcceptor(), user, secret)
	if on, err := newAcceptor().Accept(token); err == nil {
		t.Errorf("%q was let in", on.User)
	}
}
