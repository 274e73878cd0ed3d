package actions

import (
	"context"
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// doorsClosed looks once more, directly before the set is taken, whether a host
// is still closed and no self-restore is armed on it (1.4 item 7, DESIGN §13).
var doorsClosed = &Kind{
	Name: "doors.closed", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		f, err := lookAtDisabled(ctx, env, s)
		if f.Standing != IsDone {
			f.Standing = Otherwise
		}
		return f, err
	},
}

// queueQuiet looks once more whether the queue is still empty.
var queueQuiet = &Kind{
	Name: "queue.quiet", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[queueParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		now, err := sampleQueue(ctx, env, s.Host)
		if err != nil {
			return unseen(err, "the event queue", "The queue is empty")
		}
		f := Finding{Standing: IsDone, Text: now.say(), Facts: now, HostNow: now.Now}
		if len(now.Doubts) > 0 || now.left() > p.Empty {
			f.Standing = Otherwise
			f.Ask = judge("Go on so", "You say that the queue does not stop the snapshots.")
			if len(now.Doubts) > 0 {
				f.Text += " " + now.Doubts[0] + "."
			}
		}
		return f, nil
	},
}

// takeSet makes the stages of 1.4 item 7: the looks directly before, then every
// server of the estate at once, as one set. Which machine a host is follows from
// the BIOS UUID that the host itself reports.
func takeSet(ctx context.Context, env Env, ask Ask, id string, doors runbook.Stage) ([]runbook.Stage, []runbook.Machine, error) {
	ready := runbook.Stage{ID: id, Item: "1.4 item 7", Title: "Look once more directly before", Doing: "looking once more", Done: "Looked once more directly before"}
	for i, s := range doors.Steps {
		ready.Steps = append(ready.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Kind: doorsClosed.Name, Version: doorsClosed.Version, Host: s.Host,
			Machine: s.Machine, Params: s.Params, Touches: []string{}, Title: "look whether " + s.Host + " is still closed"})
	}
	q, err := runbook.Canonical(queueParams{Empty: env.Limits.QueueEmpty})
	if err != nil {
		return nil, nil, err
	}
	ready.Steps = append(ready.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(ready.Steps)+1), Kind: queueQuiet.Name, Version: queueQuiet.Version,
		Host: hostOf(env.Estate, estate.SMP), Params: q, Touches: []string{}, Title: "look whether the queue is still empty"})
	n := after(id)
	set := runbook.Stage{ID: n, Item: "1.4 item 7", Title: "Snapshot " + estate.Names(env.Estate.Hosts) + " as one set", Doing: "taking the snapshots",
		Done: estate.Names(env.Estate.Hosts) + " are in one snapshot set", Set: true}
	var machines []runbook.Machine
	for i, h := range env.Estate.Hosts {
		step, m, err := setMember(ctx, env, ask, fmt.Sprintf("%s.%d", n, i+1), h)
		if err != nil {
			return nil, nil, err
		}
		set.Steps = append(set.Steps, step)
		machines = append(machines, m)
	}
	return []runbook.Stage{ready, set}, machines, nil
}

// setMember binds one host to its virtual machine, or refuses.
func setMember(ctx context.Context, env Env, ask Ask, id string, h estate.Host) (runbook.Step, runbook.Machine, error) {
	record, err := env.Reboots.Record(ctx, h.Name, env.Lane)
	if err != nil {
		return runbook.Step{}, runbook.Machine{}, unreadable(h, err)
	}
	found, err := env.VMs.ByUUID(ctx, record.BIOS)
	if err != nil {
		return runbook.Step{}, runbook.Machine{}, unreadable(h, err)
	}
	vm, why := estate.BoundVM(record.BIOS, found)
	if why != "" {
		return runbook.Step{}, runbook.Machine{}, runbook.Refuse("See that vCenter shows the bot every machine, and that no two have one BIOS UUID.",
			"Which virtual machine %s is cannot be told, so no snapshot is planned: %s.", h.Name, why)
	}
	key := "itmsbot " + env.Upgrade + " " + ask.Request + " " + id
	p, err := runbook.Canonical(snapshotParams{VM: vm.Ref, UUID: vm.UUID, Name: "itmsbot " + ask.Request, Key: key, SpacePercent: env.Limits.SpacePercent})
	before := "None"
	if len(vm.Snapshots) > 0 {
		before = count(len(vm.Snapshots), "snapshot")
	}
	return runbook.Step{ID: id, Kind: snapshotCreate.Name, Version: snapshotCreate.Version, Host: h.Name, Machine: record.Machine, Params: p,
			Title: "snapshot " + h.Name, Effect: runbook.Effect{What: "Snapshot", Before: before, After: "1 in the set"},
			Touches: []string{h.Name + " snapshots"}, WayBack: "removes the snapshot"},
		runbook.Machine{Host: h.Name, Role: string(h.Role), GUID: record.Machine, Name: record.Name, BIOS: vm.UUID, VM: string(vm.Ref)}, err
}
