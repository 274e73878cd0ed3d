package wsman

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// wireReply is an answer on its way out.
type wireReply struct {
	op     string // what it answers
	status int
	body   []byte
}

// Limits of an operation's time, [MS-WSMV] 2.2.4.10: MaxTimeoutms is 60000 and at
// least 500.
const (
	shortestTimeout = 500 * time.Millisecond
	longestTimeout  = time.Minute
)

// perform carries out one request; ok is false when nothing is to be sent.
func (s *Server) perform(ctx context.Context, c *connection, user string, body []byte) (reply wireReply, ok bool) {
	e, fault := decode(body)
	if len(body) > s.cfg.MaxEnvelopeKB<<10 {
		fault = faultEnvelope()
	}
	op := operation(e)
	if s.cutBefore(ctx, op) {
		c.cut()
		return wireReply{}, false
	}
	if _, ok := s.faults.strike(op, FaultWrongAnswer); ok {
		return wireReply{op, http.StatusOK, []byte("<!DOCTYPE html><p>Please log on")}, true
	}
	if f, ok := s.faults.strike(op, FaultFault); ok {
		fault = faultInjected(f.Code)
	}
	if fault == nil && op == "Identify" {
		return wireReply{op, http.StatusOK, identity(s.cfg.Windows)}, true
	}
	var a answer
	if fault == nil {
		a, fault = s.operate(ctx, c, user, op, e)
	}
	if fault != nil {
		s.count(func(st *Stats) { st.Faults++ })
		a = fault.answer(s.cfg.Name)
	}
	if !s.holdBack(ctx, op, e) {
		c.cut()
		return wireReply{}, false
	}
	return wireReply{op, a.status, a.marshal(e)}, true
}

// cutBefore carries out the faults that leave a request unanswered and undone.
func (s *Server) cutBefore(ctx context.Context, op string) bool {
	if _, ok := s.faults.strike(op, FaultDropBefore); ok {
		return true
	}
	if _, ok := s.faults.strike(op, FaultDrop); ok {
		return true
	}
	if f, ok := s.faults.strike(op, FaultHang); ok {
		select {
		case <-ctx.Done():
		case <-f.cleared:
		}
		return true
	}
	return false
}

// holdBack carries out FaultSlow and reports whether the answer is still wanted.
func (s *Server) holdBack(ctx context.Context, op string, e *envelope) bool {
	f, ok := s.faults.strike(op, FaultSlow)
	if !ok {
		return true
	}
	delay := f.Delay
	if delay == 0 {
		delay, _ = operationTimeout(e)
		delay += 30 * time.Second
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.cleared:
	case <-ctx.Done():
		return false
	}
	return true
}

// operate carries out one operation on a shell.
func (s *Server) operate(ctx context.Context, c *connection, user, op string, e *envelope) (answer, *soapFault) {
	if op == "" {
		return answer{}, faultAction()
	}
	if e.Header.ResourceURI != resourceCmd {
		return answer{}, faultResource()
	}
	wait, fault := operationTimeout(e)
	if fault != nil {
		return answer{}, fault
	}
	if op == "Create" {
		return s.create(c, user, e)
	}
	sh, release, fault := s.useShell(user, e)
	if fault != nil {
		return answer{}, fault
	}
	defer release()
	switch op {
	case "Command":
		return s.start(ctx, sh, e)
	case "Send":
		return s.send(ctx, sh, e, wait)
	case "Receive":
		return s.receive(ctx, sh, e, wait)
	case "Signal":
		return s.signal(sh, e)
	default: // Delete
		return s.remove(sh)
	}
}

// operation is the short name of what the envelope asks; "" is nothing known.
func operation(e *envelope) string {
	if e.Body.Identify != nil {
		return "Identify"
	}
	for _, op := range []string{"Create", "Delete"} {
		if e.Header.Action == nsTransfer+"/"+op {
			return op
		}
	}
	op, ok := strings.CutPrefix(e.Header.Action, nsShell+"/")
	if !ok {
		return ""
	}
	switch op {
	case "Command", "Send", "Receive", "Signal":
		return op
	}
	return ""
}

// operationTimeout is how long the operation may take.
func operationTimeout(e *envelope) (time.Duration, *soapFault) {
	if strings.TrimSpace(e.Header.Timeout) == "" {
		return longestTimeout, nil
	}
	d, ok := parseDuration(e.Header.Timeout)
	if !ok {
		return 0, faultInvalidXML()
	}
	if d < shortestTimeout {
		return 0, faultShortTime()
	}
	return min(d, longestTimeout), nil
}
