package slack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"itmsbot/lab/slack"
)

// command runs the bot that hands over every slash command it gets, and returns
// one of ann's.
func (l *lab) command(t *testing.T) slackgo.SlashCommand {
	t.Helper()
	got := make(chan slackgo.SlashCommand, 1)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		if cmd, ok := e.Data.(slackgo.SlashCommand); ok {
			_ = c.Ack(*e.Request)
			got <- cmd
		}
	})
	if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); err != nil {
		t.Fatal(err)
	}
	return <-got
}

func TestTriggers(t *testing.T) {
	view := slackgo.ModalViewRequest{Type: slackgo.VTModal, Title: plainText("x")}
	refused := func(t *testing.T, err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	t.Run("used once", func(t *testing.T) {
		l := newLab(t, func(c *slack.Config) { c.TriggerTTL = time.Minute })
		id := l.command(t).TriggerID
		bad := view
		bad.Title = plainText(strings.Repeat("x", 25))
		_, err := l.api.OpenView(id, bad)
		refused(t, err, "invalid_arguments")
		if _, err := l.api.OpenView(id, view); err != nil {
			t.Fatal(err)
		}
		_, err = l.api.OpenView(id, view)
		refused(t, err, "exchanged_trigger_id")
		_, err = l.api.PushView(id, view)
		refused(t, err, "exchanged_trigger_id")
		_, err = l.api.OpenView(id[:len(id)-1]+"g", view)
		refused(t, err, "invalid_trigger_id")
	})
	t.Run("expired", func(t *testing.T) {
		l := newLab(t, func(c *slack.Config) { c.TriggerTTL = time.Nanosecond })
		_, err := l.api.OpenView(l.command(t).TriggerID, view)
		refused(t, err, "expired_trigger_id")
	})
	t.Run("push without a modal", func(t *testing.T) {
		l := newLab(t, func(c *slack.Config) { c.TriggerTTL = time.Minute })
		_, err := l.api.PushView(l.command(t).TriggerID, view)
		refused(t, err, "not_found")
	})
	t.Run("three deep", func(t *testing.T) {
		l := newLab(t, func(c *slack.Config) { c.TriggerTTL = time.Minute })
		answers := make(chan *slackgo.ViewSubmissionResponse, 1)
		l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
			switch data := e.Data.(type) {
			case slackgo.SlashCommand:
				if _, err := l.api.OpenView(data.TriggerID, form("1")); err != nil {
					t.Error(err)
				}
				_ = c.Ack(*e.Request)
			case slackgo.InteractionCallback:
				_ = c.Ack(*e.Request, <-answers)
			}
		})
		if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); err != nil {
			t.Fatal(err)
		}
		next := form("next")
		for n := 1; n <= 3; n++ {
			stack := l.Open(ann)
			answers <- slackgo.NewPushViewSubmissionResponse(&next)
			err := l.Submit(t.Context(), ann, stack[len(stack)-1].ID, map[string]map[string]any{"why": {"text": "x"}})
			if n < 3 && err != nil || n == 3 && notAnswered(err) != "invalid_view_response" {
				t.Errorf("push %d: %v", n, err)
			}
		}
	})
}

func TestResponseURL(t *testing.T) {
	respond := func(l *lab, t *testing.T, link, content string) (int, map[string]any) {
		t.Helper()
		resp := l.post(t, strings.TrimPrefix(link, l.url), "application/json", "", content)
		return resp.StatusCode, body(t, resp)
	}
	t.Run("five uses", func(t *testing.T) {
		l := newLab(t, nil)
		link := l.command(t).ResponseURL
		if _, r := respond(l, t, link, `{}`); r["error"] != "no_text" {
			t.Errorf("nothing to say: %v", r)
		}
		for n := 1; n <= 5; n++ {
			// As slack-go writes it.
			status, r := respond(l, t, link, `{"text":"x","response_type":"ephemeral","replace_original":false,"delete_original":false,"metadata":{"event_type":"","event_payload":null},"blocks":null}`)
			if status != 200 || r["ok"] != true {
				t.Errorf("use %d: %d %v", n, status, r)
			}
		}
		if status, r := respond(l, t, link, `{"text":"x"}`); status != 404 || r["error"] != "used_url" {
			t.Errorf("the sixth: %d %v", status, r)
		}
		if m := l.Messages(ann, channel, ""); len(m) != 5 || !m[0].Ephemeral {
			t.Errorf("ann sees %d messages", len(m))
		}
	})
	t.Run("expired", func(t *testing.T) {
		l := newLab(t, func(c *slack.Config) { c.ResponseTTL = time.Nanosecond })
		link := l.command(t).ResponseURL
		if status, r := respond(l, t, link, `{"text":"x"}`); status != 404 || r["error"] != "expired_url" {
			t.Errorf("%d %v", status, r)
		}
	})
	t.Run("invented", func(t *testing.T) {
		l := newLab(t, nil)
		if status, _ := respond(l, t, l.url+"/response/GUESSED", `{"text":"x"}`); status != 404 {
			t.Errorf("status %d", status)
		}
		resp, err := http.Get(l.url + "/response/GUESSED")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET: %s", resp.Status)
		}
	})
	t.Run("into a thread", func(t *testing.T) {
		l := newLab(t, nil)
		parent := l.say(t, nil)
		link := l.command(t).ResponseURL
		if _, r := respond(l, t, link, `{"text":"x","response_type":"in_channel","thread_ts":"`+parent+`"}`); r["ok"] != true {
			t.Fatal(r)
		}
		if m := l.Messages(bob, channel, parent); len(m) != 2 {
			t.Errorf("thread %+v", m)
		}
	})
	t.Run("nothing to delete", func(t *testing.T) {
		l := newLab(t, nil)
		if _, r := respond(l, t, l.command(t).ResponseURL, `{"delete_original":true}`); r["error"] != "message_not_found" {
			t.Error(r)
		}
	})
}
