package actions

import (
	"context"
	"strings"

	"itmsbot/runbook"
)

// allowSubnet lets a part of the network in by name (1.9 item 1): clients come back in
// steps that the event queue can take, and step by step at go-live.
var allowSubnet = &Action{
	Name: "allow subnet", Section: "1.9", Risk: runbook.Changes,
	Items:   "1.9 item 1",
	WayBack: "`/itms close R-n` or `/itms undo R-n` shuts them out again; an end given with `for` does it by itself",
	Summary: "let ranges of addresses in, on SMP and site servers or on the gateway, for a time if you say so",
	Args:    "CIDR… [on smp|site|gateway] [for 2h]",
	Rules:   []Rule{{Fact: setIsTaken}, {Fact: smpVerified}, {Fact: clientTested, If: subnetWasOpened}},
	Copy: Copy{
		Title:     "Let subnets in",
		Wish:      "let {subnet} in by name",
		Means:     "All computers of {subnet} reach ITMS and bring their backlog; everybody else stays out.",
		Done:      "{subnet} is let in.",
		DoneMeans: "The rules are in force, and that was looked at. Everybody else stays out.",
		Next:      "Watch the event queue with `/itms queues`. `/itms close subnet {subnet}` shuts them out again.",
		Confirm:   "All computers of {subnet} reach ITMS through rules of the bot. Everybody else stays out.",
	},
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		const example = "`/itms allow subnet 10.1.2.0/24 on smp,site for 2h`"
		before, args, no := parseWhither(words, example)
		if no != nil {
			return nil, no
		}
		if len(before) == 0 {
			return nil, runbook.Refuse("For example "+example+".", "Name one range of addresses or several.")
		}
		ranges, no := readRanges(before)
		args[argSubnet] = strings.Join(sayPrefixes(ranges), " ")
		return args, no
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		seconds, err := lasts(env.Limits, ask.Args)
		if err != nil {
			return Draft{}, err
		}
		ranges, no := readRanges(strings.Fields(ask.Args[argSubnet]))
		if no != nil {
			return Draft{}, no
		}
		var who []entrant
		for _, p := range ranges {
			if no := tooWide(p, env.Limits); no != nil {
				return Draft{}, no
			}
			who = append(who, entrant{"subnet " + p.String(), ranges[len(who) : len(who)+1]})
		}
		return openTheWays(ctx, env, ask, "1.9 item 1", who, seconds, nil, nil)
	},
}
