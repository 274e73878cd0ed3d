package actions

import (
	"context"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// allowAll opens the doors of some servers to all clients again, or of all of them
// (1.10 items 1 and 2). It asks for the same as golive, wherever it opens: the first
// client that comes in through any door upgrades itself.
var allowAll = &Action{
	Name: "allow all", Section: "1.10 item 1", Risk: runbook.Outage, Rules: liveRules,
	Items:   "1.10 items 1 and 2",
	Args:    "[on smp|site|gateway]",
	Summary: "open the doors to all clients again, as they were",
	WayBack: "`/itms undo R-n` closes the doors again and lays down what the bot had there; agents that have upgraded stay so",
	Copy: Copy{
		Title:     "Open the doors to all clients",
		Wish:      "open the doors to all clients",
		Means:     "Clients come back as they connect. What waits on them arrives at once.",
		Done:      "The doors are open to all clients, as they were before.",
		DoneMeans: "The bot's own rules are gone from these servers.",
		Next:      "Watch `/itms queues` and `/itms logs`. *Back out* closes the doors again.",
		Confirm:   "Doors open to all clients. Each that connects may upgrade its agent, which a rollback does not take back.",
	},
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		if len(words) == 0 {
			return nil, nil
		}
		if !strings.EqualFold(words[0], "on") || len(words) < 2 {
			return nil, runbook.Refuse("For example `/itms allow all on gateway`.", "`%s` is not known there.", strings.ReplaceAll(words[0], "`", "'"))
		}
		var on []string
		for _, word := range strings.FieldsFunc(strings.Join(words[1:], ","), func(r rune) bool { return r == ',' }) {
			role := strings.ToLower(word)
			if !slices.Contains(doorRoles, estate.Role(role)) {
				return nil, runbook.Refuse("Write `smp`, `site` or `gateway`, or several with commas.", "There is no `%s` with doors.", strings.ReplaceAll(word, "`", "'"))
			}
			on = append(on, role)
		}
		if len(on) == 0 {
			return nil, runbook.Refuse("For example `/itms allow all on gateway`.", "Say where.")
		}
		slices.Sort(on)
		return map[string]string{"on": strings.Join(slices.Compact(on), ",")}, nil
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		return reopen(ctx, env, ask, func(h estate.Host) bool {
			return ask.Args["on"] == "" || slices.Contains(strings.Split(ask.Args["on"], ","), string(h.Role))
		})
	},
}

// doorRoles are the roles whose servers have doors, in the order in which they open
// (1.10): a client that is let in at the gateway has to find the SMP open.
var doorRoles = []estate.Role{estate.SMP, estate.Site, estate.Gateway}

// liveRules are what opening to all clients asks for. After a rollback there is no
// upgraded SMP, and nothing of it is asked for until the next attempt begins.
var liveRules = []Rule{
	{Fact: smpVerified, If: underWay},
	{Fact: clientTested, If: underWay},
	{Fact: gatewayUpgraded, If: gatewayUnderWay},
	{Fact: testingPassed, If: underWay},
}
