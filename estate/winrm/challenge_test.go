package winrm

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"

	"itmsbot/estate"
)

// goodFlags are those of a Windows host.
const goodFlags = 0xe28a8235

// challenge builds a type-2 message with these flags and AV pairs.
func challenge(flags uint32, pairs ...byte) []byte {
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	b = append(b, 6, 0, 6, 0, 56, 0, 0, 0) // target name
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(b, 1, 2, 3, 4, 5, 6, 7, 8) // server challenge
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(pairs)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(pairs)))
	b = binary.LittleEndian.AppendUint32(b, 62)
	b = append(b, 10, 0, 0x39, 0x38, 0, 0, 0, 15) // version
	b = append(b, "L\x00A\x00B\x00"...)
	return append(b, pairs...)
}

var (
	domainPair = []byte{2, 0, 6, 0, 'L', 0, 'A', 0, 'B', 0}
	timePair   = []byte{7, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	endPair    = []byte{0, 0, 0, 0}
)

func TestCheckChallenge(t *testing.T) {
	info := append(append(append([]byte(nil), domainPair...), timePair...), endPair...)
	long := challenge(goodFlags, info...)
	for _, tt := range []struct {
		name  string
		token []byte
		says  string // "" is acceptable
	}{
		{"Windows", long, ""},
		{"without a time stamp", challenge(goodFlags, append(append([]byte(nil), domainPair...), endPair...)...), ""},
		{"no signing", challenge(goodFlags&^flagSign, info...), "signing"},
		{"no sealing", challenge(goodFlags&^flagSeal, info...), "sealing"},
		{"neither", challenge(goodFlags&^(flagSeal|flagSign), info...), "signing"},
		{"56-bit keys", challenge(goodFlags&^flag128, info...), "128-bit"},
		{"no key exchange", challenge(goodFlags&^flagKeyExchange, info...), "key exchange"},
		{"no extended session security", challenge(goodFlags&^flagExtendedSession, info...), "extended"},
		{"no target information", challenge(goodFlags&^flagTargetInfo, info...), "target information"},
		{"OEM names", challenge(goodFlags&^flagUnicode, info...), "Unicode"},
		{"anonymous", challenge(goodFlags|flagAnonymous, info...), "anonymous"},
		{"empty", nil, "not an NTLM challenge"},
		{"type 1", append([]byte("NTLMSSP\x00\x01"), make([]byte, 60)...), "not an NTLM challenge"},
		{"cut off", long[:len(long)-2], "cut off"},
		{"flags of two bytes", challenge(goodFlags, 6, 0, 2, 0, 1, 1, 0, 0, 0, 0), "malformed"},
		{"time of four bytes", challenge(goodFlags, 7, 0, 4, 0, 1, 1, 1, 1, 0, 0, 0, 0), "malformed"},
		{"a pair that is too long", challenge(goodFlags, 2, 0, 9, 0, 1, 0, 0, 0, 0), "malformed"},
		{"no end", challenge(goodFlags, domainPair...), "no end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkChallenge(tt.token)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

// TestAnonymousChallenge shows why the flag is refused: ntlmssp would log on as
// nobody, with a session key that the sender of the challenge can read.
func TestAnonymousChallenge(t *testing.T) {
	c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("svc", "secret"), ntlmssp.SetDomain("LAB"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Authenticate(nil, nil); err != nil {
		t.Fatal(err)
	}
	proof, err := c.Authenticate(challenge(goodFlags|flagAnonymous, endPair...), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response := binary.LittleEndian.Uint16(proof[20:]); response != 0 {
		t.Errorf("ntlmssp has learned to refuse: its NT response has %d bytes", response)
	}
}

func TestChallengeOf(t *testing.T) {
	token := base64.StdEncoding.EncodeToString(challenge(goodFlags, endPair...))
	for _, tt := range []struct {
		name   string
		status int
		offers []string
		kind   estate.Trouble
	}{
		{"Windows", 401, []string{"Basic realm=\"WSMAN\"", "Negotiate " + token}, ""},
		{"lower case", 401, []string{"negotiate " + token}, ""},
		{"a bare offer", 401, []string{"Negotiate"}, estate.Untrusted},
		{"Basic alone", 401, []string{`Basic realm="WSMAN"`}, estate.Untrusted},
		{"no base64", 401, []string{"Negotiate !"}, estate.Untrusted},
		{"no service", 404, nil, estate.Unreachable},
		{"busy", 503, nil, estate.Unreachable},
		{"success", 200, nil, estate.Unreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := challengeOf(&answer{status: tt.status, header: http.Header{"Www-Authenticate": tt.offers}})
			if got := errorOf(err, "SMP1", Script{}, false).Kind; tt.kind != "" && got != tt.kind || (tt.kind == "") != (err == nil) {
				t.Errorf("got %v, want %q", err, tt.kind)
			}
		})
	}
}

// FuzzChallenge: whatever passes the check must not upset ntlmssp.
func FuzzChallenge(f *testing.F) {
	f.Add(challenge(goodFlags, append(append(append([]byte(nil), domainPair...), timePair...), endPair...)...))
	f.Add(challenge(goodFlags, 6, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0))
	f.Add(challenge(goodFlags, 6, 0, 2, 0, 1, 1, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, token []byte) {
		if checkChallenge(token) != nil {
			return
		}
		c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo("svc", "secret"), ntlmssp.SetDomain("LAB"), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Authenticate(nil, nil); err != nil {
			t.Fatal(err)
		}
		proof, err := c.Authenticate(token, &ntlmssp.ChannelBindings{ApplicationData: []byte("x")})
		if err != nil {
			return
		}
		if binary.LittleEndian.Uint16(proof[20:]) < 24 || c.SecuritySession() == nil {
			t.Error("a log-on without a proof or without keys")
		}
		sealed, _, err := c.SecuritySession().Wrap([]byte("clear"))
		if err != nil || string(sealed) == "clear" {
			t.Errorf("a message went out in clear: %v", err)
		}
	})
}
