package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// firewall says who can reach what right now, read from the servers, and what of it is
// not as the trail says.
func (r *Router) firewall(_ actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	hosts := r.engine.Env().Estate.WithDoors()
	if len(words) > 0 {
		h, no := r.server(words[0])
		switch {
		case len(words) > 1:
			return Reply{}, runbook.Refuse("For example `/itms firewall SMP1`.", "Name one server, or none."), nil
		case no != nil:
			return Reply{}, no, nil
		case len(h.ClientPorts) == 0:
			return Reply{}, runbook.Refuse("", "%s has no client doors.", h.Name), nil
		}
		hosts = []estate.Host{h}
	}
	return Reply{Text: "Looking at " + estate.Names(hosts) + "…", Later: func(ctx context.Context) Reply {
		looks := r.doors(ctx, hosts)
		text := doorSentence(looks) + differences(looks) + connections(looks)
		return Reply{Text: text, Table: ruleTable(looks), Foot: footOf(looks)}
	}}, nil, nil
}

// doorSentence begins with the outcome: open, closed, or not known.
func doorSentence(looks []actions.DoorLook) string {
	var open, shut, some, unknown []string
	for _, l := range looks {
		switch {
		case l.Err != nil:
			unknown = append(unknown, l.Host.Name)
		case l.Doors.Closed() && len(l.Openings) > 0:
			some = append(some, l.Host.Name)
		case l.Doors.Closed():
			shut = append(shut, l.Host.Name)
		default:
			open = append(open, l.Host.Name)
		}
	}
	var s []string
	if len(open) > 0 {
		s = append(s, "*Doors are open on "+estate.Join(open)+".*")
	}
	if len(some) > 0 {
		s = append(s, "*Doors are closed but to those let in by name on "+estate.Join(some)+".*")
	}
	if len(shut) > 0 {
		s = append(s, "*Doors are closed on "+estate.Join(shut)+".*")
	}
	if len(unknown) > 0 {
		s = append(s, "*Unknown on "+estate.Join(unknown)+".* What is so there could not be read.")
	}
	return strings.Join(s, " ")
}

// most is how many differences and rows are listed; a look at one server shows all that
// a message holds.
const most = 40

// differences says what is not as the trail has it, one line each.
func differences(looks []actions.DoorLook) string {
	var lines []string
	for _, l := range looks {
		switch {
		case l.Err != nil:
			continue
		case l.Unread != nil:
			return "\n*What ought to be so is unknown:* the trail could not be read, " + l.Unread.Error() + "."
		}
		for _, d := range l.Report.Differs {
			lines = append(lines, l.Host.Name+": "+differs(d))
		}
	}
	if len(lines) == 0 {
		if slices.ContainsFunc(looks, func(l actions.DoorLook) bool { return l.Err == nil }) {
			return "\nAll that could be read is as the trail says."
		}
		return ""
	}
	const shown = 12
	more := ""
	if n := len(lines) - shown; n > 0 {
		lines, more = lines[:shown], fmt.Sprintf("\nAnd %d more; name one server to see its own.", n)
	}
	return "\n*Not as the trail says:*\n" + strings.Join(lines, "\n") + more
}

// differs says one difference in a sentence.
func differs(d actions.Difference) string {
	rule := fmt.Sprintf("rule “%s”", d.Rule.Display)
	lets := strings.Join(d.Rule.Remote, ", ") + " on " + strings.Join(d.Rule.Ports, ", ")
	if d.Whose == actions.Original && d.Request != "" && d.What != actions.IsAnother {
		rule += ", which " + d.Request + " has switched off,"
	} else if what := whose(d.Whose); what != "" && d.Request != "" && d.What != actions.IsAnother {
		rule += " (" + what + " of " + d.Request + ")"
	}
	switch d.What {
	case actions.IsOn:
		return rule + " is on and lets in " + lets + ". `/itms block` closes it again."
	case actions.IsGone:
		return rule + " is not there any more."
	case actions.IsAltered:
		if !d.Rule.Enabled && d.Whose != actions.Original {
			return rule + " is off."
		}
		return rule + " is not as it was: it is for " + lets + " now."
	case actions.IsIdle:
		return rule + " is there and not in force: group policy or another store decides."
	case actions.IsUnasked:
		return rule + " is of the bot's group and lets in " + lets + ", and no request has it. Remove it by hand."
	case actions.IsAnother:
		from := "not the bot's"
		if d.Whose == actions.OfPolicy {
			from = "group policy " + d.Rule.Source
		}
		return fmt.Sprintf("%s (%s) lets in %s, although %s has closed the doors.", rule, from, lets, d.Request)
	case actions.IsOverdue:
		return fmt.Sprintf("%s should have ended %s.", rule, Time(d.Until))
	case actions.IsUnarmed:
		return fmt.Sprintf("%s ends %s, but the server has no task of its own that would end it without the bot.", rule, Time(d.Until))
	}
	return d.Fault + ", although " + d.Request + " has closed the doors."
}

// whose is what a rule of the bot is there for.
func whose(w actions.Whose) string {
	switch w {
	case actions.KeepList:
		return "keep list"
	case actions.CopyOf:
		return "copy of a rule for any port"
	case actions.OpenedByName:
		return "opening"
	}
	return ""
}

// connections says who is connected to the client ports, by address.
func connections(looks []actions.DoorLook) string {
	text := ""
	for _, l := range looks {
		if l.Err != nil || len(l.Firewall.Peers) == 0 {
			continue
		}
		by := map[string]int{}
		for _, p := range l.Firewall.Peers {
			by[p.Address] += p.Count
		}
		var from []string
		for address := range by {
			from = append(from, address)
		}
		slices.SortFunc(from, func(a, b string) int {
			if by[a] != by[b] {
				return by[b] - by[a]
			}
			return strings.Compare(a, b)
		})
		for i, address := range from {
			if n := by[address]; n > 1 {
				from[i] = fmt.Sprintf("%s (%d)", address, n)
			}
		}
		shown := estate.Join(from)
		if len(looks) == 1 && len(from) > 5 {
			shown = strings.Join(from[:min(len(from), most)], ", ")
			if n := len(from) - most; n > 0 {
				shown += fmt.Sprintf(" and %d more", n)
			}
		}
		text += fmt.Sprintf("\nConnected to %s: %s.", l.Host.Name, shown)
	}
	return text
}

// ruleTable has a row for every way in and for every rule that is switched off, and one
// for a host that did not say.
func ruleTable(looks []actions.DoorLook) [][]string {
	table := [][]string{{"Server", "Who", "Where to", "By which rule"}}
	for _, l := range looks {
		if l.Err != nil {
			table = append(table, []string{l.Host.Name, "Unknown", "Unknown", l.Err.Error()})
			continue
		}
		if len(l.Report.Ways) == 0 {
			table = append(table, []string{l.Host.Name, "Nobody", "client ports", "–"})
		}
		for _, set := range []struct {
			ways []actions.Way
			on   bool
		}{{l.Report.Ways, true}, {l.Report.Off, false}} {
			for _, way := range set.ways {
				if len(table) > most {
					return append(table, []string{"–", "–", "–", "and more; name one server to see its own"})
				}
				who, by := strings.Join(way.Rule.Remote, ", "), byRule(way)
				if !set.on {
					who, by = "Nobody", way.Rule.Display+", switched off by "+way.Request
				}
				table = append(table, []string{l.Host.Name, who, strings.Join(way.Rule.Ports, ", "), strings.Join(strings.Fields(by), " ")})
			}
		}
	}
	return table
}

// byRule names a rule, and the request that it is of.
func byRule(w actions.Way) string {
	switch w.Whose {
	case actions.OfPolicy:
		return "group policy " + w.Rule.Source + " " + w.Rule.Display
	case actions.LeftOn:
		return fmt.Sprintf("%s, left on by %s, because “%s”", w.Rule.Display, w.Request, w.Because)
	case actions.KeepList, actions.CopyOf, actions.OpenedByName:
		by := fmt.Sprintf("%s, %s of %s", w.Rule.Display, whose(w.Whose), w.Request)
		if !w.Until.IsZero() {
			by += ", until " + Time(w.Until)
		}
		return by
	case actions.Nobodys:
		return w.Rule.Display + ", of the bot's group and of no request"
	}
	return w.Rule.Display
}
