package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"itmsbot/runbook"
)

// Rule is a fact that has to be so before an action is proposed, and once more before
// it starts. Rules stand beside the actions as data, so that `/itms why` can show them.
type Rule struct {
	Fact string
	// If limits the rule to where this is so too; empty is always.
	If string
	// Unless names the arguments with any of which the rule does not apply.
	Unless []string
	// Hard rules are passed over by nobody.
	Hard bool
}

// applies reports whether the rule is asked of an action with these arguments.
func (r Rule) applies(args map[string]string) bool {
	return !slices.ContainsFunc(r.Unless, func(name string) bool { return args[name] != "" })
}

// override is the argument that passes over rules, and --override what people type.
const override = "override"

// overriding takes --override and its reason out of the words.
func (a *Action) overriding(words []string) (because string, rest []string, no *runbook.Refusal) {
	i := slices.Index(words, "--"+override)
	if i < 0 {
		return "", words, nil
	}
	if !slices.ContainsFunc(a.Rules, func(r Rule) bool { return !r.Hard }) {
		return "", nil, runbook.Refuse("`/itms why "+a.Name+"` shows its rules.", "No rule of `/itms %s` can be passed over.", a.Name)
	}
	if i+1 >= len(words) || strings.TrimSpace(words[i+1]) == "" || strings.HasPrefix(words[i+1], "--") {
		return "", nil, runbook.Refuse("For example `--override \"the test client broke, Ben knows\"`.", "Passing over a rule needs a reason.")
	}
	return strings.TrimSpace(words[i+1]), slices.Concat(words[:i], words[i+2:]), nil
}

// RuleLook is how a rule stands, for whoever asks why.
type RuleLook struct {
	Rule Rule
	Fact *Fact
	// Applies is false where the rule's condition is not so.
	Applies bool
	// So reports that the fact is so, Shown what shows it. Err says why it is
	// unknown, which counts as not so.
	So    bool
	Shown string
	Err   error
}

// Holds reports whether the rule lets the action be.
func (r RuleLook) Holds() bool { return !r.Applies || r.Err == nil && r.So }

// rulesNow asks for the facts of an action's rules, as they are with these arguments.
func rulesNow(ctx context.Context, env Env, l Ledger, a *Action, args map[string]string) ([]RuleLook, error) {
	var list []RuleLook
	for _, rule := range a.Rules {
		if !rule.applies(args) {
			continue
		}
		fact, ok := FactNamed(rule.Fact)
		if !ok {
			return nil, fmt.Errorf("rule of %s: there is no fact %q", a.Name, rule.Fact)
		}
		look := RuleLook{Rule: rule, Fact: fact, Applies: true}
		if rule.If != "" {
			on, ok := FactNamed(rule.If)
			if !ok {
				return nil, fmt.Errorf("rule of %s: there is no fact %q", a.Name, rule.If)
			}
			so, _, err := on.ask(ctx, env, l)
			look.Applies = so || err != nil // what is not known limits nothing
		}
		if look.Applies {
			look.So, look.Shown, look.Err = fact.ask(ctx, env, l)
		}
		list = append(list, look)
	}
	return list, nil
}

// obey refuses an action whose rules do not hold, or names those that are passed over
// for the reason given.
func obey(ctx context.Context, env Env, l Ledger, a *Action, args map[string]string) ([]runbook.Override, error) {
	looks, err := rulesNow(ctx, env, l, a, args)
	if err != nil {
		return nil, err
	}
	var passed []runbook.Override
	for _, look := range looks {
		if look.Holds() {
			continue
		}
		if because := args[override]; because != "" && !look.Rule.Hard {
			passed = append(passed, runbook.Override{Fact: look.Fact.Name, Because: because})
			continue
		}
		why := look.Fact.Missing
		switch {
		case look.Err != nil:
			why = fmt.Sprintf("Whether %s is unknown: the bot %s", look.Fact.Says, Words(look.Err))
		case look.Shown != "":
			why += ": " + strings.TrimRight(look.Shown, ".")
		}
		hint := look.Fact.Supply
		if !look.Rule.Hard {
			hint += " See `/itms why " + a.Name + "`."
		}
		return nil, runbook.Refuse(hint, "%s.", why)
	}
	return passed, nil
}

// Why looks at the rules of an action, for whoever asks.
func (e *Engine) Why(ctx context.Context, a *Action) ([]RuleLook, error) {
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	l, err := readLedger(e.journal)
	if err != nil {
		return nil, err
	}
	return rulesNow(ctx, e.lookEnv(), l, a, nil)
}

// Ledger is what the trail says of the estate now.
func (e *Engine) Ledger() (Ledger, error) { return readLedger(e.journal) }

// PassedOver is a rule that a request passes over.
type PassedOver struct {
	Request  string
	Override runbook.Override
}

// PassedOver lists the rules that were passed over by what stands.
func (e *Engine) PassedOver(l Ledger) ([]PassedOver, error) {
	var list []PassedOver
	for _, r := range l.Done {
		if r.Args[override] == "" {
			continue
		}
		bytes, err := e.journal.Plan(r.Digest)
		if err != nil {
			return nil, err
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			return nil, err
		}
		for _, o := range plan.Overrides {
			list = append(list, PassedOver{r.ID, o})
		}
	}
	return list, nil
}
