package actions

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/runbook"
)

// Sheet is the way back for the day the bot is gone: per host the lines that
// put back what a request has changed, from what was recorded before each
// step. It is text for a person at a console of that host.
func (e *Engine) Sheet(r runbook.Request) (string, error) {
	ask := Ask{}
	if err := e.readTaken(r.ID, &ask); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Way back of %s (%s), upgrade %s, estate %s\n", r.ID, r.Line, r.Upgrade, e.env.Estate.Name)
	fmt.Fprintf(&b, "Plan %s. Written %s.\n\n", r.Digest, r.Since.UTC().Format(time.RFC3339))
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
	b.WriteString(snapshotLines(ask))
	return b.String(), nil
}

// snapshotLines names the snapshots of the set for somebody at vCenter, by what
// finds each of them there. A step that has begun is named whatever its end:
// only vCenter can say whether its snapshot is there.
func snapshotLines(ask Ask) string {
	var b strings.Builder
	for _, s := range ask.Taken.Steps() {
		life, begun := ask.Undoes.Step(s.ID)
		p, err := params[snapshotParams](s.Params, s.ID)
		if s.Kind != snapshotCreate.Name || !begun || err != nil {
			continue
		}
		fmt.Fprintf(&b, "  %s: machine %s, BIOS UUID %s, snapshot %q with the description %q, %s: %s\n",
			s.Host, p.VM, p.UUID, p.Name, p.Key, life.Ended.UTC().Format(time.RFC3339), life.Result)
	}
	if b.Len() == 0 {
		return "\nSnapshots: no step of this request has begun to take one.\n"
	}
	return "\nSnapshots, in vCenter; they go back together or not at all:\n" + b.String()
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
			if kind.ByHand == nil {
				continue
			}
			more, err := kind.ByHand(s, before)
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

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = quote(n)
	}
	return strings.Join(list, ",")
}
