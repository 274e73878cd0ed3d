package tds

import (
	"crypto/hmac"
	"crypto/md5" // NTLM is built on it
	"crypto/rand"
	"crypto/rc4" // the same
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/md4"
)

// Why a log-on was refused. The client is told no more than 18452 or 18456.
var (
	errNotNTLM      = errors.New("ntlm: not a message of this handshake")
	errTruncated    = errors.New("ntlm: message shorter than its fields say")
	errNotV2        = errors.New("ntlm: the response is anonymous, or neither NTLMv2 nor LMv2")
	errWrongAccount = errors.New("ntlm: no such account or wrong password")
	errMIC          = errors.New("ntlm: messages of the handshake were altered")
)

// Negotiate flags, [MS-NLMP] 2.2.2.5.
const (
	flagUnicode        = 1 << 0
	flagRequestTarget  = 1 << 2
	flagSign           = 1 << 4
	flagNTLM           = 1 << 9
	flagAlwaysSign     = 1 << 15
	flagTargetIsServer = 1 << 17
	flagExtended       = 1 << 19
	flagTargetInfo     = 1 << 23
	flagVersion        = 1 << 25
	flag128            = 1 << 29
	flagKeyExchange    = 1 << 30
)

// AV pairs, [MS-NLMP] 2.2.2.1.
const (
	avEnd       = 0
	avComputer  = 1
	avDomain    = 2
	avFlags     = 6
	avTimestamp = 7

	avFlagMIC = 2
)

const ntlmSignature = "NTLMSSP\x00"

// acceptor is one handshake, [MS-NLMP] 3.2.5. It proves the account and makes no
// session keys but for the check of the messages: TLS is what protects the session.
type acceptor struct {
	name, domain string
	password     func(user, domain string) (string, bool)

	nonce                [8]byte
	negotiate, challenge []byte // types 1 and 2
}

// ntlmType is the number of an NTLM message: 1, 2 or 3; 0 is none.
func ntlmType(b []byte) uint32 {
	if len(b) < 12 || string(b[:8]) != ntlmSignature {
		return 0
	}
	return binary.LittleEndian.Uint32(b[8:])
}

// challengeFor answers a type-1 message with a type-2 message.
func (a *acceptor) challengeFor(token []byte) ([]byte, error) {
	if ntlmType(token) != 1 || len(token) < 16 {
		return nil, errNotNTLM
	}
	if _, err := rand.Read(a.nonce[:]); err != nil {
		return nil, fmt.Errorf("ntlm: challenge: %w", err)
	}
	offered := binary.LittleEndian.Uint32(token[12:])
	flags := uint32(flagUnicode|flagRequestTarget|flagNTLM|flagAlwaysSign|flagTargetIsServer|flagExtended|flagTargetInfo|flagVersion) |
		offered&(flagSign|flag128|flagKeyExchange)
	const fixed = 56
	target, info := toUTF16(a.name), a.targetInfo()
	b := make([]byte, fixed, fixed+len(target)+len(info))
	copy(b, ntlmSignature)
	binary.LittleEndian.PutUint32(b[8:], 2)
	putField(b[12:], len(target), fixed)
	binary.LittleEndian.PutUint32(b[20:], flags)
	copy(b[24:], a.nonce[:])
	putField(b[40:], len(info), fixed+len(target))
	copy(b[48:], []byte{10, 0, 0x39, 0x38, 0, 0, 0, 15}) // Windows 10.0.14393, NTLM revision 15
	a.negotiate = append([]byte(nil), token...)
	a.challenge = append(append(b, target...), info...)
	return a.challenge, nil
}

// targetInfo says who asks. The timestamp obliges the client to send a MIC,
// [MS-NLMP] 3.1.5.1.2.
func (a *acceptor) targetInfo() []byte {
	const filetimeEpoch = 116444736000000000 // 1601-01-01 to 1970-01-01 in 100 ns
	stamp := binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano()/100+filetimeEpoch))
	b := appendAV(nil, avDomain, toUTF16(a.domain))
	b = appendAV(b, avComputer, toUTF16(a.name))
	b = appendAV(b, avTimestamp, stamp)
	return appendAV(b, avEnd, nil)
}

// accept checks a type-3 message and returns the account as SUSER_SNAME has it,
// which it also does for an account that it refuses.
func (a *acceptor) accept(token []byte) (account string, err error) {
	if a.challenge == nil {
		return "", errNotNTLM
	}
	m, err := parseAuthenticate(token)
	if err != nil {
		return "", err
	}
	account = m.domain + `\` + m.user
	password, ok := a.password(m.user, m.domain)
	if !ok {
		return account, errWrongAccount
	}
	h := md4.New()
	h.Write(toUTF16(password))
	response := hmacMD5(h.Sum(nil), toUTF16(strings.ToUpper(m.user)+m.domain))
	if !hmac.Equal(m.proof, hmacMD5(response, a.nonce[:], m.blob)) {
		return account, errWrongAccount
	}
	return account, a.checkMIC(m, hmacMD5(response, m.proof), token)
}

// checkMIC holds the three messages together where the client says that it signed
// them.
func (a *acceptor) checkMIC(m authenticate, key, token []byte) error {
	const at, end = 72, 88
	if !m.mic {
		return nil
	}
	if m.flags&flagKeyExchange != 0 {
		c, err := rc4.NewCipher(key)
		if err != nil || len(m.sessionKey) != 16 {
			return errMIC
		}
		key = make([]byte, 16)
		c.XORKeyStream(key, m.sessionKey)
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

// authenticate is a type-3 message, [MS-NLMP] 2.2.1.3.
type authenticate struct {
	flags        uint32
	proof, blob  []byte
	user, domain string
	sessionKey   []byte
	mic          bool
}

// parseAuthenticate reads a type-3 message. All it returns points into b.
func parseAuthenticate(b []byte) (authenticate, error) {
	var m authenticate
	if ntlmType(b) != 3 {
		return m, errNotNTLM
	}
	if len(b) < 64 {
		return m, errTruncated
	}
	var fields [6][]byte // LM, NT, domain, user, workstation, session key
	for i := range fields {
		f, err := ntlmField(b, 12+8*i)
		if err != nil {
			return m, err
		}
		fields[i] = f
	}
	m.flags = binary.LittleEndian.Uint32(b[60:])
	m.domain, m.user, m.sessionKey = fromUTF16(fields[2]), fromUTF16(fields[3]), fields[5]
	if m.user == "" {
		return m, errNotV2
	}
	return m, m.readResponse(fields[0], fields[1])
}

// readResponse finds the proof and what it is about: NTLMv2 with a blob of 28 bytes
// before its AV pairs, or where there is none LMv2 with a challenge of eight bytes,
// which Windows takes as well, [MS-NLMP] 3.3.2. NTLMv1 has 24 bytes in each.
func (m *authenticate) readResponse(lm, nt []byte) error {
	switch {
	case len(nt) >= 16+28 && nt[16] == 1 && nt[17] == 1:
		m.proof, m.blob = nt[:16], nt[16:]
		var err error
		m.mic, err = announcesMIC(m.blob[28:])
		return err
	case len(lm) == 16+8 && len(nt) < 24:
		m.proof, m.blob = lm[:16], lm[16:]
		return nil
	}
	return errNotV2
}

// announcesMIC reads AV pairs up to their end mark, which has to be there.
func announcesMIC(b []byte) (mic bool, err error) {
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		switch {
		case id == avEnd:
			return mic, nil
		case 4+n > len(b):
			return false, errTruncated
		case id == avFlags && n == 4:
			mic = binary.LittleEndian.Uint32(b[4:])&avFlagMIC != 0
		}
		b = b[4+n:]
	}
	return false, errTruncated
}

func appendAV(b []byte, id uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// ntlmField reads the length and offset at b[at:] and returns what they point to.
func ntlmField(b []byte, at int) ([]byte, error) {
	n := uint64(binary.LittleEndian.Uint16(b[at:]))
	from := uint64(binary.LittleEndian.Uint32(b[at+4:]))
	if n == 0 {
		return nil, nil // the offset of an empty field is anything
	}
	if from+n > uint64(len(b)) {
		return nil, errTruncated
	}
	return b[from : from+n], nil
}

func putField(b []byte, n, from int) {
	binary.LittleEndian.PutUint16(b, uint16(n))
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
	binary.LittleEndian.PutUint32(b[4:], uint32(from))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
