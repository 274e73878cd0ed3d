package commands

import (
	"context"
	"fmt"
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
	// Later asks a machine and gives the reply that takes this one's place.
	// It changes nothing.
	Later func(context.Context) Reply `json:"-"`
}

// Button is a line that can be pressed.
type Button struct {
	Text string `json:"text"`
	Line string `json:"line"`
}

// Time writes a moment so that every reader sees their own zone.
func Time(t time.Time) string { return fmt.Sprintf("@t(%d)", t.Unix()) }

// Mention writes a person so that they are told.
func Mention(p runbook.Person) string { return "@p(" + p.User + ")" }

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
