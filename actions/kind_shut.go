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

// doorsShut closes whatever lets clients in on one host, directly before a rollback: the
// bot's own openings go, wide rules go off. Which those are is found when it runs and
// recorded before it does anything, so that a host that does not answer while the plan
// is made does not stop the plan. It arms no self-restore and lays down no keep list:
// within minutes the host is off, and what goes back with a snapshot forgets all of it.
//
// A rule for any port stays on, because it may be the bot's own way in; it is said.
var doorsShut = &Kind{
	Name: kindShut, Version: 1, Limit: 3 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, fw, err := lookAtShut(ctx, env, s, nil)
		if err != nil {
			return Finding{}, err
		}
		doors := estate.DoorsOf(p.Host, fw, p.Kept)
		before := shutBefore{On: []string{}}
		var own []string
		for _, r := range doors.Wide {
			if r.Group == estate.RuleGroup {
				own = append(own, r.Name)
			} else {
				before.On = append(before.On, r.Name)
			}
		}
		f := Finding{Before: before, Facts: factsOf(fw), HostNow: fw.Now, Standing: IsNotDone,
			Text: fmt.Sprintf("%s on, %s by name.", count(len(before.On), "wide rule"), count(len(own), "way in"))}
		doors.Wide = nil
		if len(before.On)+len(own) == 0 {
			f.Standing, f.Text = IsDone, "Closed to clients."
			if !doors.Closed() {
				f.Warn = stillOpen(doors) + " The power of the server closes that."
			}
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, fw, err := lookAtShut(ctx, env, s, nil)
		if err != nil {
			return err
		}
		var own, wide []string
		for _, r := range estate.DoorsOf(p.Host, fw, p.Kept).Wide {
			if r.Group == estate.RuleGroup {
				own = append(own, r.Name)
			} else {
				wide = append(wide, r.Name)
			}
		}
		if len(own) > 0 {
			if _, err := env.Firewalls.RemoveRules(ctx, s.Host, s.Machine, own); err != nil {
				return err
			}
		}
		if len(wide) == 0 {
			return nil
		}
		off, err := env.Firewalls.SwitchRules(ctx, s.Host, s.Machine, wide, false)
		return whole(s, "switch the rules off", off, err)
	},
	LookBack: func(ctx context.Context, env Env, s runbook.Step, raw json.RawMessage) (Finding, error) {
		was, err := params[shutBefore](raw, s.ID+" before")
		if err != nil {
			return Finding{}, err
		}
		_, fw, err := lookAtShut(ctx, env, s, was.On)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Facts: factsOf(fw), HostNow: fw.Now, Standing: IsPartly}
		on := 0
		for _, r := range fw.Local {
			if r.Enabled && slices.Contains(was.On, r.Name) {
				on++
			}
		}
		f.Text = fmt.Sprintf("%d of %s are on.", on, count(len(was.On), "rule"))
		switch on {
		case len(was.On):
			f.Standing = IsDone
		case 0:
			f.Standing = IsNotDone
		}
		return f, nil
	},
	Undo: func(ctx context.Context, env Env, s runbook.Step, raw json.RawMessage) error {
		was, err := params[shutBefore](raw, s.ID+" before")
		if err != nil || len(was.On) == 0 {
			return err
		}
		on, err := env.Firewalls.SwitchRules(ctx, s.Host, s.Machine, was.On, true)
		return whole(s, "switch the rules on again", on, err)
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: "Closed", After: "as before"}
	},
}

type shutParams struct {
	Host estate.Host `json:"host"`
	// Kept are the addresses that may stay in.
	Kept []string `json:"kept"`
}

// shutBefore are the wide rules that were on.
type shutBefore struct {
	On []string `json:"on"`
}

func lookAtShut(ctx context.Context, env Env, s runbook.Step, names []string) (shutParams, estate.Firewall, error) {
	p, err := params[shutParams](s.Params, s.ID)
	if err != nil {
		return p, estate.Firewall{}, err
	}
	fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: slices.Concat([]string{}, names), Ports: p.Host.ClientPorts, WinRMPort: p.Host.WinRMPort})
	return p, fw, err
}

// shutAll makes the stage that closes every door before a rollback. It stops nothing:
// the power of a server closes what the bot cannot.
func shutAll(env Env, id string, machines map[string]string) (runbook.Stage, error) {
	hosts := env.Estate.WithDoors()
	stage := runbook.Stage{ID: id, Item: "back out", Title: "Close the doors of " + estate.Names(hosts), Doing: "closing the doors", Done: "Doors closed as far as the servers answer"}
	var kept []string
	for _, k := range env.Estate.Keep {
		kept = append(kept, k.Remote...)
	}
	for i, h := range hosts {
		p, err := runbook.Canonical(shutParams{Host: h, Kept: slices.Concat([]string{}, kept)})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Kind: kindShut, Version: doorsShut.Version, Host: h.Name, Machine: machines[strings.ToLower(h.Name)],
			Params: p, Optional: true, Title: "close the doors on " + h.Name, Touches: []string{h.Name + " doors"},
			Effect: runbook.Effect{What: "Doors to clients", Before: "As they are", After: "closed"}})
	}
	return stage, nil
}

// kindShut is read by the ledger too.
const kindShut = "doors.shut"
