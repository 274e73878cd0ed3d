package wsman

import (
	"crypto/hmac"
	"crypto/md5" // NTLM is built on it
	"crypto/rand"
	"crypto/rc4" // the same
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/md4"
)

// Why a logon was refused. The client is told none of them: it gets 401.
var (
	errNoChallenge  = errors.New("ntlm: type-3 message without a challenge on this connection")
	errWeakFlags    = errors.New("ntlm: no 128-bit keys, extended session security or Unicode")
	errWrongAccount = errors.New("ntlm: no such account or wrong password")
	errNoKey        = errors.New("ntlm: key exchange without a key of 16 bytes")
	errMIC          = errors.New("ntlm: messages of the handshake were altered")
	errBinding      = errors.New("ntlm: channel bindings are missing or of another certificate")
)

// acceptor is one handshake on one connection, [MS-NLMP] 3.2.5.
type acceptor struct {
	name, domain string
	password     func(user, domain string) (string, bool)
	bindings     []byte // of the server's certificate; nil on plain http
	required     bool   // bindings have to be sent
	weak         bool   // FaultWeakChallenge

	nonce     [8]byte
	flags     uint32
	negotiate []byte // type 1 as received
	challenge []byte // type 2 as sent
}

// logon is what a finished handshake leaves behind.
type logon struct {
	user string
	seal *seal // nil when sealing was not negotiated
}

// challengeFor answers a type-1 message with a type-2 message.
func (a *acceptor) challengeFor(token []byte) ([]byte, error) {
	offered, err := negotiateFlags(token)
	if err != nil {
		return nil, err
	}
	if offered&strong != strong {
		return nil, errWeakFlags
	}
	if _, err := rand.Read(a.nonce[:]); err != nil {
		return nil, fmt.Errorf("ntlm: challenge: %w", err)
	}
	a.flags = flagUnicode | flagRequestTarget | flagNTLM | flagAlwaysSign | flagTargetIsServer |
		flagExtended | flagTargetInfo | flagVersion | offered&optional
	if a.weak {
		a.flags &^= flagExtended | optional
	}
	m := challengeMessage{flags: a.flags, nonce: a.nonce, name: a.name, domain: a.domain, now: time.Now()}
	a.negotiate, a.challenge = append([]byte(nil), token...), m.marshal()
	return a.challenge, nil
}

const (
	strong   = flagExtended | flag128 // what a client has to offer
	optional = flagSign | flagSeal | flag128 | flagKeyExchange | flag56
)

// accept checks a type-3 message, [MS-NLMP] 3.2.5.1.2.
func (a *acceptor) accept(token []byte) (*logon, error) {
	if a.challenge == nil {
		return nil, errNoChallenge
	}
	m, err := parseAuthenticate(token)
	if err != nil {
		return nil, err
	}
	flags := a.flags & m.flags
	// Unicode is asked for only now: ntlm-auth offers OEM in type 1 and takes what
	// the challenge says.
	if flags&flagUnicode == 0 || flags&strong != strong && !a.weak {
		return nil, errWeakFlags
	}
	base, err := a.sessionBaseKey(m)
	if err != nil {
		return nil, err
	}
	key, err := exportedKey(flags, base, m.sessionKey)
	if err != nil {
		return nil, err
	}
	if err := a.checkMIC(m, key, token); err != nil {
		return nil, err
	}
	if err := a.checkBindings(m); err != nil {
		return nil, err
	}
	on := &logon{user: accountName(m.user, m.domain, a.name)}
	if flags&(flagSeal|flagSign) == flagSeal|flagSign {
		on.seal, err = newSeal(flags, key)
	}
	return on, err
}

// sessionBaseKey checks the NTLMv2 proof, [MS-NLMP] 3.3.2.
func (a *acceptor) sessionBaseKey(m authenticateMessage) ([]byte, error) {
	password, ok := a.password(m.user, m.domain)
	if !ok {
		return nil, errWrongAccount
	}
	h := md4.New()
	h.Write(toUTF16(password))
	response := hmacMD5(h.Sum(nil), toUTF16(strings.ToUpper(m.user)+m.domain))
	if !hmac.Equal(m.proof, hmacMD5(response, a.nonce[:], m.blob)) {
		return nil, errWrongAccount
	}
	return hmacMD5(response, m.proof), nil
}

// exportedKey is the key that signing and sealing start from. With NTLMv2 the key
// exchange key is the session base key, [MS-NLMP] 3.4.5.1.
func exportedKey(flags uint32, base, sent []byte) ([]byte, error) {
	if flags&flagKeyExchange == 0 {
		return base, nil
	}
	if len(sent) != 16 {
		return nil, errNoKey
	}
	c, err := rc4.NewCipher(base)
	if err != nil {
		return nil, fmt.Errorf("ntlm: key exchange: %w", err)
	}
	key := make([]byte, 16)
	c.XORKeyStream(key, sent)
	return key, nil
}

// checkMIC holds all three messages together, so that nobody between the two has
// taken a flag out of one. Where the client announces no MIC there is none to check.
func (a *acceptor) checkMIC(m authenticateMessage, key, token []byte) error {
	const at, end = 72, 88
	if !m.micWanted() {
		return nil
	}
	if len(token) < end {
		return errMIC
	}
	bare := append([]byte(nil), token...)
	clear(bare[at:end])
	if !hmac.Equal(token[at:end], hmacMD5(key, a.negotiate, a.challenge, bare)) {
		return errMIC
	}
	return nil
}

// checkBindings refuses a logon that was meant for another TLS connection. Sixteen
// zero bytes stand for "none", [MS-NLMP] 2.2.2.1.
func (a *acceptor) checkBindings(m authenticateMessage) error {
	if a.bindings == nil {
		return nil
	}
	sent := m.pairs[avChannelBindings]
	none := len(sent) == 0 || subtle.ConstantTimeCompare(sent, make([]byte, 16)) == 1
	if none && !a.required || hmac.Equal(sent, a.bindings) {
		return nil
	}
	return errBinding
}

// accountName is the name that quotas are counted by and that Command.User has.
func accountName(user, domain, host string) string {
	if domain == "" {
		domain = host
	}
	return strings.ToUpper(domain) + `\` + strings.ToLower(user)
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// dnsName is how the lab names a machine or domain in DNS.
func dnsName(netbios string) string {
	return strings.ToLower(netbios)
}
