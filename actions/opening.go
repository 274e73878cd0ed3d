package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// firstOpened begins the opening of a request with its first way in that was verified:
// its end counts from there. One that is found after the bot was gone counts from when
// it was begun, as the host's own task does: it never lasts longer than was agreed to.
func firstOpened(tx Tx, r runbook.Request, s runbook.Step, result runbook.Result) error {
	if s.Kind != kindOpen || s.Undoes != nil || result != runbook.StepDone {
		return nil
	}
	now, err := tx.Request(r.ID)
	if err != nil || now.Opening != nil {
		return err
	}
	p, err := params[openParams](s.Params, s.ID)
	if err != nil {
		return err
	}
	body := runbook.OpenedBody{}
	if p.EndSeconds > 0 {
		since := tx.Now()
		if life, ok := now.Step(s.ID); ok && now.State != runbook.Running && !life.Began.IsZero() {
			since = life.Began
		}
		body.Until = since.Add(time.Duration(p.EndSeconds) * time.Second).UTC().Truncate(time.Second)
	}
	return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, runbook.Opened, "", body)
}

// WarnEnd asks the owner of an opening, ten minutes before its end, whether it may end.
func (e *Engine) WarnEnd(tx Tx, id string) error {
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return err
	}
	o := r.Opening
	if o == nil || o.Ended != nil || o.Asked || o.Until.IsZero() || tx.Now().Before(o.Until.Add(-runbook.EndNotice)) || !tx.Now().Before(o.Until) {
		return nil
	}
	return addTo(tx, Order{By: runbook.Clock, Door: "clock"}, r, runbook.EndNear, "", nil)
}

// EndOpening closes an opening whose time is over, on behalf of the request that made
// it: it was approved with its end. It needs no slot, and only ever removes its own
// rules. Between power-off and the end of a rollback it waits; afterwards there is
// nothing left to close.
//
// What cannot be closed is said and tried again; the host's own task does the same a
// little later, whatever becomes of the bot.
func (e *Engine) EndOpening(ctx context.Context, id string) error {
	r, err := e.journal.Request(id)
	if err != nil {
		return err
	}
	if due, err := e.endsNow(r); err != nil || !due {
		return err
	}
	written := false
	clock := Order{By: runbook.Clock, Door: "clock"}
	if err := e.journal.AppendNow(func(tx Tx) error {
		now, err := tx.Request(id)
		if err != nil || !isDue(now, tx.Now()) {
			return err
		}
		written = true
		return addTo(tx, clock, now, runbook.Ending, "", nil)
	}); err != nil || !written {
		return err
	}
	closed, stuck, err := e.closeAll(ctx, r)
	if err != nil {
		return err
	}
	return e.journal.Append(func(tx Tx) error {
		now, err := tx.Request(id)
		if err != nil || now.Opening == nil || now.Opening.Ended != nil {
			return err // somebody else has closed it meanwhile
		}
		if len(stuck) > 0 {
			return addTo(tx, clock, now, runbook.EndFailed, "", runbook.TextBody{Text: strings.Join(stuck, " ")})
		}
		return addTo(tx, clock, now, runbook.OpeningEnded, "", runbook.EndedBody{Text: "closed on " + estate.Join(closed)})
	})
}

func isDue(r runbook.Request, now time.Time) bool {
	o := r.Opening
	return o != nil && o.Ended == nil && !o.Until.IsZero() && !now.Before(o.Until) && !now.Before(o.Again)
}

// endsNow reports whether the opening of a request is due and may be closed now.
func (e *Engine) endsNow(r runbook.Request) (bool, error) {
	if !isDue(r, e.env.Clock.Now()) || r.State == runbook.Running {
		return false, nil // its own steps come first
	}
	live, err := e.journal.Live()
	if err != nil {
		return false, err
	}
	for _, o := range live {
		if o.State == runbook.Running && o.Action == extend.Name && o.Args[argRequest] == r.ID {
			return false, nil // it is being given more time
		}
		if off, err := e.poweredOff(o); err != nil || off {
			return false, err
		}
	}
	return true, nil
}

// closeAll closes every host on which a request has begun to open, and says where that
// is so and where it is not.
func (e *Engine) closeAll(ctx context.Context, r runbook.Request) (closed, stuck []string, err error) {
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return nil, nil, err
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		return nil, []string{fmt.Sprintf("This version of the bot cannot read the plan that opened it: %s.", Words(err))}, nil
	}
	var steps []runbook.Step
	for _, s := range plan.Steps() {
		if _, begun := r.Step(s.ID); s.Kind == kindOpen && s.Undoes == nil && begun {
			steps = append(steps, s)
		}
	}
	for _, g := range together(len(steps), func(i int) Glance { return e.closeNow(ctx, r, steps[i]) }) {
		if g.Unknown {
			stuck = append(stuck, g.Host+": "+g.Text)
		} else {
			closed = append(closed, g.Host)
		}
	}
	return closed, stuck, nil
}

// poweredOff reports whether a request has begun to take servers off, and is not over:
// a rollback, after which they are what they were before, or a cold snapshot.
func (e *Engine) poweredOff(r runbook.Request) (bool, error) {
	if !r.State.Holds() {
		return false, nil
	}
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return false, err
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		return true, nil // of another version; nothing beside it is safe
	}
	return slices.ContainsFunc(plan.Steps(), func(s runbook.Step) bool {
		_, begun := r.Step(s.ID)
		return begun && s.Kind == kindOff
	}), nil
}

// closeNow closes one host and looks; unknown is everything but closed.
func (e *Engine) closeNow(ctx context.Context, r runbook.Request, s runbook.Step) Glance {
	ctx, cancel := context.WithTimeout(ctx, firewallOpen.Limit)
	defer cancel()
	env := e.env
	env.Upgrade, env.Lane = r.Upgrade, estate.Change
	if s.Version != firewallOpen.Version {
		return Glance{Host: s.Host, Unknown: true, Text: "Another version of the bot has opened it, so this one does not touch it."}
	}
	f, err := firewallOpen.LookBack(ctx, env, s, nil)
	if err == nil && (f.Standing == IsNotDone || f.Standing == IsPartly) {
		if err = firewallOpen.Undo(ctx, env, s, nil); err == nil {
			f, err = firewallOpen.LookBack(ctx, env, s, nil)
		}
	}
	switch {
	case err != nil:
		return Glance{Host: s.Host, Unknown: true, Text: fmt.Sprintf("The bot %s.", Words(err))}
	case f.Standing != IsDone:
		return Glance{Host: s.Host, Unknown: true, Text: f.Text}
	}
	return Glance{Host: s.Host, Text: f.Text}
}

// kindOff is the kind of step that takes the power of a machine.
const kindOff = "vm.off"
