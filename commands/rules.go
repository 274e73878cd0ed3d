package commands

import (
	"context"
	"fmt"
	"strings"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// hold lets nothing be asked for but what is always allowed.
func (r *Router) hold(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	no, err := r.engine.Hold(tx, o, strings.Join(words, " "))
	return Reply{Text: "*The upgrade is on hold.* Looks, stop and rollback still work. `/itms resume` ends the hold."}, no, err
}

// sign makes the commands by which people vouch for facts.
func (r *Router) sign(decide func(*actions.Engine, actions.Tx, actions.Order, string, string) (*actions.Fact, *runbook.Refusal, error), done string) func(actions.Tx, actions.Order, []string) (Reply, *runbook.Refusal, error) {
	return func(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
		if len(words) == 0 {
			return Reply{}, runbook.Refuse("People sign: "+strings.Join(actions.SignedFacts(), ", ")+".", "Say which fact."), nil
		}
		fact, no, err := decide(r.engine, tx, o, words[0], strings.Join(words[1:], " "))
		if no != nil || err != nil {
			return Reply{}, no, err
		}
		return Reply{Text: fmt.Sprintf("*`%s` is %s.* It says that %s.", fact.Name, done, fact.Says)}, nil, nil
	}
}

// why shows the rules of an action and how they stand now.
func (r *Router) why(_ actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	action, _, ok := actions.Named(words)
	switch {
	case len(words) == 0:
		return Reply{}, runbook.Refuse("For example `/itms why golive`.", "Say which action."), nil
	case !ok:
		return Reply{}, runbook.Refuse("`/itms help` lists them.", "There is no action of that name."), nil
	case len(action.Rules) == 0:
		return Reply{Text: fmt.Sprintf("*`/itms %s` has no rules.* What it needs is in its plan.", action.Name)}, nil, nil
	}
	return Reply{Text: "Looking…", Later: func(ctx context.Context) Reply {
		looks, err := r.engine.Why(ctx, action)
		if err != nil {
			return no(runbook.Refuse("", "The rules could not be looked at: %s.", err))
		}
		return whyOf(action, looks)
	}}, nil, nil
}

func whyOf(a *actions.Action, looks []actions.RuleLook) Reply {
	table := [][]string{{"It needs that", "Now", "What makes it so"}}
	open := 0
	for _, l := range looks {
		needs := l.Fact.Says
		if on, ok := actions.FactNamed(l.Rule.If); ok {
			needs += ", where " + on.Says
		}
		if len(l.Rule.Unless) > 0 {
			needs += "; not asked of it with " + strings.Join(l.Rule.Unless, " or ")
		}
		if l.Rule.Hard {
			needs += "; nobody can pass over that"
		}
		now := "No"
		switch {
		case !l.Applies:
			now = "Does not apply"
		case l.Err != nil:
			now = "Unknown: the bot " + actions.Words(l.Err)
		case l.So:
			now = "Yes"
		}
		if l.Shown != "" {
			now += ": " + l.Shown
		}
		if !l.Holds() {
			open++
		}
		table = append(table, []string{needs, now, strings.ReplaceAll(l.Fact.Supply, "`", "")})
	}
	lead := fmt.Sprintf("*Nothing stands in the way of `/itms %s`.*", a.Name)
	if open > 0 {
		lead = fmt.Sprintf("*`/itms %s` would be refused now:* %d of %d rules do not hold.", a.Name, open, len(looks))
	}
	return Reply{Text: lead, Table: table}
}

// Overridden says which rule a plan passes over on somebody's word.
func Overridden(o runbook.Override) string {
	says := o.Fact
	if f, ok := actions.FactNamed(o.Fact); ok {
		says = f.Missing
	}
	return fmt.Sprintf("Passed over: %s. The reason given: “%s”.", strings.TrimSuffix(says, "."), o.Because)
}
