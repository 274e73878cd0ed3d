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

// snapshotCreate takes one snapshot of a set (1.4 item 7): memory off, quiesce
// on. It is found again by the key in its description, whatever became of the
// answer, so that it is never taken twice.
//
// A set from two moments is no set: when the stage is tried again, every member
// is removed and taken anew (Env.Retake).
var snapshotCreate = &Kind{
	Name: "snapshot.create", Version: 1, Limit: 30 * time.Minute,
	Look:     lookAtSnapshot,
	Do:       takeSnapshot,
	LookBack: lookAtRemoved,
	Undo:     removeSnapshot,
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: "1 in the set", After: "removed"}
	},
}

type snapshotParams struct {
	VM   estate.VMRef `json:"vm"`
	UUID string       `json:"uuid"`
	Name string       `json:"name"`
	// Key is the whole description.
	Key string `json:"key"`
	// SpacePercent of the machine's disks has to be free on its datastores.
	SpacePercent int `json:"space_percent"`
}

// snapshotBefore is the tree before: nothing in it is ever removed.
type snapshotBefore struct {
	Snapshots int `json:"snapshots"`
}

// boundVM reads the step's data and the machine that it names.
func boundVM(ctx context.Context, env Env, s runbook.Step) (snapshotParams, estate.VM, error) {
	p, err := params[snapshotParams](s.Params, s.ID)
	if err != nil {
		return p, estate.VM{}, err
	}
	vm, err := setMember{s.Host, p.VM, p.UUID}.bound(ctx, env)
	return p, vm, err
}

func lookAtSnapshot(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
	p, vm, err := boundVM(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	keyed := vm.Keyed(p.Key)
	f := Finding{HostNow: vm.Now, Facts: keyed, Before: snapshotBefore{len(vm.Snapshots) - len(keyed)}}
	faults := append(vm.SnapshotFaults(), estate.SpaceFaults([]estate.VM{vm}, p.SpacePercent)...)
	switch {
	case len(keyed) > 1:
		f.Standing, f.Text = Otherwise, fmt.Sprintf("%d snapshots carry the key of this step; one of them is too many.", len(keyed))
	case len(keyed) == 1 && env.Retake:
		f.Standing, f.Text = IsPartly, "There is one of an earlier moment; it is removed and taken again with the set."
	case len(keyed) == 1 && !keyed[0].Quiesced:
		f.Standing, f.Text = IsPartly, fmt.Sprintf("Snapshot %s was taken, but the file systems were not at rest.", keyed[0].Ref)
	case len(keyed) == 1:
		f.Standing, f.Text = IsDone, fmt.Sprintf("Snapshot %s, file systems at rest.", keyed[0].Name)
	case len(faults) > 0:
		f.Standing, f.Text = Otherwise, "No snapshot can be taken: "+strings.Join(faults, "; ")+"."
	default:
		f.Standing, f.Text = IsNotDone, "No snapshot of this request."
	}
	return f, nil
}

// takeSnapshot removes what an earlier attempt left and takes the snapshot.
func takeSnapshot(ctx context.Context, env Env, s runbook.Step) error {
	p, vm, err := boundVM(ctx, env, s)
	if err != nil {
		return err
	}
	if err := dropKeyed(ctx, env, s, vm, p.Key); err != nil {
		return err
	}
	return carryTask(ctx, env, s, "take the snapshot", func() (estate.TaskRef, error) {
		return env.VMs.CreateSnapshot(ctx, p.VM, estate.SnapshotOrder{Name: p.Name, Key: p.Key, Quiesce: true})
	})
}

func dropKeyed(ctx context.Context, env Env, s runbook.Step, vm estate.VM, key string) error {
	for _, old := range vm.Keyed(key) {
		err := carryTask(ctx, env, s, "remove the snapshot "+old.Name, func() (estate.TaskRef, error) { return env.VMs.RemoveSnapshot(ctx, old.Ref) })
		if err != nil {
			return err
		}
	}
	return nil
}

func lookAtRemoved(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) (Finding, error) {
	p, vm, err := boundVM(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	keyed := vm.Keyed(p.Key)
	f := Finding{HostNow: vm.Now, Facts: keyed, Standing: IsDone, Text: "No snapshot of the set is left."}
	if len(keyed) > 0 {
		f.Standing, f.Text = IsNotDone, fmt.Sprintf("Snapshot %s is there.", keyed[0].Name)
	}
	return f, nil
}

func removeSnapshot(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) error {
	p, vm, err := boundVM(ctx, env, s)
	if err != nil {
		return err
	}
	return dropKeyed(ctx, env, s, vm, p.Key)
}

// wayStages makes the stages of 1.4 item 7 for hosts that each have a way of their
// own: first the backups that a person makes while all is quiet, then the looks
// directly before, then every snapshot at once, as one set.
func wayStages(env Env, ask Ask, id string, doors runbook.Stage, machines []machine) ([]runbook.Stage, error) {
	var stages []runbook.Stage
	if made, err := backupsMade(env, id, doors, machines); err != nil {
		return nil, err
	} else if len(made.Steps) > 0 {
		stages, id = append(stages, made), after(id)
	}
	ready, err := lookOnce(env, id, doors, machines)
	if err != nil {
		return nil, err
	}
	stages, id = append(stages, ready), after(id)
	set, err := takeSet(env, ask, id, machines)
	if err != nil || len(set.Steps) == 0 {
		return stages, err
	}
	return append(stages, set), nil
}

// setFresh is how old the looks directly before a set may be when it is taken
// (1.4 item 7).
const setFresh = 5 * time.Minute

// takeSet makes the stage in which all snapshots are taken together.
func takeSet(env Env, ask Ask, id string, machines []machine) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "1.4 item 7", Doing: "taking the snapshots", Set: true, FreshSeconds: int64(setFresh.Seconds())}
	var hosts []estate.Host
	for _, m := range machines {
		if m.host.WayBack() != estate.BySnapshot {
			continue
		}
		hosts = append(hosts, m.host)
		step := runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(hosts)), Kind: snapshotCreate.Name, Version: snapshotCreate.Version, Host: m.host.Name,
			Machine: m.record.Machine, Title: "snapshot " + m.host.Name, Effect: runbook.Effect{What: "Snapshot", Before: "None", After: "1 in the set"},
			Touches: []string{m.host.Name + " snapshots"}, WayBack: "removes the snapshot"}
		if n := len(m.vm.Snapshots); n > 0 {
			step.Effect.Before = count(n, "snapshot")
		}
		var err error
		step.Params, err = runbook.Canonical(snapshotParams{VM: m.vm.Ref, UUID: m.vm.UUID, Name: "itmsbot " + ask.Request,
			Key: "itmsbot " + env.Upgrade + " " + ask.Request + " " + step.ID, SpacePercent: env.Limits.SpacePercent})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, step)
	}
	stage.Title, stage.Done = "Snapshot "+estate.Names(hosts)+" as one set", estate.Names(hosts)+" are in one snapshot set"
	return stage, nil
}
