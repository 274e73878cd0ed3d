package tds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Types of packets, [MS-TDS] 2.2.3.1.1.
const (
	packetBatch       = 1
	packetRPC         = 3
	packetReply       = 4
	packetAttention   = 6
	packetTransaction = 14
	packetLogin       = 16
	packetSSPI        = 17
	packetPrelogin    = 18
)

// Bits of a packet's status, [MS-TDS] 2.2.3.1.2.
const (
	statusEnd   = 0x01
	statusReset = 0x08 // sp_reset_connection before the message
)

const (
	headerSize = 8
	// firstSize is the size of packets before the log-on has agreed on another.
	firstSize = 4096
	// messageLimit is far above everything that a client of the lab says.
	messageLimit = 1 << 20
)

var errTooLong = fmt.Errorf("tds: a message of more than %d bytes", messageLimit)

// message is what the packets of one type, up to the one with the end mark, say.
type message struct {
	kind, status byte // status is the first packet's
	body         []byte
}

// readMessage reads one message. Packets of another type in the middle of it are an
// error, since a client must end a message before it begins another.
func readMessage(r io.Reader) (message, error) {
	var m message
	for first := true; ; first = false {
		var h [headerSize]byte
		if _, err := io.ReadFull(r, h[:]); err != nil {
			if !first && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return m, err
		}
		n := int(binary.BigEndian.Uint16(h[2:])) - headerSize
		switch {
		case !knownKind(h[0]): // TLS or HTTP, whose length would be anything
			return m, fmt.Errorf("tds: a packet of type %#x", h[0])
		case n < 0:
			return m, errors.New("tds: a packet shorter than its header")
		case len(m.body)+n > messageLimit:
			return m, errTooLong
		case first:
			m.kind, m.status = h[0], h[1]
		case h[0] != m.kind:
			return m, fmt.Errorf("tds: a packet of type %d within a message of type %d", h[0], m.kind)
		}
		at := len(m.body)
		m.body = append(m.body, make([]byte, n)...)
		if _, err := io.ReadFull(r, m.body[at:]); err != nil {
			return m, io.ErrUnexpectedEOF
		}
		if h[1]&statusEnd != 0 {
			return m, nil
		}
	}
}

func knownKind(kind byte) bool {
	switch kind {
	case packetBatch, packetRPC, packetReply, packetAttention, packetTransaction, packetLogin, packetSSPI, packetPrelogin:
		return true
	}
	return false
}

// writeMessage sends a message in packets of size bytes at most, header included.
func writeMessage(w io.Writer, kind byte, body []byte, size int) error {
	for id := byte(1); ; id++ {
		n, status := min(len(body), size-headerSize), byte(0)
		if n == len(body) {
			status = statusEnd
		}
		p := make([]byte, headerSize, headerSize+n)
		p[0], p[1], p[6] = kind, status, id
		binary.BigEndian.PutUint16(p[2:], uint16(headerSize+n))
		if _, err := w.Write(append(p, body[:n]...)); err != nil {
			return err
		}
		if body = body[n:]; status == statusEnd {
			return nil
		}
	}
}
