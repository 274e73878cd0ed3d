package tds

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// conn is one connection and, once logged on, its session.
type conn struct {
	server *Server
	net    net.Conn
	stream io.ReadWriter // net, and TLS over it after the handshake

	loggedOn bool // guarded by server.mu

	account     string // as SUSER_SNAME has it
	database    string
	size        int // of packets
	transaction uint64
	prepared    map[int32]string
	handles     int32 // given out so far
}

// logOnLimit is how long a client may take for PRELOGIN, TLS and LOGIN7.
const logOnLimit = 30 * time.Second

// errQuiet is the end of a connection when nobody is at home.
var errQuiet = errors.New("tds: the instance does not answer")

// serve speaks with one client until it or the server ends the connection.
func (c *conn) serve() error {
	_ = c.net.SetDeadline(time.Now().Add(logOnLimit))
	if err := c.agree(); err != nil {
		return err
	}
	if err := c.logOn(); err != nil {
		return err
	}
	_ = c.net.SetDeadline(time.Time{})
	return c.converse()
}

// read reads the client's next message.
func (c *conn) read() (message, error) {
	m, err := readMessage(c.stream)
	if err != nil {
		return m, err
	}
	if !c.server.cfg.Answers() {
		cut(c.net)
		return m, errQuiet
	}
	c.server.count(func(s *Stats) { s.Packets++ })
	return m, nil
}

// send writes a whole reply.
func (c *conn) send(r *reply) error {
	return writeMessage(c.stream, packetReply, r.Bytes(), c.size)
}

// inbox are the client's messages, read while a statement runs, so that an Attention
// is seen at once. It is closed when the client has gone.
type inbox <-chan message

// converse answers one message after the other.
func (c *conn) converse() error {
	messages, quit := make(chan message), make(chan struct{})
	go func() { // the deferred function below waits for it
		defer close(messages)
		for {
			m, err := c.read()
			if err != nil {
				return
			}
			select {
			case messages <- m:
			case <-quit:
				return
			}
		}
	}()
	defer func() {
		close(quit)
		_ = c.net.Close()
		for range messages { // until the reader has ended
		}
	}()
	for m := range messages {
		if err := c.answer(m, messages); err != nil {
			return err
		}
	}
	return nil
}

// Why a statement was not answered.
var (
	errCancelled = errors.New("tds: the statement was cancelled")
	errGone      = errors.New("tds: the client has gone")
)

// hold waits for d, for a fault that is cleared, or for the client to cancel or to
// go. A d below zero is for ever.
func (c *conn) hold(d time.Duration, in inbox, cleared <-chan struct{}) error {
	var due <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
		return nil
	case <-cleared:
		return nil
	case m, ok := <-in:
		switch {
		case !ok:
			return errGone
		case m.kind == packetAttention:
			return errCancelled
		}
		return fmt.Errorf("tds: message of type %d while a statement runs", m.kind)
	}
}
