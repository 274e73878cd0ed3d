package actions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// reboot restarts one server of the estate: the SMP before the set (1.4 item 6) and
// after its upgrade (1.5 item 6), any other when it has to be. What a restart would
// cut off stands on the card; where it would break the upgrade it is refused
// (itms.md §9).
var reboot = &Action{
	Name: "reboot", Section: "1.4 item 6, 1.5 item 6", Args: "SERVER", Risk: runbook.Outage,
	Summary: "restart a server and wait until it is back with its services",
	WayBack: "none: a server that has restarted has restarted",
	Copy: Copy{
		Title:     "Restart {server}",
		Wish:      "restart {server}",
		Means:     "Whoever works on {server} or is connected to it is cut off until it is back.",
		Done:      "{server} is restarted.",
		DoneMeans: "It is back, and the services that ran before run again.",
		Next:      "Read its logs since then: `/itms logs {server}`.",
		Confirm:   "{server} restarts now. Whoever is connected to it is cut off until it is back. A restart cannot be taken back.",
	},
	Servers: anyWord,
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		if len(words) != 1 {
			return nil, runbook.Refuse("For example `/itms reboot SMP1`. Each restart is a request of its own.", "Name one server.")
		}
		return map[string]string{"server": words[0]}, nil
	},
	Plan: func(ctx context.Context, env Env, ask Ask) (Draft, error) {
		h, err := serverOf(env.Estate, ask.Args["server"])
		if err != nil {
			return Draft{}, err
		}
		now, err := env.Reboots.RebootState(ctx, h.Name, env.Lane, bootKey(env, ask.Request, "1"))
		if err != nil {
			return Draft{}, unreadable(h, err)
		}
		if busy := now.Busy(); len(busy) > 0 {
			return Draft{}, runbook.Refuse("Wait until that has ended. `/itms plan reboot "+h.Name+"` looks again and asks for nothing.",
				"%s must not be restarted now, and nobody can pass over that: %s.", h.Name, strings.Join(busy, "; "))
		}
		draft := Draft{Thresholds: map[string]int64{"reboot_seconds": int64(env.Limits.Reboot.Seconds())},
			Machines: []runbook.Machine{{Host: h.Name, Role: string(h.Role), GUID: now.Machine, Name: now.Name}}}
		if draft.Stages, err = restartStages(env, "1", "1.4 item 6", ask.Request, h.Name, now.Machine); err != nil {
			return draft, err
		}
		if still := stillClosed(h.Name, strconv.Itoa(len(draft.Stages)+1), ask.Ledger); len(still.Steps) > 0 {
			draft.Stages = append(draft.Stages, still)
		}
		draft.Readings = append(draft.Readings, runbook.Reading{What: h.Name, Value: fmt.Sprintf("up for %s. %s", hours(now.Now.Sub(now.Boot)), pending(now)), At: now.Now})
		draft.Readings = append(draft.Readings, connectedNow(ctx, env, h, now)...)
		draft.Warnings = cutOff(h, now)
		return draft, nil
	},
}

// serverOf finds the server that was named.
func serverOf(e estate.Estate, name string) (estate.Host, error) {
	h, ok := e.Host(name)
	if !ok {
		return h, runbook.Refuse("The servers are "+estate.Names(e.Hosts)+".", "There is no server of the name “%s”.", name)
	}
	return h, nil
}

// stillClosed makes the stage that looks, after the boot, whether the doors that
// requests have closed on a host are closed still (DESIGN §13); it has no steps where
// none are.
func stillClosed(host, id string, l Ledger) runbook.Stage {
	stage := runbook.Stage{ID: id, Item: "1.4 item 1", Title: "Look whether the doors of " + host + " are still closed",
		Doing: "looking whether the doors are still closed", Done: "Doors of " + host + " still closed"}
	for i, left := range l.Hosts[host].Closed {
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Kind: doorsKept.Name, Version: doorsKept.Version, Host: host,
			Machine: left.Step.Machine, Params: left.Step.Params, Touches: []string{}, Title: "look whether " + host + " is still closed"})
	}
	return stage
}

// doorsKept looks whether what requests have closed on a host is closed still. Who is
// let in by name may go on coming in.
var doorsKept = &Kind{
	Name: "doors.kept", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		f, err := lookAtDisabled(ctx, env, s)
		if f.Standing != IsDone {
			f.Standing = Otherwise
		}
		return f, err
	},
}

// connectedNow counts who is connected to the client ports of a host. A firewall that
// cannot be read stops no restart, and is said.
func connectedNow(ctx context.Context, env Env, h estate.Host, now estate.RebootState) []runbook.Reading {
	if len(h.ClientPorts) == 0 {
		return nil
	}
	r := runbook.Reading{What: "Connected to " + h.Name, At: now.Now}
	fw, err := env.Firewalls.Firewall(ctx, h.Name, env.Lane, estate.FirewallQuery{Names: []string{}, Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
	if err != nil {
		r.Value = "unknown, the bot " + Words(err)
		return []runbook.Reading{r}
	}
	n := 0
	for _, p := range fw.Peers {
		n += p.Count
	}
	r.Value, r.At = strconv.Itoa(n), fw.Now
	return []runbook.Reading{r}
}

// cutOff says what a restart takes along that nobody sees on the host itself.
func cutOff(h estate.Host, now estate.RebootState) []string {
	var list []string
	switch h.Role {
	case estate.SMP:
		list = append(list, "Cut off with "+h.Name+": the console and its users, and every server and client that reports to it, until its services run again.")
	case estate.SQL:
		list = append(list, "Cut off with "+h.Name+": the CMDB, so the whole of ITMS, and every other database on it, until they answer again.")
	}
	if a := now.Agent; a != nil {
		list = append(list, fmt.Sprintf("The agent's own restart is armed on %s: action %s, due %s by its clock. This restart takes its place.", h.Name, a.Action, a.Deadline))
	}
	return list
}
