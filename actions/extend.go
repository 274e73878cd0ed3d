package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"itmsbot/runbook"
)

// extend lets an opening last longer than was agreed to at first (1.7 item 2, 1.9 item 1).
// It has to be agreed to again: the end that people approved is moved.
var extend = &Action{
	Name: "extend", Section: "1.7, 1.9", Risk: runbook.Changes,
	WayBack: "`/itms undo R-n` moves the end back; `/itms close` ends it at once",
	Summary: "let an opening with an end last longer",
	Args:    "R-n for 1h",
	Copy: Copy{
		Title:     "More time for {request}",
		Wish:      "let {request} stay open for {for} longer",
		Means:     "Who was let in by {request} stays in for {for} longer than it says now.",
		Done:      "{request} ends later.",
		DoneMeans: "The bot closes it at the new end, and so does the server itself.",
		Next:      "`/itms status` says until when it is open.",
		Confirm:   "Who was let in by {request} stays in for {for} longer.",
	},
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		const example = "`/itms extend R-12 for 1h`"
		if len(words) != 3 || !requestID.MatchString(strings.ToUpper(words[0])) || !strings.EqualFold(words[1], argFor) {
			return nil, runbook.Refuse("For example "+example+".", "Say which request may stay open, and for how much longer.")
		}
		seconds, no := readLasting(words[2], shortestOpening)
		if no != nil {
			return nil, no
		}
		return map[string]string{argRequest: strings.ToUpper(words[0]), argFor: lasting(seconds)}, nil
	},
	Plan: planExtend,
}

// argRequest is the argument that names another request.
const argRequest = "request"

func planExtend(ctx context.Context, env Env, ask Ask) (Draft, error) {
	id := ask.Args[argRequest]
	more, no := readLasting(ask.Args[argFor], shortestOpening)
	if no != nil {
		return Draft{}, no
	}
	o, err := ask.Ledger.opened(id)
	if err != nil {
		return Draft{}, err
	}
	longest := longestOpening(env.Limits)
	until := o.Until.Add(time.Duration(more) * time.Second)
	switch now := env.Clock.Now(); {
	case o.Until.IsZero():
		return Draft{}, runbook.Refuse(fmt.Sprintf("It stays open until somebody closes it: `/itms close %s`.", id), "%s has no end that could be later.", id)
	case !now.Before(o.Until):
		return Draft{}, runbook.Refuse("Ask for it anew.", "The time of %s is over.", id)
	case until.Sub(o.Since) > time.Duration(longest)*time.Second:
		return Draft{}, runbook.Refuse("Let it end, and ask for it anew if it is needed.", "With %s more, %s would be open for longer than %s in all.", spell(more), id, spell(longest))
	}
	draft := Draft{Thresholds: map[string]int64{}}
	stage := runbook.Stage{ID: "1", Item: "1.7, 1.9", Title: "Let the servers close " + id + " later", Doing: "moving the end of " + id, Done: "The servers close " + id + " later"}
	for _, h := range env.Estate.Hosts {
		for _, left := range ask.Ledger.Hosts[h.Name].Opened {
			if left.Request != id {
				continue
			}
			p, err := params[openParams](left.Step.Params, left.Step.ID)
			if err != nil {
				return draft, err
			}
			step, err := extendStep(fmt.Sprintf("1.%d", len(stage.Steps)+1), left, p, o.Until, until)
			if err != nil {
				return draft, err
			}
			f, err := openingExtend.Look(ctx, env, step)
			switch {
			case err != nil:
				return draft, unreadable(h, err)
			case f.Standing == Otherwise:
				return draft, runbook.Refuse("`/itms firewall` shows what is so.", "The end of %s cannot be moved on %s: %s", id, h.Name, f.Text)
			}
			stage.Steps = append(stage.Steps, step)
			draft.Machines = append(draft.Machines, runbook.Machine{Host: h.Name, Role: string(h.Role), GUID: left.Step.Machine, Name: h.Name})
		}
	}
	if len(stage.Steps) == 0 {
		return draft, runbook.Refuse("`/itms status` says what is open.", "%s has left nothing open.", id)
	}
	body, err := runbook.Canonical(runbook.OpenedBody{Until: until})
	if err != nil {
		return draft, err
	}
	draft.Stages = []runbook.Stage{stage}
	draft.Then = []runbook.Mark{{Request: id, Kind: runbook.Extended, Body: body}}
	return draft, nil
}

func extendStep(id string, left Left, p openParams, from, until time.Time) (runbook.Step, error) {
	raw, err := runbook.Canonical(extendParams{Request: left.Request, Opening: p, From: from.UTC(), Until: until.UTC()})
	return runbook.Step{ID: id, Kind: openingExtend.Name, Version: openingExtend.Version, Host: left.Step.Host, Machine: left.Step.Machine,
		Title: "close " + left.Request + " later on " + left.Step.Host, Params: raw,
		Effect:  runbook.Effect{What: "End of " + left.Request, Before: sayEnd(from), After: sayEnd(until)},
		Touches: []string{left.Step.Host + " closing " + p.Key},
		WayBack: fmt.Sprintf("moves the end back to %s; `/itms close %s` ends it at once", sayEnd(from), left.Request)}, err
}

// opened finds the opening of a request that is open still.
func (l Ledger) opened(id string) (runbook.Opening, error) {
	for _, r := range l.Openings {
		if r.ID == id {
			return *r.Opening, nil
		}
	}
	return runbook.Opening{}, runbook.Refuse("`/itms status` says what is open.", "%s has opened nothing that is open.", id)
}
