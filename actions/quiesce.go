package actions

import (
	"context"
	"strconv"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// quiesce takes ITMS away from its clients and makes it safe to upgrade: all
// of method 1.4, in its order, with the looks of item 7 directly before the set.
var quiesce = &Action{
	Name: "quiesce", Section: "1.4", Risk: runbook.Outage,
	WayBack: "`/itms undo R-n` removes the set, opens the doors as they were recorded and removes the keep list; the restart cannot be taken back",
	Summary: "close the doors, wait for the queues, read the logs, check disk and backups, restart the SMP, take the snapshot set",
	Copy: Copy{
		Title:     "Quiesce the estate",
		Wish:      "take ITMS away from its clients and make it safe to upgrade",
		Means:     "Clients cannot reach ITMS until the doors are opened again.",
		Done:      "The estate is quiet and there is a way back.",
		DoneMeans: "What goes back by snapshot is in one set. Clients stay out until you open the doors.",
		Next:      "1.5, upgrade the SMP, then vouch for it: `/itms sign smp-verified`. Mind the clock: commit the set within 72 h, or go back to it.",
		Confirm:   "Doors close, the SMP restarts, snapshots are taken as one set. Clients cannot reach ITMS until the doors are opened again.",
	},
	Args:    "[except SERVER \"why\"]",
	Servers: func(words []string, i int) bool { return i > 0 && strings.EqualFold(words[i-1], wordExcept) },
	Parse:   parseExceptions,
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		except, err := exceptionsOf(env.Estate, ask.Args)
		if err != nil {
			return Draft{}, err
		}
		env.Estate = except.without(env.Estate)
		if err := nobodyByName(env.Estate.WithDoors(), ask.Ledger); err != nil {
			return Draft{}, err
		}
		if env.VMs == nil && len(env.Estate.Going(estate.BySnapshot)) > 0 {
			return Draft{}, runbook.Refuse("Name it in `itmsbot.yaml`.", "No vCenter is configured, so there would be no way back.")
		}
		machines := lookAtMachines(ctx, env, env.Estate.Hosts)
		for _, m := range machines {
			if err := m.refusal(); err != nil {
				return Draft{}, err
			}
		}
		if err := alone(ctx, env, env.Estate.Hosts); err != nil {
			return Draft{}, err
		}
		return quiesceStages(ctx, env, ask, except, machines)
	},
}

// quiesceStages is 1.4 in its order. Stage 0 is what the method leaves unsaid:
// the record without which nobody could say afterwards what has changed.
func quiesceStages(ctx context.Context, env Env, ask Ask, except exceptions, machines []machine) (Draft, error) {
	record, err := recordAll(env, machines)
	if err != nil {
		return Draft{}, err
	}
	draft, err := closeDoors(ctx, env, ask, except)
	if err != nil {
		return draft, err
	}
	doors := draft.Stages[len(draft.Stages)-1]
	draft.Machines = nil
	for _, m := range machines {
		draft.Machines = append(draft.Machines, m.planned())
	}
	draft.Readings = append(draft.Readings, readings(machines)...)
	for _, stageOf := range []func(Env, string) (runbook.Stage, error){drainSince(doors), readLogs, freeSpace, backups} {
		stage, err := stageOf(env, strconv.Itoa(len(draft.Stages)+1))
		if err != nil {
			return draft, err
		}
		draft.Stages = append(draft.Stages, stage)
	}
	restart, err := rebootSMP(env, strconv.Itoa(len(draft.Stages)+1), ask.Request, draft.Machines)
	if err != nil {
		return draft, err
	}
	draft.Stages = append(draft.Stages, restart...)
	ways, err := wayStages(env, ask, strconv.Itoa(len(draft.Stages)+1), lead{doors: doors.Steps, since: doors.Steps[len(doors.Steps)-1].ID}, machines)
	if err != nil {
		return draft, err
	}
	draft.Stages = append([]runbook.Stage{record}, append(draft.Stages, ways...)...)
	return draft, nil
}
