package actions

import (
	"context"
	"strconv"

	"itmsbot/runbook"
)

// quiesce takes ITMS away from its clients and makes it safe to upgrade.
// Method 1.4. This build knows its items 1 to 6; the last is named on the
// card as missing, so that nobody takes a quiet estate for a way back.
var quiesce = &Action{
	Name: "quiesce", Section: "1.4", Risk: runbook.Outage,
	Summary: "close the doors, wait for the queues, read the logs, check disk and backups, restart the SMP (1.4 items 1 to 6); snapshots are not in this build yet",
	Copy: Copy{
		Title:     "Quiesce the estate",
		Wish:      "take ITMS away from its clients",
		Means:     "Clients cannot reach ITMS until the doors are opened again, and the SMP restarts. This build does items 1 to 6 of 1.4: it takes no snapshot.",
		Done:      "The doors are closed and the queues are empty.",
		DoneMeans: "Clients stay out until you open the doors. There is no snapshot set: item 7 of 1.4 is not in this build yet.",
		Next:      "Take the snapshots by hand (1.4 item 7) before the upgrade, or back out.",
		Confirm:   "Clients cannot reach ITMS until the doors are opened again. The SMP restarts.",
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		draft, err := closeDoors(ctx, env, ask, env.Estate.WithDoors())
		if err != nil {
			return draft, err
		}
		for _, stageOf := range []func(Env, string) (runbook.Stage, error){drain, readLogs, freeSpace, backups} {
			stage, err := stageOf(env, strconv.Itoa(len(draft.Stages)+1))
			if err != nil {
				return draft, err
			}
			draft.Stages = append(draft.Stages, stage)
		}
		restart, err := rebootSMP(env, strconv.Itoa(len(draft.Stages)+1), ask.Request, draft.Machines)
		draft.Stages = append(draft.Stages, restart...)
		return draft, err
	},
}
