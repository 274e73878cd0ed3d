package tds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

var errHeaders = errors.New("tds: a request without ALL_HEADERS")

// answer answers one message of a client that is logged on.
func (c *conn) answer(m message, in inbox) error {
	var r reply
	if m.status&statusReset != 0 {
		clear(c.prepared)
		r.env(envReset, []byte{0}, []byte{0})
	}
	var err error
	switch m.kind {
	case packetAttention: // the statement had ended already
		r.done(tokenDone, doneAttention, 0)
		c.server.count(func(s *Stats) { s.Attentions++ })
	case packetBatch, packetRPC, packetTransaction:
		err = c.request(&r, m, in)
	default:
		err = fmt.Errorf("tds: message of type %d from a client that is logged on", m.kind)
	}
	if errors.Is(err, errCancelled) {
		err = c.giveUp(&r)
	}
	if err != nil {
		return err
	}
	return c.send(&r)
}

// giveUp ends the answer of a cancelled statement, which is a message of its own; the
// acknowledgement is the next one.
func (c *conn) giveUp(r *reply) error {
	c.server.count(func(s *Stats) { s.Attentions++ })
	r.Reset()
	r.done(tokenDone, doneError, 0)
	err := c.send(r)
	r.Reset()
	r.done(tokenDone, doneAttention, 0)
	return err
}

// request answers the messages that begin with ALL_HEADERS, [MS-TDS] 2.2.5.3.
func (c *conn) request(r *reply, m message, in inbox) error {
	body, err := afterHeaders(m.body)
	if err != nil {
		return err
	}
	switch m.kind {
	case packetBatch:
		return c.statement(r, fromUTF16(body), nil, tokenDone, in)
	case packetRPC:
		return c.call(r, body, in)
	}
	return c.transact(r, body)
}

// afterHeaders leaves ALL_HEADERS out.
func afterHeaders(body []byte) ([]byte, error) {
	if len(body) < 4 {
		return nil, errHeaders
	}
	n := binary.LittleEndian.Uint32(body)
	if n < 4 || uint64(n) > uint64(len(body)) {
		return nil, errHeaders
	}
	return body[n:], nil
}

// transact answers a transaction manager's request, [MS-TDS] 2.2.6.9. The lab has
// nothing to commit; an unanswered request hangs clients for ever.
func (c *conn) transact(r *reply, body []byte) error {
	const begin, commit, rollback = 5, 7, 8
	if len(body) < 2 {
		return errCutShort
	}
	switch kind := binary.LittleEndian.Uint16(body); kind {
	case begin:
		c.transaction++
		r.env(envBegin, c.descriptor(), []byte{0})
	case commit:
		r.env(envCommit, []byte{0}, c.descriptor())
	case rollback:
		r.env(envRollback, []byte{0}, c.descriptor())
	default:
		r.error(c.server.cfg.Name, sqlError{3930, 16, fmt.Sprintf("The transaction manager request %d is not supported.", kind)})
		r.done(tokenDone, doneError, 0)
		return nil
	}
	r.done(tokenDone, 0, 0)
	return nil
}

// descriptor names the transaction, with its length.
func (c *conn) descriptor() []byte {
	return binary.LittleEndian.AppendUint64([]byte{8}, c.transaction)
}

// statement answers one batch or the statement of a procedure with its parameters; token
// is the DONE that ends each result.
func (c *conn) statement(r *reply, text string, named map[string]any, token byte, in inbox) error {
	name, sets, said := c.play(text, named)
	if err := c.faulty(r, name, in); err != nil {
		return err
	}
	if f, ok := c.server.faults.strike(name, FaultError); ok {
		said = &sqlError{1205, 13, "Transaction (Process ID 51) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."}
		if f.Number != 0 {
			said = &sqlError{int32(f.Number), 16, fmt.Sprintf("Error %d of the practice estate.", f.Number)}
		}
	}
	more := uint16(0)
	if token == tokenDoneInProc {
		more = doneMore
	}
	if said != nil {
		r.error(c.server.cfg.Name, *said)
		r.done(token, doneError|more, 0)
		return nil
	}
	for i, set := range sets {
		r.table(set)
		status := doneCount | more
		if i < len(sets)-1 {
			status |= doneMore
		}
		r.done(token, status, len(set.rows))
	}
	if len(sets) == 0 {
		r.done(token, more, 0)
	}
	return nil
}

// play finds out what a statement answers.
func (c *conn) play(text string, named map[string]any) (name string, sets []resultSet, said *sqlError) {
	name, answer, ok := c.server.list.find(text)
	c.server.count(func(s *Stats) {
		if ok {
			s.Statements++
		} else {
			s.Unlisted++
		}
	})
	who := caller{view: c.server.cfg.World.SQL(), cfg: &c.server.cfg, account: c.account, database: c.database, named: named}
	if !ok {
		c.server.cfg.Log.Warn("statement is not on the list", "host", c.server.cfg.Name, "sha256", sumOf(text), "text", text)
		return "", nil, who.unlisted(text)
	}
	sets, said = answer(who)
	return name, sets, said
}

// faulty is what the armed faults make of a statement.
func (c *conn) faulty(r *reply, name string, in inbox) error {
	l := &c.server.faults
	cleared := l.done()
	if l.strikes(name, FaultDrop) {
		half := append(r.Bytes(), tokenColumns, 9, 0)
		p := []byte{packetReply, 0, 0, 0, 0, 0, 1, 0} // without an end
		binary.BigEndian.PutUint16(p[2:], uint16(headerSize+len(half)))
		_, err := c.stream.Write(append(p, half...))
		cut(c.net)
		return errors.Join(err, errors.New("tds: dropped"))
	}
	if l.strikes(name, FaultHang) {
		for {
			switch err := c.hold(-1, in, cleared); {
			case err == nil:
				cut(c.net)
				return errQuiet
			case !errors.Is(err, errCancelled):
				return err
			}
		}
	}
	if f, ok := l.strike(name, FaultSlow); ok {
		d := f.Delay
		if d == 0 {
			d = 30 * time.Second
		}
		if err := c.hold(d, in, cleared); err != nil {
			return err
		}
	}
	if l.strikes(name, FaultWrongAnswer) {
		_ = writeMessage(c.stream, packetReply, []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), c.size)
		return errors.New("tds: wrong answer")
	}
	return nil
}
