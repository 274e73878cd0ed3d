package actions

import (
	"fmt"
	"strings"

	"itmsbot/runbook"
)

// What people decide for the upgrade as a whole.

// held refuses what may not be proposed while somebody has put the upgrade on hold.
// The way back is never shut.
func (e *Engine) held(tx Tx, a *Action, lead string) (*runbook.Refusal, error) {
	whole, err := tx.Whole()
	if err != nil || whole.Hold == nil || a.Takes {
		return nil, err
	}
	return &runbook.Refusal{Lead: lead,
		Reason: fmt.Sprintf("%s put the upgrade on hold: “%s”.", e.policy.Name(whole.Hold.By), whole.Hold.Text),
		Hint:   "Looks and rollback still work. `/itms resume` ends the hold."}, nil
}

// Hold lets nothing be proposed but looks, stop and rollback. What runs goes on;
// `stop` ends that.
func (e *Engine) Hold(tx Tx, o Order, why string) (*runbook.Refusal, error) {
	if no := e.policy.MayAct(o.By, "hold"); no != nil {
		return no, nil
	}
	whole, err := tx.Whole()
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(why) == "":
		return runbook.Refuse("For example `/itms hold waiting for the SQL team`.", "A hold needs a reason."), nil
	case whole.Hold != nil:
		return runbook.Refuse("`/itms resume` ends it.", "%s holds it already: “%s”.", e.policy.Name(whole.Hold.By), whole.Hold.Text), nil
	}
	return nil, e.addWhole(tx, o, runbook.Held, runbook.TextBody{Text: why})
}

// Release ends a hold; it reports false where there is none.
func (e *Engine) Release(tx Tx, o Order) (ended bool, no *runbook.Refusal, err error) {
	whole, err := tx.Whole()
	if err != nil || whole.Hold == nil {
		return false, nil, err
	}
	if no := e.policy.MayAct(o.By, "resume"); no != nil {
		return false, no, nil
	}
	return true, nil, e.addWhole(tx, o, runbook.HoldEnded, runbook.TextBody{})
}

// Sign takes a person's word for a fact that no server is asked for.
func (e *Engine) Sign(tx Tx, o Order, name, note string) (*Fact, *runbook.Refusal, error) {
	return e.vouch(tx, o, runbook.Signed, name, note)
}

// Unsign takes it back: it was not so after all.
func (e *Engine) Unsign(tx Tx, o Order, name, note string) (*Fact, *runbook.Refusal, error) {
	fact, no, err := e.vouch(tx, o, "", name, note)
	if no != nil || err != nil {
		return fact, no, err
	}
	whole, err := tx.Whole()
	if err != nil {
		return fact, nil, err
	}
	if _, ok := whole.Signature(fact.Name); !ok {
		return fact, runbook.Refuse("`/itms status` lists what is signed.", "Nobody has signed %s.", fact.Name), nil
	}
	return e.vouch(tx, o, runbook.Unsigned, name, note)
}

func (e *Engine) vouch(tx Tx, o Order, kind runbook.Kind, name, note string) (*Fact, *runbook.Refusal, error) {
	if no := e.policy.MayAct(o.By, o.Line); no != nil {
		return nil, no, nil
	}
	fact, ok := FactNamed(name)
	hint := "People sign: " + strings.Join(SignedFacts(), ", ") + "."
	switch {
	case !ok:
		return nil, runbook.Refuse(hint, "There is no fact of that name."), nil
	case !fact.Signed:
		return nil, runbook.Refuse(fact.Supply, "Whether %s is looked at, and not taken on anybody's word.", fact.Says), nil
	case kind == "":
		return fact, nil, nil
	}
	return fact, nil, e.addWhole(tx, o, kind, runbook.SignedBody{Fact: fact.Name, Note: note})
}

// addWhole writes an event of the upgrade as a whole.
func (e *Engine) addWhole(tx Tx, o Order, kind runbook.Kind, body any) error {
	upgrade, err := tx.Upgrade()
	if err != nil {
		return err
	}
	ev, err := runbook.NewEvent(kind, "", body)
	if err != nil {
		return err
	}
	ev.Upgrade, ev.Actor, ev.Door, ev.Delivery = upgrade, o.By, o.Door, o.Delivery
	_, err = tx.Add(ev)
	return err
}
