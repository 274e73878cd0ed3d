package tds

import (
	"bytes"
	"errors"
	"net"
)

// tunnel carries a TLS handshake in PRELOGIN packets, one flight to a message, and
// after it the bare stream, [MS-TDS] 2.2.6.5.
type tunnel struct {
	net.Conn
	done    bool
	in, out bytes.Buffer
}

// Read sends the flight that was written before it waits for the client's.
func (t *tunnel) Read(b []byte) (int, error) {
	if t.done {
		return t.Conn.Read(b)
	}
	if err := t.flush(); err != nil {
		return 0, err
	}
	if t.in.Len() == 0 {
		m, err := readMessage(t.Conn)
		if err != nil {
			return 0, err
		}
		if m.kind != packetPrelogin || len(m.body) == 0 {
			return 0, errors.New("tds: something else within the TLS handshake")
		}
		t.in.Write(m.body)
	}
	return t.in.Read(b)
}

func (t *tunnel) Write(b []byte) (int, error) {
	if t.done {
		return t.Conn.Write(b)
	}
	return t.out.Write(b)
}

// open ends the tunnel: what follows is not wrapped any more.
func (t *tunnel) open() error {
	err := t.flush()
	if t.in.Len() > 0 {
		return errors.New("tds: more than a TLS handshake within it")
	}
	t.done = true
	return err
}

func (t *tunnel) flush() error {
	if t.out.Len() == 0 {
		return nil
	}
	err := writeMessage(t.Conn, packetPrelogin, t.out.Bytes(), firstSize)
	t.out.Reset()
	return err
}
