package commands

import (
	"context"
	"fmt"

	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// glance makes the command of a look, at one server if one may be named.
func (r *Router) glance(what, title string, one bool) func(actions.Tx, actions.Order, []string) (Reply, *runbook.Refusal, error) {
	return func(_ actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
		var hosts []estate.Host
		switch {
		case len(words) > 0 && !one:
			return Reply{}, runbook.Refuse("Write `/itms "+what+"` alone.", "`/itms %s` takes nothing after it.", what), nil
		case len(words) > 1:
			return Reply{}, runbook.Refuse(fmt.Sprintf("For example `/itms %s SMP1`.", what), "Name one server, or none."), nil
		case len(words) == 1:
			h, no := r.server(words[0])
			if no != nil {
				return Reply{}, no, nil
			}
			hosts = []estate.Host{h}
		}
		return Reply{Text: "Looking…", Later: func(ctx context.Context) Reply {
			found, err := r.looks.Glance(ctx, what, hosts, r.head())
			if err != nil {
				return no(runbook.Refuse("", "It could not be looked at: %s.", err))
			}
			table := [][]string{{"Server", title}}
			unknown := 0
			for _, g := range found {
				if g.Unknown {
					unknown++
					g.Text = "Unknown. " + g.Text
				}
				table = append(table, []string{g.Host, g.Text})
			}
			text := fmt.Sprintf("*%s, as the servers say now.*", title)
			if unknown > 0 {
				text += fmt.Sprintf(" %d of %d could not be looked at.", unknown, len(found))
			}
			return Reply{Text: text, Table: table}
		}}, nil, nil
	}
}

// server finds a server by the name that somebody typed.
func (r *Router) server(name string) (estate.Host, *runbook.Refusal) {
	hosts := r.engine.Env().Estate
	h, ok := hosts.Host(name)
	if !ok {
		return h, runbook.Refuse("The servers are "+estate.Names(hosts.Hosts)+".", "There is no server of that name.")
	}
	return h, nil
}

// head is the number of the trail's last event; -1, which nothing shares, where it
// cannot be read.
func (r *Router) head() int64 {
	head, _, err := r.journal.Head()
	if err != nil {
		return -1
	}
	return head
}
