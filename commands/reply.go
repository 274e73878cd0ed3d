package commands

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"time"

	"itmsbot/runbook"
)

// Reply is what the caller alone reads. In its texts *…* is strong and `…` is
// code; Time and Mention give words that the door turns into its own form.
// Everything else is plain: the door escapes it as a whole.
type Reply struct {
	Text string `json:"text"`
	// Table has its heading in the first row.
	Table [][]string `json:"table,omitempty"`
	// Foot is small print.
	Foot    string   `json:"foot,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	// Form is asked to be filled in instead of all that.
	Form *Form `json:"form,omitempty"`
	// Later asks a machine and gives the reply that takes this one's place.
	// It changes nothing.
	Later func(context.Context) Reply `json:"-"`
}

// Button is a line that can be pressed.
type Button struct {
	Text string `json:"text"`
	Line string `json:"line"`
}

// drawn is another one at each start. What people type and servers write cannot
// know it, so that no text from outside passes for a Time or a Mention.
var drawn = rand.Text()[:10]

// TimeWord and PersonWord find what Time and Mention have written; their first
// group is the second since 1970, or the user id.
var (
	TimeWord   = regexp.MustCompile(`@t` + drawn + `\((\d{1,12})\)`)
	PersonWord = regexp.MustCompile(`@p` + drawn + `\(([A-Z0-9]{1,20})\)`)
)

// Time writes a moment so that every reader sees their own zone. The word is good
// for as long as the program runs: it is for replies and drawings, not for the trail.
func Time(t time.Time) string { return fmt.Sprintf("@t%s(%d)", drawn, t.Unix()) }

// Mention writes a person so that they are told; the same holds of it.
func Mention(p runbook.Person) string { return "@p" + drawn + "(" + p.User + ")" }

// no is the reply to a refusal.
func no(r *runbook.Refusal) Reply {
	lead := r.Lead
	if lead == "" {
		lead = "Nothing was done"
	}
	text := "*" + lead + ".* " + r.Reason
	if r.Hint != "" {
		text += " " + r.Hint
	}
	return Reply{Text: text}
}
