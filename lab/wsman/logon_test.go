package wsman

import "testing"

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
