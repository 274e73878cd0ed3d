package actions

import (
	"context"
	"slices"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// yielding is the clock of a running step. What waits for a queue to empty or for a
// server to come back may wait for half an hour; a rollback that everybody has agreed to
// does not wait for that. The step ends its waiting and looks, as at any other end, and
// the request stops at the boundary of its stage.
type yielding struct {
	Clock
	// yields is why nothing is waited for any more, nil while it is.
	yields func() error
}

// Sleep waits for d, unless the step has to give way.
func (c yielding) Sleep(ctx context.Context, d time.Duration) error {
	if err := c.yields(); err != nil {
		return err
	}
	if err := c.Clock.Sleep(ctx, d); err != nil {
		return err
	}
	return c.yields()
}

// yields reports whether a step of a request gives way to one that takes the slot of
// whatever runs. What takes something back waits for the step to end: it needs to know
// what the step has done.
func (e *Engine) yields(r runbook.Request, s runbook.Step) error {
	live, err := e.journal.Live()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(live, func(o runbook.Request) bool { return o.ID != r.ID && o.Takes && o.State == runbook.Ready })
	if i < 0 {
		return nil
	}
	return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: "go on waiting", Detail: live[i].ID + " takes the place of " + r.ID}
}
