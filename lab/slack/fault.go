package slack

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Fault is something Slack does wrong on purpose, for tests and the fault
// panel. An occasion is a call (down, rate-limited, lost, unknown), an
// envelope (redeliver, slow-ack) or a socket (the kinds of disconnect).
type Fault struct {
	Kind   string // one of FaultKinds
	Method string // the Web API method it is limited to, "response_url" or "upload"; "" is all
	After  int    // occasions that pass unharmed first
	Count  int    // occasions harmed; 0 is until Clear
}

// FaultKind is a kind of fault and what it does, in one sentence.
type FaultKind struct{ Name, About string }

const (
	faultDown        = "down"
	faultRateLimited = "rate-limited"
	faultLost        = "lost"
	faultUnknown     = "unknown"
	faultRedeliver   = "redeliver"
	faultSlowAck     = "slow-ack"
	faultDisconnect  = "disconnect"
	faultWarning     = "disconnect-warning"
	faultRefresh     = "disconnect-refresh"
	faultLink        = "disconnect-link-disabled"
)

// farewell is with which reason a fault asks sockets to go; "" drops them.
func farewell(kind string) string {
	return map[string]string{faultWarning: "warning", faultRefresh: "refresh_requested", faultLink: "link_disabled"}[kind]
}

// FaultKinds lists what Inject understands.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{faultDown, "Calls are answered with 503 and not carried out."},
		{faultRateLimited, "Calls are answered with 429 and Retry-After 1, and not carried out."},
		{faultLost, "The connection is cut and the call is not carried out."},
		{faultUnknown, "The call is carried out, but the connection is cut before the answer."},
		{faultRedeliver, "An envelope is delivered a second time although it was acknowledged."},
		{faultSlowAck, "An acknowledgement is treated as late: the person is told, the envelope is delivered again."},
		{faultDisconnect, "Sockets are dropped without a word: those open now, and new ones right after the hello."},
		{faultWarning, "Sockets are asked to go soon, with the reason warning: those open now, and new ones right after the hello."},
		{faultRefresh, "Sockets are asked to go, with the reason refresh_requested, as Slack does every few hours."},
		{faultLink, "Sockets are asked to go, with the reason link_disabled, as when Socket Mode is switched off."},
	}
}

// Inject starts a fault. Those still at work go first.
func (s *Server) Inject(f Fault) error {
	if !slices.ContainsFunc(FaultKinds(), func(k FaultKind) bool { return k.Name == f.Kind }) {
		return fmt.Errorf("fault %q: no such kind", f.Kind)
	}
	if _, known := s.methods[f.Method]; f.Method != "" && f.Method != "response_url" && f.Method != "upload" && !known {
		return fmt.Errorf("fault %q: no method %q", f.Kind, f.Method)
	}
	for k, reason := range s.inject(&f) {
		k.bid(reason)
	}
	return nil
}

// inject adds a fault, and gives the sockets that it strikes at once with the reason
// to tell each.
func (s *Server) inject(f *Fault) map[*socket]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	struck := map[*socket]string{}
	if f.Kind == faultDisconnect || farewell(f.Kind) != "" {
		for _, k := range s.inService() {
			if kind := s.strike("", f.Kind); kind != "" {
				struck[k], k.going = farewell(kind), farewell(kind) != ""
			}
		}
	}
	s.touch()
	return struck
}

// Faults returns the faults that are still at work, with what is left of After
// and Count.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Fault
	for _, f := range s.faults {
		list = append(list, *f)
	}
	return list
}

// Clear ends every fault.
func (s *Server) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.touch()
}

// strike returns the kind of fault that harms this occasion, "" if none does.
// Locked.
func (s *Server) strike(method string, kinds ...string) string {
	for i, f := range s.faults {
		if !slices.Contains(kinds, f.Kind) || f.Method != "" && f.Method != method {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Count > 0 {
			if f.Count--; f.Count == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		s.touch()
		return f.Kind
	}
	return ""
}

// throughFaults answers a call with do, unless a fault says otherwise.
func (s *Server) throughFaults(w http.ResponseWriter, method string, do func() answer) {
	s.mu.Lock()
	kind := s.strike(method, faultDown, faultRateLimited, faultLost, faultUnknown)
	s.mu.Unlock()
	switch kind {
	case faultDown:
		answerWith(http.StatusServiceUnavailable, reply{"ok": false, "error": "service_unavailable"}).write(w)
	case faultRateLimited:
		rateLimited(time.Second).write(w)
	case faultLost:
		panic(http.ErrAbortHandler) // net/http's way of cutting the connection
	case faultUnknown:
		do()
		panic(http.ErrAbortHandler)
	default:
		do().write(w)
	}
}
