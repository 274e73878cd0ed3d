package bot

import (
	"context"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/commands"
)

// tell sends a reply to one person: by the response_url while there is one,
// else as an ephemeral message in the channel.
func (b *Bot) tell(ctx context.Context, s said, url string, reply commands.Reply) {
	d := drawReply(reply)
	if err := check(d.text, d.blocks); err != nil {
		b.d.Log.Error("a reply does not fit Slack's limits", "error", err)
		d = drawing{text: cut(d.text, maxPlain), blocks: nil}
	}
	options := []slack.MsgOption{slack.MsgOptionText(d.text, false), slack.MsgOptionBlocks(d.blocks...)}
	// A bot that was asked to leave still says what it has decided.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if url != "" {
		_, _, err := b.api.PostMessageContext(ctx, s.Channel, append(options, slack.MsgOptionResponseURL(url, slack.ResponseTypeEphemeral))...)
		if err == nil {
			return
		}
		b.d.Log.Warn("the way back of a command did not work; answering in the channel", "error", slackCode(err))
	}
	if _, err := b.api.PostEphemeralContext(ctx, s.Channel, s.User, options...); err != nil {
		b.d.Log.Warn("an answer did not reach its caller", "user", s.User, "error", err)
	}
}

// drawReply draws what the caller alone sees.
func drawReply(r commands.Reply) drawing {
	d := drawing{text: cut(escape(plain(r.Text)), 300)}
	d.blocks = append(d.blocks, sections(mrkdwn(r.Text))...)
	if len(r.Table) > 0 {
		d.blocks = append(d.blocks, table(r.Table))
	}
	if len(r.Buttons) > 0 {
		var list []press
		for _, b := range r.Buttons {
			list = append(list, press{text: b.Text, line: b.Line})
		}
		d.blocks = append(d.blocks, buttons(list...))
	}
	if r.Foot != "" {
		d.blocks = append(d.blocks, foot(mrkdwn(r.Foot)))
	}
	return d
}
