package actions

import (
	"slices"

	"itmsbot/runbook"
)

// inTheWay refuses to take a request back while a later one, that is not taken
// back itself, has changed the same thing: putting back what was before the
// first would undo the second by surprise.
func (e *Engine) inTheWay(taken runbook.Request, plan runbook.Plan) error {
	mine := touched(taken, plan)
	recent, err := e.journal.Recent(everyRequest)
	if err != nil {
		return err
	}
	all := byID(recent)
	for _, r := range recent {
		if begun(r) <= begun(taken) || r.State.Untouched() || takenBack(r, all) {
			continue
		}
		if o := taken.Opening; o != nil && o.By == r.ID {
			continue // it has closed what this one opened; taking it back would open that again
		}
		bytes, err := e.journal.Plan(r.Digest)
		if err != nil {
			return err
		}
		other, err := runbook.OpenPlan(bytes)
		if err != nil {
			return runbook.Refuse("Take "+r.ID+" back with the version that made it.", "%s came later, and this version cannot read its plan.", r.ID)
		}
		for _, what := range touched(r, other) {
			if slices.Contains(mine, what) {
				return runbook.Refuse("Take "+r.ID+" back first: `/itms undo "+r.ID+"`.", "%s came later and changed the same (%s).", r.ID, what)
			}
		}
	}
	return nil
}

// touched lists what the steps of a request have changed, or may have. What takes a
// request back touches nothing: it only puts back. What that request did again counts.
func touched(r runbook.Request, plan runbook.Plan) []string {
	var all []string
	for _, s := range plan.Steps() {
		if r.Undoes != "" && s.Undoes != nil {
			continue
		}
		if life, begun := r.Step(s.ID); begun && life.Result != runbook.AlreadySo {
			all = append(all, s.Touches...)
		}
	}
	return all
}
