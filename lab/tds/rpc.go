package tds

import (
	"fmt"
	"math"
	"strings"
)

// Procedures by their numbers, [MS-TDS] 2.2.6.6.
const (
	executeSQL = "sp_executesql"
	prepare    = "sp_prepare"
	execute    = "sp_execute"
	prepExec   = "sp_prepexec"
	unprepare  = "sp_unprepare"
)

func procedureName(id int) string {
	switch id {
	case 10:
		return executeSQL
	case 11:
		return prepare
	case 12:
		return execute
	case 13:
		return prepExec
	case 15:
		return unprepare
	}
	return fmt.Sprintf("procedure number %d", id)
}

// rpc is the call of one procedure.
type rpc struct {
	procedure string
	// parameters by place: a string, an int64, nil, or []byte for every other type.
	parameters []any
	// output is the name of the first parameter, in which a handle is returned.
	output string
	// named are the parameters that have a name, in lower case, without the @: those of
	// the statement.
	named map[string]any
}

// text is the parameter at a place as a text; ok is false when it is none.
func (p rpc) text(at int) (string, bool) {
	if at >= len(p.parameters) {
		return "", false
	}
	s, ok := p.parameters[at].(string)
	return s, ok
}

// handle is the parameter at a place as a prepared handle.
func (p rpc) handle(at int) (int32, bool) {
	if at >= len(p.parameters) {
		return 0, false
	}
	n, ok := p.parameters[at].(int64)
	return int32(n), ok && n == int64(int32(n))
}

// parseRPC reads a request of one procedure.
func parseRPC(body []byte) (rpc, error) {
	const byNumber, lastOf72, lastOf71 = 0xffff, 0xff, 0x80
	c := &cursor{b: body}
	p := rpc{named: map[string]any{}}
	if n := c.uint16(); n == byNumber {
		p.procedure = procedureName(c.uint16())
	} else {
		p.procedure = strings.ToLower(strings.TrimPrefix(c.text(n), "sys."))
	}
	c.uint16() // options
	for len(c.b) > 0 && !c.short {
		if c.b[0] == lastOf72 || c.b[0] == lastOf71 {
			return p, fmt.Errorf("tds: more than one procedure in a request")
		}
		name := c.text(int(c.byte()))
		if len(p.parameters) == 0 {
			p.output = name
		}
		c.byte() // status
		v, err := parameter(c)
		if err != nil {
			return p, err
		}
		p.parameters = append(p.parameters, v)
		if variable, ok := strings.CutPrefix(name, "@"); ok {
			p.named[strings.ToLower(variable)] = v
		}
	}
	return p, c.err()
}

// call answers the procedures by which drivers send statements. A statement on the list
// gets its parameters by their names.
func (c *conn) call(r *reply, body []byte, in inbox) error {
	p, err := parseRPC(body)
	if err != nil {
		r.error(c.server.cfg.Name, sqlError{8009, 16, "The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is incorrect."})
		r.done(tokenDoneProc, doneError, 0)
		return nil
	}
	switch p.procedure {
	case executeSQL:
		text, ok := p.text(0)
		return c.procedure(r, p, text, ok, nothingBack, in)
	case prepExec:
		text, ok := p.text(2)
		return c.procedure(r, p, text, ok, c.handOut(text, p.output), in)
	case prepare:
		text, ok := p.text(2)
		if !ok {
			return c.procedure(r, p, "", false, nothingBack, in)
		}
		c.end(r, c.handOut(text, p.output))
		return nil
	case execute:
		h, _ := p.handle(0)
		text, ok := c.prepared[h]
		return c.procedure(r, p, text, ok, nothingBack, in)
	case unprepare:
		h, _ := p.handle(0)
		delete(c.prepared, h)
		c.end(r, nothingBack)
		return nil
	}
	r.error(c.server.cfg.Name, sqlError{2812, 16, fmt.Sprintf("Could not find stored procedure '%s'.", p.procedure)})
	r.done(tokenDoneProc, doneError, 0)
	return nil
}

// output adds the output parameter of a procedure to the end of its answer.
type output func(*reply)

func nothingBack(*reply) {}

// handOut remembers a statement under a new handle, and returns the handle in the
// parameter of this name.
func (c *conn) handOut(text, name string) output {
	if c.handles < math.MaxInt32 {
		c.handles++
	}
	h := c.handles
	c.prepared[h] = text
	return func(r *reply) { r.handle(name, h) }
}

// procedure answers a statement as a procedure does.
func (c *conn) procedure(r *reply, p rpc, text string, ok bool, back output, in inbox) error {
	if !ok {
		r.error(c.server.cfg.Name, sqlError{8179, 16, "Could not find prepared statement, or its text."})
		r.done(tokenDoneProc, doneError, 0)
		return nil
	}
	if err := c.statement(r, text, p.named, tokenDoneInProc, in); err != nil {
		return err
	}
	c.end(r, back)
	return nil
}

// end is the end of a procedure's answer.
func (c *conn) end(r *reply, back output) {
	r.Write([]byte{tokenReturnStatus, 0, 0, 0, 0})
	back(r)
	r.done(tokenDoneProc, 0, 0)
}
