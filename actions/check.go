package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"itmsbot/runbook"
)

// check computes the plan of an approved request once more, directly before
// the first change. Only the very same bytes, and seats that the policy still
// accepts, let it start; else nothing is touched (always true 1).
func (e *Engine) check(ctx context.Context, r runbook.Request) error {
	if written, err := e.addUnlessMoved(r, runbook.Checking, nil); err != nil || !written {
		return err
	}
	r.State = runbook.InCheck
	planning, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	plan, _, err := e.planOf(planning, r)
	if ctx.Err() != nil {
		return nil // leaving: the next start checks again, nothing was touched
	}
	var no *runbook.Refusal
	if err != nil {
		if !errors.As(err, &no) {
			no = e.asRefusal(r, err)
		}
		_, err := e.addUnlessMoved(r, runbook.Unplanned, no)
		return err
	}
	_, digest, err := plan.Seal()
	if err != nil {
		_, err := e.addUnlessMoved(r, runbook.Unplanned, e.asRefusal(r, err))
		return err
	}
	if digest != r.Digest {
		moved, err := e.moved(r, plan)
		if err != nil {
			return err
		}
		_, err = e.addUnlessMoved(r, runbook.Stale, runbook.StaleBody{Digest: digest, Moved: moved})
		return err
	}
	// Not later than now: what was computed is what is so now.
	return e.journal.AppendNow(func(tx Tx) error { return e.start(tx, r.ID) })
}

// start begins to carry out, or refuses at the last moment. A request that
// takes back the one that holds the slot ends that one in the same
// transaction.
func (e *Engine) start(tx Tx, id string) error {
	r, err := tx.Request(id)
	if err != nil || r.State != runbook.InCheck {
		return err // stopped while it was being checked
	}
	engine := Order{By: runbook.Bot, Door: "engine"}
	for _, seat := range r.Seats {
		if no := e.policy.MayFill(withoutSeats(r), seat.By); no != nil {
			return addTo(tx, engine, r, runbook.Unplanned, "", runbook.Refuse("Ask again.",
				"%s may not approve %s any more.", e.policy.Name(seat.By), r.ID))
		}
	}
	if action, ok := Find(r.Action); ok {
		if no, err := e.held(tx, action, ""); err != nil {
			return err
		} else if no != nil {
			return addTo(tx, engine, r, runbook.Unplanned, "", no)
		}
	}
	live, err := tx.Live()
	if err != nil {
		return err
	}
	// What holds the slot gives way, and so does what is approved to take it: it would
	// begin afterwards, on an estate that nobody agreed to it for.
	var others []runbook.Request
	for _, o := range live {
		switch {
		case o.ID == r.ID || !o.State.Holds() && o.State != runbook.Ready:
		case o.State == runbook.Ready && mayTake(o, r):
			// It takes this one's place in turn.
		case !mayTake(r, o) || o.State == runbook.Running:
			return addTo(tx, engine, r, runbook.Unplanned, "", busy(o))
		default:
			others = append(others, o)
		}
	}
	for _, o := range others {
		if err := giveWay(tx, o, r.ID); err != nil {
			return err
		}
	}
	return addTo(tx, engine, r, runbook.Started, "", nil)
}

// giveWay ends the request whose place another takes. One that is approved and has
// touched nothing is only withdrawn.
func giveWay(tx Tx, holder runbook.Request, to string) error {
	engine := Order{By: runbook.Bot, Door: "engine"}
	if holder.State == runbook.Ready {
		return addTo(tx, engine, holder, runbook.Cancelled, "", runbook.TextBody{Text: to + " takes its place"})
	}
	return addTo(tx, engine, holder, runbook.Superseded, "", runbook.ByBody{By: to})
}

func withoutSeats(r runbook.Request) runbook.Request {
	r.Seats = nil
	return r
}

// moved lists what differs between the approved plan and the one of now.
func (e *Engine) moved(r runbook.Request, now runbook.Plan) ([]runbook.Move, error) {
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return nil, err
	}
	then, err := runbook.OpenPlan(bytes)
	if err != nil {
		return nil, err
	}
	return Moves(then, now), nil
}

// Moves compares two plans for a person: first the effects, by host, then
// whatever else differs, by its place in the plan.
func Moves(then, now runbook.Plan) []runbook.Move {
	var moves []runbook.Move
	was := map[string]runbook.Step{}
	for _, s := range then.Steps() {
		was[s.ID] = s
	}
	for _, s := range now.Steps() {
		old, ok := was[s.ID]
		delete(was, s.ID)
		switch {
		case s.Effect.What == "" && (!ok || old.Effect == s.Effect && string(old.Params) == string(s.Params)):
		case !ok:
			moves = append(moves, runbook.Move{What: s.Host + ": " + s.Effect.What, Then: "not part of the plan", Now: s.Effect.Before})
		case old.Effect != s.Effect:
			moves = append(moves, runbook.Move{What: s.Host + ": " + s.Effect.What, Then: old.Effect.Before, Now: s.Effect.Before})
		case string(old.Params) != string(s.Params):
			moves = append(moves, inside(s.Host+": "+s.Effect.What, old.Params, s.Params)...)
		}
	}
	for _, s := range then.Steps() {
		if _, gone := was[s.ID]; gone {
			moves = append(moves, runbook.Move{What: s.Host + ": " + s.Effect.What, Then: s.Effect.Before, Now: "not part of the plan"})
		}
	}
	if len(moves) == 0 {
		a, _ := json.Marshal(then)
		b, _ := json.Marshal(now)
		moves = inside("the plan", a, b)
	}
	const most = 10
	return moves[:min(len(moves), most)]
}

// inside walks two JSON values and names the first places that differ.
func inside(what string, a, b json.RawMessage) []runbook.Move {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return []runbook.Move{{What: what, Then: "unreadable", Now: "unreadable"}}
	}
	var moves []runbook.Move
	walk(what, x, y, &moves)
	return moves
}

func walk(what string, x, y any, moves *[]runbook.Move) {
	switch x := x.(type) {
	case map[string]any:
		if y, ok := y.(map[string]any); ok {
			name := what
			if d, ok := y["display"].(string); ok {
				name = what + ", rule “" + d + "”"
			}
			for _, k := range keysOf(x, y) {
				walk(name+", "+k, x[k], y[k], moves)
			}
			return
		}
	case []any:
		if y, ok := y.([]any); ok && len(x) == len(y) {
			for i := range x {
				walk(what, x[i], y[i], moves)
			}
			return
		}
	}
	a, _ := json.Marshal(x)
	b, _ := json.Marshal(y)
	if string(a) != string(b) {
		*moves = append(*moves, runbook.Move{What: what, Then: brief(a), Now: brief(b)})
	}
}

func brief(b []byte) string {
	s := string(b)
	if s == "null" {
		return "nothing"
	}
	const most = 120
	if r := []rune(s); len(r) > most {
		return fmt.Sprintf("%s … (%d characters)", string(r[:most]), len(r))
	}
	return s
}
