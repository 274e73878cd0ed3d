package actions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Contact is somebody to ask on that day. Phone is empty where none is known.
// It stands on the sheet and nowhere else: not in the trail, on no card.
type Contact struct {
	Name, Role, Phone string
}

// SheetAfter reports whether a stage that has ended changes what stands on the
// sheet so much that people need a new one at once: doors were closed, or there
// are snapshots to go back to.
func SheetAfter(stage runbook.Stage) bool {
	return slices.ContainsFunc(stage.Steps, func(s runbook.Step) bool {
		return s.Undoes == nil && (s.Kind == firewallDisable.Name || s.Kind == snapshotCreate.Name)
	})
}

// Sheet is the way back for the day the bot is gone: per host the lines that
// put back what a request has changed, from what was recorded before each step,
// its snapshots by what finds them in vCenter, the order of power, and whom to
// call. It is text for a person at a console.
func (e *Engine) Sheet(r runbook.Request, people []Contact) (string, error) {
	events, err := e.journal.EventsOf(r.ID)
	if err != nil {
		return "", err
	}
	ask := Ask{}
	if err := e.readTaken(r.ID, &ask); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Way back of %s (%s), upgrade %s, estate %s\n", r.ID, r.Line, r.Upgrade, e.env.Estate.Name)
	fmt.Fprintf(&b, "Plan %s. As of event %d of the trail, %s.\n", r.Digest, r.Last, lastTime(r, events))
	b.WriteString("A sheet of a later event replaces this one.\n\n")
	if r.BackedOutBy != "" {
		fmt.Fprintf(&b, "%s HAS TAKEN %s BACK. What stands below is done already, and is kept for who looks it up.\n\n", r.BackedOutBy, r.ID)
	}
	b.WriteString("For the day the bot is gone. While it runs, use /itms undo " + r.ID + " instead.\n")
	b.WriteString("On each server below: open PowerShell as administrator and run its lines in this order.\n")
	b.WriteString("The first line stops on any other server. No line does harm when it is run twice.\n")
	lines, err := byHand(ask)
	if err != nil {
		return "", err
	}
	for _, h := range e.env.Estate.Hosts {
		if len(lines[h.Name]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s, %s\n%s\n", h.Name, h.Role, strings.Join(lines[h.Name], "\n"))
	}
	if len(lines) == 0 {
		b.WriteString("\nNothing was changed that a line could put back.\n")
	}
	b.WriteString(snapshotLines(ask, events))
	b.WriteString(otherWays(ask.Taken))
	b.WriteString(powerLines(e.env.Estate, ask.Taken.Machines))
	b.WriteString(phoneLines(people))
	return b.String(), nil
}

// lastTime is when the request last moved.
func lastTime(r runbook.Request, events []runbook.Event) string {
	at := r.Since
	for _, e := range events {
		if e.N == r.Last {
			at = e.At
		}
	}
	return at.UTC().Format(time.RFC3339)
}

// snapshotLines names the snapshots of the set for somebody at vCenter, by what
// finds each of them there. A step that has begun is named whatever its end:
// only vCenter can say whether its snapshot is there.
func snapshotLines(ask Ask, events []runbook.Event) string {
	var b strings.Builder
	for _, s := range ask.Taken.Steps() {
		life, begun := ask.Undoes.Step(s.ID)
		p, err := params[snapshotParams](s.Params, s.ID)
		if s.Kind != snapshotCreate.Name || !begun || err != nil {
			continue
		}
		fmt.Fprintf(&b, "  %s: machine %s, BIOS UUID %s\n", s.Host, p.VM, p.UUID)
		what := "reference and time unknown"
		if taken, ok := takenSnapshot(s.ID, p.Key, events); ok {
			what = fmt.Sprintf("%s, taken %s by vCenter's clock", taken.Ref, taken.Created.UTC().Format(time.RFC3339))
			if !taken.Quiesced {
				what += ", file systems NOT at rest"
			}
		}
		result := string(life.Result)
		if life.Open {
			result = "begun, and its end is not known"
		}
		fmt.Fprintf(&b, "    snapshot %q, %s; the step: %s\n    description: %s\n", p.Name, what, result, p.Key)
	}
	if b.Len() == 0 {
		return "\nSnapshots: no step of this request has begun to take one.\n"
	}
	return "\nSnapshots, in vCenter; they go back together or not at all:\n" + b.String()
}

// otherWays names what does not go back with the set: servers by another way or
// none, and what was left out on somebody's word.
func otherWays(p runbook.Plan) string {
	var b strings.Builder
	for _, m := range p.Machines {
		if m.WayBack != "" && m.WayBack != runbook.WayBackSnapshot {
			fmt.Fprintf(&b, "  %s %s.\n", m.Host, m.WayBack)
		}
	}
	for _, l := range p.LeftOut {
		what := l.Host
		if l.Rule != "" {
			what += ", rule " + l.Rule
		}
		fmt.Fprintf(&b, "  %s was left out, because: %s.\n", what, l.Because)
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nNot with the snapshots:\n" + b.String()
}

// takenSnapshot is what vCenter said of a step's snapshot after it was taken.
func takenSnapshot(step, key string, events []runbook.Event) (estate.Snapshot, bool) {
	for _, e := range slices.Backward(events) {
		var b runbook.OutcomeBody
		var found []estate.Snapshot
		if e.Kind != runbook.Outcome || e.Step != step {
			continue
		}
		if e.Read(&b) != nil || len(b.Facts) == 0 || json.Unmarshal(b.Facts, &found) != nil {
			return estate.Snapshot{}, false
		}
		for _, s := range found {
			if s.Description == key {
				return s, true
			}
		}
		return estate.Snapshot{}, false
	}
	return estate.Snapshot{}, false
}

// powerDown is the order in which roles are switched off; on is the other way
// round. Who asks goes before who answers: the gateway asks the site servers,
// they ask the SMP, and it asks its database.
var powerDown = []estate.Role{estate.Gateway, estate.Site, estate.SMP, estate.SQL}

// powerLines is the order of a revert by hand.
func powerLines(e estate.Estate, machines []runbook.Machine) string {
	var off []string
	for _, role := range powerDown {
		for _, h := range e.Hosts {
			if h.Role != role {
				continue
			}
			ref := "its machine is not part of the plan"
			for _, m := range machines {
				if m.Host == h.Name && m.VM != "" {
					ref = m.VM
				}
			}
			off = append(off, fmt.Sprintf("    %s, %s (%s)\n", h.Name, h.Role, ref))
		}
	}
	var b strings.Builder
	b.WriteString("\nPower order, for going back to the snapshots; all of them or none:\n  1. Switch off, one after the other:\n")
	for _, l := range off {
		b.WriteString(l)
	}
	b.WriteString("  2. Revert each machine to its snapshot above, by reference or description, never by a name alone.\n" +
		"  3. Switch on, each when the services of the one before are back:\n")
	for _, l := range slices.Backward(off) {
		b.WriteString(l)
	}
	return b.String()
}

// phoneLines is whom to call.
func phoneLines(people []Contact) string {
	if len(people) == 0 {
		return "\nPhone list: nobody is on the list of people.\n"
	}
	var b strings.Builder
	b.WriteString("\nPhone list:\n")
	for _, c := range people {
		phone := c.Phone
		if phone == "" {
			phone = "no number in the configuration"
		}
		fmt.Fprintf(&b, "  %s, %s: %s\n", c.Name, c.Role, phone)
	}
	return b.String()
}

// byHand collects the lines by host, last stage first, each host's behind a
// line that stops on another machine.
func byHand(ask Ask) (map[string][]string, error) {
	lines := map[string][]string{}
	for _, stage := range slices.Backward(ask.Taken.Stages) {
		for _, s := range stage.Steps {
			life, begun := ask.Undoes.Step(s.ID)
			before := ask.Befores[s.ID]
			if !begun || life.Result == runbook.AlreadySo || len(before) == 0 {
				continue
			}
			kind, err := kindOf(s)
			if err != nil {
				return nil, err
			}
			lineOf := kind.ByHand
			if s.Undoes != nil {
				lineOf = kind.AgainByHand
			}
			if lineOf == nil {
				continue
			}
			more, err := lineOf(s, before)
			if err != nil {
				return nil, err
			}
			if len(lines[s.Host]) == 0 && len(more) > 0 {
				lines[s.Host] = []string{`if ((Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Cryptography').MachineGuid -ne ` + quote(s.Machine) + `) { throw 'This is another server.' }`}
			}
			lines[s.Host] = append(lines[s.Host], more...)
		}
	}
	return lines, nil
}

// quote writes a value as a PowerShell literal: in single quotes, in which
// only the quote itself means anything, doubled. PowerShell takes the
// typographic quotes for the same.
func quote(s string) string {
	r := strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛")
	return "'" + r.Replace(s) + "'"
}

// madeByHand are the lines that make rules of the bot.
func madeByHand(rules []estate.NewRule) []string {
	var lines []string
	for _, r := range rules {
		lines = append(lines, fmt.Sprintf("New-NetFirewallRule -PolicyStore PersistentStore -Name %s -DisplayName %s -Group %s -Direction Inbound -Action Allow -Profile Any -Protocol TCP -LocalPort %s -RemoteAddress %s",
			quote(r.Name), quote(r.Display), quote(estate.RuleGroup), quoted(r.Ports), quoted(r.Remote)))
	}
	return lines
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = quote(n)
	}
	return strings.Join(list, ",")
}
