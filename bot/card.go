package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/actions"
	"itmsbot/commands"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// drawing is a message as it should look.
type drawing struct {
	// text is a full sentence with the outcome: screen readers read only
	// that (slack.md §7).
	text   string
	blocks []slack.Block
}

// view is all that a card is drawn from.
type view struct {
	request runbook.Request
	plan    *runbook.Plan // nil before there is one
	copy    actions.Copy
	policy  runbook.Policy
	estate  estate.Estate
	// planBlocks draws plans with Slack's own block for them.
	planBlocks bool
	// seal is "trail 412 · 16 digits" of the event that changed the state.
	seal string
}

// card draws a request. State first, then what it means, then what to do.
func card(v view) drawing {
	r := v.request
	switch r.State {
	case runbook.InAsked:
		return v.draw("the plan is being made",
			fmt.Sprintf("*%s asks to %s.* The bot is looking at the servers. Nothing is touched.", v.name(r.By), v.copy.Wish),
			fmt.Sprintf("%s asks to %s, request %s. The plan is being made.", v.name(r.By), v.copy.Wish, r.ID))
	case runbook.InOffer:
		return v.offer()
	case runbook.InSecond:
		return v.secondLook()
	case runbook.Ready, runbook.InCheck:
		return v.draw("approved, starting",
			fmt.Sprintf("*%s.* The bot computes the plan once more, then starts.", v.approvals()),
			fmt.Sprintf("%s: %s, request %s, starts now.", v.approvals(), lower(v.copy.Title), r.ID))
	case runbook.Running:
		return v.running()
	case runbook.Waiting, runbook.Broken:
		return v.needsPerson()
	case runbook.WasDone:
		return v.done()
	}
	return v.ended()
}

func (v view) name(p runbook.Person) string { return v.policy.Name(p) }

// draw is a card of a header, a lead and the small print.
func (v view) draw(state, lead, text string, more ...slack.Block) drawing {
	blocks := []slack.Block{header(v.title() + ": " + state)}
	blocks = append(blocks, sections(mrkdwn(lead))...)
	blocks = append(blocks, v.aside()...)
	blocks = append(blocks, more...)
	return drawing{text: escape(plain(cut(text, 300))), blocks: append(blocks, v.smallPrint())}
}

func (v view) title() string {
	if v.plan != nil {
		return fmt.Sprintf("%s (%s)", v.copy.Title, v.plan.Section)
	}
	if a, ok := actions.Find(v.request.Action); ok {
		return fmt.Sprintf("%s (%s)", v.copy.Title, a.Section)
	}
	return v.copy.Title
}

// smallPrint says of which estate and which plan the card is.
func (v view) smallPrint() slack.Block {
	r := v.request
	parts := []string{v.banner(), r.ID}
	if r.Digest != "" {
		parts = append(parts, "plan `"+runbook.Short(r.Digest)+"`")
	}
	parts = append(parts, "asked by "+escape(v.name(r.By))+" "+date(r.AskedAt))
	switch {
	case r.State == runbook.InOffer:
		parts = append(parts, "expires "+date(r.Expires), "needs "+v.needs())
	case r.State == runbook.InSecond && !r.ReadAgain.IsZero():
		parts = append(parts, "expires "+date(r.Expires), "waits for "+v.seated())
	case len(r.Seats) > 0:
		parts = append(parts, mrkdwn(lower(v.approvals())))
	}
	if r.State.Ended() || r.State == runbook.Waiting || r.State == runbook.Broken {
		parts = append(parts, v.seal)
	}
	return foot(parts...)
}

// banner makes practice and production look different at a glance.
func (v view) banner() string {
	if v.estate.Lab {
		return "*LAB*"
	}
	return "*" + escape(v.estate.Name) + "*"
}

// needs mentions who can fill the open seats.
func (v view) needs() string {
	r := v.request
	able := v.policy.CanFill(r)
	if len(able) == 0 {
		return "an approver, and nobody on the list can be it"
	}
	var who []string
	for _, m := range able {
		who = append(who, "<@"+m.Person.User+">")
	}
	n := r.Needs.Count - len(r.Seats)
	if n == 1 && slices.Contains(r.Needs.Roles, runbook.Operator) {
		return "the word of " + strings.Join(who, " or ")
	}
	if n == 1 {
		return "one approver: " + strings.Join(who, " or ")
	}
	return fmt.Sprintf("%d approvers of %s", n, strings.Join(who, ", "))
}

func (v view) approvals() string {
	var who []string
	for _, s := range v.request.Seats {
		who = append(who, v.name(s.By))
	}
	if len(who) == 0 {
		return "Approved by nobody"
	}
	last := v.request.Seats[len(v.request.Seats)-1]
	return "Approved by " + strings.Join(who, " and ") + " " + commands.Time(last.At)
}

// offer is the card that is read before anybody agrees.
func (v view) offer() drawing {
	r, c := v.request, v.copy
	lead := fmt.Sprintf("*%s asks to %s.* %s", v.name(r.By), c.Wish, c.Means)
	state := "approval needed"
	if n := len(r.Seats); n > 0 {
		state = "one more approval"
		lead = fmt.Sprintf("*%d of %d approvals are in.* Nothing has been touched. %s", n, r.Needs.Count, lead)
	}
	found := v.found()
	pairs := [][2]string{{"In this order", escape(v.order())}, {"Way back", escape(v.wayBack())}}
	if found != "" {
		pairs = append(pairs, [2]string{"Found " + date(r.Readings[0].At), found})
	}
	short, style, need := runbook.Short(r.Digest), "primary", "Approval needed"
	if v.grave() {
		style = "danger" // no primary button on what is lost for good
		state, need = state+", this cannot be undone", need+", this cannot be undone"
	}
	return v.draw(state, lead,
		fmt.Sprintf(need+": %s asks to %s, request %s. %s", v.name(r.By), c.Wish, r.ID, c.Means),
		append(v.warnings(), table(v.effects()), fields(pairs...),
			buttons(
				press{"Approve", "approve " + r.ID + " " + r.Digest, style, &question{
					fmt.Sprintf("Approve %s, %s?", r.ID, lower(c.Title)),
					fmt.Sprintf("%s You approve plan %s and no other.", c.Confirm, short), "Approve " + r.ID, style}},
				press{"Deny", "deny " + r.ID, "", &question{"Deny " + r.ID + "?",
					fmt.Sprintf("Nothing is done. %s is told and can ask again.", v.name(r.By)), "Deny " + r.ID, "danger"}},
				press{"Withdraw", "cancel " + r.ID, "", nil}))...)
}

// effects is the plan's table: a row for each host, a column for each kind of
// effect, "No change" where nothing changes.
func (v view) effects() [][]string {
	var kinds, hosts []string
	cells := map[[2]string]string{}
	for _, s := range v.plan.Steps() {
		if s.Effect.What == "" {
			continue // it only looks
		}
		if !slices.Contains(kinds, s.Effect.What) {
			kinds = append(kinds, s.Effect.What)
		}
		if !slices.Contains(hosts, s.Host) {
			hosts = append(hosts, s.Host)
		}
		cells[[2]string{s.Host, s.Effect.What}] = s.Effect.Before + " → " + s.Effect.After
	}
	rows := [][]string{append([]string{"Server"}, kinds...)}
	for _, h := range v.estate.Hosts {
		row := []string{h.Name + " " + h.Role.String()}
		for _, k := range kinds {
			cell, ok := cells[[2]string{h.Name, k}]
			if !ok {
				cell = "No change"
			}
			row = append(row, cell)
		}
		if slices.Contains(hosts, h.Name) || len(v.estate.Hosts) <= fewHosts {
			rows = append(rows, row)
		}
	}
	if len(kinds) == 0 {
		return [][]string{{"Server"}, {"Nothing is changed"}}
	}
	return rows
}

// fewHosts is how many servers are all listed, those without a change too.
const fewHosts = 8

func (v view) order() string {
	var titles []string
	said := ""
	for _, s := range v.plan.Stages {
		verb, host := doingWhat(s)
		if host != "" && verb == said {
			titles[len(titles)-1] += ", then " + host
			continue
		}
		titles, said = append(titles, s.Doing), verb
	}
	return upper(strings.Join(titles, "; ")) + "."
}

// doingWhat cuts what a stage does from the servers it does it to, where its words end
// with their names: "shutting down", "GW1".
func doingWhat(s runbook.Stage) (verb, hosts string) {
	var names []string
	for _, step := range s.Steps {
		if !slices.Contains(names, step.Host) {
			names = append(names, step.Host)
		}
	}
	hosts = estate.Join(names)
	if verb, ok := strings.CutSuffix(s.Doing, " "+hosts); ok {
		return verb, hosts
	}
	return s.Doing, ""
}

func (v view) wayBack() string {
	// By stage, last first: what it puts back, and on how many hosts.
	var ways []string
	final := ""
	for _, s := range v.plan.Steps() {
		if s.Effect.What != "" && s.WayBack == "" && v.reversible() {
			final += fmt.Sprintf(" The %s of %s cannot be undone.", lower(s.Effect.What), s.Host)
		}
	}
	for _, stage := range slices.Backward(v.plan.Stages) {
		var whats []string
		hosts := map[string][]string{}
		for _, s := range stage.Steps {
			if s.WayBack == "" {
				continue
			}
			if what := lower(s.Effect.What); len(hosts[what]) == 0 {
				whats = append(whats, what)
			}
			hosts[lower(s.Effect.What)] = append(hosts[lower(s.Effect.What)], s.Host)
		}
		for _, what := range whats {
			ways = append(ways, fmt.Sprintf("%s on %s", what, estate.Join(hosts[what])))
		}
	}
	if v.request.Undoes != "" {
		return "`" + strings.TrimPrefix(strings.TrimSuffix(v.plan.Steps()[0].WayBack, "` again"), "ask for `") + "` again."
	}
	if len(ways) == 0 {
		return v.noWayBack() + final
	}
	return "`/itms undo " + v.request.ID + "` puts back as recorded before: " + strings.Join(ways, "; then ") + "." + final
}

func lower(s string) string {
	if s == "" || len(s) > 1 && s[1] == '-' { // "R-12" keeps its name
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// minutes says a duration as people do.
func minutes(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d\u00a0s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d\u00a0min", int(d.Round(time.Minute).Minutes()))
}
