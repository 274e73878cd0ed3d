package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// firewallCopy replaces rules for any port of one host by copies without the
// client ports (1.4 item 1: such a rule is never switched off silently). It only
// makes the copies; the originals go off with the other wide rules, when whoever
// came in by them on other ports already comes in by a copy.
//
// If the bot dies in the middle, a copy may be there that is as wide as its
// original. That is "partly", and doing it again narrows it; until then it counts
// as a door like its original.
var firewallCopy = &Kind{
	Name: "firewall.copy", Version: 1, Limit: 4 * time.Minute, Again: true,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, fw, err := lookAtCopies(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Facts: factsOf(fw), HostNow: fw.Now, Standing: IsPartly}
		there := tellCopies(p, fw.Local)
		before := copyBefore{Rules: []estate.Rule{}}
		local := byName(fw.Local)
		for _, c := range p.all() {
			if got, ok := local[c.Name]; ok {
				before.Rules = append(before.Rules, got)
			}
		}
		f.Before = before
		switch {
		case there.other != "":
			f.Standing, f.Text = Otherwise, there.other
		case there.made == there.wanted:
			f.Text = p.idle(fw.Active)
			if f.Text == "" {
				f.Standing, f.Text = IsDone, p.inForce()
			}
		case there.gone == there.wanted:
			f.Standing, f.Text = IsNotDone, "No copy is there."
		default:
			f.Text = fmt.Sprintf("%d of %s are there and narrow.", there.made, copiesOf(there.wanted))
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, err := params[copyParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		made, err := env.Firewalls.CopyRules(ctx, s.Host, s.Machine, p.all())
		return whole(s, "copy the rules for any port", made, err)
	},
	LookBack: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) (Finding, error) {
		p, fw, err := lookAtCopies(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Facts: factsOf(fw), HostNow: fw.Now}
		switch there := tellCopies(p, fw.Local); {
		case there.other != "" || there.widened != "":
			f.Standing, f.Text = Otherwise, there.other+there.widened
		case there.gone == there.wanted:
			f.Standing, f.Text = IsDone, "The copies are gone."
		case there.made == there.wanted:
			f.Standing, f.Text = IsNotDone, "The copies are as they were made."
		default:
			f.Standing, f.Text = IsPartly, fmt.Sprintf("%s left.", copiesOf(there.wanted-there.gone))
		}
		return f, nil
	},
	Undo: removeCopies,
	ByHand: func(s runbook.Step, _ json.RawMessage) ([]string, error) {
		p, err := params[copyParams](s.Params, s.ID)
		if err != nil {
			return nil, err
		}
		return []string{"Remove-NetFirewallRule -PolicyStore PersistentStore -Name " + quoted(p.names())}, nil
	},
	AgainByHand: func(s runbook.Step, _ json.RawMessage) ([]string, error) {
		return []string{"# Rules for any port had copies without the client ports; these lines do not make them again."}, nil
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: s.Effect.After, After: "copies removed"}
	},
}

// copyParams is the data of a firewall.copy step.
type copyParams struct {
	Host      estate.Host `json:"host"`
	WinRMPort int         `json:"winrm_port"`
	Rules     []copied    `json:"rules"`
}

// copied is a rule for any port as it was when the plan was made, and the copies
// that take its place.
type copied struct {
	Rule   estate.Rule       `json:"rule"`
	Copies []estate.RuleCopy `json:"copies"`
}

// copyBefore is what was there under the names of the copies: normally nothing,
// because the names carry upgrade and request.
type copyBefore struct {
	Rules []estate.Rule `json:"rules"`
}

func (p copyParams) all() []estate.RuleCopy {
	var all []estate.RuleCopy
	for _, r := range p.Rules {
		all = append(all, r.Copies...)
	}
	return all
}

func (p copyParams) names() []string {
	var names []string
	for _, c := range p.all() {
		names = append(names, c.Name)
	}
	return names
}

// inForce is what the card says when it is done. What no copy can stand for is
// said with it.
func (p copyParams) inForce() string {
	text := fmt.Sprintf("In force without the client ports: %s.", copiesOf(len(p.all())))
	var part []string
	for _, r := range p.Rules {
		if !r.Rule.CoversAll() {
			part = append(part, fmt.Sprintf("%q", r.Rule.Display))
		}
	}
	if len(part) > 0 {
		text += fmt.Sprintf(" Of %s they let in TCP, UDP and ICMP alone: no other protocol can come in until it is on again.", estate.Join(part))
	}
	return text
}

// idle says which copy does nothing, or not what it was made for: it is in the
// local store, and the store in force does not have it so. Empty if there is none.
func (p copyParams) idle(active []estate.Rule) string {
	now := byName(active)
	for _, r := range p.Rules {
		for _, c := range r.Copies {
			got, ok := now[c.Name]
			switch {
			case !ok:
				return fmt.Sprintf("Copy %q is there, but not in force.", c.Display)
			case got.Lets(p.Host):
				return fmt.Sprintf("Copy %q lets in on the client ports.", c.Display)
			case !isCopy(r.Rule, c, got):
				return fmt.Sprintf("Copy %q is in force otherwise than it was made.", c.Display)
			}
		}
	}
	return ""
}

// copiesThere counts the copies of a step by how they stand.
type copiesThere struct {
	wanted, made, gone int
	// other says which of them is neither a copy nor one that was not finished.
	other string
	// widened says which of them has the bot's group and is wide: no run leaves
	// it so, because group and ports are written together.
	widened string
}

func tellCopies(p copyParams, local []estate.Rule) copiesThere {
	var t copiesThere
	now := byName(local)
	for _, r := range p.Rules {
		for _, c := range r.Copies {
			t.wanted++
			got, ok := now[c.Name]
			switch {
			case !ok:
				t.gone++
			case isCopy(r.Rule, c, got):
				t.made++
			case !isWide(r.Rule, got):
				t.other = notAsMade(got)
			case got.Group == estate.RuleGroup:
				t.widened = notAsMade(got)
			}
		}
	}
	return t
}

func notAsMade(r estate.Rule) string {
	if !r.Enabled {
		return fmt.Sprintf("Rule %q is not as this request made it: it is off.", r.Display)
	}
	return fmt.Sprintf("Rule %q is not as this request made it: it lets in %s by %s on %s.", r.Display, strings.Join(r.Remote, ", "), r.Protocol, strings.Join(r.Ports, ", "))
}

// isCopy reports whether a rule is the copy that was planned: narrow, of the bot's
// group, and everything else as its original had it. What Windows shows as the
// port of a protocol without ports means nothing.
func isCopy(original estate.Rule, c estate.RuleCopy, got estate.Rule) bool {
	return sameRest(original, got) && got.Group == estate.RuleGroup && strings.EqualFold(got.Protocol, c.Protocol) &&
		(len(c.Ports) == 0 || sameSet(c.Ports, got.Ports, strings.ToLower))
}

// isWide reports whether a rule is a copy that is not narrowed yet.
func isWide(original, got estate.Rule) bool {
	return sameRest(original, got) && strings.EqualFold(got.Protocol, original.Protocol) && sameSet(original.Ports, got.Ports, strings.ToLower)
}

// sameRest compares what a copy has from its original.
func sameRest(original, got estate.Rule) bool {
	return got.Enabled && strings.EqualFold(got.Action, original.Action) && got.Profile == original.Profile &&
		got.Program == original.Program && sameSet(original.Remote, got.Remote, spelling)
}

func lookAtCopies(ctx context.Context, env Env, s runbook.Step) (copyParams, estate.Firewall, error) {
	p, err := params[copyParams](s.Params, s.ID)
	if err != nil {
		return p, estate.Firewall{}, err
	}
	fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: p.names(), Ports: p.Host.ClientPorts, WinRMPort: p.WinRMPort})
	return p, fw, err
}

// removeCopies takes the copies away. One that was not finished is not of the
// bot's group yet, and only rules of that group are ever removed: it is finished
// first.
func removeCopies(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) error {
	p, fw, err := lookAtCopies(ctx, env, s)
	if err != nil {
		return err
	}
	var half []estate.RuleCopy
	local := byName(fw.Local)
	for _, c := range p.all() {
		if got, ok := local[c.Name]; ok && got.Group != estate.RuleGroup {
			half = append(half, c)
		}
	}
	if len(half) > 0 {
		if _, err := env.Firewalls.CopyRules(ctx, s.Host, s.Machine, half); err != nil {
			return err
		}
	}
	_, err = env.Firewalls.RemoveRules(ctx, s.Host, s.Machine, p.names())
	return err
}

func copiesOf(n int) string {
	if n == 1 {
		return "1\u00a0copy"
	}
	return fmt.Sprintf("%d\u00a0copies", n)
}
