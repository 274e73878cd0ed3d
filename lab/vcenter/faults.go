package vcenter

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// Fault is something the vCenter or a machine does wrong on purpose.
type Fault struct {
	Kind   string        // one of FaultKinds
	VM     string        // only on this machine, by name; "" is any
	Method string        // only on this method, such as CreateSnapshot_Task; "" means those of the kind
	After  int           // occasions that pass unharmed first
	Count  int           // how often it strikes then; 0 means until Clear
	Delay  time.Duration // FaultSlow: how long an answer is held back; 0 means 30 s
	// Is is the fault in FaultTask and FaultCall; nil means the kind's own.
	Is types.BaseMethodFault
}

// Kinds of Fault.
const (
	FaultTask               = "task-fails"
	FaultHeld               = "task-held"
	FaultPowerOn            = "no-power-on"
	FaultRevert             = "revert-fails"
	FaultGuest              = "guest-hangs"
	FaultQuiesce            = "quiesce-fails"
	FaultNotQuiesced        = "not-quiesced"
	FaultNoTools            = "no-tools"
	FaultNoSpace            = "no-space"
	FaultLeftover           = "consolidation"
	FaultBackup             = "backup"
	FaultTwin               = "twin"
	FaultCall               = "no-permission"
	FaultSession            = "session-lost"
	FaultAnswer             = "answer-lost"
	FaultForgotten          = "task-forgotten"
	FaultRefused            = "refused"
	FaultAnotherCertificate = "another-certificate"
	FaultSlow               = "slow"
	FaultDown               = "down"
)

// FaultKind is a kind of Fault for people.
type FaultKind struct {
	Kind string
	Text string // one sentence
	// Lasts says that it is a state which is there until Clear, and strikes
	// nothing.
	Lasts bool
	// Whole says that it is about vCenter and no single machine.
	Whole bool
}

// FaultKinds returns every kind, in the order to show them.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{Kind: FaultTask, Text: "a task on a machine begins and ends with an error; nothing is done"},
		{Kind: FaultHeld, Text: "a task on a machine begins and does not end until the faults are cleared"},
		{Kind: FaultPowerOn, Text: "a machine is not switched on because one of its files is locked"},
		{Kind: FaultRevert, Text: "a machine does not go back because a file of the snapshot is missing"},
		{Kind: FaultGuest, Text: "the guest is asked to shut down or to restart and does nothing", Lasts: true},
		{Kind: FaultQuiesce, Text: "a quiesced snapshot ends with an error of VSS in the guest"},
		{Kind: FaultNotQuiesced, Text: "a quiesced snapshot is made without quiesce, and vCenter says nothing"},
		{Kind: FaultNoTools, Text: "VMware Tools in the guest do not answer", Lasts: true},
		{Kind: FaultNoSpace, Text: "a snapshot ends because its datastore is full"},
		{Kind: FaultLeftover, Text: "removing a snapshot leaves delta disks behind, so consolidation is needed"},
		{Kind: FaultBackup, Text: "a backup works on the machine, so no other task can", Lasts: true},
		{Kind: FaultTwin, Text: "the mirror copy was made by hand: it has the BIOS UUID of the SMP", Lasts: true, Whole: true},
		{Kind: FaultCall, Text: "a call is refused because the account lacks a privilege; nothing begins"},
		{Kind: FaultSession, Text: "the session is ended before a call, which is then refused"},
		{Kind: FaultAnswer, Text: "a call is carried out and the connection is cut in place of an answer"},
		{Kind: FaultForgotten, Text: "vCenter does not know a task any more when it is asked about it", Whole: true},
		{Kind: FaultRefused, Text: "a log-on is refused although the password is right", Whole: true},
		{Kind: FaultAnotherCertificate, Text: "a new connection is shown a self-signed certificate that is not vCenter's", Whole: true},
		{Kind: FaultSlow, Text: "a call is carried out and its answer held back for longer than a client waits"},
		{Kind: FaultDown, Text: "every connection is cut; tasks under way go on", Lasts: true, Whole: true},
	}
}

// faultList holds what is armed.
type faultList struct {
	mu      sync.Mutex
	armed   []Fault
	cleared chan struct{} // closed by Clear
}

// Inject arms f. Of several armed faults of one kind that concern a call, the first
// strikes.
func (s *Server) Inject(f Fault) error {
	i := slices.IndexFunc(FaultKinds(), func(k FaultKind) bool { return k.Kind == f.Kind })
	switch {
	case i < 0:
		return fmt.Errorf("vcenter: there is no fault %q", f.Kind)
	case f.After < 0 || f.Count < 0 || f.Delay < 0:
		return fmt.Errorf("vcenter: fault %s: after, count and delay cannot be negative", f.Kind)
	case FaultKinds()[i].Lasts && (f.After != 0 || f.Count != 0):
		return fmt.Errorf("vcenter: fault %s lasts until it is cleared; it is not counted", f.Kind)
	case f.VM != "" && FaultKinds()[i].Whole:
		return fmt.Errorf("vcenter: fault %s is about vCenter as a whole, not about %s", f.Kind, f.VM)
	case f.VM != "" && s.machine(f.VM) == nil:
		return fmt.Errorf("vcenter: there is no machine %q", f.VM)
	}
	s.faults.mu.Lock()
	s.faults.armed = append(s.faults.armed, f)
	s.faults.mu.Unlock()
	return s.follow(s.context())
}

// FaultTargets names the machines that faults can be about: the hosts of the world, and
// the mirror copy.
func (s *Server) FaultTargets() []string {
	var names []string
	for _, m := range s.cfg.World.Machines() {
		names = append(names, m.Host)
	}
	return append(names, mirror)
}

// Faults returns those still armed, with the After and Count that are left.
func (s *Server) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return slices.Clone(s.faults.armed)
}

// Clear disarms every fault; answers held back are sent, backups end.
func (s *Server) Clear() error {
	s.faults.mu.Lock()
	s.faults.armed = nil
	close(s.faults.cleared)
	s.faults.cleared = make(chan struct{})
	s.faults.mu.Unlock()
	return s.follow(s.context())
}

// strike reports whether a fault of this kind strikes now.
func (l *faultList) strike(kind, vm, method string) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.armed {
		f := &l.armed[i]
		if f.Kind != kind || f.VM != "" && f.VM != vm || f.Method != "" && f.Method != method {
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

// holds reports whether a fault that lasts is armed for a machine.
func (l *faultList) holds(kind, vm string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.armed, func(f Fault) bool { return f.Kind == kind && (f.VM == "" || f.VM == vm) })
}

// done is closed when the faults of this moment are cleared.
func (l *faultList) done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cleared
}
