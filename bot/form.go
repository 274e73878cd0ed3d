package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/commands"
	"itmsbot/runbook"
)

// formName marks our forms among all that Slack may send, formBlock and formField are
// the one thing that is filled in.
const (
	formName  = "itmsbot-line"
	formBlock = "rest"
	formField = "text"
)

// formOpens is how long it may take to open a form: the click's trigger is worth nothing
// after three seconds.
const formOpens = 3 * time.Second

// formOf travels in a form and comes back with it: the line so far, and the channel of
// the click, which Slack does not say of a form.
type formOf struct {
	Line    string `json:"line"`
	Channel string `json:"channel"`
}

// formView is the part of Slack's views that we read.
type formView struct {
	CallbackID      string `json:"callback_id"`
	PrivateMetadata string `json:"private_metadata"`
	State           struct {
		Values map[string]map[string]struct {
			Value string `json:"value"`
		} `json:"values"`
	} `json:"state"`
}

// read gives the line with what was filled in, without what looks like a secret.
func (v formView) read() (formOf, error) {
	var of formOf
	if err := json.Unmarshal([]byte(v.PrivateMetadata), &of); err != nil {
		return of, fmt.Errorf("what our form was opened with: %w", err)
	}
	text := v.State.Values[formBlock][formField].Value
	of.Line = commands.Filled(of.Line, runbook.Redact(unescape(text)))
	return of, nil
}

// ask opens a form for what a button's line lacks. Where that fails, because the click
// waited too long or Slack is away, the caller is told what to type.
func (b *Bot) ask(ctx context.Context, d Delivery, s said, url string, reply commands.Reply) {
	view, err := drawForm(*reply.Form, s.Channel)
	if err == nil {
		opening, cancel := context.WithTimeout(context.WithoutCancel(ctx), formOpens)
		defer cancel()
		_, err = b.api.OpenViewContext(opening, triggerOf(d.Keys), view)
	}
	if err == nil {
		return
	}
	b.d.Log.Warn("a form did not open; its caller is told what to type", "delivery", d.N, "error", err)
	b.tell(ctx, s, url, reply)
}

func triggerOf(keys []string) string {
	for _, k := range keys {
		if id, ok := strings.CutPrefix(k, triggerKey); ok {
			return id
		}
	}
	return ""
}

func drawForm(f commands.Form, channel string) (slack.ModalViewRequest, error) {
	of, err := json.Marshal(formOf{Line: f.Line, Channel: channel})
	field := slack.NewPlainTextInputBlockElement(nil, formField).WithMultiline(true).WithMaxLength(commands.FormLongest)
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: formName, PrivateMetadata: string(of),
		Title: plainObject(cut(f.Title, maxForm)), Submit: plainObject(cut(f.Send, maxForm)), Close: plainObject("Cancel"),
		Blocks: slack.Blocks{BlockSet: append(sections(mrkdwn(f.Text)), slack.NewInputBlock(formBlock, plainObject(f.Label), nil, field))},
	}, err
}

// keepForm is the acknowledgement that leaves a form open and says why.
func keepForm(reply commands.Reply) *slack.ViewSubmissionResponse {
	return slack.NewErrorsViewSubmissionResponse(map[string]string{formBlock: plain(reply.Text)})
}
