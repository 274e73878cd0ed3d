package actions

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Action is something that can be done to the estate. The command, its help,
// its card, its approvals and its audit lines follow from this value.
type Action struct {
	// Name is what stands after /itms, one word or two ("allow client"), Section
	// the method's number.
	Name    string
	Section string
	// Items are the very items of the method that it does, where Section names only
	// their sections: "1.7 item 2, 1.8 items 4 and 7".
	Items string
	// Summary is one line of help, imperative.
	Summary string
	// Args is the usage after the name; empty for an action without any.
	Args string
	Risk runbook.Risk
	// WayBack says for the run book how it is taken back: "`/itms undo R-n` …". What
	// nothing takes back says why after "none: ", and is refused to undo.
	WayBack string
	// RiskOf is the risk where it depends on the arguments; nil is Risk.
	RiskOf func(args map[string]string) runbook.Risk
	// Rules have to hold before it is proposed, and once more before it starts.
	Rules []Rule
	// Takes lets it take the slot of whatever runs, and be asked for during a
	// hold: the way back is never shut.
	Takes bool
	Copy  Copy
	// Servers reports whether a word after the name may name a server; nil where none
	// does. See Spelled.
	Servers func(words []string, i int) bool
	// Parse turns the words after the name into arguments; nil takes none.
	Parse func(words []string) (map[string]string, *runbook.Refusal)
	// Plan looks at the estate and says what would be done. A plan that
	// cannot be made is a *runbook.Refusal that names the host and what it
	// said.
	Plan func(ctx context.Context, env Env, ask Ask) (Draft, error)
}

// Copy is what the cards of an action say, in the voice of the product. {R} stands
// for the request that is taken back, {name} for the argument of that name.
type Copy struct {
	// Title heads every card: "Quiesce the estate".
	Title string
	// Wish completes "Ana asks to …".
	Wish string
	// Means is what it will mean for people.
	Means string
	// Done is the outcome in a sentence, DoneMeans what it means now, and
	// Next what comes next.
	Done, DoneMeans, Next string
	// Confirm is what the approver confirms.
	Confirm string
}

// Ask is a request as its planner sees it.
type Ask struct {
	Request string
	Args    map[string]string
	// Undoes is set for undo.
	Undoes *runbook.Request
	// Taken is the plan of the request that is taken back, Befores what its
	// steps recorded.
	Taken   runbook.Plan
	Befores map[string][]byte
	// Ledger is what the trail says of the estate, and Before what a step of any
	// request recorded before it changed anything.
	Ledger Ledger
	Before func(request, step string) (json.RawMessage, error)
	// Past is the trail itself, for what no ledger sums up.
	Past Past
}

// Draft is what an action plans: the parts of the plan that are its own, and
// the readings that stand on the card beside it.
type Draft struct {
	Machines   []runbook.Machine
	LeftOut    []runbook.LeftOut
	Stages     []runbook.Stage
	Thresholds map[string]int64
	Readings   []runbook.Reading
	// Warnings are sentences that nobody should agree without: what is lost, what
	// cannot be undone. They may hold figures that move.
	Warnings []string
	// EndSeconds and Then are those of the plan.
	EndSeconds int64
	Then       []runbook.Mark
}

// RiskWith is the risk of the action with these arguments.
func (a *Action) RiskWith(args map[string]string) runbook.Risk {
	if a.RiskOf != nil {
		return a.RiskOf(args)
	}
	return a.Risk
}

// NoWayBack says why nothing takes the action back, false where something does.
func (a *Action) NoWayBack() (why string, none bool) { return strings.CutPrefix(a.WayBack, "none: ") }

// Spelled writes the names of servers among the words after the name as the
// configuration does: whoever types smp1 reads SMP1 on the card, and has asked for what
// `SMP1` asks for. A reason stays as it was typed, and so does a name that no server has.
func (a *Action) Spelled(e estate.Estate, words []string) []string {
	words = slices.Clone(words)
	for i, w := range words {
		if a.Servers == nil || !a.Servers(words, i) || i > 0 && words[i-1] == "--"+override {
			continue
		}
		if h, ok := e.Host(w); ok {
			words[i] = h.Name
		}
	}
	return words
}

// anyWord is for an action whose every word may name a server.
func anyWord([]string, int) bool { return true }

// Arguments reads the words after the name. Where rules may be passed over,
// --override and a reason may stand among them.
func (a *Action) Arguments(words []string) (map[string]string, *runbook.Refusal) {
	because, words, no := a.overriding(words)
	if no != nil {
		return nil, no
	}
	var args map[string]string
	switch {
	case a.Parse != nil:
		if args, no = a.Parse(words); no != nil {
			return nil, no
		}
	case len(words) > 0:
		return nil, runbook.Refuse("Write `/itms "+a.Name+"` alone.", "`/itms %s` takes nothing after it.", a.Name)
	}
	if because != "" {
		args = maps.Clone(args)
		if args == nil {
			args = map[string]string{}
		}
		args[override] = because
	}
	return args, nil
}

// Named gives the action that words begin with, the one of two words before the one of
// its first alone, and the words after it.
func Named(words []string) (*Action, []string, bool) {
	for n := min(2, len(words)); n > 0; n-- {
		if a, ok := Find(strings.ToLower(strings.Join(words[:n], " "))); ok {
			return a, words[n:], true
		}
	}
	return nil, nil, false
}

// Find gives the action of a name.
func Find(name string) (*Action, bool) {
	for _, a := range Catalog {
		if a.Name == name {
			return a, true
		}
	}
	return nil, false
}
