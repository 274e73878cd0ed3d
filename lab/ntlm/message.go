package ntlm

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unicode/utf16"
)

// Negotiate flags, [MS-NLMP] 2.2.2.5.
const (
	flagUnicode         = 1 << 0
	flagRequestTarget   = 1 << 2
	flagSign            = 1 << 4
	flagSeal            = 1 << 5
	flagNTLM            = 1 << 9
	flagAnonymous       = 1 << 11
	flagDomainSupplied  = 1 << 12
	flagStationSupplied = 1 << 13
	flagAlwaysSign      = 1 << 15
	flagTargetIsServer  = 1 << 17
	flagExtended        = 1 << 19 // extended session security
	flagTargetInfo      = 1 << 23
	flagVersion         = 1 << 25
	flag128             = 1 << 29
	flagKeyExchange     = 1 << 30
	flag56              = 1 << 31
)

// AV pair ids, [MS-NLMP] 2.2.2.1.
const (
	avEnd             = 0
	avComputer        = 1
	avDomain          = 2
	avDNSComputer     = 3
	avDNSDomain       = 4
	avFlags           = 6
	avTimestamp       = 7
	avChannelBindings = 10

	avFlagMIC = 2 // the type-3 message carries a MIC
)

const ntlmSignature = "NTLMSSP\x00"

var (
	errNotNTLM   = errors.New("ntlm: not an NTLM message")
	errTruncated = errors.New("ntlm: message shorter than its fields say")
)

// IsNegotiate reports whether b begins a handshake: a type-1 message.
func IsNegotiate(b []byte) bool { return messageType(b) == 1 }

// messageType is the number of an NTLM message: 1, 2 or 3; 0 is none.
func messageType(b []byte) uint32 {
	if len(b) < 12 || string(b[:8]) != ntlmSignature {
		return 0
	}
	return binary.LittleEndian.Uint32(b[8:])
}

// negotiateFlags reads a type-1 message, [MS-NLMP] 2.2.1.1. Its two names are
// checked for their place and not used: nothing depends on them.
func negotiateFlags(b []byte) (uint32, error) {
	if messageType(b) != 1 {
		return 0, errNotNTLM
	}
	if len(b) < 16 {
		return 0, errTruncated
	}
	flags := binary.LittleEndian.Uint32(b[12:])
	for at, supplied := range map[int]uint32{16: flagDomainSupplied, 24: flagStationSupplied} {
		if flags&supplied == 0 {
			continue
		}
		if _, err := field(b, at); err != nil {
			return 0, err
		}
	}
	return flags, nil
}

// challengeMessage is a type-2 message, [MS-NLMP] 2.2.1.2.
type challengeMessage struct {
	flags        uint32
	nonce        [8]byte
	name, domain string // NetBIOS
	now          time.Time
}

func (m challengeMessage) marshal() []byte {
	const fixed = 56
	target := toUTF16(m.name)
	info := m.targetInfo()
	b := make([]byte, fixed, fixed+len(target)+len(info))
	copy(b, ntlmSignature)
	binary.LittleEndian.PutUint32(b[8:], 2)
	putField(b[12:], len(target), fixed)
	binary.LittleEndian.PutUint32(b[20:], m.flags)
	copy(b[24:], m.nonce[:])
	putField(b[40:], len(info), fixed+len(target))
	copy(b[48:], []byte{10, 0, 0x39, 0x38, 0, 0, 0, 15}) // Windows 10.0.14393, NTLM revision 15
	b = append(b, target...)
	return append(b, info...)
}

// targetInfo says who is asking. The timestamp obliges the client to send a MIC,
// [MS-NLMP] 3.1.5.1.2.
func (m challengeMessage) targetInfo() []byte {
	const filetimeEpoch = 116444736000000000 // 1601-01-01 to 1970-01-01 in 100 ns
	stamp := binary.LittleEndian.AppendUint64(nil, uint64(m.now.UnixNano()/100+filetimeEpoch))
	var b []byte
	b = appendAV(b, avDomain, toUTF16(m.domain))
	b = appendAV(b, avComputer, toUTF16(m.name))
	b = appendAV(b, avDNSDomain, toUTF16(dnsDomain(m.domain)))
	b = appendAV(b, avDNSComputer, toUTF16(strings.ToLower(m.name)+"."+dnsDomain(m.domain)))
	b = appendAV(b, avTimestamp, stamp)
	return appendAV(b, avEnd, nil)
}

// authenticateMessage is a type-3 message, [MS-NLMP] 2.2.1.3.
type authenticateMessage struct {
	flags        uint32
	proof        []byte // NTProofStr, 16 bytes
	blob         []byte // NTLMv2_CLIENT_CHALLENGE, or that of LMv2
	user, domain string
	sessionKey   []byte // EncryptedRandomSessionKey
	pairs        map[uint16][]byte
}

var (
	errAnonymous = errors.New("ntlm: anonymous logon")
	errNotV2     = errors.New("ntlm: response is neither NTLMv2 nor, where it is taken, LMv2")
)

// parseAuthenticate reads a type-3 message; lmv2 takes the older response too. All it
// returns points into b.
func parseAuthenticate(b []byte, lmv2 bool) (authenticateMessage, error) {
	var m authenticateMessage
	if messageType(b) != 3 {
		return m, errNotNTLM
	}
	if len(b) < 64 {
		return m, errTruncated
	}
	var fields [6][]byte // LM, NT, domain, user, workstation, session key
	for i := range fields {
		f, err := field(b, 12+8*i)
		if err != nil {
			return m, err
		}
		fields[i] = f
	}
	m.flags = binary.LittleEndian.Uint32(b[60:])
	m.domain, m.user, m.sessionKey = fromUTF16(fields[2]), fromUTF16(fields[3]), fields[5]

	if m.flags&flagAnonymous != 0 || m.user == "" {
		return m, errAnonymous
	}
	return m, m.readResponse(fields[0], fields[1], lmv2)
}

// readResponse finds the proof and what it is about: NTLMv2 with a blob of 28 bytes
// before its AV pairs, or LMv2 with a challenge of eight bytes, [MS-NLMP] 3.3.2.
// NTLMv1 has 24 bytes in each.
func (m *authenticateMessage) readResponse(lm, nt []byte, lmv2 bool) (err error) {
	switch {
	case len(nt) >= 16+28 && nt[16] == 1 && nt[17] == 1:
		m.proof, m.blob = nt[:16], nt[16:]
		m.pairs, err = parsePairs(m.blob[28:])
		return err
	case lmv2 && len(lm) == 16+8 && len(nt) < 24:
		m.proof, m.blob = lm[:16], lm[16:]
		return nil
	case len(nt) == 0:
		return errAnonymous
	}
	return errNotV2
}

// micWanted reports whether the client says that it computed a MIC.
func (m authenticateMessage) micWanted() bool {
	f := m.pairs[avFlags]
	return len(f) == 4 && binary.LittleEndian.Uint32(f)&avFlagMIC != 0
}

// parsePairs reads AV pairs up to their end mark, which has to be there.
func parsePairs(b []byte) (map[uint16][]byte, error) {
	pairs := make(map[uint16][]byte)
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if id == avEnd {
			return pairs, nil
		}
		if 4+n > len(b) {
			return nil, errTruncated
		}
		pairs[id] = b[4 : 4+n]
		b = b[4+n:]
	}
	return nil, errTruncated
}

func appendAV(b []byte, id uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

// field reads the length and offset at b[at:] and returns what they point to.
func field(b []byte, at int) ([]byte, error) {
	if at+8 > len(b) {
		return nil, errTruncated
	}
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

func toUTF16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// dnsDomain is what a domain of the practice estate is called in DNS.
func dnsDomain(netbios string) string { return strings.ToLower(netbios) + ".example" }
