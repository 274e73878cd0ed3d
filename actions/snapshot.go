package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// snapshot takes the set alone (1.4 item 7), as the end of quiesce does, or an extra
// snapshot of some servers beside it. Cold, the servers are switched off before and come
// back afterwards, which counts as the restart of 1.4 item 6.
var snapshot = &Action{
	Name: "snapshot", Section: "1.4 item 7", Args: "[take] [SERVER…] [cold]", Risk: runbook.Outage,
	Summary: "take the snapshot set, or an extra snapshot of some servers; cold switches them off for it",
	WayBack: "`/itms undo R-n` removes what it took, and powers on what it left off",
	RiskOf: func(args map[string]string) runbook.Risk {
		if args[someServers] != "" && args[coldMode] == "" {
			return runbook.Changes
		}
		return runbook.Outage
	},
	Rules: []Rule{
		{Fact: doorsAreClosed, Unless: []string{someServers}},
		{Fact: queuesAreEmpty, Unless: []string{someServers}},
		{Fact: smpRebooted, Unless: []string{someServers, coldMode}},
	},
	Copy: Copy{
		Title:     "Take {what}",
		Wish:      "take {what}",
		Means:     "A server stands still for some seconds while its snapshot is taken; cold, it is off until all are taken.",
		Done:      "The bot has taken {what}.",
		DoneMeans: "What is in a set goes back together or not at all. A snapshot grows and slows its server until it is removed.",
		Next:      "`/itms snapshots` shows age, size and chain.",
		Confirm:   "The bot takes {what}. Servers stand still for some seconds; cold, they are shut down one after the other and come back.",
	},
	Servers: anyWord,
	Parse:   parseSnapshot,
	Plan:    planSnapshot,
}

// The arguments of a snapshot: servers by name, in place of the whole set, and whether
// they are switched off. The third says both in words, for the cards.
const (
	someServers = "servers"
	coldMode    = "cold"
	inWords     = "what"
)

func parseSnapshot(words []string) (map[string]string, *runbook.Refusal) {
	if len(words) > 0 && strings.EqualFold(words[0], "take") {
		words = words[1:]
	}
	var names []string
	hot, cold := false, false
	for _, w := range words {
		switch strings.ToLower(w) {
		case "hot":
			hot = true
		case coldMode:
			cold = true
		case "take", "remove", "revert", "delete":
			return nil, runbook.Refuse("`/itms commit` removes the set, `/itms undo R-n` an extra snapshot, `/itms rollback` goes back.", "`/itms snapshot` takes snapshots and does nothing else.")
		default:
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, w) }) {
				return nil, runbook.Refuse("For example `/itms snapshot SMP1 SQL1`.", "A server is named twice.")
			}
			names = append(names, w)
		}
	}
	if hot && cold {
		return nil, runbook.Refuse("Hot, the default, leaves the servers on. Cold switches them off for it.", "A snapshot is hot or cold, not both.")
	}
	args := map[string]string{inWords: "the snapshot set"}
	if len(names) > 0 {
		args[someServers], args[inWords] = strings.Join(names, " "), "an extra snapshot of "+estate.Join(names)
	}
	if cold {
		args[coldMode] = "yes"
		args[inWords] += ", switched off"
	}
	return args, nil
}

func planSnapshot(ctx context.Context, env Env, ask Ask) (Draft, error) {
	l := lead{cold: ask.Args[coldMode] != "", extra: ask.Args[someServers] != ""}
	hosts, err := snapshotHosts(env, ask.Args[someServers])
	if err != nil {
		return Draft{}, err
	}
	machines := lookAtMachines(ctx, env, hosts)
	for _, m := range machines {
		if err := m.refusal(); err != nil {
			return Draft{}, err
		}
	}
	if err := alone(ctx, env, hosts); err != nil {
		return Draft{}, err
	}
	draft := Draft{Readings: readings(machines), Thresholds: map[string]int64{"space_percent": int64(env.Limits.SpacePercent)}}
	if l.cold {
		draft.Thresholds["shutdown_seconds"], draft.Thresholds["services_seconds"] = int64(env.Limits.Shutdown.Seconds()), int64(env.Limits.Services.Seconds())
	}
	for _, m := range machines {
		draft.Machines = append(draft.Machines, m.planned())
	}
	open, err := l.lookAtDoors(ctx, env, ask, hosts)
	switch {
	case err != nil:
		return draft, err
	case len(open) > 0 && l.extra:
		return draft, runbook.Refuse("Close them first: `/itms block`.", "A snapshot of a server needs its doors closed. %s", strings.Join(open, " "))
	}
	draft.Warnings = append(open, l.beside(ask.Ledger)...)
	record, err := recordAll(env, machines)
	if err != nil {
		return draft, err
	}
	if l.extra {
		record.Steps = record.Steps[:len(machines)] // the CMDB's site servers matter to a set
	}
	ways, err := wayStages(env, ask, "1", l, machines)
	draft.Stages = append([]runbook.Stage{record}, ways...)
	return draft, err
}

// snapshotHosts are the servers that were named, all of the estate for a set.
func snapshotHosts(env Env, names string) ([]estate.Host, error) {
	if env.VMs == nil {
		return nil, runbook.Refuse("Name it in `itmsbot.yaml`.", "No vCenter is configured, so no snapshot can be taken.")
	}
	if names == "" {
		if len(env.Estate.Going(estate.BySnapshot)) == 0 {
			return nil, runbook.Refuse("`way_back` in `itmsbot.yaml` says how each server goes back.", "No server of this estate goes back by a snapshot.")
		}
		return env.Estate.Hosts, nil
	}
	var hosts []estate.Host
	for _, name := range strings.Fields(names) {
		h, ok := env.Estate.Host(name)
		switch {
		case !ok:
			return nil, runbook.Refuse("The servers are "+estate.Names(env.Estate.Hosts)+".", "There is no server of the name “%s”.", name)
		case h.WayBack() != estate.BySnapshot:
			return nil, runbook.Refuse("`way_back` in `itmsbot.yaml` says how each server goes back.", "%s gets no snapshot: it %s.", h.Name, wayBackOf(h))
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// lookAtDoors finds the steps that have closed the hosts, and says of which hosts the
// doors are open. Where nobody has closed any, because none were open, the step is one
// that has nothing to close.
func (l *lead) lookAtDoors(ctx context.Context, env Env, ask Ask, hosts []estate.Host) (open []string, err error) {
	var fresh []estate.Host
	for _, h := range hosts {
		closed := ask.Ledger.Hosts[h.Name].Closed
		switch {
		case len(h.ClientPorts) == 0:
			continue
		case len(closed) == 0:
			fresh = append(fresh, h)
			continue
		}
		left := closed[len(closed)-1]
		f, err := lookAtDisabled(ctx, env, left.Step)
		switch {
		case err != nil:
			return nil, unreadable(h, err)
		case f.Standing != IsDone:
			open = append(open, h.Name+": "+f.Text)
			continue
		}
		l.doors = append(l.doors, left.Step)
		if left.At.After(l.closed) {
			l.closed = left.At.UTC().Truncate(time.Second)
		}
	}
	for _, p := range lookAtDoors(ctx, env, ask, fresh) {
		switch {
		case p.err != nil:
			return nil, p.refusal()
		case !p.doors.Closed():
			open = append(open, p.host.Name+": "+stillOpen(p.doors))
			continue
		}
		step, err := p.disableStep("", env, ask)
		if err != nil {
			return nil, err
		}
		l.doors = append(l.doors, step)
	}
	return open, nil
}

// beside says what people should know of the set that is there already.
func (l lead) beside(ledger Ledger) []string {
	set := ledger.Set
	switch {
	case set == nil || set.Committed():
		return nil
	case l.extra:
		return []string{fmt.Sprintf("It is not part of the set of %s: a rollback does not go to it, and undoes it. The set cannot be committed before it is removed.", set.Request)}
	}
	return []string{fmt.Sprintf("The set of %s stays in vCenter, grows on, and is no longer what a rollback goes to or a commit removes.", set.Request)}
}
