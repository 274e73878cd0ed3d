package bot

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"itmsbot/actions"
	"itmsbot/commands"
	"itmsbot/runbook"
)

// What a card says before something is lost for good.

// grave reports whether the request takes something away that does not come back.
func (v view) grave() bool {
	return v.request.Risk == runbook.Irreversible || v.request.Takes
}

// warnings are what nobody should agree without having read, as a quotation: it stands
// before the table and is never cut to make room for it.
func (v view) warnings() []slack.Block {
	if len(v.request.Warnings) == 0 {
		return nil
	}
	var parts []slack.RichTextSectionElement
	for i, w := range v.request.Warnings {
		lead, rest, found := strings.Cut(w, ": ")
		if i > 0 {
			parts = append(parts, slack.NewRichTextSectionTextElement("\n", nil))
		}
		if !found {
			lead, rest = w, ""
		} else {
			lead += ": "
		}
		parts = append(parts, slack.NewRichTextSectionTextElement(plain(cut(lead, 300)), &slack.RichTextSectionTextStyle{Bold: found}))
		if rest != "" {
			parts = append(parts, slack.NewRichTextSectionTextElement(plain(cut(rest, 600)), nil))
		}
	}
	return []slack.Block{slack.NewRichTextBlock("", &slack.RichTextQuote{Type: slack.RTEQuote, Elements: parts})}
}

// secondLook is the card between the last approval and the start of what cannot be
// undone.
func (v view) secondLook() drawing {
	r, c := v.request, v.copy
	name := lower(c.Title)
	if r.ReadAgain.IsZero() {
		return v.draw("read once more", fmt.Sprintf("*%s.* The bot reads everything once more. Nothing has been touched.", v.approvals()),
			fmt.Sprintf("%s: %s, request %s, is read once more. Nothing has been touched.", v.approvals(), name, r.ID))
	}
	more := append(v.warnings(), table(v.effects()))
	if found := v.found(); found != "" {
		more = append(more, fields([2]string{"Read again " + date(r.ReadAgain), found}))
	}
	more = append(more, buttons(
		press{"Start", "start " + r.ID + " " + r.Digest, "danger", &question{
			fmt.Sprintf("Start %s, %s?", r.ID, name),
			fmt.Sprintf("%s This cannot be undone. You start plan %s and no other.", c.Confirm, runbook.Short(r.Digest)), "Start " + r.ID, "danger"}},
		press{"Deny", "deny " + r.ID, "", &question{"Deny " + r.ID + "?",
			fmt.Sprintf("Nothing is done. %s is told and can ask again.", v.name(r.By)), "Deny " + r.ID, "danger"}}))
	return v.draw("last word", fmt.Sprintf("*%s. This cannot be undone.* Everything was read again %s. One of those who approved starts it, or lets it be. %s",
		v.approvals(), commands.Time(r.ReadAgain), c.Means),
		fmt.Sprintf("Last word needed, this cannot be undone: %s asks to %s, request %s. Everything was read again. Start it on the card, or let it be.", v.name(r.By), c.Wish, r.ID), more...)
}

// seated mentions those who have approved.
func (v view) seated() string {
	var who []string
	for _, s := range v.request.Seats {
		who = append(who, "<@"+s.By.User+">")
	}
	return strings.Join(who, " or ")
}

// found lists the readings.
func (v view) found() string {
	var found []string
	for _, f := range v.request.Readings {
		found = append(found, escape(fmt.Sprintf("%s: %s", f.What, f.Value)))
	}
	return strings.Join(found, "\n")
}

// opening says until when somebody is let in by name, or who has closed that.
func (v view) opening() string {
	o := v.request.Opening
	switch {
	case o == nil:
		return ""
	case o.Ended != nil && o.By != "":
		return fmt.Sprintf("*%s has closed it* %s.", o.By, commands.Time(o.Ended.At))
	case o.Ended != nil:
		return fmt.Sprintf("*It has ended by itself* %s: %s.", commands.Time(o.Ended.At), o.Ended.Text)
	case o.Stuck != "":
		return fmt.Sprintf("*It should have ended %s and is open still.* %s", commands.Time(o.Until), o.Stuck)
	case o.Until.IsZero():
		return "*It stays open* until somebody closes it."
	}
	return fmt.Sprintf("*It is open until %s* and then closes by itself.", commands.Time(o.Until))
}

// noWayBack says that nothing of the plan can be taken back, and why.
func (v view) noWayBack() string {
	if a, ok := actions.Find(v.request.Action); ok {
		if _, why, none := strings.Cut(a.WayBack, "none: "); none {
			return "There is none: " + why + "."
		}
	}
	return "There is none."
}
