package tds

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Fault is something the server does wrong on purpose.
type Fault struct {
	Kind   string        // one of FaultKinds
	After  int           // occasions that pass unharmed first
	Count  int           // how often it strikes then; 0 means until Clear
	On     string        // only this statement ("queue", "backups", …); "" is any
	Number int           // FaultError: the error; 0 means 1205, deadlock victim
	Delay  time.Duration // FaultSlow: how long an answer is held back; 0 means 30 s
}

// Kinds of Fault.
const (
	FaultDown               = "down"
	FaultDrop               = "drop"
	FaultHang               = "hang"
	FaultSlow               = "slow"
	FaultWrongAnswer        = "wrong-answer"
	FaultError              = "error"
	FaultRefused            = "refused"
	FaultRecovering         = "recovering"
	FaultNoEncryption       = "no-encryption"
	FaultElsewhere          = "elsewhere"
	FaultAnotherCertificate = "another-certificate"
)

// FaultKind is a kind of Fault for people.
type FaultKind struct {
	Kind string
	Text string // one sentence
	// Statement says that it is about an answer to a statement, and can be about one of
	// them alone.
	Statement bool
}

// FaultKinds returns every kind, in the order to show them.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{FaultDown, "cuts new connections, as an instance that is not running", false},
		{FaultDrop, "cuts the connection in the middle of an answer", true},
		{FaultHang, "never answers a statement and does not take notice of its cancelling", true},
		{FaultSlow, "holds the answer to a statement back; cancelling it helps", true},
		{FaultWrongAnswer, "answers a statement with bytes that are no answer", true},
		{FaultError, "answers a statement with an error, that of a deadlock victim unless told otherwise", true},
		{FaultRefused, "refuses a log-on although the password is right", false},
		{FaultRecovering, "refuses a log-on because the database is not there yet", false},
		{FaultNoEncryption, "says that it cannot encrypt", false},
		{FaultElsewhere, "answers a log-on with the address of another server", false},
		{FaultAnotherCertificate, "shows a new connection a self-signed certificate that is not the instance's", false},
	}
}

// faultList holds what is armed.
type faultList struct {
	mu      sync.Mutex
	armed   []Fault
	cleared chan struct{} // closed by Clear
}

// Inject arms f. Of several armed faults of one kind that concern a statement, the
// first strikes.
func (s *Server) Inject(f Fault) error {
	i := slices.IndexFunc(FaultKinds(), func(k FaultKind) bool { return k.Kind == f.Kind })
	if i < 0 {
		return fmt.Errorf("tds: there is no fault %q", f.Kind)
	}
	if f.After < 0 || f.Count < 0 || f.Delay < 0 {
		return fmt.Errorf("tds: fault %s: after, count and delay cannot be negative", f.Kind)
	}
	if f.On != "" && !FaultKinds()[i].Statement {
		return fmt.Errorf("tds: fault %s is not about a statement", f.Kind)
	}
	if f.On != "" && !s.list.has(f.On) {
		return fmt.Errorf("tds: fault %s: there is no statement %q", f.Kind, f.On)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = append(s.faults.armed, f)
	return nil
}

// Statements names the product's statements, which a fault can be about.
func (s *Server) Statements() []string { return s.list.names() }

// Faults returns those still armed, with the After and Count that are left.
func (s *Server) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.armed)
}

// Clear disarms every fault; what hangs is cut, answers held back are sent.
func (s *Server) Clear() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = nil
	close(s.faults.cleared)
	s.faults.cleared = make(chan struct{})
}

// strike reports whether a fault of this kind strikes the statement now; "" is what
// comes before the statements.
func (l *faultList) strike(statement, kind string) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.armed {
		f := &l.armed[i]
		if f.Kind != kind || f.On != "" && f.On != statement {
			continue
		}
		if f.After > 0 {
			f.After--
			return Fault{}, false
		}
		struck := *f
		if f.Count == 1 {
			l.armed = slices.Delete(l.armed, i, i+1)
		} else if f.Count > 1 {
			f.Count--
		}
		return struck, true
	}
	return Fault{}, false
}

// strikes is strike for the kinds without settings.
func (l *faultList) strikes(statement, kind string) bool {
	_, ok := l.strike(statement, kind)
	return ok
}

// done is closed when the faults of this moment are cleared.
func (l *faultList) done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cleared
}
