package actions

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/runbook"
)

// history is a trail that was made by hand: the requests in the order of their numbers,
// and their plans.
type history struct {
	requests []runbook.Request
	plans    map[string][]byte
	events   map[string][]runbook.Event
	whole    runbook.Upgrade
}

func (h *history) Request(id string) (runbook.Request, error) {
	for _, r := range h.requests {
		if r.ID == id {
			return r, nil
		}
	}
	return runbook.Request{}, fs.ErrNotExist
}

func (h *history) Live() ([]runbook.Request, error) {
	return slices.DeleteFunc(slices.Clone(h.requests), func(r runbook.Request) bool { return r.State.Ended() }), nil
}

func (h *history) Recent(n int) ([]runbook.Request, error) {
	return slices.Clone(h.requests[max(0, len(h.requests)-n):]), nil
}

func (h *history) EventsOf(request string) ([]runbook.Event, error) { return h.events[request], nil }
func (h *history) Whole() (runbook.Upgrade, error)                  { return h.whole, nil }

func (h *history) Plan(digest string) ([]byte, error) {
	if b, ok := h.plans[digest]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("plan %q: %w", digest, fs.ErrNotExist)
}

// dawn is when the requests of a history began.
var dawn = time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)

// add puts a request behind the others, with every step of its stages done, unless it is
// changed. The nth began with event 10n.
func (h *history) add(t *testing.T, action string, stages []runbook.Stage, change func(*runbook.Request)) string {
	t.Helper()
	n := len(h.requests) + 1
	r := runbook.Request{ID: fmt.Sprintf("R-%d", n), Action: action, State: runbook.WasDone, First: int64(n), Started: int64(10 * n)}
	bytes, digest, err := runbook.Plan{Format: runbook.PlanFormat, Request: r.ID, Action: action, Stages: stages}.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if h.plans == nil {
		h.plans = map[string][]byte{}
	}
	h.plans[digest], r.Digest = bytes, digest
	for _, stage := range stages {
		for _, s := range stage.Steps {
			r.Steps = append(r.Steps, runbook.StepLife{ID: s.ID, Attempts: 1, Result: runbook.StepDone, Ended: dawn.Add(time.Duration(n) * time.Hour)})
		}
	}
	if change != nil {
		change(&r)
	}
	h.requests = append(h.requests, r)
	return r.ID
}

// undo puts a request behind the others that has taken another back.
func (h *history) undo(t *testing.T, of string, stages ...runbook.Stage) string {
	id := h.add(t, "undo", stages, func(r *runbook.Request) { r.Undoes = of })
	for i := range h.requests {
		if h.requests[i].ID == of {
			h.requests[i].BackedOutBy = id
		}
	}
	return id
}

// stageOf is a stage with a step of one kind on each host: "1.1 SMP1", "1.2 SITE1".
func stageOf(id, kind string, hosts ...string) runbook.Stage {
	stage := runbook.Stage{ID: id, Set: kind == snapshotCreate.Name}
	for i, h := range hosts {
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Kind: kind, Version: 1, Host: h})
	}
	return stage
}

// back is the stage that takes the steps of another back.
func back(of string, stage runbook.Stage) runbook.Stage {
	b := runbook.Stage{ID: stage.ID, Steps: slices.Clone(stage.Steps)}
	for i, s := range b.Steps {
		b.Steps[i].Undoes = &runbook.Undoing{Request: of, Step: s.ID, Before: []byte(`{}`)}
	}
	return b
}

// words says a ledger in a line: hosts in order, what is closed, kept, copied and opened
// on them and by whom, the set, and what is done.
func (l Ledger) words() string {
	var all []string
	for _, host := range []string{"SMP1", "SITE1", "GW1"} {
		h, ok := l.Hosts[host]
		if !ok {
			continue
		}
		s := host
		for _, list := range []struct {
			what string
			left []Left
		}{{"closed", h.Closed}, {"kept", h.Kept}, {"copied", h.Copies}, {"opened", h.Opened}} {
			for _, left := range list.left {
				s += " " + list.what + " " + left.Request
			}
		}
		all = append(all, s)
	}
	if l.Set != nil {
		s := "set " + l.Set.Request
		if len(l.Set.Removed) > 0 {
			s += " without " + strings.Join(l.Set.Removed, " ")
		}
		all = append(all, s)
	}
	if len(l.Openings) > 0 {
		open := "open"
		for _, r := range l.Openings {
			open += " " + r.ID
		}
		all = append(all, open)
	}
	done := "done"
	for _, r := range l.Done {
		done += " " + r.ID
	}
	return strings.Join(append(all, done), "; ")
}

func TestLedger(t *testing.T) {
	closing := stageOf("2", firewallDisable.Name, "SMP1", "SITE1")
	keeping := stageOf("1", firewallAllow.Name, "SMP1", "SITE1")
	opening := stageOf("1", kindOpen, "SMP1")
	set := stageOf("3", snapshotCreate.Name, "SMP1", "SITE1")
	revert := stageOf("1", kindRevert, "SMP1", "SITE1")
	opened := func(r *runbook.Request) { r.Opening = &runbook.Opening{Since: dawn} }
	for _, tt := range []struct {
		name string
		make func(h *history)
		want string
	}{
		{"nothing was done", func(*history) {}, "done"},
		{"closed", func(h *history) { h.add(t, "quiesce", []runbook.Stage{keeping, closing}, nil) },
			"SMP1 closed R-1 kept R-1; SITE1 closed R-1 kept R-1; done R-1"},
		{"what is only looked at leaves nothing", func(h *history) {
			h.add(t, "quiesce", []runbook.Stage{stageOf("1", logsReview.Name, "SMP1", "GW1")}, nil)
		},
			"done R-1"},
		{"closed, and taken back", func(h *history) {
			h.undo(t, h.add(t, "quiesce", []runbook.Stage{closing}, nil), back("R-1", closing))
		}, "SMP1; SITE1; done"},
		{"taken back on one host only", func(h *history) {
			h.undo(t, h.add(t, "quiesce", []runbook.Stage{closing}, nil), back("R-1", closing))
			h.requests[0].BackedOutBy, h.requests[1].State = "", runbook.Waiting
			h.requests[1].Steps[1].Result = runbook.NotDone
		}, "SMP1; SITE1 closed R-1; done R-1"},
		{"closed, taken back, and closed again", func(h *history) {
			h.undo(t, h.add(t, "quiesce", []runbook.Stage{closing}, nil), back("R-1", closing))
			h.add(t, "block", []runbook.Stage{closing}, nil)
		}, "SMP1 closed R-3; SITE1 closed R-3; done R-3"},
		{"the taking back is taken back: it is closed by that request, and the first stands again", func(h *history) {
			h.undo(t, h.add(t, "quiesce", []runbook.Stage{closing}, nil), back("R-1", closing))
			h.undo(t, "R-2", closing)
		}, "SMP1 closed R-3; SITE1 closed R-3; done R-1"},
		{"opened by name", func(h *history) { h.add(t, "allow client", []runbook.Stage{opening}, opened) }, "SMP1 opened R-1; open R-1; done R-1"},
		{"opened, and ended by the clock", func(h *history) {
			h.add(t, "allow client", []runbook.Stage{opening}, func(r *runbook.Request) {
				r.Opening = &runbook.Opening{Since: dawn, Ended: &runbook.Said{By: runbook.Clock}}
			})
		}, "SMP1; done R-1"},
		{"an opening that was taken back is opened again by the request that takes that back", func(h *history) {
			h.undo(t, h.add(t, "allow client", []runbook.Stage{opening}, opened), back("R-1", opening))
			h.requests[0].Opening = &runbook.Opening{Ended: &runbook.Said{}, By: "R-2"}
			h.undo(t, "R-2", opening)
			opened(&h.requests[2])
		}, "SMP1 opened R-3; open R-3; done R-1"},
		{"a step that failed, was not begun, or found it so already leaves nothing", func(h *history) {
			h.add(t, "block", []runbook.Stage{stageOf("1", firewallDisable.Name, "SMP1", "SITE1", "GW1")}, func(r *runbook.Request) {
				r.State, r.Steps = runbook.Waiting, r.Steps[:2]
				r.Steps[0].Result, r.Steps[1].Result = runbook.NotDone, runbook.AlreadySo
			})
		}, "done R-1"},
		{"a request that another took the place of has done what it has done", func(h *history) {
			h.add(t, "block", []runbook.Stage{closing}, func(r *runbook.Request) { r.State, r.TakenBy = runbook.WasTaken, "R-2" })
		}, "SMP1 closed R-1; SITE1 closed R-1; done R-1"},
		{"a request that touched nothing is not read", func(h *history) {
			h.add(t, "block", []runbook.Stage{closing}, func(r *runbook.Request) { r.State, r.Digest = runbook.WasStale, "of nothing" })
			h.add(t, "block", []runbook.Stage{closing}, func(r *runbook.Request) { r.State = runbook.InOffer })
		}, "done"},
		{"a set", func(h *history) { h.add(t, "quiesce", []runbook.Stage{closing, set}, nil) },
			"SMP1 closed R-1; SITE1 closed R-1; set R-1; done R-1"},
		{"a set of which one snapshot failed is none", func(h *history) {
			h.add(t, "quiesce", []runbook.Stage{set}, func(r *runbook.Request) { r.State, r.Steps[1].Result = runbook.Waiting, runbook.NotDone })
		}, "done R-1"},
		{"an extra snapshot is no set", func(h *history) {
			extra := stageOf("1", snapshotCreate.Name, "SMP1")
			extra.Set = false
			h.add(t, "snapshot", []runbook.Stage{extra}, nil)
		}, "done R-1"},
		{"a set that was taken back leaves the one before it", func(h *history) {
			h.add(t, "quiesce", []runbook.Stage{set}, nil)
			h.undo(t, h.add(t, "snapshot", []runbook.Stage{set}, nil), back("R-2", set))
		}, "SMP1; SITE1; set R-1; done R-1"},
		{"a set of which one snapshot was taken back is none", func(h *history) {
			h.undo(t, h.add(t, "quiesce", []runbook.Stage{set}, nil), back("R-1", stageOf("3", snapshotCreate.Name, "SMP1")))
			h.requests[0].BackedOutBy = ""
		}, "SMP1; done R-1"},
		{"half committed", func(h *history) {
			h.add(t, "quiesce", []runbook.Stage{set}, nil)
			h.add(t, "commit", []runbook.Stage{stageOf("1", kindRemove, "SITE1")}, nil)
		}, "set R-1 without SITE1; done R-1 R-2"},
		{"a revert brings back what was so when the set was taken", func(h *history) {
			h.add(t, "quiesce", []runbook.Stage{keeping, closing, set}, nil)
			h.add(t, "allow client", []runbook.Stage{opening}, opened)
			h.undo(t, h.add(t, "block", []runbook.Stage{stageOf("1", firewallCopy.Name, "SITE1")}, nil), back("R-3", stageOf("1", firewallCopy.Name, "SITE1")))
			h.add(t, "golive", []runbook.Stage{back("R-1", closing), back("R-1", keeping)}, nil)
			h.add(t, "rollback", []runbook.Stage{revert}, nil)
		}, "SMP1 closed R-1 kept R-1; SITE1 closed R-1 kept R-1; set R-1; open R-2; done R-1 R-2 R-5 R-6"},
		{"a host that was not reverted stays as it is", func(h *history) {
			h.add(t, "quiesce", []runbook.Stage{closing, set}, nil)
			h.add(t, "allow all", []runbook.Stage{back("R-1", closing)}, nil)
			h.add(t, "rollback", []runbook.Stage{revert}, func(r *runbook.Request) { r.State, r.Steps = runbook.Waiting, r.Steps[:1] })
		}, "SMP1 closed R-1; SITE1; set R-1; done R-1 R-2 R-3"},
		{"requests count in the order in which they began, not in that of their numbers", func(h *history) {
			h.add(t, "snapshot", []runbook.Stage{set}, func(r *runbook.Request) { r.Started = 25 })
			h.add(t, "block", []runbook.Stage{closing}, nil)
			h.add(t, "rollback", []runbook.Stage{revert}, nil)
		}, "SMP1 closed R-2; SITE1 closed R-2; set R-1; done R-2 R-1 R-3"},
	} {
		h := &history{}
		tt.make(h)
		l, err := readLedger(h)
		if err != nil || l.words() != tt.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", tt.name, l.words(), err, tt.want)
		}
	}
}

// TestLedgerOfAnotherVersion: a plan that cannot be read is not guessed at.
func TestLedgerOfAnotherVersion(t *testing.T) {
	h := &history{}
	h.add(t, "block", []runbook.Stage{stageOf("1", firewallDisable.Name, "SMP1")}, nil)
	h.plans[h.requests[0].Digest] = []byte(`{"format":2}`)
	if l, err := readLedger(h); err == nil || !strings.Contains(err.Error(), "R-1") {
		t.Errorf("%s, %v", l.words(), err)
	}
	delete(h.plans, h.requests[0].Digest)
	if l, err := readLedger(h); err == nil {
		t.Errorf("a plan that is gone was passed over: %s", l.words())
	}
}

// TestRollbackMakesVoid: what people vouched for, and what was opened, before a server
// went back does not count any more, and neither does what they signed while it went; a
// rollback that waits before its reverts has brought nothing back yet.
func TestRollbackMakesVoid(t *testing.T) {
	set, revert := stageOf("3", snapshotCreate.Name, "SMP1", "SITE1"), stageOf("1", kindRevert, "SMP1", "SITE1")
	for _, tt := range []struct {
		name   string
		state  runbook.State
		back   runbook.Result // of SMP1; SITE1 is back where the rollback is done
		counts bool           // what was signed and opened before
	}{
		{"is done", runbook.WasDone, runbook.StepDone, false},
		{"waits before the first is back", runbook.Waiting, runbook.NotDone, true},
		{"waits, and one is back", runbook.Waiting, runbook.StepDone, false},
		{"is left so, and one is back", runbook.WasLeft, runbook.StepDone, false},
		{"is left so, and none is back", runbook.WasLeft, runbook.NotDone, true},
	} {
		h := &history{whole: runbook.Upgrade{Signed: []runbook.Signature{{Fact: smpVerified, N: 25}, {Fact: testingPassed, N: 33}, {Fact: clientTested, N: 36}}}}
		h.add(t, "quiesce", []runbook.Stage{set}, nil)
		h.add(t, "allow subnet", []runbook.Stage{stageOf("1", kindOpen, "SMP1")}, nil)
		h.add(t, "rollback", []runbook.Stage{revert}, func(r *runbook.Request) {
			r.State, r.Changed, r.Steps[0].Result = tt.state, 35, tt.back
			if tt.state != runbook.WasDone {
				r.Steps[1].Result = runbook.NotDone
			}
		})
		l, err := readLedger(h)
		if err != nil {
			t.Fatal(err)
		}
		_, early := l.Vouched(smpVerified)
		_, amid := l.Vouched(testingPassed)
		_, late := l.Vouched(clientTested)
		if early != tt.counts || amid != tt.counts || !late || l.Since("allow subnet") != tt.counts {
			t.Errorf("a rollback that %s: signed before it counts %v, while it went %v, after it %v; opened before it %v", tt.name, early, amid, late, l.Since("allow subnet"))
		}
		// What opens doors asks for less only when all is back.
		l.Whole.Signed = l.Whole.Signed[:2]
		if so, _, err := underWaySo(t.Context(), Env{}, l); err != nil || so != (tt.state != runbook.WasDone) {
			t.Errorf("a rollback that %s: an upgrade is under way %v, %v", tt.name, so, err)
		}
	}
}

// TestCommitted: a set is committed when every snapshot of it was removed.
func TestCommitted(t *testing.T) {
	var none *SnapshotSet
	s := &SnapshotSet{Members: []Left{{Step: runbook.Step{Host: "SMP1"}}, {Step: runbook.Step{Host: "SQL1"}}}}
	if none.Committed() || s.Committed() {
		t.Error("nothing was removed, and it is committed")
	}
	if s.Removed = []string{"SQL1"}; s.Committed() {
		t.Error("half of it was removed, and it is committed")
	}
	if s.Removed = []string{"SQL1", "SMP1"}; !s.Committed() {
		t.Error("all of it was removed, and it is not committed")
	}
	if m, ok := s.Member("SQL1"); !ok || m.Step.Host != "SQL1" {
		t.Errorf("the member is %+v", m)
	}
	if _, ok := s.Member("GW1"); ok {
		t.Error("GW1 is a member")
	}
}
