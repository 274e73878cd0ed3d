package runbook

import "fmt"

// Refusal is the bot saying no: nothing was changed. It is shown to the caller
// alone, as it is, and is an event.
type Refusal struct {
	// Lead says in two or three words what became of the wish: "Nothing was
	// done", "Not counted". Empty means the first.
	Lead string `json:"lead,omitempty"`
	// Reason is a sentence that says why.
	Reason string `json:"reason"`
	// Hint says what to do instead; it may name a command in backquotes.
	Hint string `json:"hint,omitempty"`
}

func (r *Refusal) Error() string {
	lead := r.Lead
	if lead == "" {
		lead = "Nothing was done"
	}
	s := lead + ". " + r.Reason
	if r.Hint != "" {
		s += " " + r.Hint
	}
	return s
}

// Refuse makes a refusal from a reason and what to do instead.
func Refuse(hint, reason string, args ...any) *Refusal {
	return &Refusal{Reason: fmt.Sprintf(reason, args...), Hint: hint}
}
