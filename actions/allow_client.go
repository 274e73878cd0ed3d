package actions

import (
	"context"
	"slices"

	"itmsbot/runbook"
)

// allowClient lets one computer in by name: the first one that is tested (1.7 item 2), one
// on the internet by the gateway (1.8 item 4), one in the VPN (1.8 item 7).
var allowClient = &Action{
	Name: "allow client", Section: "1.7, 1.8", Risk: runbook.Changes,
	Items:   "1.7 item 2, 1.8 items 4 and 7",
	WayBack: "`/itms close R-n` or `/itms undo R-n` shuts it out again; an end given with `for` does it by itself",
	Summary: "let one computer in, on SMP and site servers or on the gateway, for a time if you say so",
	Args:    "ADDRESS|NAME [on smp|site|gateway] [for 2h]",
	Rules:   []Rule{{Fact: setIsTaken}, {Fact: smpVerified}},
	Copy: Copy{
		Title:     "Let client {client} in",
		Wish:      "let {client} in by name",
		Means:     "This one computer reaches ITMS; everybody else stays out.",
		Done:      "{client} is let in.",
		DoneMeans: "The rules are in force, and that was looked at. Everybody else stays out.",
		Next:      "Watch it connect and upgrade, then vouch for it: `/itms sign client-tested`. `/itms close client {client}` shuts it out again.",
		Confirm:   "{client} reaches ITMS through rules of the bot. Everybody else stays out.",
	},
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		const example = "`/itms allow client 10.1.2.3 on smp for 2h`"
		before, args, no := parseWhither(words, example)
		switch {
		case no != nil:
			return nil, no
		case len(before) != 1:
			return nil, runbook.Refuse("For example "+example+".", "Name one computer, by its address or its name.")
		}
		args[argClient], no = readComputer(before[0])
		return args, no
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		seconds, err := lasts(env.Limits, ask.Args)
		if err != nil {
			return Draft{}, err
		}
		who, readings, warnings, err := whoIs(ctx, env, ask.Args[argClient])
		if err != nil {
			return Draft{}, err
		}
		return openTheWays(ctx, env, ask, "1.7 item 2", []entrant{who}, seconds, readings, warnings)
	},
}

// argClient is the argument that names one computer.
const argClient = "client"

// openTheWays lays out who is let in where and plans it, with what was read and what is
// to be minded before that.
func openTheWays(ctx context.Context, env Env, ask Ask, item string, who []entrant, seconds int64, readings []runbook.Reading, warnings []string) (Draft, error) {
	wanted, more, err := entrances(ctx, env, ask.Args, who)
	if err != nil {
		return Draft{}, err
	}
	draft, err := openStages(ctx, env, ask, item, wanted, seconds)
	draft.Readings = append(slices.Clone(readings), draft.Readings...)
	draft.Warnings = slices.Concat(warnings, more, draft.Warnings)
	return draft, err
}
