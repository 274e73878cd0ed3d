package actions

import (
	"context"

	"itmsbot/runbook"
)

// Action is something that can be done to the estate. The command, its help,
// its card, its approvals and its audit lines follow from this value.
type Action struct {
	// Name is the word after /itms, Section the method's number.
	Name    string
	Section string
	// Summary is one line of help, imperative.
	Summary string
	// Args is the usage after the name; empty for an action without any.
	Args string
	Risk runbook.Risk
	Copy Copy
	// Parse turns the words after the name into arguments; nil takes none.
	Parse func(words []string) (map[string]string, *runbook.Refusal)
	// Plan looks at the estate and says what would be done. A plan that
	// cannot be made is a *runbook.Refusal that names the host and what it
	// said.
	Plan func(ctx context.Context, env Env, ask Ask) (Draft, error)
}

// Copy is what the cards of an action say, in the voice of the product.
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
}

// Draft is what an action plans: the parts of the plan that are its own, and
// the readings that stand on the card beside it.
type Draft struct {
	Machines   []runbook.Machine
	LeftOut    []runbook.LeftOut
	Stages     []runbook.Stage
	Thresholds map[string]int64
	Readings   []runbook.Reading
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
