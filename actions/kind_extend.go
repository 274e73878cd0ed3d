package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// openingExtend moves the end of an opening on one host: its own task is armed anew, for
// the later time. The bot's timer follows from the trail.
//
// The plan names the end as a time of the bot's clock, the host knows it by its own; what
// is compared is how long it is until then.
var openingExtend = &Kind{
	Name: "opening.extend", Version: 1, Limit: 2 * time.Minute, Again: true,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, f, end, err := lookAtEnd(ctx, env, s)
		if err != nil || f.Standing != "" {
			return f, err
		}
		return p.moved(env.Clock.Now(), f, end, p.Until, p.From), nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, err := params[extendParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		return p.arm(ctx, env, s, p.Until)
	},
	LookBack: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) (Finding, error) {
		p, f, end, err := lookAtEnd(ctx, env, s)
		switch {
		case err != nil:
			return f, err
		case f.Standing != "":
			return f, nil
		case !env.Clock.Now().Before(p.From):
			f.Standing, f.Text = Otherwise, fmt.Sprintf("The earlier end is past, so it cannot be put back. `/itms close %s` closes it.", p.Request)
			return f, nil
		}
		return p.moved(env.Clock.Now(), f, end, p.From, p.Until), nil
	},
	Undo: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) error {
		p, err := params[extendParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		return p.arm(ctx, env, s, p.From)
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: s.Effect.After, After: s.Effect.Before}
	},
}

// extendParams is the data of an opening.extend step.
type extendParams struct {
	// Request has made the opening, Opening is what it has made on the host.
	Request string     `json:"request"`
	Opening openParams `json:"opening"`
	From    time.Time  `json:"from"`
	Until   time.Time  `json:"until"`
}

// endSlack is how far the host's task may be from where it should be: arming and
// looking take their time.
const endSlack = 3 * time.Minute

// lookAtEnd looks at an opening on a host. The standing is empty unless there is none
// whose end could be moved.
func lookAtEnd(ctx context.Context, env Env, s runbook.Step) (extendParams, Finding, endFacts, error) {
	p, err := params[extendParams](s.Params, s.ID)
	if err != nil {
		return p, Finding{}, endFacts{}, err
	}
	o := p.Opening
	fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: o.names(), Ports: o.Ports, WinRMPort: o.WinRMPort})
	if err != nil {
		return p, Finding{}, endFacts{}, err
	}
	f := Finding{HostNow: fw.Now}
	c, waits := fw.Closing(o.Key)
	end := endFacts{Armed: waits && c.Enabled}
	if waits {
		end.Seconds = int64(c.Due.Sub(fw.Now).Seconds())
	}
	f.Before, f.Facts = end, end
	if len(o.there(fw.Local)) < len(o.Rules) || o.made(fw.Local) < len(o.Rules) {
		f.Standing, f.Text = Otherwise, fmt.Sprintf("The rules of %s are not there any more as it made them.", p.Request)
	}
	return p, f, end, nil
}

// endFacts are how the end stands on a host.
type endFacts struct {
	Armed bool `json:"armed"`
	// Seconds until the task runs, by the host's own clock.
	Seconds int64 `json:"seconds"`
}

// moved judges where the end is: at the one time, at the other, or elsewhere.
func (p extendParams) moved(now time.Time, f Finding, end endFacts, to, from time.Time) Finding {
	f.Standing, f.Text = IsPartly, "The task that ends it is not due when it should be."
	switch {
	case !end.Armed:
		f.Text = "The task that ends it is not armed."
	case end.near(to, now):
		f.Standing, f.Text = IsDone, fmt.Sprintf("It ends %s by itself, whatever becomes of the bot.", sayEnd(to))
	case end.near(from, now):
		f.Standing, f.Text = IsNotDone, fmt.Sprintf("It ends %s.", sayEnd(from))
	}
	return f
}

// near reports whether the host closes when the opening ends.
func (e endFacts) near(end, now time.Time) bool {
	due := end.Sub(now) + closingGrace*time.Second
	return (time.Duration(e.Seconds)*time.Second - due).Abs() <= endSlack
}

// arm lets the host close at an end.
func (p extendParams) arm(ctx context.Context, env Env, s runbook.Step, end time.Time) error {
	left := int64(end.Sub(env.Clock.Now()).Seconds())
	if left <= 0 {
		return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: "move the end of " + p.Request, Detail: "its time is over"}
	}
	order := estate.ClosingOrder{Key: p.Opening.Key, Seconds: min(left+closingGrace, estate.ClosingLongest), Names: p.Opening.names()}
	armed, err := env.Closings.ArmClosing(ctx, s.Host, s.Machine, order)
	return whole(s, "arm the task that ends the opening", armed, err)
}

// endsAsBefore is what is written about the ends that an undo of a plan moves.
func endsAsBefore(taken runbook.Plan) ([]runbook.Mark, error) {
	var marks []runbook.Mark
	for _, s := range taken.Steps() {
		if s.Kind != openingExtend.Name {
			continue
		}
		p, err := params[extendParams](s.Params, s.ID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(marks, func(m runbook.Mark) bool { return m.Request == p.Request }) {
			continue // of another host
		}
		end := p.From
		if s.Undoes != nil {
			end = p.Until
		}
		body, err := runbook.Canonical(runbook.OpenedBody{Until: end})
		if err != nil {
			return nil, err
		}
		marks = append(marks, runbook.Mark{Request: p.Request, Kind: runbook.Extended, Body: body})
	}
	return marks, nil
}

// sayEnd writes the end of an opening.
func sayEnd(t time.Time) string { return t.UTC().Format("2 Jan 15:04 MST") }
