package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"itmsbot/runbook"
)

// secondLook is how long people have to read what cannot be undone once more
// (DESIGN §5).
const secondLook = 10 * time.Minute

// readAgain computes the plan of a request that all have agreed to once more and shows
// it afresh. It must be the very same plan; what moves by itself is read anew.
func (e *Engine) readAgain(ctx context.Context, r runbook.Request) error {
	planning, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	plan, draft, err := e.planOf(planning, r)
	if ctx.Err() != nil {
		return nil // leaving: the next start reads it again
	}
	digest := ""
	if err == nil {
		_, digest, err = plan.Seal()
	}
	switch {
	case err != nil:
		_, err = e.addUnlessMoved(r, runbook.Unplanned, e.asRefusal(r, err))
		return err
	case digest != r.Digest:
		moved, err := e.moved(r, plan)
		if err != nil {
			return err
		}
		_, err = e.addUnlessMoved(r, runbook.Stale, runbook.StaleBody{Digest: digest, Moved: moved})
		return err
	}
	return e.journal.Append(func(tx Tx) error {
		now, err := tx.Request(r.ID)
		if err != nil || now.State != runbook.InSecond || !now.ReadAgain.IsZero() {
			return err
		}
		return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, runbook.ReadAgain, "", runbook.ReadAgainBody{
			Expires: tx.Now().Add(secondLook).UTC().Truncate(time.Second), Readings: draft.Readings, Warnings: draft.Warnings})
	})
}

// Start is the last word before what cannot be undone, by one of those who have
// approved. digest is what the button carries.
func (e *Engine) Start(tx Tx, o Order, id, digest string) (runbook.Request, *runbook.Refusal, error) {
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	if no := e.open(r); no != nil {
		return r, no, nil
	}
	seat := r.Seat(o.By)
	switch {
	case r.State != runbook.InSecond:
		return r, runbook.Refuse("Its card says where it is.", "%s is %s; there is nothing to start by hand.", id, r.State), nil
	case seat == nil:
		return r, &runbook.Refusal{Lead: "Not started", Reason: fmt.Sprintf("Only who has approved %s lets it start.", id), Hint: e.seated(r) + " can."}, nil
	case r.ReadAgain.IsZero():
		return r, runbook.Refuse("Wait for the card.", "%s is being read again.", id), nil
	case !tx.Now().Before(r.Expires):
		return e.expire(tx, o, r)
	case len(digest) < 8 || !strings.HasPrefix(r.Digest, digest):
		return r, &runbook.Refusal{Lead: "Not started", Reason: fmt.Sprintf("The card you pressed shows plan `%s`; %s is `%s`.", runbook.Short(digest), id, runbook.Short(r.Digest)),
			Hint: "Read the current card."}, nil
	}
	if no := e.policy.MayFill(r, o.By); no != nil {
		return r, no, nil
	}
	if action, ok := Find(r.Action); ok {
		if no, err := e.held(tx, action, "Not started"); no != nil || err != nil {
			return r, no, err
		}
	}
	holder, err := slotHolder(tx, id)
	if err != nil {
		return r, nil, err
	}
	if holder != nil && !mayTake(r, *holder) {
		return r, busy(*holder), nil
	}
	if err := addTo(tx, o, r, runbook.Confirmed, "", runbook.ApprovedBody{Digest: r.Digest}); err != nil {
		return r, nil, err
	}
	r, err = tx.Request(id)
	return r, nil, err
}

// seated names those who have approved.
func (e *Engine) seated(r runbook.Request) string {
	var who []runbook.Member
	for _, s := range r.Seats {
		who = append(who, runbook.Member{Name: e.policy.Name(s.By)})
	}
	return runbook.Names(who, "or")
}
