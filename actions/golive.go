package actions

import (
	"context"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// golive opens every door to all clients again and takes away what the bot has laid
// down (1.10 items 1 and 2). That it was done is what commit asks for.
var golive = &Action{
	Name: "golive", Section: "1.10", Risk: runbook.Outage, Rules: liveRules,
	Items:   "1.10 items 1 and 2",
	Summary: "open every door to all clients: the original rules as they were, the bot's own away",
	WayBack: "`/itms undo R-n` closes the doors again and lays down what the bot had there; agents that have upgraded stay so",
	Copy: Copy{
		Title:     "Go live",
		Wish:      "go live",
		Means:     "Every client may come back. What waits on them arrives at once, and their agents upgrade as they connect.",
		Done:      "The estate is live.",
		DoneMeans: "The doors are as they were before the upgrade, and the bot's own rules are gone.",
		Next:      "1.10 items 3 and 4: watch `/itms logs` and `/itms queues`, then `/itms commit` within 72\u00a0h.",
		Confirm:   "All doors open to all clients. Their agents upgrade as they connect, which a rollback does not take back.",
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		return reopen(ctx, env, ask, func(estate.Host) bool { return true })
	},
}
