package actions

import (
	"testing"
	"time"

	"itmsbot/runbook"
)

// approved brings a request to where it is approved.
func (o *office) approved(id string, asked runbook.AskedBody) {
	o.t.Helper()
	bytes, digest, err := runbook.Plan{Format: runbook.PlanFormat, Request: id, Action: asked.Action}.Seal()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := (trail{o.s}).Append(func(tx Tx) error { _, err := tx.SavePlan(bytes); return err }); err != nil {
		o.t.Fatal(err)
	}
	asked.Risk = runbook.Outage
	o.add(id, ana, runbook.Asked, asked)
	o.add(id, runbook.Bot, runbook.Proposed, runbook.ProposedBody{Digest: digest, Needs: o.e.policy.NeedsFor(runbook.Outage), Expires: dawn.Add(30 * time.Minute)})
	o.add(id, ben, runbook.Approved, runbook.ApprovedBody{Digest: digest})
}

// asking lets an approved request run until its step asks.
func (o *office) asking(id string) {
	o.t.Helper()
	o.add(id, runbook.Bot, runbook.Checking, nil)
	o.add(id, runbook.Bot, runbook.Started, nil)
	if err := (trail{o.s}).Append(func(tx Tx) error {
		r, by := runbook.Request{ID: id, Upgrade: "U-1"}, Order{By: runbook.Bot, Door: "test"}
		if err := addTo(tx, by, r, runbook.Intent, "1.1", runbook.IntentBody{Attempt: 1}); err != nil {
			return err
		}
		return addTo(tx, by, r, runbook.Outcome, "1.1", runbook.OutcomeBody{Result: runbook.Asks,
			Ask: &runbook.Question{Finding: "0123456789abcdef", Answers: []runbook.Answer{{Word: "accept", Label: "Go on", Accepts: true}}}})
	}); err != nil {
		o.t.Fatal(err)
	}
	o.add(id, runbook.Bot, runbook.Waits, runbook.WaitsBody{Why: runbook.HasQuestion})
}

// TestNobodyAnswersWhatIsBeingTaken: an answer would let the request run on beside the
// rollback that is about to start, which would then be turned away.
func TestNobodyAnswersWhatIsBeingTaken(t *testing.T) {
	for _, step := range []string{"1.1", everything} {
		o := openOffice(t)
		o.approved("R-1", runbook.AskedBody{Action: "quiesce", Line: "quiesce"})
		o.asking("R-1")
		o.approved("R-2", runbook.AskedBody{Action: rollback.Name, Line: rollback.Name, Takes: true})
		o.add("R-2", runbook.Bot, runbook.Checking, nil)
		r, err := o.s.Request("R-1")
		if err != nil {
			t.Fatal(err)
		}
		finding := "0123456789abcdef"
		if step == everything {
			finding = r.Findings()
		}
		var no *runbook.Refusal
		if err := (trail{o.s}).Append(func(tx Tx) (err error) {
			_, no, err = o.e.Answer(tx, Order{By: ben, Door: "test"}, "R-1", step, "accept", finding)
			return err
		}); err != nil || no == nil || no.Reason != "What takes the place of R-1 is approved and starts now." {
			t.Errorf("%s: %v, %v", step, no, err)
		}
		if err := o.e.journal.Append(func(tx Tx) error { return o.e.start(tx, "R-2") }); err != nil {
			t.Fatal(err)
		}
		if a, b := o.state("R-1"), o.state("R-2"); a != runbook.WasTaken || b != runbook.Running {
			t.Errorf("%s: they are %s and %s", step, a, b)
		}
	}
}

// TestARollbackTakesThePlaceOfAll: of what waits, and of what is approved to take that
// back. Nothing that was agreed to before it starts by itself after it.
func TestARollbackTakesThePlaceOfAll(t *testing.T) {
	o := openOffice(t)
	o.approved("R-1", runbook.AskedBody{Action: "quiesce", Line: "quiesce"})
	o.asking("R-1")
	o.approved("R-2", runbook.AskedBody{Action: undo.Name, Line: "undo R-1", Undoes: "R-1"})
	o.approved("R-3", runbook.AskedBody{Action: rollback.Name, Line: rollback.Name, Takes: true})
	o.add("R-3", runbook.Bot, runbook.Checking, nil)
	if err := o.e.journal.Append(func(tx Tx) error { return o.e.start(tx, "R-3") }); err != nil {
		t.Fatal(err)
	}
	if a, b, c := o.state("R-1"), o.state("R-2"), o.state("R-3"); a != runbook.WasTaken || b != runbook.WasDrop || c != runbook.Running {
		t.Errorf("they are %s, %s and %s", a, b, c)
	}
}
