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

// firewallOpen lets somebody in by name on one host (1.6 item 3, 1.7 item 2, 1.8 items
// 4 and 7, 1.9 item 1): narrow allow rules of the bot's group, looked at in the store
// that is in force.
//
// Where it has an end, a SYSTEM task on the host that removes exactly these rules is
// armed before they are made: if the bot dies between the two, the task finds nothing
// to remove; if it dies afterwards, the way in closes all the same.
var firewallOpen = &Kind{
	Name: kindOpen, Version: 1, Limit: 3 * time.Minute, Again: true,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, fw, err := lookAtOpened(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Before: allowBefore{Rules: p.there(fw.Local)}, Facts: factsOf(fw), HostNow: fw.Now, Standing: IsPartly}
		made, active := p.made(fw.Local), p.made(fw.Active)
		switch {
		case made == 0 && len(p.there(fw.Local)) == 0:
			f.Standing, f.Text = IsNotDone, "No rule of this opening is there."
		case made < len(p.Rules):
			f.Text = fmt.Sprintf("%d of %s are as planned.", made, count(len(p.Rules), "rule"))
		case active < len(p.Rules):
			f.Standing, f.Text = Otherwise, "The rules are there, but not in force: group policy or another store decides."
		case p.EndSeconds > 0 && !p.armed(fw):
			f.Text = "The rules are in force, but the task on the host that ends them is not armed."
		default:
			f.Standing, f.Text = IsDone, fmt.Sprintf("In force: %s.", p.says())
			if p.EndSeconds > 0 {
				f.Text += " It ends by itself, whatever becomes of the bot."
			}
		}
		if f.Standing != IsDone && over(env) {
			// Another host opened first, and its time is over for all.
			f.Standing, f.Text = Otherwise, "The time of this opening is over, so nothing more is opened. Leave it so, or take it back."
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, err := params[openParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		if p.EndSeconds > 0 {
			order := estate.ClosingOrder{Key: p.Key, Seconds: p.closesIn(env), Names: p.names()}
			armed, err := env.Closings.ArmClosing(ctx, s.Host, s.Machine, order)
			if err := whole(s, "arm the task that ends the opening", armed, err); err != nil {
				return err
			}
		}
		_, err = env.Firewalls.AddRules(ctx, s.Host, s.Machine, p.Rules)
		return err
	},
	LookBack: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) (Finding, error) {
		p, fw, err := lookAtOpened(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Facts: factsOf(fw), HostNow: fw.Now}
		there := p.there(fw.Local)
		for _, got := range there {
			i := slices.IndexFunc(p.Rules, func(w estate.NewRule) bool { return w.Name == got.Name })
			if !sameRule(p.Rules[i], got) {
				f.Standing, f.Text = Otherwise, notAsMade(got)
				return f, nil
			}
		}
		switch {
		case len(there) == 0 && !p.waits(fw):
			f.Standing, f.Text = IsDone, "Its rules are gone."
		case len(there) == 0:
			f.Standing, f.Text = IsPartly, "Its rules are gone; the task that would have ended it is there still."
		case len(there) == len(p.Rules):
			f.Standing, f.Text = IsNotDone, fmt.Sprintf("In force: %s.", p.says())
		default:
			f.Standing, f.Text = IsPartly, fmt.Sprintf("%s of it are left.", count(len(there), "rule"))
		}
		return f, nil
	},
	Undo: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) error {
		p, err := params[openParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		if _, err := env.Firewalls.RemoveRules(ctx, s.Host, s.Machine, p.names()); err != nil {
			return err
		}
		if p.EndSeconds == 0 {
			return nil
		}
		_, err = env.Closings.DisarmClosing(ctx, s.Host, s.Machine, p.Key)
		return err
	},
	ByHand: func(s runbook.Step, _ json.RawMessage) ([]string, error) {
		p, err := params[openParams](s.Params, s.ID)
		if err != nil {
			return nil, err
		}
		lines := []string{"Remove-NetFirewallRule -PolicyStore PersistentStore -Name " + quoted(p.names())}
		if p.EndSeconds > 0 {
			lines = append(lines, "Unregister-ScheduledTask -TaskName "+quoted([]string{closingTask + p.Key})+" -Confirm:$false")
		}
		return lines, nil
	},
	AgainByHand: func(s runbook.Step, _ json.RawMessage) ([]string, error) {
		p, err := params[openParams](s.Params, s.ID)
		lines := madeByHand(p.Rules)
		if p.EndSeconds > 0 {
			lines = append([]string{"# It had an end. What these lines open stays open until somebody removes it."}, lines...)
		}
		return lines, err
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: s.Effect.After, After: "closed again"}
	},
}

// closingGrace is how many seconds the host's own task comes after the bot's timer,
// which does the same first and looks.
const closingGrace = 120

// closingTask is what the task of a closing is called on a host, before its key.
const closingTask = "itmsbot-close "

// over reports whether the opening of the request that is carried out has ended, or
// should have.
func over(env Env) bool {
	o := env.Request.Opening
	return o != nil && (o.Ended != nil || !o.Until.IsZero() && !env.Clock.Now().Before(o.Until))
}

// closesIn is after how many seconds the host closes by itself. A host that is opened
// after another, because it had to be tried again, closes with it.
func (p openParams) closesIn(env Env) int64 {
	left := p.EndSeconds
	if o := env.Request.Opening; o != nil && !o.Until.IsZero() {
		left = int64(o.Until.Sub(env.Clock.Now()).Seconds())
	}
	return min(left+closingGrace, estate.ClosingLongest)
}

// openParams is the data of a firewall.open step.
type openParams struct {
	Rules     []estate.NewRule `json:"rules"`
	Ports     []string         `json:"ports"`
	WinRMPort int              `json:"winrm_port"`
	// Key names upgrade and request; EndSeconds is how long it lasts, 0 for ever.
	Key        string `json:"key"`
	EndSeconds int64  `json:"end_seconds"`
}

func (p openParams) names() []string {
	names := make([]string, len(p.Rules))
	for i, r := range p.Rules {
		names[i] = r.Name
	}
	return names
}

// there lists the rules of a store that have the names of this opening.
func (p openParams) there(store []estate.Rule) []estate.Rule {
	found := []estate.Rule{}
	for _, r := range store {
		if slices.Contains(p.names(), r.Name) {
			found = append(found, r)
		}
	}
	return found
}

// made counts the rules that are as planned.
func (p openParams) made(store []estate.Rule) int {
	now, n := byName(store), 0
	for _, want := range p.Rules {
		if got, ok := now[want.Name]; ok && sameRule(want, got) {
			n++
		}
	}
	return n
}

func (p openParams) armed(fw estate.Firewall) bool {
	c, ok := fw.Closing(p.Key)
	return ok && c.Enabled
}

// waits reports whether its task is there, even one that somebody has switched off.
func (p openParams) waits(fw estate.Firewall) bool {
	_, ok := fw.Closing(p.Key)
	return ok
}

// says is who may come in where.
func (p openParams) says() string {
	var parts []string
	for _, r := range p.Rules {
		parts = append(parts, fmt.Sprintf("%s on %s", estate.Join(r.Remote), strings.Join(r.Ports, ", ")))
	}
	return strings.Join(parts, "; ")
}

func lookAtOpened(ctx context.Context, env Env, s runbook.Step) (openParams, estate.Firewall, error) {
	p, err := params[openParams](s.Params, s.ID)
	if err != nil {
		return p, estate.Firewall{}, err
	}
	fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: p.names(), Ports: p.Ports, WinRMPort: p.WinRMPort})
	return p, fw, err
}
