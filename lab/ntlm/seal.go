package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
)

// Session signs and encrypts the messages of one logon in both directions,
// [MS-NLMP] 3.4. Each direction has its own keys, key stream and sequence numbers,
// so a message that is lost, repeated or out of order spoils the session for good.
// It is for one goroutine.
type Session struct {
	in, out direction
}

// SignatureSize is NTLMSSP_MESSAGE_SIGNATURE with extended session security.
const SignatureSize = 16

var errSeal = errors.New("ntlm: sealed message was altered or is out of sequence")

func newSession(flags uint32, key []byte) (*Session, error) {
	in, err := newDirection(flags, key, "client-to-server")
	if err != nil {
		return nil, err
	}
	out, err := newDirection(flags, key, "server-to-client")
	if err != nil {
		return nil, err
	}
	return &Session{in: in, out: out}, nil
}

// Open checks and decrypts a message from the client.
func (s *Session) Open(signature, sealed []byte) ([]byte, error) {
	plain := make([]byte, len(sealed))
	s.in.stream.XORKeyStream(plain, sealed)
	if !hmac.Equal(signature, s.in.signature(plain)) {
		return nil, errSeal
	}
	return plain, nil
}

// Seal encrypts and signs a message to the client.
func (s *Session) Seal(plain []byte) (signature, sealed []byte) {
	sealed = make([]byte, len(plain))
	s.out.stream.XORKeyStream(sealed, plain)
	return s.out.signature(plain), sealed
}

type direction struct {
	key      []byte // signs
	stream   *rc4.Cipher
	sequence uint32
	exchange bool // a session key was exchanged: the checksum is encrypted too
}

// newDirection derives the keys, [MS-NLMP] 3.4.5.2 and 3.4.5.3. 128-bit keys are
// always in use: with anything shorter there is no session.
func newDirection(flags uint32, key []byte, name string) (direction, error) {
	sign := md5.Sum(append(key[:len(key):len(key)], "session key to "+name+" signing key magic constant\x00"...))
	crypt := md5.Sum(append(key[:len(key):len(key)], "session key to "+name+" sealing key magic constant\x00"...))
	stream, err := rc4.NewCipher(crypt[:])
	if err != nil {
		return direction{}, fmt.Errorf("ntlm: sealing key: %w", err)
	}
	return direction{key: sign[:], stream: stream, exchange: flags&flagKeyExchange != 0}, nil
}

// signature signs the next message, [MS-NLMP] 3.4.4.2.
func (d *direction) signature(plain []byte) []byte {
	number := binary.LittleEndian.AppendUint32(nil, d.sequence)
	d.sequence++
	sum := hmacMD5(d.key, number, plain)[:8]
	if d.exchange {
		d.stream.XORKeyStream(sum, sum)
	}
	b := append([]byte{1, 0, 0, 0}, sum...)
	return append(b, number...)
}
