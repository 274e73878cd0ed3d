package tds

import (
	"encoding/binary"
	"errors"
)

// login is what LOGIN7 says, [MS-TDS] 2.2.6.4.
type login struct {
	version    uint32
	packetSize int
	user       string
	password   string
	database   string
	integrated bool
	sspi       []byte
	extended   bool // the client has asked for features
	change     bool // the client wants another password
}

const (
	loginFixed     = 94
	tds72          = 0x72090002
	tds74          = 0x74000004
	integratedFlag = 0x80 // of OptionFlags2
	extensionFlag  = 0x10 // of OptionFlags3
)

var errLogin = errors.New("tds: not a LOGIN7 message")

// parseLogin reads LOGIN7.
func parseLogin(body []byte) (login, error) {
	if len(body) < loginFixed || int(binary.LittleEndian.Uint32(body)) > len(body) {
		return login{}, errLogin
	}
	var l login
	var err error
	text := func(at int) string {
		b, e := loginField(body, at, 2)
		err = errors.Join(err, e)
		return fromUTF16(b)
	}
	l.version = binary.LittleEndian.Uint32(body[4:])
	l.packetSize = int(binary.LittleEndian.Uint32(body[8:]))
	l.integrated = body[25]&integratedFlag != 0
	l.extended = body[27]&extensionFlag != 0
	l.user, l.database = text(40), text(68)
	l.change = binary.LittleEndian.Uint16(body[88:]) != 0
	hidden, e := loginField(body, 44, 2)
	l.password = fromUTF16(revealed(hidden))
	sspi, e2 := loginField(body, 78, 1)
	l.sspi = append([]byte(nil), sspi...)
	return l, errors.Join(err, e, e2)
}

// loginField is what the offset and length at body[at:] point to; the length counts
// units of so many bytes.
func loginField(body []byte, at, unit int) ([]byte, error) {
	from, n := int(binary.LittleEndian.Uint16(body[at:])), unit*int(binary.LittleEndian.Uint16(body[at+2:]))
	if n == 0 {
		return nil, nil // the offset of an empty field is anything
	}
	if from+n > len(body) {
		return nil, errLogin
	}
	return body[from : from+n], nil
}

// revealed undoes the disguise of a password: its nibbles swapped, then XOR 0xA5.
func revealed(hidden []byte) []byte {
	b := make([]byte, len(hidden))
	for i, x := range hidden {
		x ^= 0xa5
		b[i] = x<<4 | x>>4
	}
	return b
}

// size is the packet size for the rest of the connection: what the client asks for
// within what an encrypted connection may have.
func (l login) size() int {
	if l.packetSize < 512 {
		return firstSize
	}
	return min(l.packetSize, 16383)
}
