package commands

import (
	"strings"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// Form asks the caller for the one thing that the line of a button lacks. What is filled
// in comes back as a line like any other (Filled); until then nothing is decided. A door
// that has no forms shows the reply's text, which says what to type.
type Form struct {
	Title string `json:"title"`
	// Text says what comes of it.
	Text string `json:"text"`
	// Label names what is asked for, Send is on the button.
	Label string `json:"label"`
	Send  string `json:"send"`
	// Line is the line so far.
	Line string `json:"line"`
}

// FormLongest is how many characters can be filled in. With its line it stays below
// longest.
const FormLongest = longest - 200

// Filled is a form's line with what was filled in as its last word, whatever that holds.
func Filled(line, text string) string {
	return line + ` "` + strings.Map(func(r rune) rune {
		if strings.ContainsRune(quotes, r) {
			return '\''
		}
		return r
	}, text) + `"`
}

// whyLeave asks for the reason that leaving a request as it is needs, if it could be left
// now: nobody writes a reason only to be told that they may not.
func (r *Router) whyLeave(tx actions.Tx, o actions.Order, id string) (Reply, *runbook.Refusal, error) {
	req, no, err := r.engine.MayLeave(tx, o, strings.ToUpper(id))
	if no != nil || err != nil {
		return Reply{}, no, err
	}
	return Reply{
		Text: "*Nothing was done yet.* Leaving " + req.ID + " as it is needs a reason: type `/itms leave " + req.ID + " why`.",
		Form: &Form{
			Title: "Leave " + req.ID + " as it is",
			Text:  "*" + req.ID + " ends as it stands.* What is done stays done, what is not done stays undone, and nothing is put back. Your name, the time and the reason are recorded.",
			Label: "Why", Send: "Leave it so", Line: "leave " + req.ID,
		},
	}, nil, nil
}
