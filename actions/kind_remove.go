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

// snapshotRemove removes one snapshot of the set for good (1.10 item 4): the one that has
// the reference and the key of the plan, and no other. Its children stay, and none are
// removed that the plan does not know. What the removal leaves on the disks is
// consolidated. There is no way back from it.
var snapshotRemove = &Kind{
	Name: kindRemove, Version: 1, Limit: 12 * time.Hour, // of disks that have grown for days
	Look: lookAtCommitted,
	Do:   removeForGood,
}

// removeParams is the data of a snapshot.remove step.
type removeParams struct {
	VM   estate.VMRef `json:"vm"`
	UUID string       `json:"uuid"`
	// Snapshot is empty where it was gone already when the plan was made.
	Snapshot estate.SnapshotRef `json:"snapshot"`
	Name     string             `json:"name"`
	Key      string             `json:"key"`
}

// removeBefore is what was there; it does not come back.
type removeBefore struct {
	Snapshot estate.Snapshot `json:"snapshot"`
}

func removedVM(ctx context.Context, env Env, s runbook.Step) (removeParams, estate.VM, error) {
	p, err := params[removeParams](s.Params, s.ID)
	if err != nil {
		return p, estate.VM{}, err
	}
	vm, err := setMember{s.Host, p.VM, p.UUID}.bound(ctx, env)
	return p, vm, err
}

// mine finds the snapshot of the plan: by its key and its reference, which have to agree.
func (p removeParams) mine(vm estate.VM) (found estate.Snapshot, there bool, why string) {
	keyed := vm.Keyed(p.Key)
	found, there = vm.Snapshot(p.Snapshot)
	switch {
	case there && found.Description != p.Key:
		why = fmt.Sprintf("%s does not carry the key of the set any more: somebody has changed its description", p.Snapshot)
	case len(keyed) > 1 || len(keyed) == 1 && keyed[0].Ref != p.Snapshot:
		why = fmt.Sprintf("the key of the set is carried by %s, and the plan names another", namesOf(keyed))
	}
	return found, there, why
}

func lookAtCommitted(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
	p, vm, err := removedVM(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	found, there, why := p.mine(vm)
	f := Finding{HostNow: vm.Now, Before: removeBefore{found}, Facts: removeFacts{vm.Snapshots, vm.Chain, vm.ConsolidationNeeded}}
	busy := vm.BusyFaults()
	switch {
	case why != "":
		f.Standing, f.Text = Otherwise, upper(why)+"."
	case vm.Works(env.Task):
		f.Standing, f.Text = IsPartly, "vCenter is still at what was begun for it."
	case there && len(vm.Children(p.Snapshot)) > 0:
		f.Standing, f.Text = Otherwise, "It is not removed: "+upon(vm, p.Snapshot, env.Upgrade)+"."
	case len(busy) > 0 && (there || vm.ConsolidationNeeded):
		f.Standing, f.Text = Otherwise, "Nothing is removed now: "+strings.Join(busy, "; ")+"."
	case there:
		f.Standing, f.Text = IsNotDone, fmt.Sprintf("Snapshot %s is there, %s.", found.Name, sizeOf(found))
	case vm.ConsolidationNeeded:
		f.Standing, f.Text = IsPartly, "The snapshot is gone, but its delta disks are left: they have to be consolidated."
	default:
		f.Standing, f.Text = IsDone, "The snapshot is gone, and no disk needs consolidation."
		if !removing(env.Before) {
			f.Warn = fmt.Sprintf("It was not the bot that removed the snapshot of %s: somebody else has, in vCenter.", s.Host)
		}
	}
	return f, nil
}

type removeFacts struct {
	Left          []estate.Snapshot `json:"left"`
	Chain         int               `json:"chain"`
	Consolidation bool              `json:"consolidation"`
}

// removing reports whether an attempt of the step has found the snapshot there.
func removing(before json.RawMessage) bool {
	was, err := params[removeBefore](before, "what was there before")
	return err == nil && was.Snapshot.Ref != ""
}

// removeForGood removes and consolidates, whichever is left to do.
func removeForGood(ctx context.Context, env Env, s runbook.Step) error {
	if _, err := earlierTask(ctx, env); err != nil {
		return err
	}
	p, vm, err := removedVM(ctx, env, s)
	if err != nil {
		return err
	}
	_, there, why := p.mine(vm)
	if why != "" {
		return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: "remove the snapshot", Detail: why}
	}
	if there {
		err := carryTask(ctx, env, s, "remove the snapshot", func() (estate.TaskRef, error) { return env.VMs.RemoveSnapshot(ctx, p.Snapshot) })
		if err != nil {
			return err
		}
		if _, vm, err = removedVM(ctx, env, s); err != nil {
			return err
		}
	}
	if !vm.ConsolidationNeeded {
		return nil
	}
	env.Progress("The snapshot is gone; its delta disks are consolidated.")
	return carryTask(ctx, env, s, "consolidate the disks", func() (estate.TaskRef, error) { return env.VMs.Consolidate(ctx, p.VM) })
}

// upon says whose snapshots were taken upon one.
func upon(vm estate.VM, ref estate.SnapshotRef, upgrade string) string {
	var list []string
	for _, c := range vm.Children(ref) {
		list = append(list, fmt.Sprintf("“%s” (%s)", c.Name, whose(c, upgrade)))
	}
	return fmt.Sprintf("on it stands %s, which the set did not make", estate.Join(list))
}

// whose says who has taken a snapshot, by what its description says.
func whose(s estate.Snapshot, upgrade string) string {
	words := strings.Fields(s.Description)
	switch {
	case len(words) != 4 || words[0] != "itmsbot" || !requestID.MatchString(words[2]):
		return "not the bot's"
	case words[1] != upgrade:
		return "of upgrade " + words[1]
	}
	return "of " + words[2]
}

func namesOf(list []estate.Snapshot) string {
	var names []string
	for _, s := range list {
		names = append(names, fmt.Sprintf("“%s” (%s)", s.Name, s.Ref))
	}
	return estate.Join(names)
}

// sizeOf says what a snapshot takes, as far as vCenter says it.
func sizeOf(s estate.Snapshot) string {
	switch {
	case !s.Sized:
		return "size unknown"
	case s.Bytes < 1<<30:
		return fmt.Sprintf("%d\u00a0MB", s.Bytes>>20)
	}
	return fmt.Sprintf("%d\u00a0GB", s.Bytes>>30)
}
