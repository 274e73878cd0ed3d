package tds

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
)

// What PRELOGIN says about encryption, [MS-TDS] 2.2.6.5.
const (
	encryptOff         = 0 // only the log-on
	encryptOn          = 1
	encryptUnsupported = 2
	encryptRequired    = 3
)

// Options of PRELOGIN.
const (
	optionVersion    = 0
	optionEncryption = 1
	optionEnd        = 0xff
)

var (
	errPrelogin = errors.New("tds: not a PRELOGIN message")
	errPlain    = errors.New("tds: the client does not encrypt")
)

// productVersion is SQL Server 2016 SP3, as greetings and server.sql tell it too.
var productVersion = [4]byte{13, 0, 0x1b, 0x58} // 13.0.7000

// preloginEncryption reads what the client says about encryption; a client that says
// nothing does not encrypt.
func preloginEncryption(body []byte) (byte, error) {
	for at := 0; ; at += 5 {
		switch {
		case at < len(body) && body[at] == optionEnd:
			return encryptUnsupported, nil
		case at+5 > len(body):
			return 0, errPrelogin
		case body[at] != optionEncryption:
			continue
		}
		from, n := int(binary.BigEndian.Uint16(body[at+1:])), int(binary.BigEndian.Uint16(body[at+3:]))
		if n < 1 || from >= len(body) {
			return 0, errPrelogin
		}
		return body[from], nil
	}
}

// preloginReply is the server's PRELOGIN.
func preloginReply(encryption byte) []byte {
	const data = 11
	return []byte{
		optionVersion, 0, data, 0, 6,
		optionEncryption, 0, data + 6, 0, 1,
		optionEnd,
		productVersion[0], productVersion[1], productVersion[2], productVersion[3], 0, 0,
		encryption,
	}
}

// agree is PRELOGIN and the TLS handshake in its packets. The connection is encrypted
// afterwards, or there is none.
func (c *conn) agree() error {
	m, err := c.read()
	if err != nil {
		return err
	}
	if m.kind != packetPrelogin {
		return fmt.Errorf("tds: message of type %d before PRELOGIN", m.kind)
	}
	asked, err := preloginEncryption(m.body)
	if err != nil {
		return err
	}
	if c.server.faults.strikes("", FaultNoEncryption) {
		_ = writeMessage(c.stream, packetReply, preloginReply(encryptUnsupported), firstSize)
		return errors.New("tds: encryption was denied")
	}
	answer := byte(encryptRequired)
	if asked == encryptOn || asked == encryptRequired {
		answer = encryptOn
	}
	if err := writeMessage(c.stream, packetReply, preloginReply(answer), firstSize); err != nil {
		return err
	}
	if asked == encryptUnsupported {
		c.server.count(func(s *Stats) { s.Plain++ })
		return errPlain
	}
	return c.encrypt()
}

// encrypt makes the handshake and puts TLS in the place of the bare connection.
func (c *conn) encrypt() error {
	t := &tunnel{Conn: c.net}
	secure := tls.Server(t, &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The records that TLS 1.3 sends after the handshake have no place in TDS 7.
		MaxVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true,
		GetCertificate:         c.server.certificate,
	})
	if err := secure.Handshake(); err != nil {
		return fmt.Errorf("tds: TLS: %w", err)
	}
	if err := t.open(); err != nil {
		return err
	}
	c.stream = secure
	return nil
}
