package actions

import (
	"context"

	"itmsbot/runbook"
)

// quiesce takes ITMS away from its clients and makes it safe to upgrade.
// Method 1.4. This build knows its item 1; the further items are named on the
// card as missing, so that nobody takes closed doors for a way back.
var quiesce = &Action{
	Name: "quiesce", Section: "1.4", Risk: runbook.Outage,
	Summary: "close the doors to clients (1.4 item 1); queues, logs, backups, reboot and snapshots are not in this build yet",
	Copy: Copy{
		Title:     "Quiesce the estate",
		Wish:      "take ITMS away from its clients",
		Means:     "Clients cannot reach ITMS until the doors are opened again. This build closes the doors and does no more of 1.4: it takes no snapshot.",
		Done:      "The doors are closed.",
		DoneMeans: "Clients stay out until you open the doors. There is no snapshot set: items 2 to 7 of 1.4 are not in this build yet.",
		Next:      "Do items 2 to 7 of 1.4 by hand before the upgrade, or back out.",
		Confirm:   "Clients cannot reach ITMS until the doors are opened again.",
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		return closeDoors(ctx, env, ask, env.Estate.WithDoors())
	},
}
