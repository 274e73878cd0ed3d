package bot

import (
	"fmt"

	"github.com/slack-go/slack"

	"itmsbot/commands"
	"itmsbot/runbook"
)

// aside says on every card, until the end, what the plan leaves out on somebody's
// word, and which servers do not go back with the set.
func (v view) aside() []slack.Block {
	if v.plan == nil || v.request.Undoes != "" {
		return nil
	}
	text := ""
	for _, l := range v.plan.LeftOut {
		text += commands.LeftOut(l) + "\n"
	}
	if text != "" {
		text = "*Left out*\n" + text
	}
	for _, o := range v.plan.Overrides {
		text += commands.Overridden(o) + "\n"
	}
	for _, m := range v.plan.Machines {
		if m.WayBack != "" && m.WayBack != runbook.WayBackSnapshot {
			text += fmt.Sprintf("*No snapshot:* %s %s.\n", m.Host, m.WayBack)
		}
	}
	if o := v.opening(); o != "" {
		text += o + "\n"
	}
	if text == "" {
		return nil
	}
	return sections(mrkdwn(text))
}
