package ntlm

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

// ErrWrongAccount is under the refusal of an account that is not there, and of a
// wrong password. A client is never told which.
var ErrWrongAccount = errors.New("ntlm: no such account or wrong password")

// Why else a logon was refused. The client is told none of them.
var (
	errNoChallenge = errors.New("ntlm: type-3 message without a challenge on this connection")
	errWeakFlags   = errors.New("ntlm: no 128-bit keys, extended session security or Unicode")
	errNoKey       = errors.New("ntlm: key exchange without a key of 16 bytes")
	errMIC         = errors.New("ntlm: messages of the handshake were altered")
	errBinding     = errors.New("ntlm: channel bindings are missing or of another certificate")
)

// Acceptor is one handshake, [MS-NLMP] 3.2.5: Challenge, then Accept. It is good for
// one answer to one challenge and for one goroutine.
type Acceptor struct {
	// Name and Domain are the server's NetBIOS names, such as SMP1 and LAB.
	Name, Domain string

	// Password returns the password of an account; false means that there is no such
	// account. Local accounts come with domain "" or Name.
	Password func(user, domain string) (password string, ok bool)

	// Bindings are ChannelBindings of the server's certificate; nil where the session
	// is not bound to TLS. RequireBindings refuses a client that sends none; those that
	// are sent are checked in any case.
	Bindings        []byte
	RequireBindings bool

	// Strong refuses a client that offers less than it takes to seal: 128-bit keys and
	// extended session security.
	Strong bool

	// LMv2 takes an LMv2 response where there is no NTLMv2 one, as Windows does. Such
	// a response announces no MIC and binds nothing.
	LMv2 bool

	// Weak is a fault: the challenge offers none of what Strong asks for. A client that
	// goes on with it gets a logon without a session.
	Weak bool

	nonce     [8]byte
	flags     uint32
	negotiate []byte // type 1 as received
	challenge []byte // type 2 as sent
}

// Logon is what a handshake has shown.
type Logon struct {
	User, Domain string // as the client wrote them
	// Session seals messages; nil when sealing was not negotiated.
	Session *Session
}

// Challenge answers a type-1 message with a type-2 message.
func (a *Acceptor) Challenge(token []byte) ([]byte, error) {
	offered, err := negotiateFlags(token)
	if err != nil {
		return nil, err
	}
	if a.Strong && offered&strong != strong {
		return nil, errWeakFlags
	}
	if _, err := rand.Read(a.nonce[:]); err != nil {
		return nil, fmt.Errorf("ntlm: challenge: %w", err)
	}
	a.flags = flagUnicode | flagRequestTarget | flagNTLM | flagAlwaysSign | flagTargetIsServer |
		flagExtended | flagTargetInfo | flagVersion | offered&optional
	if a.Weak {
		a.flags &^= flagExtended | optional
	}
	m := challengeMessage{flags: a.flags, nonce: a.nonce, name: a.Name, domain: a.Domain, now: time.Now()}
	a.negotiate, a.challenge = append([]byte(nil), token...), m.marshal()
	return a.challenge, nil
}

const (
	strong   = flagExtended | flag128 // what a client has to offer
	optional = flagSign | flagSeal | flag128 | flagKeyExchange | flag56
)

// Accept checks a type-3 message, [MS-NLMP] 3.2.5.1.2. Of whom it refuses it gives
// the names too, as far as they could be read, and never a session.
func (a *Acceptor) Accept(token []byte) (Logon, error) {
	if a.challenge == nil {
		return Logon{}, errNoChallenge
	}
	m, err := parseAuthenticate(token, a.LMv2)
	if err != nil {
		return Logon{}, err
	}
	on := Logon{User: m.user, Domain: m.domain}
	flags := a.flags & m.flags
	// Unicode is asked for only now: ntlm-auth offers OEM in type 1 and takes what
	// the challenge says.
	if flags&flagUnicode == 0 || a.Strong && !a.Weak && flags&strong != strong {
		return on, errWeakFlags
	}
	base, err := a.sessionBaseKey(m)
	if err != nil {
		return on, err
	}
	key, err := exportedKey(flags, base, m.sessionKey)
	if err != nil {
		return on, err
	}
	if err := a.checkMIC(m, key, token); err != nil {
		return on, err
	}
	if err := a.checkBindings(m); err != nil {
		return on, err
	}
	if flags&sealing == sealing {
		on.Session, err = newSession(flags, key)
	}
	return on, err
}

// sealing is what both sides have to want before a message is sealed.
const sealing = flagSeal | flagSign | strong

// sessionBaseKey checks the NTLMv2 proof, [MS-NLMP] 3.3.2.
func (a *Acceptor) sessionBaseKey(m authenticateMessage) ([]byte, error) {
	password, ok := a.Password(m.user, m.domain)
	if !ok {
		return nil, ErrWrongAccount
	}
	h := md4.New()
	h.Write(toUTF16(password))
	response := hmacMD5(h.Sum(nil), toUTF16(strings.ToUpper(m.user)+m.domain))
	if !hmac.Equal(m.proof, hmacMD5(response, a.nonce[:], m.blob)) {
		return nil, ErrWrongAccount
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
func (a *Acceptor) checkMIC(m authenticateMessage, key, token []byte) error {
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
func (a *Acceptor) checkBindings(m authenticateMessage) error {
	if a.Bindings == nil {
		return nil
	}
	sent := m.pairs[avChannelBindings]
	none := len(sent) == 0 || subtle.ConstantTimeCompare(sent, make([]byte, 16)) == 1
	if none && !a.RequireBindings || hmac.Equal(sent, a.Bindings) {
		return nil
	}
	return errBinding
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
