package bot

import (
	"context"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"itmsbot/runbook"
)

// showFile puts the way-back sheet of a request into its thread, once. Files
// carry no metadata, so that one of unknown fate is looked for by its name.
func (o *outbound) showFile(ctx context.Context, purpose string, at int64) error {
	request, _, _ := strings.Cut(strings.TrimPrefix(purpose, "file:"), "/")
	m, _, err := o.b.d.Shown.Message(purpose)
	if err != nil || m.Fate == Posted {
		return err
	}
	r, err := o.b.d.Trail.Request(request)
	if err != nil {
		return err
	}
	if r.Undoes != "" || r.BackedOutBy != "" || at < r.Changed && r.State != runbook.Running {
		return nil // there is nothing to take back, or a later sheet says more
	}
	card, ok, err := o.b.d.Shown.Message("card:" + request)
	if err != nil {
		return err
	}
	if !ok || card.TS == "" {
		return fmt.Errorf("the card of %s is not posted yet", request)
	}
	name := fmt.Sprintf("way-back-%s-%d.txt", request, at)
	m.Purpose, m.Channel, m.Thread, m.Shown = purpose, o.b.cfg.Channel, card.TS, at
	if m.Fate != NotPosted {
		there, err := o.fileIsThere(ctx, m, name)
		if err != nil {
			return err
		}
		if there {
			m.Fate = Posted
			return o.b.d.Shown.SaveMessage(m)
		}
	}
	return o.upload(ctx, m, r, name)
}

func (o *outbound) upload(ctx context.Context, m Message, r runbook.Request, name string) error {
	text, err := o.b.d.Sheet(r)
	if err != nil {
		return err
	}
	m.Fate = Posting
	if err := o.b.d.Shown.SaveMessage(m); err != nil {
		return err
	}
	_, err = o.b.api.UploadFileContext(ctx, slack.UploadFileParameters{Content: text, FileSize: len(text), Filename: name,
		Title: "Way back of " + r.ID + " without the bot", Channel: m.Channel, ThreadTimestamp: m.Thread})
	switch {
	case err == nil:
		m.Fate = Posted
	case slackCode(err) != "":
		m.Fate = NotPosted
	default:
		m.Fate = Unknown
	}
	if kept := o.b.d.Shown.SaveMessage(m); kept != nil {
		return kept
	}
	return err
}

func (o *outbound) fileIsThere(ctx context.Context, m Message, name string) (bool, error) {
	replies, _, _, err := o.b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: m.Channel, Timestamp: m.Thread, Limit: 200})
	if err != nil {
		return false, fmt.Errorf("look whether %s arrived: %w", m.Purpose, err)
	}
	for _, r := range replies {
		for _, f := range r.Files {
			if f.Name == name {
				return true, nil
			}
		}
	}
	return false, nil
}
