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
	live, err := e.journal.Live()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(live, func(o runbook.Request) bool { return o.Takes && o.State.Holds() }) {
		return nil // servers are off; the rollback looks itself
	}
	off, err := e.switchedOff(live)
	if err != nil {
		return err
	}
	ledger, err := readLedger(e.journal)
	if err != nil {
		e.log.Warn("the doors are not watched: what was closed cannot be read", "error", err)
		return nil // of a later version, which watches its own
	}
	for _, h := range e.env.Estate.Hosts {
		if off[h.Name] {
			continue
		}
		for _, left := range ledger.Hosts[h.Name].Closed {
			if err := e.watch(ctx, left, live); err != nil {
				return err
			}
		}
	}
	return nil
}

// guarded reports whether a request that has closed doors is at rest, so that they
// ought to be closed now. While it runs, and while something runs that opens on
// purpose, whoever runs says itself where it stands.
func guarded(r runbook.Request, live []runbook.Request) bool {
	return r.State != runbook.Running && r.State != runbook.InCheck &&
		!slices.ContainsFunc(live, func(o runbook.Request) bool { return o.State.Holds() && (o.Undoes == r.ID || opensAll(o)) })
}

// opensAll reports whether a request is there to open doors that others have closed.
func opensAll(r runbook.Request) bool { return r.Action == "golive" || r.Action == "allow all" }

func (e *Engine) watch(ctx context.Context, left Left, live []runbook.Request) error {
	r, err := e.journal.Request(left.Request)
	if err != nil || !guarded(r, live) {
		return err
	}
	events, err := e.journal.EventsOf(r.ID)
	if err != nil {
		return err
	}
	s := left.Step
	now := e.driftOf(ctx, r, s)
	if now == lastDrift(events, s.ID, s.Host) {
		return nil
	}
	return e.journal.Append(func(tx Tx) error {
		was, err := tx.Request(r.ID)
		if err != nil {
			return err
		}
		live, err := tx.Live()
		if err != nil || !guarded(was, live) || was.BackedOutBy != "" {
			return err // taken back while it was looked at
		}
		return addTo(tx, Order{By: runbook.Clock, Door: "clock"}, r, runbook.Drifted, s.ID, now)
	})
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
