package slack_test

import (
	"bytes"
	"errors"
	"testing"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"itmsbot/lab/slack"
)

// form is a modal with one required field, as a bot would build it.
func form(title string) slackgo.ModalViewRequest {
	field := slackgo.NewPlainTextInputBlockElement(nil, "text")
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: "reason", PrivateMetadata: "R-1", NotifyOnClose: true,
		Title: plainText(title), Submit: plainText("Send"), Close: plainText("Cancel"),
		Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{slackgo.NewInputBlock("why", plainText("Reason"), nil, field)}},
	}
}

func TestModalThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	answers := make(chan *slackgo.ViewSubmissionResponse, 1)
	submissions := make(chan slackgo.View, 4)
	closed := make(chan string, 1)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		switch data := e.Data.(type) {
		case slackgo.SlashCommand:
			_, err := l.api.OpenView(data.TriggerID, form("Why"))
			_ = c.Ack(*e.Request)
			if err != nil {
				t.Errorf("views.open: %v", err)
			}
		case slackgo.InteractionCallback:
			switch data.Type {
			case slackgo.InteractionTypeViewSubmission:
				submissions <- data.View
				if a := <-answers; a != nil {
					_ = c.Ack(*e.Request, a)
				} else {
					_ = c.Ack(*e.Request)
				}
			case slackgo.InteractionTypeViewClosed:
				closed <- data.View.ID
				_ = c.Ack(*e.Request)
			}
		}
	})
	open := func() string {
		t.Helper()
		if _, err := l.Say(t.Context(), ann, channel, "", "/itms leave R-1"); err != nil {
			t.Fatal(err)
		}
		stack := l.Open(ann)
		if len(stack) != 1 {
			t.Fatalf("%d modals open", len(stack))
		}
		return stack[0].ID
	}
	submit := func(id, text string, answer *slackgo.ViewSubmissionResponse) error {
		t.Helper()
		answers <- answer
		return l.Submit(t.Context(), ann, id, map[string]map[string]any{"why": {"text": text}})
	}

	id := open()
	var refused *slack.ViewErrors
	if err := l.Submit(t.Context(), ann, id, nil); !errors.As(err, &refused) || refused.Blocks["why"] == "" {
		t.Fatalf("an empty required field: %v", err)
	}
	err := submit(id, "no", slackgo.NewErrorsViewSubmissionResponse(map[string]string{"why": "too short"}))
	if !errors.As(err, &refused) || refused.Blocks["why"] != "too short" {
		t.Fatalf("errors: %v", err)
	}
	if v := <-submissions; v.State.Values["why"]["text"].Value != "no" || v.PrivateMetadata != "R-1" || v.CallbackID != "reason" {
		t.Errorf("submitted %+v", v)
	}
	if err := submit(id, "broken", slackgo.NewErrorsViewSubmissionResponse(map[string]string{"other": "x"})); notAnswered(err) != "invalid_view_response" {
		t.Errorf("errors for a block that is none: %v", err)
	}
	<-submissions

	next := form("Sure?")
	if err := submit(id, "because", slackgo.NewPushViewSubmissionResponse(&next)); err != nil {
		t.Fatal(err)
	}
	<-submissions
	stack := l.Open(ann)
	if len(stack) != 2 || *stack[1].PreviousViewID != id || stack[1].RootViewID != id {
		t.Fatalf("after push: %+v", stack)
	}
	if err := l.Submit(t.Context(), ann, id, nil); err == nil {
		t.Error("a covered modal could be submitted")
	}
	if err := submit(stack[1].ID, "yes", slackgo.NewClearViewSubmissionResponse()); err != nil {
		t.Fatal(err)
	}
	<-submissions
	if len(l.Open(ann)) != 0 {
		t.Error("clear left a modal open")
	}

	id = open()
	if err := submit(id, "fine", nil); err != nil || len(l.Open(ann)) != 0 {
		t.Errorf("an empty acknowledgement must close the modal: %v", err)
	}
	<-submissions

	id = open()
	if err := l.CloseView(ann, id); err != nil {
		t.Fatal(err)
	}
	if got := <-closed; got != id {
		t.Errorf("view_closed for %s, want %s", got, id)
	}
}

func TestUpdateViewThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		if cmd, ok := e.Data.(slackgo.SlashCommand); ok {
			if _, err := l.api.OpenView(cmd.TriggerID, slackgo.ModalViewRequest{Type: slackgo.VTModal, Title: plainText("Loading")}); err != nil {
				t.Errorf("views.open without blocks: %v", err)
			}
			_ = c.Ack(*e.Request)
		}
	})
	if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); err != nil {
		t.Fatal(err)
	}
	v := l.Open(ann)[0]
	if _, err := l.api.UpdateView(form("Why"), "", "wrong", v.ID); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("wrong hash: %v", err)
	}
	if _, err := l.api.UpdateView(form("Why"), "", v.Hash, v.ID); err != nil {
		t.Fatal(err)
	}
	if got := l.Open(ann)[0]; got.ID != v.ID || got.Hash == v.Hash || !bytes.Contains(got.Title, []byte("Why")) {
		t.Errorf("updated to %+v", got)
	}
	if _, err := l.api.UpdateView(form("Why"), "", "", "V0NOBODY"); err == nil || err.Error() != "not_found" {
		t.Errorf("no such view: %v", err)
	}
}

func TestHomeThroughSlackGo(t *testing.T) {
	l := newLab(t, func(c *slack.Config) { c.Events = []string{"app_home_opened"} })
	l.connect(t, acking(nil))
	if l.Home(ann) != nil {
		t.Error("a Home tab before it was published")
	}
	if err := l.OpenHome(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	home := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{
		slackgo.NewActionBlock("", slackgo.NewButtonBlockElement("refresh", "", plainText("Refresh"))),
	}}}
	r, err := l.api.PublishView(ann, home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.api.PublishView(ann, home, "stale"); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("stale hash: %v", err)
	}
	if err := l.PressInView(t.Context(), ann, r.View.ID, "refresh"); err != nil {
		t.Error(err)
	}
	if err := l.PressInView(t.Context(), bob, r.View.ID, "refresh"); err == nil {
		t.Error("bob pressed a button in ann's Home tab")
	}
}

func TestExternalID(t *testing.T) {
	l := newLab(t, nil)
	home := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, ExternalID: "board"}
	for range 2 {
		if _, err := l.api.PublishView(ann, home, ""); err != nil {
			t.Fatalf("a view may keep its external_id: %v", err)
		}
	}
	if _, err := l.api.PublishView(bob, home, ""); err == nil || err.Error() != "duplicate_external_id" {
		t.Errorf("somebody else's: %v", err)
	}
}
