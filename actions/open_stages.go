package actions

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// entrant is somebody who is to be let in: what the rules call them, and from where
// they come.
type entrant struct {
	name string // "client WS-0412", "site server SITE1"
	from []netip.Prefix
}

// wayIn is one rule that is wanted on a host.
type wayIn struct {
	who   string // an entrant's name
	from  netip.Prefix
	ports []string
}

// entrance is what is wanted on one host, and what is so there.
type entrance struct {
	host   estate.Host
	wanted []wayIn
	fw     estate.Firewall
	err    error
	// ways are those of wanted that are not there already, open says why the others
	// are left out.
	ways []wayIn
	open []string
	// part says what of the ways is there already.
	part []string
}

// openStages makes the stage that lets somebody in by name (1.6 item 3, 1.7 item 2, 1.8
// items 4 and 7, 1.9 item 1). What is open already is left out and said; if nothing is
// left, there is nothing to ask for.
func openStages(ctx context.Context, env Env, ask Ask, item string, wanted []entrance, seconds int64) (Draft, error) {
	draft := Draft{Thresholds: map[string]int64{}, EndSeconds: seconds}
	if len(wanted) > 0 && seconds > 0 && env.Closings == nil {
		return draft, runbook.Refuse("Ask without `for`.", "This bot cannot arm the task that ends an opening.")
	}
	found := lookAtEntrances(ctx, wanted, env)
	var hosts []estate.Host
	stage := runbook.Stage{ID: "1", Item: item}
	var open []string
	for _, e := range found {
		if err := e.refusal(); err != nil {
			return draft, err
		}
		e.sort(ask.Ledger)
		open = append(open, e.open...)
		if len(e.ways) == 0 {
			continue
		}
		step, err := e.step("1."+strconv.Itoa(len(stage.Steps)+1), env, ask, seconds)
		if err != nil {
			return draft, err
		}
		stage.Steps = append(stage.Steps, step)
		hosts = append(hosts, e.host)
		draft.Machines = append(draft.Machines, runbook.Machine{Host: e.host.Name, Role: string(e.host.Role), GUID: e.fw.Machine, Name: e.fw.Name})
		draft.Warnings = append(draft.Warnings, e.overlaps(ask.Ledger)...)
	}
	if len(stage.Steps) == 0 {
		return draft, runbook.Refuse("`/itms firewall` shows who can reach what.", "There is nothing to open: %s.", strings.Join(open, "; "))
	}
	if len(open) > 0 {
		draft.Warnings = append([]string{"Left as it is: " + strings.Join(open, "; ") + "."}, draft.Warnings...)
	}
	stage.Title = "Let them in on " + estate.Names(hosts)
	stage.Doing = "letting them in on " + estate.Names(hosts)
	stage.Done = "Let in on " + estate.Names(hosts)
	draft.Stages = []runbook.Stage{stage}
	return draft, nil
}

// lookAtEntrances asks all hosts at once, each within its own time.
func lookAtEntrances(ctx context.Context, wanted []entrance, env Env) []entrance {
	found := slices.Clone(wanted)
	var wg sync.WaitGroup // waited for below
	for i := range found {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, lookLimit)
			defer cancel()
			e := &found[i]
			e.fw, e.err = env.Firewalls.Firewall(ctx, e.host.Name, estate.Look,
				estate.FirewallQuery{Names: []string{}, Ports: e.host.ClientPorts, WinRMPort: e.host.WinRMPort})
		})
	}
	wg.Wait()
	return found
}

// refusal says why nobody can be let in by name on the host.
func (e *entrance) refusal() error {
	if e.err != nil {
		return unreadable(e.host, e.err)
	}
	if faults := estate.DoorsOf(e.host, e.fw, nil).Faults; len(faults) > 0 {
		return runbook.Refuse("Correct the firewall profile on "+e.host.Name+", then ask again.",
			"On %s a rule would let nobody in who is not in already: %s.", e.host.Name, strings.Join(faults, "; "))
	}
	return nil
}

// sort tells what is wanted from what is there already.
func (e *entrance) sort(l Ledger) {
	for _, w := range e.wanted {
		var by, missing, there []string
		for _, port := range w.ports {
			i := slices.IndexFunc(e.fw.Active, func(r estate.Rule) bool { return r.LetsAll(e.host, sayPrefix(w.from), port) })
			if i < 0 {
				missing = append(missing, port)
				continue
			}
			there = append(there, port)
			if what := l.whose(e.host.Name, e.fw.Active[i]); !slices.Contains(by, what) {
				by = append(by, what)
			}
		}
		switch {
		case len(missing) == 0:
			e.open = append(e.open, fmt.Sprintf("%s lets in %s already (%s)", e.host.Name, sayPrefix(w.from), estate.Join(by)))
			continue
		case len(there) > 0:
			e.part = append(e.part, fmt.Sprintf("%s on %s", sayPrefix(w.from), strings.Join(there, ", ")))
		}
		e.ways = append(e.ways, w)
	}
}

// whose names who has let somebody in by a rule.
func (l Ledger) whose(host string, r estate.Rule) string {
	if !strings.EqualFold(r.Group, estate.RuleGroup) {
		return fmt.Sprintf("its doors are open to more, by rule %q", r.Display)
	}
	for _, left := range l.Hosts[host].Opened {
		if p, err := params[openParams](left.Step.Params, left.Step.ID); err == nil && slices.Contains(p.names(), r.Name) {
			return left.Request
		}
	}
	for _, left := range l.Hosts[host].Kept {
		p, err := params[allowParams](left.Step.Params, left.Step.ID)
		if err == nil && slices.ContainsFunc(p.Rules, func(n estate.NewRule) bool { return n.Name == r.Name }) {
			return "the keep list of " + left.Request
		}
	}
	return fmt.Sprintf("a rule of the bot that no request has left, %q", r.Display)
}

// overlaps says which openings share addresses with the new one: closing one of the two
// closes less than people may think.
func (e *entrance) overlaps(l Ledger) []string {
	var list []string
	for _, left := range l.Hosts[e.host.Name].Opened {
		p, err := params[openParams](left.Step.Params, left.Step.ID)
		if err != nil {
			continue // of another version; the look has its rules all the same
		}
		for _, r := range p.Rules {
			for _, remote := range r.Remote {
				if slices.ContainsFunc(e.ways, func(w wayIn) bool { return estate.Overlaps(remote, sayPrefix(w.from)) }) {
					list = append(list, fmt.Sprintf("%s lets in %s on %s already: closing one of the two leaves what the other lets in open.", left.Request, remote, e.host.Name))
				}
			}
		}
	}
	return list
}

// step plans the rules of the host, one for each address.
func (e *entrance) step(id string, env Env, ask Ask, seconds int64) (runbook.Step, error) {
	p := openParams{Ports: e.host.ClientPorts, WinRMPort: e.host.WinRMPort, Key: env.Upgrade + " " + ask.Request, EndSeconds: seconds}
	touches := make([]string, len(e.ways))
	var who []string
	for i, w := range e.ways {
		r := estate.NewRule{Name: fmt.Sprintf("itmsbot-%s-%s-open-%d", env.Upgrade, ask.Request, i+1),
			Display: fmt.Sprintf("itmsbot %s %s: %s", env.Upgrade, ask.Request, w.who), Ports: w.ports, Remote: []string{sayPrefix(w.from)}}
		p.Rules = append(p.Rules, r)
		touches[i] = e.host.Name + " rule " + r.Name
		who = append(who, fmt.Sprintf("%s on %s", sayPrefix(w.from), strings.Join(w.ports, ", ")))
	}
	effect := runbook.Effect{What: "Let in by name", Before: "Not let in", After: estate.Join(who)}
	if len(e.part) > 0 {
		effect.Before = "Only " + estate.Join(e.part)
	}
	back := "removes the same " + count(len(p.Rules), "rule")
	if seconds > 0 {
		effect.After += fmt.Sprintf(", until %s after it is open", spell(seconds))
		back += fmt.Sprintf(", and does so by itself %s after it is open", spell(seconds))
	}
	raw, err := runbook.Canonical(p)
	return runbook.Step{ID: id, Kind: firewallOpen.Name, Version: firewallOpen.Version, Host: e.host.Name, Machine: e.fw.Machine,
		Title: "let in " + estate.Join(sayPrefixes(fromOf(e.ways))) + " on " + e.host.Name, Params: raw, Effect: effect, Touches: touches, WayBack: back}, err
}

func fromOf(ways []wayIn) []netip.Prefix {
	list := make([]netip.Prefix, len(ways))
	for i, w := range ways {
		list[i] = w.from
	}
	return list
}
