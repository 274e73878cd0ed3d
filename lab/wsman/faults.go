package wsman

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is something the server does wrong on purpose.
type Fault struct {
	Kind  string        // one of FaultKinds
	After int           // occasions that pass unharmed first
	Count int           // how often it strikes then; 0 means until Clear
	On    string        // only this operation (Create, Command, Send, Receive, Signal, Delete, Identify); "" means those of the kind
	Code  uint32        // FaultFault: the WSManFault code; 0 means 2150858843, shell not found
	Delay time.Duration // FaultSlow: how long an answer is held back; 0 means 30 s more than the operation timeout
}

// Kinds of Fault.
const (
	FaultDrop               = "drop"
	FaultDropBefore         = "drop-before"
	FaultHang               = "hang"
	FaultSlow               = "slow"
	FaultWrongAnswer        = "wrong-answer"
	FaultFault              = "fault"
	FaultUnsealed           = "unsealed"
	FaultShortSignature     = "short-signature"
	FaultWeakChallenge      = "weak-challenge"
	FaultDowngrade          = "downgrade"
	FaultRefused            = "refused"
	FaultAnotherCertificate = "another-certificate"
)

// FaultKind is a kind of Fault for people.
type FaultKind struct {
	Kind string
	Text string // one sentence
	on   string // the operation that it concerns; "" is any
}

// FaultKinds returns every kind, in the order to show them.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{FaultDrop, "cuts the connection in the middle of a Receive; the command goes on", "Receive"},
		{FaultDropBefore, "cuts the connection before a Command was accepted; nothing has run", "Command"},
		{FaultHang, "never answers a message, until the client leaves", ""},
		{FaultSlow, "carries out a Receive and holds its answer back for longer than the client waits", "Receive"},
		{FaultWrongAnswer, "answers a message with 200 and a page that is not XML", ""},
		{FaultFault, "answers a message with a WSManFault of any code; nothing is carried out", ""},
		{FaultUnsealed, "answers a sealed message in clear", ""},
		{FaultShortSignature, "answers a sealed message with a signature of eight bytes", ""},
		{FaultWeakChallenge, "sends an NTLM challenge without signing, sealing, key exchange, 128-bit keys and extended session security", ""},
		{FaultDowngrade, "answers a logon with 401 that offers nothing but Basic", ""},
		{FaultRefused, "refuses a logon although the password is right", ""},
		{FaultAnotherCertificate, "shows a new connection a self-signed certificate with the host's names that is not the host's; over https alone", ""},
	}
}

// faultList holds what is armed.
type faultList struct {
	mu      sync.Mutex
	armed   []Fault
	cleared chan struct{} // closed by Clear
}

// Inject arms f. Of several armed faults of one kind that concern a message, the
// first strikes.
func (s *Server) Inject(f Fault) error {
	i := slices.IndexFunc(FaultKinds(), func(k FaultKind) bool { return k.Kind == f.Kind })
	if i < 0 {
		return fmt.Errorf("wsman: there is no fault %q", f.Kind)
	}
	if f.After < 0 || f.Count < 0 || f.Delay < 0 {
		return fmt.Errorf("wsman: fault %s: after, count and delay cannot be negative", f.Kind)
	}
	if f.On == "" {
		f.On = FaultKinds()[i].on
	}
	if f.On != "" && !slices.Contains(strings.Fields("Create Command Send Receive Signal Delete Identify"), f.On) {
		return fmt.Errorf("wsman: fault %s: there is no operation %q", f.Kind, f.On)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = append(s.faults.armed, f)
	return nil
}

// Faults returns those still armed, with the After and Count that are left.
func (s *Server) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.armed)
}

// Clear disarms every fault; requests that hang are cut, answers held back are sent.
func (s *Server) Clear() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = nil
	close(s.faults.cleared)
	s.faults.cleared = make(chan struct{})
}

// hit is a fault that strikes. Its channel belongs to the moment of the strike: a
// Clear right after it must not be missed.
type hit struct {
	Fault
	cleared <-chan struct{}
}

// strike reports whether a fault of this kind strikes the operation now.
func (l *faultList) strike(op, kind string) (hit, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.armed {
		f := &l.armed[i]
		if f.Kind != kind || f.On != "" && f.On != op {
			continue
		}
		if f.After > 0 {
			f.After--
			return hit{}, false
		}
		struck := hit{*f, l.cleared}
		if f.Count == 1 {
			l.armed = slices.Delete(l.armed, i, i+1)
		} else if f.Count > 1 {
			f.Count--
		}
		return struck, true
	}
	return hit{}, false
}
