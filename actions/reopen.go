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

// reopened is what opening a host to all clients takes back there.
type reopened struct {
	look doorPlan
	// doors are the rules that were switched off, rest is what the bot has laid down
	// meanwhile; both newest first.
	doors, rest []runbook.Step
	warnings    []string
	err         error
}

// reopen plans the way of the doors back to what they were before the bot touched them,
// from what the ledger says is left, on the hosts that are wanted. Roles open in turn;
// on each the original rules come back and are looked at before anything that lets
// somebody in by name goes.
func reopen(ctx context.Context, env Env, ask Ask, wanted func(estate.Host) bool) (Draft, error) {
	var hosts []estate.Host
	for _, h := range env.Estate.WithDoors() {
		if wanted(h) {
			hosts = append(hosts, h)
		}
	}
	if len(hosts) == 0 {
		return Draft{}, runbook.Refuse("`/itms allow all` alone opens every server that has doors.", "The estate has no such server with doors to clients.")
	}
	looks := lookAtDoors(ctx, env, ask, hosts)
	found := make([]reopened, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i := range hosts {
		wg.Go(func() { found[i] = takenBackOn(ctx, env, ask, looks[i]) })
	}
	wg.Wait()
	draft := Draft{Thresholds: map[string]int64{}}
	var open, strange []string
	for _, f := range found {
		switch {
		case f.err != nil:
			return draft, f.err
		case len(f.doors)+len(f.rest) > 0:
			p := f.look
			draft.Machines = append(draft.Machines, runbook.Machine{Host: p.host.Name, Role: string(p.host.Role), GUID: p.fw.Machine, Name: p.fw.Name})
			draft.Readings = append(draft.Readings, runbook.Reading{What: "Connected to " + p.host.Name, Value: strconv.Itoa(strangers(p.fw.Peers, p.kept)), At: p.fw.Now})
		case f.look.doors.Closed():
			strange = append(strange, f.look.host.Name)
		default:
			open = append(open, f.look.host.Name)
			draft.Readings = append(draft.Readings, runbook.Reading{What: "Doors of " + f.look.host.Name, Value: "Open already", At: f.look.fw.Now})
		}
		draft.Warnings = append(draft.Warnings, f.warnings...)
	}
	for _, name := range strange {
		draft.Warnings = append(draft.Warnings, fmt.Sprintf("Nobody can come in at %s, and the bot has closed nothing there: it stays closed.", name))
	}
	if len(draft.Machines) == 0 {
		if len(strange) > 0 {
			return draft, runbook.Refuse("`/itms firewall` shows its rules. Open it by hand.", "Nobody can come in at %s, but the bot has closed nothing there.", estate.Join(strange))
		}
		return draft, runbook.Refuse("`/itms firewall` shows who can reach what.", "The doors are open to all already on %s.", estate.Join(open))
	}
	for _, role := range doorRoles {
		draft.Stages = append(draft.Stages, roleStages(role, found, len(draft.Stages))...)
	}
	var err error
	draft.Then, err = endsWith(ask.Ledger, ask.Request, draft.Machines)
	return draft, err
}

// takenBackOn plans what is taken back on one host.
func takenBackOn(ctx context.Context, env Env, ask Ask, p doorPlan) reopened {
	r := reopened{look: p}
	var no *runbook.Refusal
	if p.err != nil {
		if r.err = p.err; !errors.As(p.err, &no) {
			r.err = unreadable(p.host, p.err)
		}
		return r
	}
	left := ask.Ledger.Hosts[p.host.Name]
	for _, group := range []struct {
		lefts []Left
		into  *[]runbook.Step
	}{{left.Closed, &r.doors}, {left.Copies, &r.rest}, {left.Kept, &r.rest}, {left.Opened, &r.rest}} {
		for _, l := range slices.Backward(group.lefts) {
			step, err := openAgain(ctx, env, ask, l)
			if err != nil {
				r.err = err
				return r
			}
			if slices.ContainsFunc(slices.Concat(r.doors, r.rest), func(s runbook.Step) bool { return s.Effect.What == step.Effect.What }) {
				step.Effect.What += ", " + l.Request
			}
			*group.into = append(*group.into, *step)
		}
	}
	if names := nobodys(left, p.fw.Local); len(names) > 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("%s has %s of the bot that no request has: %s. They stay.", p.host.Name, count(len(names), "rule"), estate.Join(names)))
	}
	return r
}

// openAgain plans the way back of what one step has left. What is as it was before
// already is planned too: that it is so is then written down.
func openAgain(ctx context.Context, env Env, ask Ask, l Left) (*runbook.Step, error) {
	before, err := ask.Before(l.Request, l.Step.ID)
	if err != nil {
		return nil, err
	}
	step, standing, err := leaving{l.Request, l.Step, before}.back(ctx, env)
	if err != nil {
		return nil, err
	}
	step.WayBack = "closes it again"
	if l.Step.Kind != firewallDisable.Name {
		step.WayBack = "lays it down again"
	}
	if standing == IsDone {
		step.Effect.Before = "As before already"
	}
	return step, nil
}

// roleStages are the two stages in which the servers of a role open: after the first
// all can come in, and in the second goes what is not needed any more.
func roleStages(role estate.Role, found []reopened, before int) []runbook.Stage {
	item := "1.10 item 1"
	if role == estate.Gateway {
		item = "1.10 item 2"
	}
	var doors, rest []runbook.Step
	var opening, clearing []estate.Host
	for _, f := range found {
		if f.look.host.Role != role {
			continue
		}
		if len(f.doors) > 0 {
			doors, opening = append(doors, f.doors...), append(opening, f.look.host)
		}
		if len(f.rest) > 0 {
			rest, clearing = append(rest, f.rest...), append(clearing, f.look.host)
		}
	}
	var stages []runbook.Stage
	add := func(steps []runbook.Step, title, doing, done string) {
		if len(steps) == 0 {
			return
		}
		s := runbook.Stage{ID: strconv.Itoa(before + len(stages) + 1), Item: item, Title: title, Doing: doing, Done: done}
		for i, step := range steps {
			step.ID = s.ID + "." + strconv.Itoa(i+1)
			s.Steps = append(s.Steps, step)
		}
		stages = append(stages, s)
	}
	names := estate.Names(opening)
	add(doors, "Open the doors on "+names, "opening the doors on "+names, "Doors open on "+names)
	names = estate.Names(clearing)
	add(rest, "Remove the bot's own rules from "+names, "removing the bot's own rules from "+names, "The bot's own rules removed from "+names)
	return stages
}

// endsWith marks the openings that are closed everywhere once these machines are open to
// all.
func endsWith(l Ledger, by string, machines []runbook.Machine) ([]runbook.Mark, error) {
	here := func(host string) bool {
		return slices.ContainsFunc(machines, func(m runbook.Machine) bool { return m.Host == host })
	}
	var ends, stays []string
	for host, h := range l.Hosts {
		for _, left := range h.Opened {
			if here(host) {
				ends = append(ends, left.Request)
			} else {
				stays = append(stays, left.Request)
			}
		}
	}
	slices.Sort(ends)
	var marks []runbook.Mark
	for _, id := range slices.Compact(ends) {
		if slices.Contains(stays, id) {
			continue
		}
		mark, err := endsOpening(id, by)
		if err != nil {
			return nil, err
		}
		marks = append(marks, mark)
	}
	return marks, nil
}

// nobodys lists the rules of the bot's group that nothing in the ledger accounts for.
func nobodys(left HostLedger, local []estate.Rule) []string {
	known := left.rules()
	var names []string
	for _, r := range local {
		if _, ok := known[strings.ToLower(r.Name)]; ofTheBot(r) && !ok {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

// rules are the names of the bot's own rules that requests have left on a host, in lower
// case, and who left each.
func (h HostLedger) rules() map[string]Left {
	known := map[string]Left{}
	take := func(lefts []Left, names func(Left) []string) {
		for _, l := range lefts {
			for _, n := range names(l) {
				known[strings.ToLower(n)] = l
			}
		}
	}
	take(h.Kept, func(l Left) []string {
		p, err := params[allowParams](l.Step.Params, l.Step.ID)
		if err != nil {
			return nil
		}
		var names []string
		for _, r := range p.Rules {
			names = append(names, r.Name)
		}
		return names
	})
	take(h.Copies, func(l Left) []string {
		p, err := params[copyParams](l.Step.Params, l.Step.ID)
		if err != nil {
			return nil
		}
		return p.names()
	})
	take(h.Opened, func(l Left) []string {
		p, err := params[openParams](l.Step.Params, l.Step.ID)
		if err != nil {
			return nil
		}
		return p.names()
	})
	return known
}
