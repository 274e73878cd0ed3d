package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// snapshotCreate takes one snapshot (1.4 item 7): memory off, quiesce on, or of a machine
// that is switched off. It is found again by the key in its description, whatever became
// of the answer, so that it is never taken twice.
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
		return runbook.Effect{What: s.Effect.What, Before: upper(s.Effect.After), After: "removed"}
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
	// Cold has it taken of a machine that is off: nothing need be brought to rest.
	Cold bool `json:"cold,omitempty"`
}

// good reports whether a snapshot is what the step is to leave.
func (p snapshotParams) good(s estate.Snapshot) bool { return p.Cold || s.Quiesced }

// faults says why no snapshot may be begun.
func (p snapshotParams) faults(vm estate.VM) []string {
	why := vm.SnapshotFaults()
	if p.Cold {
		if why = vm.ColdFaults(); vm.Power != estate.VMOff {
			why = append(why, fmt.Sprintf("%s is %s, and has to be off", vm.Name, powerWord(vm.Power)))
		}
	}
	return append(why, estate.SpaceFaults([]estate.VM{vm}, p.SpacePercent)...)
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
	faults := p.faults(vm)
	switch {
	case len(keyed) > 1:
		f.Standing, f.Text = Otherwise, fmt.Sprintf("%d snapshots carry the key of this step; one of them is too many.", len(keyed))
	case len(keyed) == 1 && env.Retake:
		f.Standing, f.Text = IsPartly, "There is one of an earlier moment; it is removed and taken again with the set."
	case len(keyed) == 1 && !p.good(keyed[0]):
		f.Standing, f.Text = IsPartly, fmt.Sprintf("Snapshot %s was taken, but the file systems were not at rest.", keyed[0].Ref)
	case len(keyed) == 1 && p.Cold:
		f.Standing, f.Text = IsDone, fmt.Sprintf("Snapshot %s, of the machine switched off.", keyed[0].Name)
	case len(keyed) == 1:
		f.Standing, f.Text = IsDone, fmt.Sprintf("Snapshot %s, file systems at rest.", keyed[0].Name)
	case vm.Works(env.Task):
		f.Standing, f.Text = IsPartly, "vCenter is still at what was begun for it."
	case len(faults) > 0:
		f.Standing, f.Text = Otherwise, "No snapshot can be taken: "+strings.Join(faults, "; ")+"."
	default:
		f.Standing, f.Text = IsNotDone, "No snapshot of this request."
	}
	return f, nil
}

// takeSnapshot waits for what an earlier run has begun. What that made is good, unless
// the set is taken again; anything else that an earlier attempt left is removed, and the
// snapshot taken.
func takeSnapshot(ctx context.Context, env Env, s runbook.Step) error {
	if _, err := earlierTask(ctx, env); err != nil {
		return err
	}
	p, vm, err := boundVM(ctx, env, s)
	if err != nil {
		return err
	}
	if keyed := vm.Keyed(p.Key); len(keyed) == 1 && p.good(keyed[0]) && !env.Retake {
		return nil
	}
	if err := dropKeyed(ctx, env, s, vm, p.Key); err != nil {
		return err
	}
	return carryTask(ctx, env, s, "take the snapshot", func() (estate.TaskRef, error) {
		return env.VMs.CreateSnapshot(ctx, p.VM, estate.SnapshotOrder{Name: p.Name, Key: p.Key, Quiesce: !p.Cold})
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
	f := Finding{HostNow: vm.Now, Facts: keyed, Standing: IsDone, Text: "The snapshot of this step is gone."}
	if len(keyed) > 0 {
		f.Standing, f.Text = IsNotDone, fmt.Sprintf("Snapshot %s is there.", keyed[0].Name)
	}
	return f, nil
}

func removeSnapshot(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) error {
	if _, err := earlierTask(ctx, env); err != nil {
		return err
	}
	p, vm, err := boundVM(ctx, env, s)
	if err != nil {
		return err
	}
	return dropKeyed(ctx, env, s, vm, p.Key)
}

// lead is what comes before a snapshot: the closed doors that the looks directly before
// go by, and how it is taken.
type lead struct {
	// doors are the steps that have closed the hosts.
	doors []runbook.Step
	// since is the step of the same request that closed the last of them. Where an
	// earlier request has, it is empty, and closed is when.
	since  string
	closed time.Time
	// cold has every machine switched off first; extra takes snapshots that are no
	// set.
	cold, extra bool
}

// wayStages makes the stages of 1.4 item 7 for hosts that each have a way of their
// own: first the backups that a person makes while all is quiet, then the looks
// directly before, then every snapshot at once, as one set.
func wayStages(env Env, ask Ask, id string, l lead, machines []machine) ([]runbook.Stage, error) {
	var stages []runbook.Stage
	if made, err := backupsMade(env, id, l, machines); err != nil {
		return nil, err
	} else if len(made.Steps) > 0 {
		stages, id = append(stages, made), after(id)
	}
	ready, err := lookOnce(env, id, l, machines)
	if err != nil {
		return nil, err
	}
	stages, id = append(stages, ready), after(id)
	var off, on []runbook.Stage
	if l.cold {
		if off, on, err = offAndOn(env, id, machines); err != nil {
			return nil, err
		}
		stages = append(stages, off...)
		id = strconv.Itoa(number(id) + len(off))
	}
	set, err := takeSet(env, ask, id, l, machines)
	if err != nil || len(set.Steps) == 0 {
		return stages, err
	}
	stages = append(append(stages, set), on...)
	if shut := stillShut(after(stages[len(stages)-1].ID), l); l.cold && len(shut.Steps) > 0 {
		stages = append(stages, shut) // a boot may have opened what was closed
	}
	return stages, nil
}

// setFresh is how old the looks directly before a set may be when it is taken
// (1.4 item 7).
const setFresh = 5 * time.Minute

// takeSet makes the stage in which all snapshots are taken together.
func takeSet(env Env, ask Ask, id string, l lead, machines []machine) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "1.4 item 7", Doing: "taking the snapshots", Set: !l.extra}
	if !l.cold { // else the machines are off, and are looked at themselves
		stage.FreshSeconds = int64(setFresh.Seconds())
	}
	becomes := "1 in the set"
	if l.extra {
		becomes = "1 more, beside the set"
	}
	var hosts []estate.Host
	for _, m := range machines {
		if m.host.WayBack() != estate.BySnapshot {
			continue
		}
		hosts = append(hosts, m.host)
		step := runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(hosts)), Kind: snapshotCreate.Name, Version: snapshotCreate.Version, Host: m.host.Name,
			Machine: m.record.Machine, Title: "snapshot " + m.host.Name, Effect: runbook.Effect{What: "Snapshot", Before: "None", After: becomes},
			Touches: []string{m.host.Name + " snapshots"}, WayBack: "removes the snapshot"}
		if n := len(m.vm.Snapshots); n > 0 {
			step.Effect.Before = count(n, "snapshot")
		}
		var err error
		step.Params, err = runbook.Canonical(snapshotParams{VM: m.vm.Ref, UUID: m.vm.UUID, Name: "itmsbot " + ask.Request,
			Key: "itmsbot " + env.Upgrade + " " + ask.Request + " " + step.ID, SpacePercent: env.Limits.SpacePercent, Cold: l.cold})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, step)
	}
	stage.Title, stage.Done = "Snapshot "+estate.Names(hosts)+" as one set", estate.Names(hosts)+" are in one snapshot set"
	if l.extra {
		stage.Title, stage.Done = "Snapshot "+estate.Names(hosts), "Extra snapshot of "+estate.Names(hosts)
	}
	return stage, nil
}
