package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack/socketmode"

	"itmsbot/runbook"
)

// said is a delivery's body: who said what, where. It is what is kept on disk.
type said struct {
	Team    string `json:"team"`
	User    string `json:"user"`
	Channel string `json:"channel"`
	App     string `json:"app"`
	// Line is the text after the command, without what looks like a secret,
	// or the value of the button.
	Line string `json:"line"`
	// Message is the ts of the message whose button was pressed; Ephemeral
	// says that only the presser saw it.
	Message   string `json:"message,omitempty"`
	Ephemeral bool   `json:"ephemeral,omitempty"`
	Click     bool   `json:"click,omitempty"`
	// Form says that it was filled in, in a form that a click has opened.
	Form bool `json:"form,omitempty"`
}

// read takes what was said out of a delivery.
func (s *said) read(d Delivery) error { return json.Unmarshal(d.Body, s) }

// envelope is the part of Slack's payloads that we read. It is decoded here,
// not by the library, because the library drops a click whose message holds an
// element that it does not know (slack.md §1).
type envelope struct {
	// A command.
	TeamID      string `json:"team_id"`
	ChannelID   string `json:"channel_id"`
	UserID      string `json:"user_id"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	APIAppID    string `json:"api_app_id"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	// A click.
	Type      string `json:"type"`
	User      idOf   `json:"user"`
	Team      idOf   `json:"team"`
	Channel   idOf   `json:"channel"`
	Container struct {
		MessageTS   string `json:"message_ts"`
		ChannelID   string `json:"channel_id"`
		IsEphemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Actions []struct {
		ActionTS string `json:"action_ts"`
		Value    string `json:"value"`
	} `json:"actions"`
	// A form that was sent.
	View formView `json:"view"`
}

// triggerKey begins the key that a delivery has of its trigger id. The id lets us open
// one form, within three seconds.
const triggerKey = "trigger "

type idOf struct {
	ID string `json:"id"`
}

// readEnvelope turns an envelope into a delivery under all the identities by
// which it may come again: envelope id, trigger id, and for a click message,
// action and person (DESIGN §9). The response_url is given back beside it, as
// it is a bearer secret that is never written down.
func readEnvelope(r socketmode.Request, now time.Time) (Delivery, string, error) {
	d := Delivery{At: now, Keys: []string{"envelope " + r.EnvelopeID}}
	var e envelope
	if err := json.Unmarshal(r.Payload, &e); err != nil {
		return d, "", fmt.Errorf("payload of %s: %w", r.Type, err)
	}
	if e.TriggerID != "" {
		d.Keys = append(d.Keys, triggerKey+e.TriggerID)
	}
	s := said{App: e.APIAppID}
	switch {
	case r.Type == "slash_commands":
		s.Team, s.User, s.Channel, s.Line = e.TeamID, e.UserID, e.ChannelID, runbook.Redact(unescape(e.Text))
	case e.Type == "block_actions" && len(e.Actions) > 0:
		a := e.Actions[0]
		s.Click, s.Team, s.User, s.Line = true, e.Team.ID, e.User.ID, a.Value
		s.Channel, s.Message, s.Ephemeral = e.Container.ChannelID, e.Container.MessageTS, e.Container.IsEphemeral
		if s.Channel == "" {
			s.Channel = e.Channel.ID
		}
		d.Keys = append(d.Keys, fmt.Sprintf("click %s %s %s", s.Message, a.ActionTS, s.User))
	case e.Type == "view_submission" && e.View.CallbackID == formName:
		of, err := e.View.read()
		if err != nil {
			return d, "", err
		}
		s.Form, s.Team, s.User, s.Channel, s.Line = true, e.Team.ID, e.User.ID, of.Channel, of.Line
	default:
		return d, "", fmt.Errorf("a payload of type %q holds neither a command nor a click nor a form of ours", e.Type)
	}
	body, err := json.Marshal(s)
	d.Body = body
	return d, e.ResponseURL, err
}

// unescape gives back what a person typed: Slack writes & < > as entities.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
