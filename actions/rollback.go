package actions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// rollback brings the whole estate back to the set of snapshots (the method's back-out
// plan; DESIGN §7): all off, all reverted, all looked at, and only then the first power
// on. It can be asked for at any time and takes the slot of whatever runs.
//
// It is planned from the trail and vCenter alone. A server that does not answer never
// stops it: its door is closed by its power, and what could not be looked at is said.
// What stops it is a snapshot that is gone or doubtful, a machine that is not the
// recorded one, and an SMP and a SQL Server that do not both go back.
var rollback = &Action{
	Name: "rollback", Section: "back out", Risk: runbook.Outage, Takes: true,
	WayBack: "none: what was lost since the set does not come back",
	Rules:   []Rule{{Fact: setIsTaken, Hard: true}, {Fact: notCommitted, Hard: true}},
	Summary: "bring every server back to the snapshot set; what has happened since is lost",
	Copy: Copy{
		Title:     "Roll the estate back",
		Wish:      "roll the whole estate back to the snapshot set",
		Means:     "Every server of the set goes off, back and on again. What has happened on them since is lost.",
		Done:      "The estate is as it was when the set was taken, and that was looked at.",
		DoneMeans: "The doors are closed. Opening them is a separate decision. The backup chain of the database is broken.",
		Next:      "Take a full backup of the database now. When you want clients back: `/itms allow all`. The clients in clients.csv need attention: some keep a newer agent.",
		Confirm:   "Every server of the set goes off and back to its snapshot. What has happened on them since is lost for good.",
	},
	Plan: planRollback,
}

// backMember is a machine of the set and the snapshot that it goes back to.
type backMember struct {
	setMember
	machine  runbook.Machine
	role     estate.Role
	snapshot estate.Snapshot
	age      time.Duration // by vCenter
}

func planRollback(ctx context.Context, env Env, ask Ask) (Draft, error) {
	set := ask.Ledger.Set
	members, err := membersOf(ctx, env, set)
	if err != nil {
		return Draft{}, err
	}
	if err := bothCovered(env, set, members); err != nil {
		return Draft{}, err
	}
	draft := Draft{Machines: set.Machines, Thresholds: map[string]int64{
		"shutdown_seconds": int64(env.Limits.Shutdown.Seconds()), "services_seconds": int64(env.Limits.Services.Seconds())}}
	makers := []func(id string) ([]runbook.Stage, error){
		func(id string) ([]runbook.Stage, error) { return one(shutAll(env, id, guids(set.Machines))) },
		func(id string) ([]runbook.Stage, error) {
			return one(keepEvidence(env, id, set.At, plainMembers(members), guids(set.Machines)))
		},
		func(id string) ([]runbook.Stage, error) { return allOff(env, id, members) },
		func(id string) ([]runbook.Stage, error) { return byHandStage(id, set) },
		func(id string) ([]runbook.Stage, error) { return one(allBack(id, members)) },
		func(id string) ([]runbook.Stage, error) { return allOn(env, id, members, set) },
		func(id string) ([]runbook.Stage, error) { return one(proveAll(env, id, members, set)) },
	}
	for _, stages := range makers {
		list, err := stages(strconv.Itoa(len(draft.Stages) + 1))
		if err != nil {
			return draft, err
		}
		draft.Stages = append(draft.Stages, list...)
	}
	draft.Warnings, draft.Readings = foreseen(ctx, env, set, members)
	return draft, nil
}

func one(stage runbook.Stage, err error) ([]runbook.Stage, error) { return []runbook.Stage{stage}, err }

func plainMembers(members []backMember) []setMember {
	list := make([]setMember, len(members))
	for i, m := range members {
		list[i] = m.setMember
	}
	return list
}

// guids are the machines of a plan by host name in lower case.
func guids(machines []runbook.Machine) map[string]string {
	m := map[string]string{}
	for _, one := range machines {
		m[strings.ToLower(one.Host)] = one.GUID
	}
	return m
}

// membersOf looks at every snapshot of the set in vCenter. One that is gone, or of which
// it is not certain that it is the one that was taken, refuses the whole: a set is gone
// back to as a whole or not at all.
func membersOf(ctx context.Context, env Env, set *SnapshotSet) ([]backMember, error) {
	if env.VMs == nil {
		return nil, runbook.Refuse("Name it in `itmsbot.yaml`.", "No vCenter is configured, so nothing can go back.")
	}
	var members []backMember
	for _, left := range set.Members {
		p, err := params[snapshotParams](left.Step.Params, left.Step.ID)
		if err != nil {
			return nil, err
		}
		m := backMember{setMember: setMember{left.Step.Host, p.VM, p.UUID}}
		if i := slices.IndexFunc(set.Machines, func(one runbook.Machine) bool { return one.Host == left.Step.Host }); i >= 0 {
			m.machine, m.role = set.Machines[i], estate.Role(set.Machines[i].Role)
		}
		vm, err := m.bound(ctx, env)
		if err != nil {
			return nil, runbook.Refuse("See that vCenter shows the bot the machine of the set, then ask again. Nothing goes back before.",
				"%s cannot go back: the bot %s.", left.Step.Host, Words(err))
		}
		raw, err := env.FactsOf(set.Request, left.Step.ID)
		if err != nil {
			return nil, err
		}
		taken, err := params[[]estate.Snapshot](raw, "the snapshot of "+left.Step.Host)
		if err != nil {
			return nil, err
		}
		if len(taken) != 1 {
			return nil, runbook.Refuse("Look in vCenter. Without it a person decides what goes back, and how.",
				"Which snapshot of %s %s took is not recorded, so the set cannot be gone back to.", left.Step.Host, set.Request)
		}
		there, ok := vm.Snapshot(taken[0].Ref)
		switch keyed := vm.Keyed(p.Key); {
		case !ok && len(keyed) == 0:
			return nil, runbook.Refuse("Somebody has removed it. A set is gone back to as a whole or not at all: restore from backups.",
				"The snapshot of %s that %s took (%s) is not in vCenter any more, so the set cannot be gone back to.", left.Step.Host, set.Request, taken[0].Name)
		case !ok || len(keyed) != 1 || keyed[0].Ref != there.Ref:
			return nil, runbook.Refuse("Look in vCenter which of them is the one; the bot goes back to none that it did not take.",
				"It is not certain which snapshot of %s is the one that %s took (%s).", left.Step.Host, set.Request, taken[0].Ref)
		}
		m.snapshot, m.age = there, vm.Now.Sub(there.Created)
		members = append(members, m)
	}
	return members, nil
}

// bothCovered refuses to bring back the SMP or the SQL Server alone: each by its own way,
// but both.
func bothCovered(env Env, set *SnapshotSet, members []backMember) error {
	for _, h := range env.Estate.Hosts {
		if h.Role != estate.SMP && h.Role != estate.SQL {
			continue
		}
		inSet := slices.ContainsFunc(members, func(m backMember) bool { return m.Host == h.Name })
		byHand := slices.ContainsFunc(set.Machines, func(m runbook.Machine) bool { return m.Host == h.Name && restoredFromBackup(m) })
		if !inSet && !byHand {
			return runbook.Refuse("Restore both from backups of one moment.",
				"%s is not in the set of %s and goes back by no backup. SMP and SQL Server go back together or not at all.", h.Name, set.Request)
		}
	}
	return nil
}

func named(members []backMember, role estate.Role) (list []backMember, names string) {
	var words []string
	for _, m := range members {
		if m.role == role {
			list, words = append(list, m), append(words, m.Host)
		}
	}
	return list, estate.Join(words)
}

func allOff(env Env, id string, members []backMember) ([]runbook.Stage, error) {
	var stages []runbook.Stage
	for _, role := range powerDown {
		list, names := named(members, role)
		if len(list) == 0 {
			continue
		}
		stage := runbook.Stage{ID: id, Item: "back out", Title: "Shut down " + names, Doing: "shutting down " + names, Done: names + " off"}
		for i, m := range list {
			s, err := offStep(env, fmt.Sprintf("%s.%d", id, i+1), m.machine)
			if err != nil {
				return nil, err
			}
			s.Effect = runbook.Effect{What: "Power", Before: "As it is", After: "off, then on again"}
			s.WayBack = ""
			stage.Steps = append(stage.Steps, s)
		}
		stages, id = append(stages, stage), after(id)
	}
	return stages, nil
}

// allBack reverts all of them together. Nothing is powered on before every one is back.
func allBack(id string, members []backMember) (runbook.Stage, error) {
	var names []string
	for _, m := range members {
		names = append(names, m.Host)
	}
	stage := runbook.Stage{ID: id, Item: "back out", Title: "Bring " + estate.Join(names) + " back to the set", Doing: "going back to the set", Done: estate.Join(names) + " back at the set, and off"}
	for i, m := range members {
		at := m.snapshot.Created.UTC().Format("Mon 2 Jan 15:04 UTC")
		p, err := runbook.Canonical(revertParams{VM: m.VM, UUID: m.UUID, Snapshot: m.snapshot.Ref, Name: fmt.Sprintf("%s of %s", m.snapshot.Name, at)})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Kind: vmRevert.Name, Version: vmRevert.Version, Host: m.Host, Machine: m.machine.GUID,
			Params: p, Title: "bring " + m.Host + " back", Touches: []string{m.Host + everythingOf},
			Effect: runbook.Effect{What: "Goes back to", Before: "Now", After: at}})
	}
	return stage, nil
}

// everythingOf a host is touched by a revert.
const everythingOf = " everything"

// byHandStage waits for those who restore what goes back by a backup; no stage where
// nothing does. It comes before the reverts: where a backup turns out to be none, the SMP
// has not gone back without its database.
func byHandStage(id string, set *SnapshotSet) ([]runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "back out", Title: "Wait for what is restored by hand", Doing: "waiting for what is restored by hand", Done: "Restored by hand"}
	for _, m := range set.Machines {
		if restoredFromBackup(m) {
			stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: restoredByHand.Name, Version: restoredByHand.Version,
				Host: m.Host, Machine: m.GUID, Params: []byte(`{}`), Title: "wait until " + m.Host + " is restored", Touches: []string{m.Host + everythingOf},
				Effect: runbook.Effect{What: "Goes back to", Before: "Now", After: "the backup, restored by a person"}})
		}
	}
	if len(stage.Steps) == 0 {
		return nil, nil
	}
	return []runbook.Stage{stage}, nil
}

func allOn(env Env, id string, members []backMember, set *SnapshotSet) ([]runbook.Stage, error) {
	var stages []runbook.Stage
	for _, role := range slices.Backward(powerDown) {
		list, names := named(members, role)
		if len(list) == 0 {
			continue
		}
		stage := runbook.Stage{ID: id, Item: "back out", Title: "Power on " + names, Doing: "powering on " + names, Done: names + " back"}
		for i, m := range list {
			services, err := ranThen(env, set.Then[m.Host])
			if err != nil {
				return nil, err
			}
			s, err := onStep(env, fmt.Sprintf("%s.%d", id, i+1), m.machine, services)
			if err != nil {
				return nil, err
			}
			s.Effect = runbook.Effect{} // stands with the power that is taken
			stage.Steps = append(stage.Steps, s)
		}
		stages, id = append(stages, stage), after(id)
	}
	if len(stages) > 0 {
		// All are back directly before the first is powered on, those too that went back
		// while another had to be tried again.
		stages[0].FreshSeconds = int64(backFresh.Seconds())
	}
	return stages, nil
}

// backFresh is how old the last look at what went back may be when the first server is
// powered on.
const backFresh = time.Minute

// ranThen are the services that ran when the host was recorded; none where it was not.
func ranThen(env Env, then HostLedger) ([]string, error) {
	if then.Recorded.Step.ID == "" {
		return []string{}, nil
	}
	raw, err := env.FactsOf(then.Recorded.Request, then.Recorded.Step.ID)
	if err != nil {
		return nil, err
	}
	facts, err := params[recordFacts](raw, "the record of "+then.Recorded.Step.Host)
	return slices.Concat([]string{}, facts.ranThen()), err
}

// proveAll looks at what is so after the way back, by whichever way each has gone.
func proveAll(env Env, id string, members []backMember, set *SnapshotSet) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "back out", Title: "Prove it", Doing: "looking whether all is as it was", Done: "All is as it was"}
	var kept []string
	for _, k := range env.Estate.Keep {
		kept = append(kept, k.Remote...)
	}
	add := func(k *Kind, host, guid, title string, p any) error {
		raw, err := runbook.Canonical(p)
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: k.Name, Version: k.Version, Host: host, Machine: guid,
			Params: raw, Title: title, Touches: []string{}})
		return err
	}
	for _, m := range set.Machines {
		if !restoredFromBackup(m) && !slices.ContainsFunc(members, func(b backMember) bool { return b.Host == m.Host }) {
			continue // it does not go back
		}
		h, ok := env.Estate.Host(m.Host)
		if !ok {
			h = estate.Host{Name: m.Host, ClientPorts: []string{}}
		}
		was := set.Then[m.Host].Recorded
		err := add(hostProved, m.Host, m.GUID, "look whether "+m.Host+" is as it was recorded", provedParams{Host: h, Kept: slices.Concat([]string{}, kept), RecordedBy: was.Request, Record: was.Step.ID})
		if err != nil {
			return stage, err
		}
	}
	return stage, add(queueQuiet, hostOf(env.Estate, estate.SMP), "", "look whether the queue is as it was", queueParams{Empty: env.Limits.QueueEmpty})
}
