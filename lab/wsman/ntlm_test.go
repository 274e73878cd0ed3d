package wsman

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

func exampleAcceptor() *acceptor {
	a := &acceptor{
		name: "Server", domain: "Domain", flags: exampleFlags, negotiate: []byte("1"), challenge: []byte("2"),
		password: func(user, domain string) (string, bool) {
			return "Password", user == "User" && domain == "Domain"
		},
	}
	copy(a.nonce[:], "\x01\x23\x45\x67\x89\xab\xcd\xef")
	return a
}

func exampleResponse(t testing.TB) []byte { return unhex(t, exampleProof+exampleBlob) }

func TestPublishedExample(t *testing.T) {
	token := authenticate(exampleFlags, "Domain", "User", exampleResponse(t), unhex(t, exampleKey))
	on, err := exampleAcceptor().accept(token)
	if err != nil {
		t.Fatal(err)
	}
	if on.user != `DOMAIN\user` {
		t.Errorf("user %q", on.user)
	}
	plain, err := on.seal.open(
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
		{"blob altered", authenticate(exampleFlags, "Domain", "User", altered, key), errWrongAccount},
		{"other user", authenticate(exampleFlags, "Domain", "Nobody", good, key), errWrongAccount},
		{"other domain", authenticate(exampleFlags, "Elsewhere", "User", good, key), errWrongAccount},
		{"short key", authenticate(exampleFlags, "Domain", "User", good, key[:8]), errNoKey},
		{"OEM names", authenticate(exampleFlags&^flagUnicode, "Domain", "User", good, key), errWeakFlags},
		{"56-bit keys", authenticate(exampleFlags&^flag128, "Domain", "User", good, key), errWeakFlags},
		{"no extended security", authenticate(exampleFlags&^flagExtended, "Domain", "User", good, key), errWeakFlags},
	} {
		t.Run(test.name, func(t *testing.T) {
			on, err := exampleAcceptor().accept(test.token)
			if !errors.Is(err, test.want) || on != nil {
				t.Errorf("got %+v, %v; want %v", on, err, test.want)
			}
		})
	}
	if _, err := new(acceptor).accept(authenticate(exampleFlags, "Domain", "User", good, key)); !errors.Is(err, errNoChallenge) {
		t.Errorf("without a challenge: %v", err)
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
			a := &acceptor{name: "SMP1", domain: "LAB"}
			reply, err := a.challengeFor(test.token)
			if !errors.Is(err, test.want) || (err == nil) != (messageType(reply) == 2) {
				t.Errorf("got %x, %v; want %v", reply, err, test.want)
			}
		})
	}
}

// logonTest is a handshake over the wire by a client that is not ours.
type logonTest struct {
	name   string
	change func(p *peer)
	want   int // HTTP status
}

func flip(leg, at int) func(int, []byte) {
	return func(n int, token []byte) {
		if n == leg {
			token[at] ^= 0x40
		}
	}
}

func TestLogOn(t *testing.T) {
	for _, test := range []logonTest{
		{"domain account", func(*peer) {}, 200},
		{"domain in small letters", func(p *peer) { p.domain = "lab" }, 200},
		{"user in capitals", func(p *peer) { p.user = "SVC-BOT" }, 200},
		{"local account", func(p *peer) { p.domain = "" }, 200},
		{"local account by host name", func(p *peer) { p.domain = "SMP1" }, 200},
		{"account of another domain", func(p *peer) { p.domain = "ELSEWHERE" }, 401},
		{"unknown user", func(p *peer) { p.user = "nobody" }, 401},
		{"wrong password", func(p *peer) { p.password = "Passw0rd?" }, 401},
		{"anonymous", func(p *peer) { p.user, p.password, p.domain = "", "", "" }, 401},
		{"NTLMv1", func(p *peer) { p.ntlmv1 = true }, 401},
		{"MIC altered", func(p *peer) { p.alter = flip(3, 72) }, 401},
		{"version altered", func(p *peer) { p.alter = flip(3, 64) }, 401},
		{"key exchange taken out of type 1", func(p *peer) { p.alter = flip(1, 15) }, 401},
		{"type 3 first", func(p *peer) { p.alter = func(n int, b []byte) { b[8] = 3 } }, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, url := startHost(t, Config{})
			p := newPeer(t, url)
			test.change(p)
			status, err := p.logOn(t.Context())
			if err != nil || status != test.want {
				t.Errorf("status %d, %v; want %d", status, err, test.want)
			}
			if n := s.Stats().Handshakes; (n == 1) != (test.want == 200) {
				t.Errorf("%d handshakes", n)
			}
		})
	}
}

func FuzzAuthenticate(f *testing.F) {
	f.Add(authenticate(exampleFlags, "Domain", "User", exampleResponse(f), unhex(f, exampleKey)))
	f.Add(authenticate(exampleFlags, "Domain", "User", make([]byte, 24), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseAuthenticate(b)
		if err == nil && (len(m.proof) != 16 || len(m.blob) < 28 || m.user == "") {
			t.Errorf("incomplete message accepted: %+v", m)
		}
		if _, err := exampleAcceptor().accept(b); err == nil && !bytes.Equal(m.proof, exampleResponse(t)[:16]) {
			t.Error("accepted without the proof")
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
		a := &acceptor{name: "SMP1", domain: "LAB"}
		reply, err := a.challengeFor(b)
		if (err == nil) != (messageType(reply) == 2) {
			t.Errorf("%x, %v", reply, err)
		}
	})
}
