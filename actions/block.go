package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// block closes the doors and does nothing else (1.4 item 1), or those of the internet
// gateway alone (1.8 item 1).
var block = &Action{
	Name: "block", Section: "1.4 item 1", Risk: runbook.Outage,
	Items:   "1.4 item 1, 1.8 item 1",
	WayBack: "`/itms undo R-n` opens the doors as they were recorded and removes the keep list",
	Args:    "[gateway]",
	Summary: "close the doors to clients, and nothing else",
	Copy: Copy{
		Title:     "Close the doors",
		Wish:      "keep clients out",
		Means:     "Clients cannot reach these servers until the doors are opened again. Nothing else is done.",
		Done:      "The doors are closed.",
		DoneMeans: "Clients stay out until you open the doors.",
		Next:      "`/itms allow all` opens them to all again, *Back out* puts back what this has closed.",
		Confirm:   "Doors close. Clients cannot reach these servers until the doors are opened again.",
	},
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		switch {
		case len(words) == 0:
			return nil, nil
		case len(words) == 1 && strings.EqualFold(words[0], string(estate.Gateway)):
			return map[string]string{"only": string(estate.Gateway)}, nil
		}
		return nil, runbook.Refuse("Write `/itms block` for all servers, or `/itms block gateway`.", "`%s` is not known there.", strings.ReplaceAll(words[0], "`", "'"))
	},
	Plan: planBlock,
}

func planBlock(ctx context.Context, env Env, ask Ask) (Draft, error) {
	hosts, item := env.Estate.WithDoors(), "1.4 item 1"
	if ask.Args["only"] != "" {
		item = "1.8 item 1"
		hosts = slices.DeleteFunc(hosts, func(h estate.Host) bool { return h.Role != estate.Gateway })
	}
	if len(hosts) == 0 {
		return Draft{}, runbook.Refuse("`/itms block` closes the doors of the others.", "The estate has no internet gateway with doors to clients.")
	}
	var open []doorPlan
	var shut []estate.Host
	var readings []runbook.Reading
	var warnings []string
	for _, p := range lookAtDoors(ctx, env, ask, hosts) {
		if err := p.refusal(); err != nil {
			return Draft{}, err
		}
		warnings = append(warnings, p.goesOn(ask.Ledger)...)
		if p.doors.Closed() {
			shut = append(shut, p.host)
			readings = append(readings, runbook.Reading{What: "Doors of " + p.host.Name, Value: "Closed already" + closedBy(ask.Ledger, p.host), At: p.fw.Now})
			continue
		}
		open = append(open, p)
	}
	if len(open) == 0 {
		return Draft{}, runbook.Refuse(strings.TrimSpace("`/itms firewall` shows who can reach what. "+strings.Join(warnings, " ")),
			"The doors are closed already on %s%s.", estate.Names(shut), whoClosed(ask.Ledger, shut))
	}
	draft, err := closeStages(env, ask, nil, open, item)
	draft.Readings = append(draft.Readings, readings...)
	draft.Warnings = append(draft.Warnings, warnings...)
	return draft, err
}

// closedBy says ", by R-1" of a host that a request has closed, and nothing of another.
func closedBy(l Ledger, h estate.Host) string {
	if closed := l.Hosts[h.Name].Closed; len(closed) > 0 {
		return ", by " + closed[len(closed)-1].Request
	}
	return ""
}

// whoClosed says which requests have closed hosts, for the end of a sentence.
func whoClosed(l Ledger, hosts []estate.Host) string {
	var by, nobody []string
	for _, h := range hosts {
		closed := l.Hosts[h.Name].Closed
		if len(closed) == 0 {
			nobody = append(nobody, h.Name)
		} else if id := closed[len(closed)-1].Request; !slices.Contains(by, id) {
			by = append(by, id)
		}
	}
	s := ""
	if len(by) > 0 {
		s += "; " + estate.Join(by) + " closed them"
	}
	if len(nobody) > 0 {
		s += fmt.Sprintf("; on %s the bot closed nothing", estate.Join(nobody))
	}
	return s
}

// ofTheBot reports whether a rule is of the bot's group.
func ofTheBot(r estate.Rule) bool { return strings.EqualFold(r.Group, estate.RuleGroup) }

// beside takes out of the doors the rules by which requests let somebody in by name,
// and gives them. One that lets in others than it was made for is a door.
func beside(d estate.Doors, opened []estate.NewRule) (estate.Doors, []estate.Rule) {
	var ways []estate.Rule
	d.Wide = slices.DeleteFunc(slices.Clone(d.Wide), func(r estate.Rule) bool {
		asMade := slices.ContainsFunc(opened, func(o estate.NewRule) bool { return o.Name == r.Name && sameRule(o, r) })
		if asMade {
			ways = append(ways, r)
		}
		return asMade
	})
	return d, ways
}

// goesOn says which openings let somebody in although the doors are closed.
func (p doorPlan) goesOn(l Ledger) []string {
	var said []string
	for _, left := range l.Hosts[p.host.Name].Opened {
		o, err := params[openParams](left.Step.Params, left.Step.ID)
		if err != nil || !slices.ContainsFunc(p.openings, func(r estate.Rule) bool { return slices.Contains(o.names(), r.Name) }) {
			continue
		}
		said = append(said, fmt.Sprintf("%s goes on letting in %s at %s; `/itms close %s` ends that.", left.Request, o.says(), p.host.Name, left.Request))
	}
	return said
}

// nobodyByName refuses what needs the doors closed to everybody while a request lets
// somebody in.
func nobodyByName(hosts []estate.Host, l Ledger) error {
	for _, h := range hosts {
		for _, left := range l.Hosts[h.Name].Opened {
			o, err := params[openParams](left.Step.Params, left.Step.ID)
			if err != nil {
				return err
			}
			return runbook.Refuse(fmt.Sprintf("`/itms close %s` ends that.", left.Request), "%s lets in %s at %s.", left.Request, o.says(), h.Name)
		}
	}
	return nil
}
