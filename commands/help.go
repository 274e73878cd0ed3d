package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// help lists every command as a person looks for it: what the day is made of, by the
// sections of the method, then what decides, then what only looks. With the name of an
// action it says all of that one.
func (r *Router) help(_ actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) > 0 {
		a, _, ok := actions.Named(words)
		if !ok {
			return Reply{}, r.unknown(words[0]), nil
		}
		return helpOn(a), nil, nil
	}
	text := "*What this bot can do*"
	for _, g := range grouped(r.table) {
		text += "\n\n*" + g.title + "*\n" + strings.Join(g.lines, "\n")
	}
	return Reply{Text: text, Foot: "`/itms help quiesce` says who has to agree to it and its way back."}, nil, nil
}

// helpGroup is a heading of the help, and the commands under it.
type helpGroup struct {
	title string
	lines []string
}

// grouped sorts commands into the groups of the help. An action of several sections
// stands in the first; one of none ends the day.
func grouped(table []command) []helpGroup {
	groups := []helpGroup{}
	for _, s := range actions.Method {
		groups = append(groups, helpGroup{title: strings.TrimSpace(s.Number + " " + s.Title)})
	}
	days := len(groups)
	groups = append(groups, helpGroup{title: "Back out"}, helpGroup{title: "To decide"}, helpGroup{title: "To look; changes nothing"})
	for _, c := range table {
		at := days + 1
		a, isAction := actions.Find(c.name)
		switch {
		case c.name == "menu":
			continue
		case c.looks:
			at = days + 2
		case isAction && len(a.Places()) == 0:
			at = days
		case isAction:
			at = slices.IndexFunc(actions.Method, func(s actions.Section) bool { return s.Number == a.Places()[0].Section })
		}
		groups[at].lines = append(groups[at].lines, "`"+c.usage()+"`  "+c.summary)
	}
	return slices.DeleteFunc(groups, func(g helpGroup) bool { return len(g.lines) == 0 })
}

// usage is the command as people type it.
func (c command) usage() string { return strings.TrimSpace("/itms " + c.name + " " + c.args) }

// helpOn says all of one action.
func helpOn(a *actions.Action) Reply {
	return Reply{Text: fmt.Sprintf("*`%s`* (%s)\n%s.\n*Who has to agree:* %s.\n*Way back:* %s.", a.Usage(), a.Section, upper(a.Summary), a.People(), a.WayBack),
		Foot: fmt.Sprintf("`/itms plan %s` shows what it would do now; `/itms why %s` shows its rules.", a.Name, a.Name)}
}

// Usage is a command, for the run book.
type Usage struct {
	Line, Summary string
	// Action is set for what can be done to the estate, Looks for what everybody on
	// the list may use.
	Action, Looks bool
}

// Usages lists every command in the order of the help.
func Usages() []Usage {
	var list []Usage
	for _, c := range (&Router{}).commands() {
		if c.name == "menu" {
			continue
		}
		_, isAction := actions.Find(c.name)
		list = append(list, Usage{Line: c.usage(), Summary: c.summary, Action: isAction, Looks: c.looks})
	}
	return list
}

// upper lets a clause begin a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// menu is what `/itms` alone says: what makes sense now.
func (r *Router) menu(tx actions.Tx, o actions.Order, _ []string) (Reply, *runbook.Refusal, error) {
	live, err := tx.Live()
	if err != nil {
		return Reply{}, nil, err
	}
	reply := Reply{Text: r.openRequests(live), Foot: "`/itms help` lists everything."}
	if r.engine.Policy().MayAct(o.By, "") == nil {
		reply.Buttons = r.sensible(live)
	}
	reply.Buttons = append(reply.Buttons, Button{"Status", "status"}, Button{"Who can reach what", "firewall"})
	return reply, nil, nil
}

// sensible offers the next action of the method, or what the running request
// waits for.
func (r *Router) sensible(live []runbook.Request) []Button {
	for _, q := range live {
		switch q.State {
		case runbook.Running:
			return []Button{{"Stop " + q.ID, "stop " + q.ID}}
		case runbook.Waiting, runbook.Broken:
			return []Button{{"Go on with " + q.ID, "resume " + q.ID}, {"Back out of " + q.ID, "undo " + q.ID}}
		case runbook.InAsked, runbook.InOffer, runbook.InSecond, runbook.Ready, runbook.InCheck:
			return nil
		}
	}
	done, err := r.journal.Recent(20)
	if err == nil {
		for _, q := range slices.Backward(done) {
			if q.State == runbook.WasDone && q.Undoes == "" && q.BackedOutBy == "" {
				return []Button{{"Back out of " + q.ID, "undo " + q.ID}}
			}
		}
	}
	a := actions.Catalog[0]
	return []Button{{fmt.Sprintf("%s (%s)", a.Copy.Title, a.Section), a.Name}}
}

// plan shows what an action would do, to the asker alone.
func (r *Router) plan(tx actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) == 0 {
		return Reply{}, runbook.Refuse("For example `/itms plan quiesce`.", "Say which action."), nil
	}
	a, rest, ok := actions.Named(words)
	if !ok {
		return Reply{}, r.unknown(words[0]), nil
	}
	args, no := a.Arguments(a.Spelled(r.engine.Env().Estate, rest))
	if no != nil {
		return Reply{}, no, nil
	}
	upgrade, err := tx.Upgrade()
	if err != nil {
		return Reply{}, nil, err
	}
	return Reply{Text: "Looking at the servers…", Later: func(ctx context.Context) Reply {
		return r.preview(ctx, a, args, upgrade)
	}}, nil, nil
}

func (r *Router) preview(ctx context.Context, a *actions.Action, args map[string]string, upgrade string) Reply {
	plan, draft, err := r.engine.Preview(ctx, a, args, upgrade)
	var refusal *runbook.Refusal
	switch {
	case errors.As(err, &refusal):
		return no(refusal)
	case err != nil:
		return no(runbook.Refuse("", "The plan could not be made: %s.", err))
	}
	text := fmt.Sprintf("*This is what `/itms %s` would do now.* Nothing was asked for.", a.Name)
	for _, l := range plan.LeftOut {
		text += "\nLeft out: " + LeftOut(l)
	}
	for _, o := range plan.Overrides {
		text += "\n" + Overridden(o)
	}
	for _, w := range draft.Warnings {
		text += "\n" + w
	}
	var found []string
	for _, f := range draft.Readings {
		found = append(found, fmt.Sprintf("%s: %s", f.What, f.Value))
	}
	return Reply{Text: text, Table: StepTable(plan), Foot: strings.Join(found, " · ")}
}

// StepTable has a row for each step: server, what, now, after.
func StepTable(p runbook.Plan) [][]string {
	table := [][]string{{"Server", "What", "Now", "After"}}
	for _, s := range p.Steps() {
		if s.Effect.What == "" {
			continue // it only looks
		}
		table = append(table, []string{s.Host, s.Effect.What, s.Effect.Before, s.Effect.After})
	}
	return table
}

// audit shows the last lines of the trail.
func (r *Router) audit(_ actions.Tx, _ actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	n := 10
	if len(words) > 0 {
		var err error
		if n, err = strconv.Atoi(words[0]); err != nil || len(words) > 1 || n < 1 || n > 50 {
			return Reply{}, runbook.Refuse("For example `/itms audit 20`.", "Say how many lines, 1 to 50."), nil
		}
	}
	return Reply{Text: "Reading the trail…", Later: func(context.Context) Reply { return r.tail(n) }}, nil, nil
}

func (r *Router) tail(n int) Reply {
	events, err := r.journal.Tail(n)
	if err != nil {
		return no(runbook.Refuse("", "The trail could not be read: %s.", err))
	}
	last, hash, err := r.journal.Head()
	if err != nil {
		return no(runbook.Refuse("", "The trail could not be read: %s.", err))
	}
	table := [][]string{{"Entry", "When", "Request", "What"}}
	for _, e := range events {
		request := e.Request
		if request == "" {
			request = "–"
		}
		table = append(table, []string{strconv.FormatInt(e.N, 10), Time(e.At), request, Describe(e, r.engine.Policy())})
	}
	return Reply{Text: fmt.Sprintf("*The last %d of %d entries.*", len(events), last), Table: table,
		Foot: fmt.Sprintf("trail %d · %s", last, hash[:min(16, len(hash))])}
}
