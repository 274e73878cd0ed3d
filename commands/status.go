package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// status says what waits for whom from the trail at once, and what is so on
// the servers as soon as they have answered.
func (r *Router) status(tx actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) > 0 {
		return Reply{}, runbook.Refuse("Write `/itms status` alone.", "`/itms status` takes nothing after it."), nil
	}
	live, err := tx.Live()
	if err != nil {
		return Reply{}, nil, err
	}
	aside, err := r.leftOut()
	if err != nil {
		return Reply{}, nil, err
	}
	whole, err := r.standing()
	if err != nil {
		return Reply{}, nil, err
	}
	text := r.openRequests(live) + whole + aside
	return Reply{Text: text + "\nLooking at the servers…", Later: func(ctx context.Context) Reply {
		looks := r.doors(ctx, r.engine.Env().Estate.WithDoors())
		return Reply{Text: text, Table: doorTable(looks), Foot: footOf(looks)}
	}}, nil, nil
}

func (r *Router) openRequests(live []runbook.Request) string {
	if len(live) == 0 {
		return "*Nothing is running and nothing waits for anybody.*"
	}
	lines := make([]string, len(live))
	for i, q := range live {
		lines[i] = fmt.Sprintf("*%s* %s (%s): %s. %s", q.ID, Line(q), r.engine.Policy().Name(q.By), q.State, r.waitsFor(q))
	}
	return strings.Join(lines, "\n")
}

// leftOut names what requests have left out on somebody's word, for as long as they
// are not taken back.
func (r *Router) leftOut() (string, error) {
	recent, err := r.journal.Recent(50)
	if err != nil {
		return "", err
	}
	text := ""
	for _, q := range recent {
		if q.State.Untouched() || q.BackedOutBy != "" {
			continue
		}
		for _, l := range actions.LeftOut(q.Args) {
			text += fmt.Sprintf("\nLeft out by %s: %s", q.ID, LeftOut(l))
		}
	}
	return text, nil
}

func (r *Router) waitsFor(q runbook.Request) string {
	switch q.State {
	case runbook.InOffer:
		return fmt.Sprintf("It waits for %s until %s.", runbook.Names(r.engine.Policy().CanFill(q), "or"), Time(q.Expires))
	case runbook.InSecond:
		return "All have agreed. One of those who did starts it on its card, or lets it be."
	case runbook.Waiting:
		return "It needs a person: " + q.Waits.Text
	case runbook.Broken:
		return "It was interrupted and needs an operator."
	}
	return ""
}

// check lets a refused credential be tried once more, because a person says
// that it was looked at; it changes nothing on the host.
func (r *Router) check(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if no := r.engine.Policy().MayAct(o.By, o.Line); no != nil {
		return Reply{}, no, nil
	}
	if len(words) != 1 {
		return Reply{}, runbook.Refuse("For example `/itms check SMP1`.", "Name one server."), nil
	}
	h, no := r.server(words[0])
	if no != nil {
		return Reply{}, no, nil
	}
	if _, err := add(tx, o, runbook.Unparked, runbook.ParkedBody{Peer: h.Name}); err != nil {
		return Reply{}, nil, err
	}
	return Reply{Text: "Logging on to " + h.Name + "…", Later: func(ctx context.Context) Reply {
		r.parking.Unpark(h.Name)
		looks := r.looks.Fresh(ctx, []estate.Host{h})
		if err := looks[0].Err; err != nil {
			return Reply{Text: fmt.Sprintf("*%s does not let the bot in.* The bot %s.", h.Name, actions.Words(err)),
				Foot: "A refused password is not tried again until somebody runs this once more."}
		}
		return Reply{Text: fmt.Sprintf("*%s answers.* It calls itself %s, machine `%s`.", h.Name, looks[0].Firewall.Name, looks[0].Firewall.Machine), Foot: footOf(looks)}
	}}, nil, nil
}

// doors looks at hosts, sharing what was read since the last event.
func (r *Router) doors(ctx context.Context, hosts []estate.Host) []actions.DoorLook {
	return r.looks.Doors(ctx, hosts, r.head())
}

func doorTable(looks []actions.DoorLook) [][]string {
	table := [][]string{{"Server", "Doors to clients", "Connected", "Self-restore"}}
	for _, l := range looks {
		row := []string{l.Host.Name + " " + l.Host.Role.String(), "Unknown", "Unknown", "Unknown"}
		if l.Err == nil {
			row[1], row[2], row[3] = doorsIn(l), strconv.Itoa(connectedTo(l)), "None"
			if l.Firewall.Restore != nil && l.Firewall.Restore.Armed {
				row[3] = "Armed by " + l.Firewall.Restore.Key
			}
		}
		table = append(table, row)
	}
	return table
}

func doorsIn(l actions.DoorLook) string {
	switch d := l.Doors; {
	case len(d.Faults) > 0:
		return "Open: " + strings.Join(d.Faults, "; ")
	case d.Closed() && len(l.Openings) > 0:
		return fmt.Sprintf("Closed, %d let in by name", len(l.Openings))
	case d.Closed():
		return "Closed"
	default:
		if n := len(d.Wide) + len(d.Policy) + len(d.AnyPort); n > 1 {
			return fmt.Sprintf("Open, %d rules", n)
		}
		return "Open, 1 rule"
	}
}

func connectedTo(l actions.DoorLook) int {
	n := 0
	for _, p := range l.Firewall.Peers {
		n += p.Count
	}
	return n
}

func footOf(looks []actions.DoorLook) string {
	for _, l := range looks {
		if l.Err == nil {
			return fmt.Sprintf("Read from the servers; %s says it is %s there.", l.Host.Name, Time(l.Firewall.Now))
		}
	}
	return "No server answered."
}
