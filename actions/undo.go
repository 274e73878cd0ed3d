package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"itmsbot/runbook"
)

// undo takes another request back: in reverse order of its stages, from what
// was recorded before each step, only what that request changed, and only
// where it is still as that request left it. It is asked for, planned and
// approved like what it undoes (DESIGN, always true 5).
var undo = &Action{
	Name: "undo", Section: "back out", Args: "R-n", Risk: runbook.Outage,
	WayBack: "`/itms undo R-n` of the undo does firewall and service steps again; a set that was removed is taken anew by a new request",
	Summary: "take a request back, step by step, from what was recorded before it",
	Copy: Copy{
		Title:     "Back out of {R}",
		Wish:      "take {R} back",
		Means:     "What {R} changed is put back as it was recorded before, and only where it is still as {R} left it.",
		Done:      "{R} is taken back.",
		DoneMeans: "What it changed is as it was before, and that was looked at.",
		Next:      "See `/itms status` for what is open.",
		Confirm:   "What {R} changed is put back as it was before. Clients come back where doors open.",
	},
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		if len(words) != 1 || !requestID.MatchString(strings.ToUpper(words[0])) {
			return nil, runbook.Refuse("For example `/itms undo R-12`.", "Say which request to take back.")
		}
		return map[string]string{"request": strings.ToUpper(words[0])}, nil
	},
	Plan: planUndo,
}

// takingBack begins the title of a stage that takes something back.
const takingBack = "Take back: "

var requestID = regexp.MustCompile(`^R-[1-9][0-9]{0,8}$`)

func planUndo(ctx context.Context, env Env, ask Ask) (Draft, error) {
	taken := ask.Taken
	draft := Draft{Machines: taken.Machines, Thresholds: taken.Thresholds}
	for _, stage := range slices.Backward(taken.Stages) {
		back := runbook.Stage{ID: strconv.Itoa(len(draft.Stages) + 1), Item: stage.Item, Title: takingBack + lower(stage.Title),
			Doing: "taking back: " + lower(stage.Title), Done: "Taken back: " + lower(stage.Title)}
		if again, ok := strings.CutPrefix(stage.Title, takingBack); ok {
			back.Title, back.Doing, back.Done = "Once more: "+again, "once more: "+again, "Once more: "+again
		}
		for _, s := range stage.Steps {
			step, err := backStep(ctx, env, ask, s)
			if err != nil {
				return draft, err
			}
			if step != nil {
				step.ID = back.ID + "." + strconv.Itoa(len(back.Steps)+1)
				back.Steps = append(back.Steps, *step)
			}
		}
		if len(back.Steps) > 0 {
			draft.Stages = append(draft.Stages, back)
		}
	}
	if err := givesUp(ask.Ledger, ask.Undoes.ID, draft); err != nil {
		return draft, err
	}
	if o := ask.Undoes.Opening; o != nil && o.Ended == nil {
		mark, err := endsOpening(ask.Undoes.ID, ask.Request)
		if err != nil {
			return draft, err
		}
		draft.Then = append(draft.Then, mark)
	}
	ends, err := endsAsBefore(taken)
	if err != nil {
		return draft, err
	}
	draft.Then = append(draft.Then, ends...)
	if len(draft.Stages) == 0 {
		hint := "`/itms status` says what is so now."
		if s := ask.Undoes.State; s == runbook.Waiting || s == runbook.Broken {
			hint = "End " + ask.Undoes.ID + " with *Leave it so* on its card, or go on with it there."
		}
		return draft, runbook.Refuse(hint, "%s has left nothing that could be taken back: every step is as it was before.", ask.Undoes.ID)
	}
	return draft, nil
}

// givesUp refuses to remove the set with what took it when an upgrade has begun since: that
// would give up the way back as a commit does, without what a commit asks for.
func givesUp(l Ledger, taken string, draft Draft) error {
	removes := func(s runbook.Step) bool { return s.Kind == snapshotCreate.Name && s.Undoes != nil }
	if l.Set == nil || l.Set.Request != taken || !slices.ContainsFunc(draft.Stages, func(s runbook.Stage) bool { return slices.ContainsFunc(s.Steps, removes) }) {
		return nil
	}
	for _, s := range l.Whole.Signed {
		if s.N > max(l.Set.Took, l.Reverted) {
			return runbook.Refuse(fmt.Sprintf("`/itms rollback` goes back to it, `/itms commit` gives it up when the estate is live. If nothing was upgraded: `/itms unsign %s`.", s.Fact),
				"%s has taken the set that is the way back, and the upgrade has begun: %s is signed.", taken, s.Fact)
		}
	}
	for _, r := range l.Done {
		if opensAll(r) && r.State == runbook.WasDone && begun(r) > max(l.Set.Took, l.Reverted) {
			return runbook.Refuse("`/itms rollback` goes back to it, `/itms commit` gives it up.", "%s has taken the set that is the way back, and the doors were opened to all since (%s).", taken, r.ID)
		}
	}
	return nil
}

// backStep plans the way back of one step, nil where there is nothing to do.
func backStep(ctx context.Context, env Env, ask Ask, s runbook.Step) (*runbook.Step, error) {
	life, begun := ask.Undoes.Step(s.ID)
	before := ask.Befores[s.ID]
	if !begun || life.Result == runbook.AlreadySo || len(before) == 0 {
		return nil, nil
	}
	kind, err := kindOf(s)
	if err != nil {
		return nil, err
	}
	if kind.Undo == nil {
		return nil, nil
	}
	if s.Undoes != nil && !kind.Again {
		return nil, runbook.Refuse(fmt.Sprintf("Ask for what %s took back again, as a new request.", ask.Undoes.ID),
			"%s took back: %s. That cannot be put back as it was.", ask.Undoes.ID, lower(strings.TrimPrefix(s.Title, "take back: ")))
	}
	if s.Undoes == nil {
		back, standing, err := leaving{ask.Undoes.ID, s, before}.back(ctx, env)
		if err != nil || standing == IsDone {
			return nil, err
		}
		back.WayBack = "ask for `" + ask.Undoes.Line + "` again"
		return back, nil
	}
	// What took something back is taken back by doing that again.
	f, err := kind.Look(ctx, env, s)
	if err := asLeft(ask.Undoes.ID, s.Host, f, err); err != nil || f.Standing == IsDone {
		return nil, err
	}
	back := s
	back.Title, back.Undoes = strings.TrimPrefix(s.Title, "take back: "), nil
	back.Effect = runbook.Effect{What: s.Effect.What, Before: upper(s.Effect.After), After: lower(s.Effect.Before)}
	back.WayBack = "ask for `undo " + ask.Request + "` again"
	return &back, nil
}

// leaving is what a request has left by one step, and what was there before it.
type leaving struct {
	request string
	step    runbook.Step
	before  json.RawMessage
}

// back plans the way back of it, without the number of the step, and says how it stands
// now. It is planned only where it is as it was left, or as it was before.
func (l leaving) back(ctx context.Context, env Env) (*runbook.Step, Standing, error) {
	kind, err := kindOf(l.step)
	if err != nil {
		return nil, IsUnknown, err
	}
	f, err := kind.LookBack(ctx, env, l.step, l.before)
	if err := asLeft(l.request, l.step.Host, f, err); err != nil {
		return nil, IsUnknown, err
	}
	back := l.step
	back.Title = "take back: " + l.step.Title
	back.Effect = kind.Reversed(l.step)
	back.Undoes = &runbook.Undoing{Request: l.request, Step: l.step.ID, Before: l.before}
	return &back, f.Standing, nil
}

// asLeft refuses to touch what is neither as a request left it nor as it was before.
func asLeft(request, host string, f Finding, err error) error {
	switch {
	case err != nil:
		return runbook.Refuse(fmt.Sprintf("Ask again when it answers. The way-back sheet in the thread of %s has lines that work without the bot.", request),
			"%s cannot be looked at, so its way back cannot be planned: the bot %s.", host, Words(err))
	case f.Standing == Otherwise || f.Standing == IsUnknown:
		return runbook.Refuse(fmt.Sprintf("Put that right by hand on %s, or leave %s as it is.", host, request),
			"%s is not as %s left it, so the bot does not touch it: %s", host, request, f.Text)
	}
	return nil
}

// endsOpening is what is written about an opening when the request by is done.
func endsOpening(opening, by string) (runbook.Mark, error) {
	body, err := runbook.Canonical(runbook.EndedBody{By: by})
	return runbook.Mark{Request: opening, Kind: runbook.OpeningEnded, Body: body}, err
}

// lower lets a title stand inside a sentence.
func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
