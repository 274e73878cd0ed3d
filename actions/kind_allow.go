package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// firewallAllow makes narrow allow rules of the bot's own group on one host
// (1.4 item 1 keep list; the openings of 1.6 to 1.9 are the same kind).
var firewallAllow = &Kind{
	Name: "firewall.allow", Version: 1, Limit: 2 * time.Minute, Again: true,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, local, fw, err := lookAtAllowed(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		before := allowBefore{Rules: []estate.Rule{}}
		same, there := 0, 0
		for _, want := range p.Rules {
			if got, ok := local[want.Name]; ok {
				there++
				before.Rules = append(before.Rules, got)
				if sameRule(want, got) {
					same++
				}
			}
		}
		f := Finding{Before: before, Facts: factsOf(fw), HostNow: fw.Now, Standing: IsPartly}
		switch {
		case same == len(p.Rules):
			f.Standing, f.Text = IsDone, fmt.Sprintf("%s let in by name.", count(len(p.Rules), "rule"))
		case there == 0:
			f.Standing, f.Text = IsNotDone, "No rule of the keep list is there."
		default:
			f.Text = fmt.Sprintf("%d of %s are as planned.", same, count(len(p.Rules), "rule"))
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, err := params[allowParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		_, err = env.Firewalls.AddRules(ctx, s.Host, s.Machine, p.Rules)
		return err
	},
	LookBack: func(ctx context.Context, env Env, s runbook.Step, raw json.RawMessage) (Finding, error) {
		p, local, fw, err := lookAtAllowed(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Facts: factsOf(fw), HostNow: fw.Now}
		gone, asLeft := 0, 0
		for _, want := range p.Rules {
			got, ok := local[want.Name]
			switch {
			case !ok:
				gone++
			case sameRule(want, got):
				asLeft++
			default:
				f.Standing, f.Text = Otherwise, fmt.Sprintf("Rule %q is not as this request made it: it lets in %s.", got.Display, strings.Join(got.Remote, ", "))
				return f, nil
			}
		}
		switch len(p.Rules) {
		case gone:
			f.Standing, f.Text = IsDone, "The keep list is gone."
		case asLeft:
			f.Standing, f.Text = IsNotDone, "The keep list is as it was laid down."
		default:
			f.Standing, f.Text = IsPartly, fmt.Sprintf("%s of the keep list are left.", count(asLeft, "rule"))
		}
		return f, nil
	},
	Undo: func(ctx context.Context, env Env, s runbook.Step, raw json.RawMessage) error {
		p, err := params[allowParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		names := make([]string, len(p.Rules))
		for i, r := range p.Rules {
			names[i] = r.Name
		}
		_, err = env.Firewalls.RemoveRules(ctx, s.Host, s.Machine, names)
		return err
	},
	ByHand: func(s runbook.Step, _ json.RawMessage) ([]string, error) {
		p, err := params[allowParams](s.Params, s.ID)
		if err != nil {
			return nil, err
		}
		names := make([]string, len(p.Rules))
		for i, r := range p.Rules {
			names[i] = r.Name
		}
		return []string{"Remove-NetFirewallRule -PolicyStore PersistentStore -Name " + quoted(names)}, nil
	},
	AgainByHand: func(s runbook.Step, _ json.RawMessage) ([]string, error) {
		p, err := params[allowParams](s.Params, s.ID)
		return madeByHand(p.Rules), err
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: s.Effect.After, After: "removed"}
	},
}

// allowParams is the data of a firewall.allow step.
type allowParams struct {
	Rules     []estate.NewRule `json:"rules"`
	Ports     []string         `json:"ports"`
	WinRMPort int              `json:"winrm_port"`
}

// allowBefore is what was there under the names of the rules: normally
// nothing, because the names carry upgrade and request.
type allowBefore struct {
	Rules []estate.Rule `json:"rules"`
}

func lookAtAllowed(ctx context.Context, env Env, s runbook.Step) (allowParams, map[string]estate.Rule, estate.Firewall, error) {
	p, err := params[allowParams](s.Params, s.ID)
	if err != nil {
		return p, nil, estate.Firewall{}, err
	}
	names := make([]string, len(p.Rules))
	for i, r := range p.Rules {
		names[i] = r.Name
	}
	fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: names, Ports: p.Ports, WinRMPort: p.WinRMPort})
	if err != nil {
		return p, nil, fw, err
	}
	return p, byName(fw.Local), fw, nil
}

// lookAtPlanned looks at a host and refuses another machine than the plan
// names.
func lookAtPlanned(ctx context.Context, env Env, s runbook.Step, q estate.FirewallQuery) (estate.Firewall, error) {
	fw, err := env.Firewalls.Firewall(ctx, s.Host, env.Lane, q)
	if err != nil {
		return fw, err
	}
	if fw.Machine != s.Machine {
		return fw, &estate.Error{Kind: estate.WrongMachine, Host: s.Host, Op: "look at the firewall",
			Detail: fmt.Sprintf("machine %s (%s) answers, the plan names %s", fw.Machine, fw.Name, s.Machine)}
	}
	return fw, nil
}

func byName(rules []estate.Rule) map[string]estate.Rule {
	m := make(map[string]estate.Rule, len(rules))
	for _, r := range rules {
		m[r.Name] = r
	}
	return m
}

// sameRule reports whether a rule lets in what was planned, no less and no
// more. Windows may write an address or an order of its own.
func sameRule(want estate.NewRule, got estate.Rule) bool {
	return got.Enabled && strings.EqualFold(got.Action, "Allow") && strings.EqualFold(got.Protocol, "TCP") &&
		strings.EqualFold(got.Profile, "Any") && got.Group == estate.RuleGroup &&
		sameSet(want.Ports, got.Ports, strings.ToLower) && sameSet(want.Remote, got.Remote, spelling)
}

func sameSet(a, b []string, spell func(string) string) bool {
	if len(a) != len(b) {
		return false
	}
	x, y := make([]string, len(a)), make([]string, len(b))
	for i := range a {
		x[i], y[i] = spell(a[i]), spell(b[i])
	}
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// spelling gives one spelling to the ways in which Windows writes a range.
func spelling(address string) string {
	first, last, ok := estate.AddressRange(address)
	if !ok {
		return strings.ToLower(address)
	}
	return first.String() + "-" + last.String()
}

// firewallFacts are what an outcome keeps of a look: enough to see later what
// was so, without the hundreds of other rules.
type firewallFacts struct {
	Machine string        `json:"machine"`
	Now     time.Time     `json:"now"`
	Local   []estate.Rule `json:"local"`
	Peers   []estate.Peer `json:"peers"`
}

func factsOf(fw estate.Firewall) firewallFacts {
	return firewallFacts{Machine: fw.Machine, Now: fw.Now, Local: fw.Local, Peers: fw.Peers}
}
