package actions

import (
	"context"
	"fmt"
	"slices"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Watch looks whether the doors that were closed are still closed (DESIGN
// §13): a rule comes back by group policy, by an installer or by hand. What
// differs from the last look is an event, and so a message; what goes on is
// not said again.
//
// A host that does not answer is said too: unknown is not closed.
func (e *Engine) Watch(ctx context.Context) error {
	recent, err := e.journal.Recent(50)
	if err != nil {
		return err
	}
	live, err := e.journal.Live()
	if err != nil {
		return err
	}
	for _, r := range recent {
		if !guarded(r, live) {
			continue
		}
		if err := e.watch(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// guarded reports whether a request has closed doors that ought to be closed
// still. A back-out that has begun opens them on purpose, and says itself where it
// stands.
func guarded(r runbook.Request, live []runbook.Request) bool {
	if slices.ContainsFunc(live, func(o runbook.Request) bool { return o.Undoes == r.ID && o.State.Holds() }) {
		return false
	}
	switch r.State {
	case runbook.WasDone, runbook.WasLeft, runbook.Waiting, runbook.Broken:
		return r.Undoes == "" && r.BackedOutBy == ""
	}
	return false
}

func (e *Engine) watch(ctx context.Context, r runbook.Request) error {
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return err
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		return nil // of a later version, which watches its own
	}
	events, err := e.journal.EventsOf(r.ID)
	if err != nil {
		return err
	}
	for _, s := range plan.Steps() {
		life, _ := r.Step(s.ID)
		if s.Kind != firewallDisable.Name || life.Open || !life.Result.Good() {
			continue
		}
		now := e.driftOf(ctx, r, s)
		if now == lastDrift(events, s.ID, s.Host) {
			continue
		}
		err := e.journal.Append(func(tx Tx) error {
			was, err := tx.Request(r.ID)
			if err != nil {
				return err
			}
			live, err := tx.Live()
			if err != nil || !guarded(was, live) {
				return err // taken back while it was looked at
			}
			return addTo(tx, Order{By: runbook.Clock, Door: "clock"}, r, runbook.Drifted, s.ID, now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// driftOf looks at one closed host in the look lane.
func (e *Engine) driftOf(ctx context.Context, r runbook.Request, s runbook.Step) runbook.DriftBody {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	env := e.env
	env.Upgrade, env.Lane = r.Upgrade, estate.Look
	f, err := firewallDisable.Look(ctx, env, s)
	switch {
	case err != nil:
		return runbook.DriftBody{Host: s.Host, Unknown: true, Text: fmt.Sprintf("The bot %s.", Words(err))}
	case f.Standing == IsDone:
		return runbook.DriftBody{Host: s.Host} // who is connected changes and is no drift
	}
	return runbook.DriftBody{Host: s.Host, Open: true, Text: f.Text}
}

// lastDrift is what was last said of a step; nothing said means as it was left.
func lastDrift(events []runbook.Event, step, host string) runbook.DriftBody {
	last := runbook.DriftBody{Host: host}
	for _, e := range events {
		if e.Step != step {
			continue
		}
		switch e.Kind {
		case runbook.Drifted:
			var b runbook.DriftBody
			if e.Read(&b) == nil {
				last = b
			}
		case runbook.Outcome:
			last = runbook.DriftBody{Host: host}
		}
	}
	return last
}
