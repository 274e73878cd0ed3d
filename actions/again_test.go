package actions

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"itmsbot/runbook"
	"itmsbot/store"
)

// office is an engine over a real trail, with four people and a clock that the test moves.
type office struct {
	t      *testing.T
	s      *store.Store
	e      *Engine
	clock  *stepClock
	digest string
}

var (
	ana  = runbook.Person{Team: "T1", User: "UANA"}
	ben  = runbook.Person{Team: "T1", User: "UBEN"}
	dora = runbook.Person{Team: "T1", User: "UDORA"}
	eva  = runbook.Person{Team: "T1", User: "UEVA"}
)

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, clock: &stepClock{now: dawn}}
	var err error
	if o.s, err = store.Open(filepath.Join(t.TempDir(), "itmsbot.db"), store.Options{Clock: o.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.s.Close(); err != nil {
			t.Error(err)
		}
	})
	policy := runbook.Policy{Members: []runbook.Member{{Person: ana, Name: "Ana", Role: runbook.Operator}, {Person: ben, Name: "Ben", Role: runbook.Approver},
		{Person: dora, Name: "Dora", Role: runbook.Approver}, {Person: eva, Name: "Eva", Role: runbook.Approver}}}
	o.e = NewEngine(trail{o.s}, Env{Clock: o.clock, Limits: DefaultLimits()}, policy, slog.New(slog.DiscardHandler))
	o.add("", runbook.Bot, runbook.UpgradeOpened, runbook.UpgradeBody{Estate: "Practice", Channel: "C1", Team: "T1"})
	return o
}

func (o *office) add(request string, by runbook.Person, kind runbook.Kind, body any) {
	o.t.Helper()
	if err := (trail{o.s}).Append(func(tx Tx) error {
		return addTo(tx, Order{By: by, Door: "test"}, runbook.Request{ID: request, Upgrade: "U-1"}, kind, "", body)
	}); err != nil {
		o.t.Fatal(err)
	}
}

// agree asks for something that cannot be undone and fills its seats.
func (o *office) agree(id string) {
	o.t.Helper()
	bytes, digest, err := runbook.Plan{Format: runbook.PlanFormat, Request: id, Action: "reboot"}.Seal()
	if err != nil {
		o.t.Fatal(err)
	}
	o.digest = digest
	if err := (trail{o.s}).Append(func(tx Tx) error { _, err := tx.SavePlan(bytes); return err }); err != nil {
		o.t.Fatal(err)
	}
	o.add(id, ana, runbook.Asked, runbook.AskedBody{Action: "reboot", Line: "reboot SMP1", Risk: runbook.Irreversible})
	o.add(id, runbook.Bot, runbook.Proposed, runbook.ProposedBody{Digest: digest, Needs: o.e.policy.NeedsFor(runbook.Irreversible), Expires: dawn.Add(30 * time.Minute)})
	o.add(id, ben, runbook.Approved, runbook.ApprovedBody{Digest: digest})
	o.add(id, dora, runbook.Approved, runbook.ApprovedBody{Digest: digest})
}

func (o *office) state(id string) runbook.State {
	o.t.Helper()
	r, err := o.s.Request(id)
	if err != nil {
		o.t.Fatal(err)
	}
	return r.State
}

// TestStartAfterTheSecondLook: only who has approved this very plan, after it was read
// again, within its time, while nothing else runs and nobody holds the upgrade.
func TestStartAfterTheSecondLook(t *testing.T) {
	for _, tt := range []struct {
		name   string
		by     runbook.Person
		before func(o *office)
		digest string // empty is that of the plan
		want   runbook.State
		no     string
	}{
		{"who approved", ben, nil, "", runbook.Ready, ""},
		{"with eight digits", dora, nil, "short", runbook.Ready, ""},
		{"who asked", ana, nil, "", runbook.InSecond, "Only who has approved R-1 lets it start."},
		{"a third approver", eva, nil, "", runbook.InSecond, "Only who has approved R-1 lets it start."},
		{"another plan", ben, nil, strings.Repeat("0", 64), runbook.InSecond, "The card you pressed shows plan"},
		{"no plan", ben, nil, "0", runbook.InSecond, "The card you pressed shows plan"},
		{"after ten minutes", ben, func(o *office) { o.clock.now = dawn.Add(10 * time.Minute) }, "", runbook.WasLate, "R-1 has expired."},
		{"while somebody holds the upgrade", ben, func(o *office) { o.add("", eva, runbook.Held, runbook.TextBody{Text: "wait for SQL"}) }, "", runbook.InSecond, "Eva put the upgrade on hold: “wait for SQL”."},
		{"while another one runs", ben, func(o *office) {
			digest := o.digest
			o.agree("R-2")
			o.add("R-2", runbook.Bot, runbook.ReadAgain, runbook.ReadAgainBody{Expires: dawn.Add(10 * time.Minute)})
			o.add("R-2", ben, runbook.Confirmed, runbook.ApprovedBody{Digest: o.digest})
			o.add("R-2", runbook.Bot, runbook.Checking, nil)
			o.add("R-2", runbook.Bot, runbook.Started, nil)
			o.digest = digest
		}, "", runbook.InSecond, "R-2 is changing the estate (running)."},
		{"when it runs already", ben, func(o *office) { o.add("R-1", ben, runbook.Confirmed, runbook.ApprovedBody{Digest: o.digest}) }, "", runbook.Ready, "R-1 is ready; there is nothing to start by hand."},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			o := openOffice(t)
			o.agree("R-1")
			o.add("R-1", runbook.Bot, runbook.ReadAgain, runbook.ReadAgainBody{Expires: dawn.Add(10 * time.Minute)})
			if tt.before != nil {
				tt.before(o)
			}
			digest := o.digest
			switch tt.digest {
			case "":
			case "short":
				digest = digest[:8]
			default:
				digest = tt.digest
			}
			var no *runbook.Refusal
			err := trail{o.s}.Append(func(tx Tx) (err error) {
				_, no, err = o.e.Start(tx, Order{By: tt.by, Door: "test", Line: "start R-1"}, "R-1", digest)
				return err
			})
			if err != nil || (no != nil) != (tt.no != "") || no != nil && !strings.Contains(no.Reason, tt.no) {
				t.Errorf("%v, %v; want %q", no, err, tt.no)
			}
			if got := o.state("R-1"); got != tt.want {
				t.Errorf("it is %s, want %s", got, tt.want)
			}
		})
	}
}

// TestNotReadAgainYet: before the bot has read it again nobody can start it; a click on
// Approve says what to do.
func TestNotReadAgainYet(t *testing.T) {
	o := openOffice(t)
	o.agree("R-1")
	for what, decide := range map[string]func(tx Tx) (*runbook.Refusal, error){
		"R-1 is being read again.": func(tx Tx) (*runbook.Refusal, error) {
			_, no, err := o.e.Start(tx, Order{By: ben, Door: "test"}, "R-1", o.digest)
			return no, err
		},
		"R-1 has all its approvals.": func(tx Tx) (*runbook.Refusal, error) {
			_, no, err := o.e.Approve(tx, Order{By: eva, Door: "test"}, "R-1", o.digest)
			return no, err
		},
	} {
		var no *runbook.Refusal
		if err := (trail{o.s}).Append(func(tx Tx) (err error) { no, err = decide(tx); return err }); err != nil || no == nil || no.Reason != what {
			t.Errorf("%v, %v; want %q", no, err, what)
		}
	}
	if got := o.state("R-1"); got != runbook.InSecond {
		t.Errorf("it is %s", got)
	}
}

// TestLeavingInTheMiddleOfALook: a bot that is asked to leave while it plans, or reads
// again, ends nobody's request: the next start looks.
func TestLeavingInTheMiddleOfALook(t *testing.T) {
	o := openOffice(t)
	o.agree("R-1")
	o.add("R-2", ana, runbook.Asked, runbook.AskedBody{Action: "reboot", Line: "reboot SMP9", Args: map[string]string{"server": "SMP9"}, Risk: runbook.Outage})
	read := func(id string) runbook.Request {
		r, err := o.s.Request(id)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if err := o.e.readAgain(left, read("R-1")); err != nil {
		t.Error(err)
	}
	if err := o.e.propose(left, read("R-2")); err != nil {
		t.Error(err)
	}
	if a, b := o.state("R-1"), o.state("R-2"); a != runbook.InSecond || b != runbook.InAsked {
		t.Errorf("left, they are %s and %s", a, b)
	}
	if err := o.e.DrainPlans(t.Context()); err != nil {
		t.Error(err)
	}
	if a, b := o.state("R-1"), o.state("R-2"); a != runbook.WasNo || b != runbook.WasNo {
		t.Errorf("started anew, without an estate they are %s and %s", a, b)
	}
}
