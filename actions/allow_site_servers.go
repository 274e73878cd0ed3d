package actions

import (
	"context"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// allowSiteServers lets the site servers reach the SMP again, so that they can be
// upgraded (1.6 item 3). Clients stay out.
var allowSiteServers = &Action{
	Name: "allow site-servers", Section: "1.6", Risk: runbook.Changes,
	Items:   "1.6 item 3",
	WayBack: "`/itms close R-n` or `/itms undo R-n` shuts them out again",
	Summary: "let the site servers reach the SMP, so that they can be upgraded",
	Rules:   []Rule{{Fact: setIsTaken}},
	Copy: Copy{
		Title:     "Let the site servers in",
		Wish:      "let the site servers reach the SMP",
		Means:     "The site servers reach the SMP and can be upgraded. Clients stay out.",
		Done:      "The site servers reach the SMP.",
		DoneMeans: "The rules are in force, and that was looked at. Clients stay out.",
		Next:      "1.6, upgrade the site servers. Then a single client: `/itms allow client`.",
		Confirm:   "The site servers reach the SMP through rules of the bot. Clients stay out.",
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		smp, ok := env.Estate.Host(hostOf(env.Estate, estate.SMP))
		if !ok || len(smp.ClientPorts) == 0 {
			return Draft{}, runbook.Refuse("The configuration names the servers and their ports.", "The estate has no SMP server with doors to clients.")
		}
		way := entrance{host: smp}
		var readings []runbook.Reading
		for _, h := range env.Estate.Hosts {
			if h.Role != estate.Site {
				continue
			}
			own, why := ownAddresses(ctx, env, h.Name)
			if why != "" {
				return Draft{}, runbook.Refuse("Let it in by its address: `/itms allow client ADDRESS on smp`.", "From which address %s reaches the SMP is not known. %s", h.Name, why)
			}
			for _, from := range own {
				way.wanted = append(way.wanted, wayIn{"site server " + h.Name, from, smp.ClientPorts})
			}
			readings = append(readings, runbook.Reading{What: h.Name, Value: estate.Join(sayPrefixes(own)) + ", as the CMDB has it", At: env.Clock.Now()})
		}
		if len(way.wanted) == 0 {
			return Draft{}, runbook.Refuse("Go on with 1.7.", "The estate has no site server.")
		}
		draft, err := openStages(ctx, env, ask, "1.6 item 3", []entrance{way}, 0)
		draft.Readings = append(draft.Readings, readings...)
		return draft, err
	},
}
