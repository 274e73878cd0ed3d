package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// doorPlan is what planning found out about one host.
type doorPlan struct {
	host  estate.Host
	fw    estate.Firewall
	doors estate.Doors
	keep  []estate.NewRule
	// kept are the addresses of keep, to tell doors from kept ways in.
	kept []string
	// spared are the wide rules that stay on; doors has the others.
	spared []sparedRule
	// openings are the rules by which requests let somebody in by name; doors does
	// not have them.
	openings []estate.Rule
	err      error
}

// closeDoors makes the stages of 1.4 item 1: first the keep list, and narrow copies
// of the rules for any port, then the wide rules off. They are two stages because
// the second must not begin on any host before the first is verified on all of them:
// whoever has to stay in is let in by name before the wide way goes.
func closeDoors(ctx context.Context, env Env, ask Ask, except exceptions) (Draft, error) {
	hosts := env.Estate.WithDoors()
	if err := except.haveDoors(hosts); err != nil {
		return Draft{}, err
	}
	return closeStages(env, ask, except, lookAtDoors(ctx, env, ask, hosts), "1.4 item 1")
}

// closeStages makes the stages for the hosts that were looked at; item is the method's
// number.
func closeStages(env Env, ask Ask, except exceptions, plans []doorPlan, item string) (Draft, error) {
	var hosts []estate.Host
	for _, p := range plans {
		hosts = append(hosts, p.host)
	}
	draft := Draft{LeftOut: except, Thresholds: map[string]int64{
		"restore_seconds": int64(env.Limits.Restore.Seconds()),
		"linger_seconds":  int64(env.Limits.Linger.Seconds()),
	}}
	keep := runbook.Stage{ID: "1", Item: item, Title: "Lay down the keep list on " + estate.Names(hosts),
		Doing: "laying down the keep list", Done: "Keep list laid down on " + estate.Names(hosts)}
	doors := runbook.Stage{ID: "2", Item: item, Title: "Close the doors on " + estate.Names(hosts),
		Doing: "closing the doors", Done: "Doors closed on " + estate.Names(hosts)}
	var copies []runbook.Step
	leftOn := 0
	for i, p := range plans {
		err := p.refusal()
		if err == nil {
			p, err = p.spare(except)
		}
		if err != nil {
			return draft, err
		}
		n := strconv.Itoa(i + 1)
		allow, err := p.allowStep("1."+n, ask)
		if err != nil {
			return draft, err
		}
		if len(p.doors.AnyPort) > 0 {
			step, err := p.copyStep(fmt.Sprintf("1.%d", len(plans)+len(copies)+1), env, ask)
			if err != nil {
				return draft, err
			}
			copies = append(copies, step)
		}
		disable, err := p.disableStep("2."+n, env, ask)
		if err != nil {
			return draft, err
		}
		keep.Steps = append(keep.Steps, allow)
		doors.Steps = append(doors.Steps, disable)
		leftOn += len(p.spared)
		draft.Machines = append(draft.Machines, runbook.Machine{Host: p.host.Name, Role: string(p.host.Role), GUID: p.fw.Machine, Name: p.fw.Name})
		draft.Readings = append(draft.Readings, runbook.Reading{What: "Connected to " + p.host.Name, Value: strconv.Itoa(strangers(p.fw.Peers, p.kept)), At: p.fw.Now})
	}
	keep.Steps = append(keep.Steps, copies...)
	if leftOn > 0 {
		doors.Done += ", but for " + count(leftOn, "rule") + " left on"
	}
	draft.Stages = []runbook.Stage{keep, doors}
	return draft, nil
}

// lookAtDoors asks all hosts at once; each has its own time limit, and one
// that does not answer stops no other.
func lookAtDoors(ctx context.Context, env Env, ask Ask, hosts []estate.Host) []doorPlan {
	plans := make([]doorPlan, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() {
			p := doorPlan{host: h}
			p.fw, p.err = env.Firewalls.Firewall(ctx, h.Name, estate.Look,
				estate.FirewallQuery{Names: []string{}, Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
			if p.err == nil {
				p.keep, p.err = keepList(env.Estate, h, p.fw, env.Upgrade, ask.Request)
			}
			for _, r := range p.keep {
				p.kept = append(p.kept, r.Remote...)
			}
			p.doors = estate.DoorsOf(h, p.fw, p.kept)
			p.doors, p.openings = beside(p.doors, ask.Ledger.Hosts[h.Name].waysIn())
			plans[i] = p
		})
	}
	wg.Wait()
	return plans
}

// keepList makes the rules for those who must still come in: the bot itself
// over WinRM, as the host sees it, and the keepers of the configuration.
func keepList(e estate.Estate, h estate.Host, fw estate.Firewall, upgrade, request string) ([]estate.NewRule, error) {
	if len(fw.Callers) != 1 {
		return nil, runbook.Refuse("Close the other remote sessions on "+h.Name+", then ask again.",
			"%s sees remote management from %s, so the bot cannot tell which address is its own and would risk to lock itself out.", h.Name, estate.Join(fw.Callers))
	}
	prefix := fmt.Sprintf("itmsbot-%s-%s-", upgrade, request)
	rules := []estate.NewRule{{Name: prefix + "winrm", Display: fmt.Sprintf("itmsbot %s %s: remote management", upgrade, request),
		Ports: []string{strconv.Itoa(h.WinRMPort)}, Remote: []string{fw.Callers[0]}}}
	for i, k := range e.Keep {
		if len(k.Hosts) > 0 && !slices.ContainsFunc(k.Hosts, func(n string) bool { return strings.EqualFold(n, h.Name) }) {
			continue
		}
		rules = append(rules, estate.NewRule{Name: fmt.Sprintf("%skeep-%d", prefix, i+1),
			Display: fmt.Sprintf("itmsbot %s %s: %s", upgrade, request, k.Name), Ports: k.Ports, Remote: k.Remote})
	}
	return rules, nil
}

// refusal says why no plan can be made for the host.
func (p doorPlan) refusal() error {
	var no *runbook.Refusal
	switch {
	case errors.As(p.err, &no):
		return no
	case p.err != nil:
		return unreadable(p.host, p.err)
	case len(p.doors.Faults) > 0:
		return runbook.Refuse("Correct the firewall profile on "+p.host.Name+", then ask again.",
			"%s cannot be closed by its rules: %s.", p.host.Name, strings.Join(p.doors.Faults, "; "))
	case len(p.doors.Policy) > 0:
		r := p.doors.Policy[0]
		return runbook.Refuse("Change the policy, or move "+p.host.Name+" out of its reach, then ask again.",
			"%s lets clients in by the rule %q of the group policy %q, which cannot be switched off on the host.", p.host.Name, r.Display, r.Source)
	case p.fw.Restore != nil && p.fw.Restore.Armed:
		return runbook.Refuse("Look again when it has run, or remove the task `itmsbot-restore` on "+p.host.Name+".",
			"%s still has an armed self-restore of %s; it would open the doors again.", p.host.Name, p.fw.Restore.Key)
	}
	return nil
}

// unreadable turns trouble with a machine into the refusal of a plan.
func unreadable(h estate.Host, err error) *runbook.Refusal {
	hint := "Look at " + h.Name + ", then ask again."
	switch estate.TroubleOf(err) {
	case estate.Refused, estate.Parked:
		hint = "Check the password of the bot's account, then run `/itms check " + h.Name + "`. It is not tried again before that, so that the account is not locked."
	case estate.WrongMachine:
		hint = "Another machine answers at its address. Correct the address in `itmsbot.yaml`."
	}
	return runbook.Refuse(hint, "What is so on %s could not be read, so there is no plan: the bot %s.", h.Name, Words(err))
}

func (p doorPlan) allowStep(id string, ask Ask) (runbook.Step, error) {
	params, err := runbook.Canonical(allowParams{Rules: p.keep, WinRMPort: p.host.WinRMPort, Ports: p.host.ClientPorts})
	touches := make([]string, len(p.keep))
	for i, r := range p.keep {
		touches[i] = p.host.Name + " rule " + r.Name
	}
	return runbook.Step{ID: id, Kind: firewallAllow.Name, Version: firewallAllow.Version, Host: p.host.Name, Machine: p.fw.Machine,
		Title: "lay down the keep list on " + p.host.Name, Params: params,
		Effect:  runbook.Effect{What: "Keep list", Before: "None", After: count(len(p.keep), "rule")},
		Touches: touches, WayBack: "removes the same " + count(len(p.keep), "rule")}, err
}

// copyStep makes the copies that take the place of the rules for any port.
func (p doorPlan) copyStep(id string, env Env, ask Ask) (runbook.Step, error) {
	c := copyParams{Host: p.host, WinRMPort: p.host.WinRMPort}
	prefix := fmt.Sprintf("itmsbot-%s-%s-copy-", env.Upgrade, ask.Request)
	n, some := 0, false
	for _, r := range p.doors.AnyPort {
		copies := estate.CopiesOf(p.host, r, prefix, fmt.Sprintf("itmsbot %s %s: copy of %s", env.Upgrade, ask.Request, r.Display), n+1)
		n += len(copies)
		some = some || !r.CoversAll()
		c.Rules = append(c.Rules, copied{Rule: r, Copies: copies})
	}
	params, err := runbook.Canonical(c)
	effect := runbook.Effect{What: "Rules for any port", Before: count(len(c.Rules), "rule"), After: copiesOf(n) + " without client ports"}
	if some {
		effect.After += ", for TCP, UDP and ICMP alone"
	}
	touches := make([]string, 0, n)
	for _, name := range c.names() {
		touches = append(touches, p.host.Name+" rule "+name)
	}
	return runbook.Step{ID: id, Kind: firewallCopy.Name, Version: firewallCopy.Version, Host: p.host.Name, Machine: p.fw.Machine,
		Title: "copy the rules for any port on " + p.host.Name, Params: params, Effect: effect, Touches: touches,
		WayBack: "removes the same " + copiesOf(n)}, err
}

func (p doorPlan) disableStep(id string, env Env, ask Ask) (runbook.Step, error) {
	rules := slices.Concat(p.doors.Wide, p.doors.AnyPort)
	d := disableParams{Rules: rules, Spared: p.spared, Kept: p.kept, WinRMPort: p.host.WinRMPort, Host: p.host,
		RestoreKey: env.Upgrade + " " + ask.Request, RestoreSeconds: int(env.Limits.Restore.Seconds()), LingerSeconds: int(env.Limits.Linger.Seconds())}
	params, err := runbook.Canonical(d)
	effect := runbook.Effect{What: "Doors to clients", Before: "Closed already", After: "closed"}
	if n := len(rules) + len(p.spared); n > 0 {
		effect.Before = "Open, " + count(n, "rule")
	}
	if n := len(p.spared); n > 0 {
		effect.After = "open by " + count(n, "rule") + " left on"
	}
	touches := make([]string, len(rules))
	for i, r := range rules {
		touches[i] = p.host.Name + " rule " + r.Name
	}
	return runbook.Step{ID: id, Kind: firewallDisable.Name, Version: firewallDisable.Version, Host: p.host.Name, Machine: p.fw.Machine,
		Title: "close the doors on " + p.host.Name, Params: params, Effect: effect, Touches: touches,
		WayBack: "switches the same " + count(len(rules), "rule") + " on again"}, err
}

// strangers counts the connections that are not of the keep list.
func strangers(peers []estate.Peer, kept []string) int {
	n := 0
	for _, p := range peers {
		if !estate.Inside(p.Address, kept) {
			n += p.Count
		}
	}
	return n
}

// count says "1 rule" or "4 rules".
func count(n int, what string) string {
	if n == 1 {
		return "1\u00a0" + what
	}
	return strconv.Itoa(n) + "\u00a0" + what + "s"
}
