package actions

import (
	"fmt"
	"slices"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Ledger is what the trail says of the estate: which doors who has closed, which ways
// in are open by name, which snapshots are one set. It is read from the requests and
// their plans each time it is needed, and nothing of it is remembered. What is so on
// the servers, only they can say; the ledger says what ought to be so there.
type Ledger struct {
	// Hosts are by name; one on which nothing was done is not among them.
	Hosts map[string]HostLedger
	// Set is the newest whole set of snapshots that is not taken back, nil when there
	// is none.
	Set *SnapshotSet
	// Done are the requests that have changed something and are not taken back, in
	// the order in which they began to.
	Done []runbook.Request
	// Openings are the requests that have let somebody in by name who is in still,
	// those among them that have taken a closing back.
	Openings []runbook.Request
	// RolledBack is the event with which the last rollback that is done ended, 0 for
	// none.
	RolledBack int64
	// Reverted is the newest event of the last rollback that has brought a server back,
	// whatever became of it, 0 for none. What people vouched for before it does not
	// count any more: what they have seen may be gone.
	Reverted int64
	Whole    runbook.Upgrade

	sets []*SnapshotSet // in the order in which they were taken
}

// HostLedger is what requests have left on one host and nobody has taken back.
type HostLedger struct {
	Closed []Left // firewall.disable: the wide rules are off
	Kept   []Left // firewall.allow: the keep list
	Copies []Left // firewall.copy
	Opened []Left // firewall.open: ways in by name
	// Recorded is the newest record of the host; its step has no ID where there is
	// none.
	Recorded Left
}

// Left is a step that has left something, and when. Until is when an opening ends by
// itself, zero for never.
type Left struct {
	Request string
	Step    runbook.Step
	At      time.Time
	Until   time.Time
}

// SnapshotSet is a set of snapshots that were taken together.
type SnapshotSet struct {
	Request string
	Stage   string
	At      time.Time
	Members []Left // snapshot.create steps, in the order of the plan
	// Machines are those of the plan, with the way back of each.
	Machines []runbook.Machine
	// Removed are the hosts whose snapshot was removed on purpose.
	Removed []string
	// Took is the event with which the request that took it began.
	Took int64
	// Then is what stood on each host when the set was taken, on those too that go back
	// by a backup of that moment.
	Then map[string]HostLedger
}

// Committed reports whether every snapshot of the set was removed on purpose.
func (s *SnapshotSet) Committed() bool { return s != nil && len(s.Removed) >= len(s.Members) }

// Member finds the snapshot of a host.
func (s *SnapshotSet) Member(host string) (Left, bool) {
	if s != nil {
		for _, m := range s.Members {
			if m.Step.Host == host {
				return m, true
			}
		}
	}
	return Left{}, false
}

// machine finds the machine of a host as it was when the set was taken.
func (s *SnapshotSet) machine(host string) (runbook.Machine, bool) {
	if s != nil {
		for _, m := range s.Machines {
			if m.Host == host {
				return m, m.VM != ""
			}
		}
	}
	return runbook.Machine{}, false
}

func (s *SnapshotSet) hasRemoved(host string) bool {
	return s != nil && slices.Contains(s.Removed, host)
}

// everyRequest is more than an upgrade has.
const everyRequest = 100_000

// readLedger reads the trail. A request whose plan this program cannot read is an
// error: what it has left is not guessed at.
func readLedger(past Past) (Ledger, error) {
	l := Ledger{Hosts: map[string]HostLedger{}}
	var err error
	if l.Whole, err = past.Whole(); err != nil {
		return l, err
	}
	all, err := past.Recent(everyRequest)
	if err != nil {
		return l, err
	}
	slices.SortStableFunc(all, func(a, b runbook.Request) int { return int(begun(a) - begun(b)) })
	known := byID(all)
	for _, r := range all {
		if r.State.Untouched() {
			continue
		}
		bytes, err := past.Plan(r.Digest)
		if err != nil {
			return l, err
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			return l, fmt.Errorf("%s: %w", r.ID, err)
		}
		l.add(r, plan, known)
	}
	return l, nil
}

func begun(r runbook.Request) int64 {
	if r.Started == 0 {
		return r.First // written before the event was kept
	}
	return r.Started
}

// add takes in one request.
func (l *Ledger) add(r runbook.Request, plan runbook.Plan, all map[string]runbook.Request) {
	reverted := 0
	for _, stage := range plan.Stages {
		for _, s := range stage.Steps {
			life, ok := r.Step(s.ID)
			if s.Kind == kindRemove && ok && life.Result.Good() {
				l.removed(s) // by the step, or by somebody else before it
				continue
			}
			gone := s.Undoes != nil && life.Result == runbook.AlreadySo
			back := (s.Kind == kindRevert || s.Kind == kindRestored) && life.Result.Good() // by the bot, or by hand
			shut := s.Kind == kindShut && life.Result == runbook.AlreadySo
			if !ok || life.Result != runbook.StepDone && !gone && !back && !shut {
				continue // nothing was changed, or it is not known to be
			}
			left := Left{Request: r.ID, Step: s, At: life.Ended}
			h := l.Hosts[s.Host]
			switch {
			case s.Undoes != nil:
				h = h.without(s.Undoes.Request, s.Undoes.Step)
				l.forget(s.Undoes.Request, s.Undoes.Step)
			case s.Kind == firewallDisable.Name:
				h.Closed = append(slices.Clip(h.Closed), left)
			case shut:
				h.Opened = nil // nobody is let in by name any more, whoever closed it
			case s.Kind == kindShut:
				h.Closed, h.Opened = append(slices.Clip(h.Closed), left), nil
			case s.Kind == hostRecord.Name:
				h.Recorded = left
			case s.Kind == firewallAllow.Name:
				h.Kept = append(slices.Clip(h.Kept), left)
			case s.Kind == firewallCopy.Name:
				h.Copies = append(slices.Clip(h.Copies), left)
			case s.Kind == kindOpen:
				if r.Opening == nil || r.Opening.Ended == nil {
					if r.Opening != nil {
						left.Until = r.Opening.Until
					}
					h.Opened = append(slices.Clip(h.Opened), left)
				}
			case back && l.Set != nil:
				h = l.Set.Then[s.Host]
				reverted++
			default:
				continue // it leaves nothing on the host
			}
			l.Hosts[s.Host] = h
		}
		if stage.Set && stageGood(r, stage) {
			l.took(r, plan, stage)
		}
	}
	if reverted > 0 {
		l.Reverted = max(begun(r), r.Changed)
		if r.State == runbook.WasDone {
			l.RolledBack = l.Reverted
		}
	}
	if r.Opening != nil && r.Opening.Ended == nil {
		l.Openings = append(l.Openings, r)
	}
	if r.Undoes != "" && r.State == runbook.WasDone {
		// What it found as it was before was not planned, and is not there either.
		for name, h := range l.Hosts {
			l.Hosts[name] = h.without(r.Undoes, "")
		}
	}
	if r.Undoes == "" && !takenBack(r, all) {
		l.Done = append(l.Done, r)
	}
}

// took notes a finished set: its members, and how every machine of the plan
// stood when it was taken, which is what a rollback brings back.
func (l *Ledger) took(r runbook.Request, plan runbook.Plan, stage runbook.Stage) {
	set := &SnapshotSet{Request: r.ID, Stage: stage.ID, Machines: plan.Machines, Took: begun(r), Then: map[string]HostLedger{}}
	for _, m := range plan.Machines {
		set.Then[m.Host] = l.Hosts[m.Host]
	}
	for _, s := range stage.Steps {
		life, _ := r.Step(s.ID)
		set.Members = append(set.Members, Left{Request: r.ID, Step: s, At: life.Ended})
		set.Then[s.Host] = l.Hosts[s.Host]
		if life.Ended.After(set.At) {
			set.At = life.Ended
		}
	}
	l.Set, l.sets = set, append(l.sets, set)
}

func byID(requests []runbook.Request) map[string]runbook.Request {
	m := make(map[string]runbook.Request, len(requests))
	for _, r := range requests {
		m[r.ID] = r
	}
	return m
}

// takenBack reports whether a request is taken back, and that was not taken back in
// turn.
func takenBack(r runbook.Request, all map[string]runbook.Request) bool {
	by, ok := all[r.BackedOutBy]
	return r.BackedOutBy != "" && (!ok || !takenBack(by, all))
}

// forget takes a snapshot that was taken back out of its set: what is left is none, and
// the one before it is the newest.
func (l *Ledger) forget(request, step string) {
	l.sets = slices.DeleteFunc(l.sets, func(s *SnapshotSet) bool {
		return s.Request == request && slices.ContainsFunc(s.Members, func(m Left) bool { return m.Step.ID == step })
	})
	l.Set = nil
	if n := len(l.sets); n > 0 {
		l.Set = l.sets[n-1]
	}
}

// removed takes in that a snapshot of the set is gone on purpose.
func (l *Ledger) removed(s runbook.Step) {
	if _, member := l.Set.Member(s.Host); member && !slices.Contains(l.Set.Removed, s.Host) {
		l.Set.Removed = append(l.Set.Removed, s.Host)
	}
}

// without takes out what a step has left, or with no step the whole request.
func (h HostLedger) without(request, step string) HostLedger {
	for _, list := range []*[]Left{&h.Closed, &h.Kept, &h.Copies, &h.Opened} {
		*list = slices.DeleteFunc(slices.Clone(*list), func(l Left) bool { return l.Request == request && (step == "" || l.Step.ID == step) })
	}
	return h
}

// leaves reports whether something of an opening is left on a host.
func (l Ledger) leaves(request string) bool {
	for _, h := range l.Hosts {
		if slices.ContainsFunc(h.Opened, func(left Left) bool { return left.Request == request }) {
			return true
		}
	}
	return false
}

// waysIn are the rules by which requests let somebody in by name. A step whose data
// cannot be read has none: what it has made then counts as a door.
func (h HostLedger) waysIn() []estate.NewRule {
	var rules []estate.NewRule
	for _, left := range h.Opened {
		if p, err := params[openParams](left.Step.Params, left.Step.ID); err == nil {
			rules = append(rules, p.Rules...)
		}
	}
	return rules
}

// Since reports whether a request of an action is done, is not taken back, and began
// after the last time that a server went back.
func (l Ledger) Since(action string) bool {
	return slices.ContainsFunc(l.Done, func(r runbook.Request) bool {
		return r.Action == action && r.State == runbook.WasDone && begun(r) > l.Reverted
	})
}

// Vouched reports who has signed a fact since the last time that a server went back.
func (l Ledger) Vouched(fact string) (runbook.Signature, bool) {
	s, ok := l.Whole.Signature(fact)
	return s, ok && s.N > l.Reverted
}

// The kinds of steps that the ledger reads and that other files define.
const (
	kindOpen     = "firewall.open"
	kindRemove   = "snapshot.remove"
	kindRevert   = "vm.revert"
	kindRestored = "backup.restored"
)
