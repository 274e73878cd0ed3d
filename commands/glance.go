package commands

import (
	"context"
	"fmt"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// glance makes the command of a look that quiesce makes too.
func (r *Router) glance(what, title string) func(actions.Tx, actions.Order, []string) (Reply, *runbook.Refusal, error) {
	return func(_ actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
		if len(words) > 0 {
			return Reply{}, runbook.Refuse("Write `/itms "+what+"` alone.", "`/itms %s` takes nothing after it.", what), nil
		}
		return Reply{Text: "Looking…", Later: func(ctx context.Context) Reply {
			found, err := r.engine.Glance(ctx, what)
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
			text := fmt.Sprintf("*%s, as quiesce would see it.*", title)
			if unknown > 0 {
				text += fmt.Sprintf(" %d of %d could not be looked at.", unknown, len(found))
			}
			return Reply{Text: text, Table: table}
		}}, nil, nil
	}
}
