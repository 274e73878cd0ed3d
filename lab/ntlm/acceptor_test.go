package ntlm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/bodgit/ntlmssp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// authenticate builds a type-3 message by hand.
func authenticate(flags uint32, domain, user string, response, key []byte) []byte {
	b := make([]byte, 88)
	copy(b, ntlmSignature)
	binary.LittleEndian.PutUint32(b[8:], 3)
	for i, f := range [][]byte{make([]byte, 24), response, toUTF16(domain), toUTF16(user), nil, key} {
		putField(b[12+8*i:], len(f), len(b))
		b = append(b, f...)
	}
	binary.LittleEndian.PutUint32(b[60:], flags)
	return b
}

// The example of [MS-NLMP] 4.2.4: NTLMv2 with a session key and a sealed message.
const (
	exampleFlags = 0xe28a8233
	exampleBlob  = "01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000" +
		"02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000"
	exampleProof = "68cd0ab851e51c96aabc927bebef6a1c"
	exampleKey   = "c5dad2544fc9799094ce1ce90bc9d03e"
)

func exampleAcceptor() *Acceptor {
	a := &Acceptor{
		Name: "Server", Domain: "Domain", Strong: true, flags: exampleFlags, negotiate: []byte("1"), challenge: []byte("2"),
		Password: func(user, domain string) (string, bool) {
			return "Password", user == "User" && domain == "Domain"
		},
	}
	copy(a.nonce[:], "\x01\x23\x45\x67\x89\xab\xcd\xef")
	return a
}

func exampleResponse(t testing.TB) []byte { return unhex(t, exampleProof+exampleBlob) }

func TestPublishedExample(t *testing.T) {
	token := authenticate(exampleFlags, "Domain", "User", exampleResponse(t), unhex(t, exampleKey))
	on, err := exampleAcceptor().Accept(token)
	if err != nil {
		t.Fatal(err)
	}
	if on.User != "User" || on.Domain != "Domain" {
		t.Errorf("it is %s of %s", on.User, on.Domain)
	}
	plain, err := on.Session.Open(
		unhex(t, "010000007fb38ec5c55d497600000000"),
		unhex(t, "54e50165bf1936dc996020c1811b0f06fb5f"))
	if err != nil || fromUTF16(plain) != "Plaintext" {
		t.Errorf("sealed message: %q, %v", fromUTF16(plain), err)
	}
}

func TestAuthenticateRefused(t *testing.T) {
	good := exampleResponse(t)
	key := unhex(t, exampleKey)
	cut := func(b []byte, n int) []byte { return b[:n] }
	altered := bytes.Clone(good)
	altered[40]++ // in the blob
	first := authenticate(exampleFlags, "Domain", "User", good, key)
	first[8] = 1
	outside := authenticate(exampleFlags, "Domain", "User", good, key)
	binary.LittleEndian.PutUint32(outside[24:], 1<<31)

	for _, test := range []struct {
		name  string
		token []byte
		want  error
	}{
		{"empty", nil, errNotNTLM},
		{"type 1", first, errNotNTLM},
		{"cut in its fields", cut(authenticate(exampleFlags, "Domain", "User", good, key), 60), errTruncated},
		{"field outside", outside, errTruncated},
		{"anonymous by flag", authenticate(exampleFlags|flagAnonymous, "Domain", "User", good, key), errAnonymous},
		{"anonymous by name", authenticate(exampleFlags, "", "", good, key), errAnonymous},
		{"anonymous by response", authenticate(exampleFlags, "Domain", "User", nil, key), errAnonymous},
		{"NTLMv1", authenticate(exampleFlags, "Domain", "User", make([]byte, 24), key), errNotV2},
		{"blob of another version", authenticate(exampleFlags, "Domain", "User", make([]byte, 64), key), errNotV2},
		{"blob without end mark", authenticate(exampleFlags, "Domain", "User", cut(good, 16+28+16), key), errTruncated},
		{"blob altered", authenticate(exampleFlags, "Domain", "User", altered, key), ErrWrongAccount},
		{"other user", authenticate(exampleFlags, "Domain", "Nobody", good, key), ErrWrongAccount},
		{"other domain", authenticate(exampleFlags, "Elsewhere", "User", good, key), ErrWrongAccount},
		{"short key", authenticate(exampleFlags, "Domain", "User", good, key[:8]), errNoKey},
		{"OEM names", authenticate(exampleFlags&^flagUnicode, "Domain", "User", good, key), errWeakFlags},
		{"56-bit keys", authenticate(exampleFlags&^flag128, "Domain", "User", good, key), errWeakFlags},
		{"no extended security", authenticate(exampleFlags&^flagExtended, "Domain", "User", good, key), errWeakFlags},
	} {
		t.Run(test.name, func(t *testing.T) {
			on, err := exampleAcceptor().Accept(test.token)
			if !errors.Is(err, test.want) || on.Session != nil {
				t.Errorf("got %+v, %v; want %v", on, err, test.want)
			}
		})
	}
	if _, err := new(Acceptor).Accept(authenticate(exampleFlags, "Domain", "User", good, key)); !errors.Is(err, errNoChallenge) {
		t.Errorf("without a challenge: %v", err)
	}
}

// TestPublishedLMv2 is the example of [MS-NLMP] 4.2.4.2.1, without key exchange: an
// older client's response, taken only where it is to be.
func TestPublishedLMv2(t *testing.T) {
	token := authenticate(exampleFlags&^flagKeyExchange, "Domain", "User", nil, nil)
	copy(token[88:], unhex(t, "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"))
	a := exampleAcceptor()
	a.Strong, a.LMv2 = false, true
	if on, err := a.Accept(token); err != nil || on.User != "User" {
		t.Errorf("%+v, %v", on, err)
	}
	if _, err := exampleAcceptor().Accept(token); !errors.Is(err, errAnonymous) {
		t.Errorf("where it is not taken: %v", err)
	}
	token[90]++
	a = exampleAcceptor()
	a.LMv2 = true
	if _, err := a.Accept(token); !errors.Is(err, ErrWrongAccount) {
		t.Errorf("altered: %v", err)
	}
}

// TestWeakClient: one that cannot seal gets in where nothing is to be sealed, and has
// no session then.
func TestWeakClient(t *testing.T) {
	token := authenticate(exampleFlags&^flag128, "Domain", "User", exampleResponse(t), unhex(t, exampleKey))
	a := exampleAcceptor()
	a.Strong = false
	if on, err := a.Accept(token); err != nil || on.Session != nil {
		t.Errorf("%+v, %v", on, err)
	}
}

func TestNegotiateRefused(t *testing.T) {
	flags := func(f uint32) []byte {
		b := make([]byte, 40)
		copy(b, ntlmSignature)
		b[8] = 1
		binary.LittleEndian.PutUint32(b[12:], f)
		return b
	}
	named := flags(strong | flagDomainSupplied)
	putField(named[16:], 10, 39)
	for _, test := range []struct {
		name  string
		token []byte
		want  error
	}{
		{"all that is needed", flags(strong), nil},
		{"ntlm-auth, OEM", flags(0xe2889032), nil},
		{"no 128-bit keys", flags(strong &^ flag128), errWeakFlags},
		{"no extended security", flags(strong &^ flagExtended), errWeakFlags},
		{"without flags", flags(0)[:14], errTruncated},
		{"domain outside", named, errTruncated},
		{"not NTLM", []byte("\x60\x48\x06\x06+\x06\x01\x05\x05\x02\x00\x00\x00\x00"), errNotNTLM},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := &Acceptor{Name: "SMP1", Domain: "LAB", Strong: true}
			reply, err := a.Challenge(test.token)
			if !errors.Is(err, test.want) || (err == nil) != (messageType(reply) == 2) {
				t.Errorf("got %x, %v; want %v", reply, err, test.want)
			}
		})
	}
}

func FuzzAuthenticate(f *testing.F) {
	f.Add(authenticate(exampleFlags, "Domain", "User", exampleResponse(f), unhex(f, exampleKey)))
	f.Add(authenticate(exampleFlags, "Domain", "User", make([]byte, 24), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseAuthenticate(b, false)
		if err == nil && (len(m.proof) != 16 || len(m.blob) < 28 || m.user == "") {
			t.Errorf("incomplete message accepted: %+v", m)
		}
		if _, err := exampleAcceptor().Accept(b); err == nil && !bytes.Equal(m.proof, exampleResponse(t)[:16]) {
			t.Error("accepted without the proof")
		}
		older := exampleAcceptor()
		older.Password, older.LMv2, older.Strong = func(string, string) (string, bool) { return "another", true }, true, false
		if on, err := older.Accept(b); err == nil {
			t.Errorf("%q was let in by another's password", on.User)
		}
	})
}

func FuzzNegotiate(f *testing.F) {
	c, err := ntlmssp.NewClient(ntlmssp.SetDomain("LAB"), ntlmssp.SetWorkstation("JUMP1"))
	if err != nil {
		f.Fatal(err)
	}
	b, err := c.Authenticate(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		a := &Acceptor{Name: "SMP1", Domain: "LAB", Strong: true}
		reply, err := a.Challenge(b)
		if (err == nil) != (messageType(reply) == 2) {
			t.Errorf("%x, %v", reply, err)
		}
	})
}
