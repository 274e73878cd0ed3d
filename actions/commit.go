package actions

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// commit gives the way back up (1.10 item 4): the snapshots of the set are removed, one
// machine after the other, in the order gateway, site servers, SMP, SQL Server, so that
// the database is the last to lose its own.
//
// What it goes by is the trail, for which snapshots are the set, and vCenter, for what is
// there. A host need not answer: it is its machine that is asked about.
var commit = &Action{
	Name: "commit", Section: "1.10 item 4", Risk: runbook.Irreversible,
	Summary: "remove the snapshot set for good: from then on there is no way back",
	WayBack: "none: from then on a person restores from backups",
	Rules:   []Rule{{Fact: setIsTaken, Hard: true}, {Fact: notAllCommitted, Hard: true}, {Fact: goneLive, Hard: true}},
	Copy: Copy{
		Title:     "Commit the snapshot set",
		Wish:      "commit the snapshot set",
		Means:     "The upgrade stays. From then on nothing of the bot goes back to before it; only a restore from backups does.",
		Done:      "The set is committed.",
		DoneMeans: "Its snapshots are removed, and the disks of every server are one again. There is no way back by snapshot any more.",
		Next:      "Make a full backup of CMDB and servers now.",
		Confirm:   "The snapshots of the set are removed for good. Nobody can go back to before the upgrade afterwards, except from backups.",
	},
	Plan: planCommit,
}

func planCommit(ctx context.Context, env Env, ask Ask) (Draft, error) {
	set := ask.Ledger.Set
	if env.VMs == nil {
		return Draft{}, runbook.Refuse("Name it in `itmsbot.yaml`.", "No vCenter is configured, so no snapshot can be removed.")
	}
	var draft Draft
	members := map[string]Left{}
	for _, m := range set.Members {
		members[m.Step.Host] = m
	}
	for _, name := range set.Removed {
		delete(members, name)
	}
	var looks []setLook
	for _, group := range byRole(set.Machines) {
		for _, m := range group {
			left, ok := members[m.Host]
			if !ok {
				continue
			}
			look, err := lookAtMember(ctx, env, m, left)
			if err == nil {
				err = look.refusal(env.Upgrade, ask.Ledger)
			}
			if err != nil {
				return draft, err
			}
			step, err := look.removeStep(strconv.Itoa(len(draft.Stages)+1) + ".1")
			if err != nil {
				return draft, err
			}
			looks = append(looks, look)
			draft.Machines = append(draft.Machines, m)
			draft.Stages = append(draft.Stages, runbook.Stage{ID: strconv.Itoa(len(draft.Stages) + 1), Item: "1.10 item 4", Title: "Remove the snapshot of " + m.Host,
				Doing: "removing the snapshot of " + m.Host, Done: "Snapshot of " + m.Host + " removed", Steps: []runbook.Step{step}})
		}
	}
	if len(draft.Stages) == 0 {
		return draft, runbook.Refuse("`/itms snapshots` shows what is there.", "No machine of the set of %s is known, so none is touched.", set.Request)
	}
	draft.Warnings, draft.Readings = commitWarnings(*set, looks), commitReadings(looks)
	return draft, nil
}

// setLook is a member of the set, as the trail has it and as vCenter shows it.
type setLook struct {
	machine  runbook.Machine
	member   snapshotParams
	vm       estate.VM
	snapshot estate.Snapshot
	there    bool
	// twice reports several with the key of one.
	twice bool
}

// lookAtMember reads the machine of a member and finds its snapshot by the key. The
// machine has to be the one of the set.
func lookAtMember(ctx context.Context, env Env, m runbook.Machine, left Left) (setLook, error) {
	p, err := params[snapshotParams](left.Step.Params, left.Step.ID)
	if err != nil {
		return setLook{}, err
	}
	look := setLook{machine: m, member: p}
	if look.vm, err = (setMember{m.Host, p.VM, p.UUID}).bound(ctx, env); err != nil {
		hint := "Look at vCenter, then ask again."
		if estate.TroubleOf(err) == estate.WrongMachine {
			hint = "See in vCenter what has become of the machine that the set was taken of."
		}
		return look, runbook.Refuse(hint, "The snapshot of %s cannot be looked at, so nothing is planned: the bot %s.", m.Host, Words(err))
	}
	keyed := look.vm.Keyed(p.Key)
	if look.there, look.twice = len(keyed) > 0, len(keyed) > 1; look.there {
		look.snapshot = keyed[0]
	}
	return look, nil
}

// refusal says why the snapshot may not be removed.
func (s setLook) refusal(upgrade string, l Ledger) error {
	switch {
	case s.twice:
		return runbook.Refuse("Remove the one that is too many in vCenter, then ask again.", "Several snapshots of %s carry the key of the set: %s.", s.machine.Host, namesOf(s.vm.Keyed(s.member.Key)))
	case s.there && len(s.vm.Children(s.snapshot.Ref)) > 0:
		return runbook.Refuse(s.howToFree(upgrade, l), "The snapshot of %s cannot be removed alone: %s.", s.machine.Host, upon(s.vm, s.snapshot.Ref, upgrade))
	}
	return nil
}

// howToFree says what removes the snapshots that stand on one of the set.
func (s setLook) howToFree(upgrade string, l Ledger) string {
	for _, c := range s.vm.Children(s.snapshot.Ref) {
		for _, r := range l.Done {
			if whose(c, upgrade) == "of "+r.ID {
				return fmt.Sprintf("`/itms undo %s` removes what it took.", r.ID)
			}
		}
	}
	return "Whoever has taken it removes it in vCenter; then ask again."
}

func (s setLook) removeStep(id string) (runbook.Step, error) {
	p := removeParams{VM: s.member.VM, UUID: s.member.UUID, Snapshot: s.snapshot.Ref, Name: s.member.Name, Key: s.member.Key}
	effect := runbook.Effect{What: "Removal of the snapshot", Before: "There", After: "removed for good"}
	if !s.there {
		effect.Before = "Gone already"
	}
	raw, err := runbook.Canonical(p)
	return runbook.Step{ID: id, Kind: snapshotRemove.Name, Version: snapshotRemove.Version, Host: s.machine.Host, Machine: s.machine.GUID, Params: raw,
		Title: "remove the snapshot of " + s.machine.Host, Effect: effect, Touches: []string{s.machine.Host + " snapshots"}}, err
}

// commitWarnings say what will not be possible any more, and how old and large is what
// goes.
func commitWarnings(set SnapshotSet, looks []setLook) []string {
	var hosts, gone []string
	var bytes int64
	var age time.Duration
	sized := true
	for _, s := range looks {
		hosts = append(hosts, s.machine.Host)
		if !s.there {
			gone = append(gone, s.machine.Host)
			continue
		}
		bytes, sized = bytes+s.snapshot.Bytes, sized && s.snapshot.Sized
		age = max(age, s.vm.Now.Sub(s.snapshot.Created))
	}
	list := []string{fmt.Sprintf("Afterwards neither `/itms rollback` nor `/itms undo` takes %s back to before the upgrade: a person restores from backups.", estate.Join(hosts))}
	if len(gone) > 0 {
		list = append(list, fmt.Sprintf("The snapshot of %s is gone already: somebody else has removed it in vCenter, so the set was no way back any more.", estate.Join(gone)))
	}
	if len(gone) < len(looks) {
		takes := "an unknown size"
		if sized {
			takes = sizeOf(estate.Snapshot{Bytes: bytes, Sized: true})
		}
		list = append(list, fmt.Sprintf("The set of %s is %s old and takes %s. Removing it merges that into the disks, which takes its time and slows the servers.",
			set.Request, hours(age), takes))
	}
	for _, m := range set.Machines {
		if m.WayBack != "" && m.WayBack != runbook.WayBackSnapshot {
			list = append(list, fmt.Sprintf("%s is not touched: it %s.", m.Host, m.WayBack))
		}
	}
	return list
}

func commitReadings(looks []setLook) []runbook.Reading {
	var list []runbook.Reading
	for _, s := range looks {
		if s.there {
			list = append(list, runbook.Reading{What: "Snapshot of " + s.machine.Host,
				Value: fmt.Sprintf("%s old, %s, chain of %d", hours(s.vm.Now.Sub(s.snapshot.Created)), sizeOf(s.snapshot), s.vm.Chain), At: s.vm.Now})
		}
	}
	return list
}
