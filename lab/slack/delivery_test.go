package slack_test

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"itmsbot/lab/slack"
)

// impatient makes the person wait for 30 ms and redelivers at once three times.
func impatient(c *slack.Config) {
	c.AckWithin = 30 * time.Millisecond
	c.Redeliver = []time.Duration{0, time.Millisecond, 2 * time.Millisecond}
}

func TestRedelivery(t *testing.T) {
	l := newLab(t, impatient)
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms status"); return err })
	first := read(t, conn)
	if first.RetryAttempt != nil || first.Type != "slash_commands" || !first.Accepts {
		t.Errorf("first delivery %+v", first)
	}
	for n := 1; n <= 3; n++ {
		f := read(t, conn)
		if f.RetryAttempt == nil || *f.RetryAttempt != n || f.RetryReason != "timeout" ||
			f.EnvelopeID != first.EnvelopeID || string(f.Payload) != string(first.Payload) {
			t.Errorf("delivery %d: %+v", n, f)
		}
	}
	if got := notAnswered(<-said); got != "operation_timeout" {
		t.Errorf("the person got %q", got)
	}
	if c := l.Counts(); c["envelopes"] != 1 || c["redeliveries"] != 3 {
		t.Errorf("counts %v", c)
	}
}

func TestAckStopsRedelivery(t *testing.T) {
	l := newLab(t, func(c *slack.Config) {
		impatient(c)
		c.Redeliver = []time.Duration{time.Hour}
	})
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	id := read(t, conn).EnvelopeID
	if got := notAnswered(<-said); got != "operation_timeout" {
		t.Fatalf("the person got %q", got)
	}
	write(t, conn, `{"envelope_id":"`+id+`","payload":{"text":"too late"}}`)
	l.until(t, "the late acknowledgement is noticed", func() bool { return l.Counts()["late_acks"] == 1 })
	if m := l.Messages(ann, channel, ""); len(m) != 0 {
		t.Errorf("a late answer was shown: %+v", m)
	}
}

func TestAckOfRedelivery(t *testing.T) {
	l := newLab(t, func(c *slack.Config) { c.Redeliver = []time.Duration{0} })
	l.inject(t, slack.Fault{Kind: "slow-ack", Count: 1})
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	write(t, conn, `{"envelope_id":"`+read(t, conn).EnvelopeID+`"}`)
	write(t, conn, `{"envelope_id":"`+read(t, conn).EnvelopeID+`","payload":{"text":"at last"}}`)
	l.until(t, "the answer is shown", func() bool { return len(l.Messages(ann, channel, "")) == 1 })
	if got := notAnswered(<-said); got != "operation_timeout" {
		t.Errorf("the person got %q", got)
	}
}

func TestNobodyConnected(t *testing.T) {
	l := newLab(t, func(c *slack.Config) {
		impatient(c)
		c.Redeliver = []time.Duration{time.Hour, time.Hour}
	})
	_, err := l.Say(t.Context(), ann, channel, "", "/itms status")
	if got := notAnswered(err); got != "app is not connected" {
		t.Fatalf("the person got %v", err)
	}
	// What was typed meanwhile is delivered as soon as somebody connects.
	conn, _ := l.dial(t)
	f := read(t, conn)
	if f.Type != "slash_commands" {
		t.Fatalf("delivered %+v", f)
	}
	write(t, conn, `{"envelope_id":"`+f.EnvelopeID+`"}`)
	l.until(t, "it is acknowledged", func() bool { return l.Counts()["acks"] == 1 })
}

func TestConnectedWhileWaiting(t *testing.T) {
	l := newLab(t, nil)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	conn, _ := l.dial(t)
	write(t, conn, `{"envelope_id":"`+read(t, conn).EnvelopeID+`"}`)
	if err := <-said; err != nil {
		t.Error(err)
	}
}

func TestScheduleEnds(t *testing.T) {
	l := newLab(t, func(c *slack.Config) {
		impatient(c)
		c.AckWithin = time.Millisecond
	})
	if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); notAnswered(err) == "" {
		t.Fatal(err)
	}
	l.until(t, "the envelope is given up", func() bool { return l.Waiting() == 0 })
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms fresh"); return err })
	if f := read(t, conn); f.RetryAttempt != nil {
		t.Errorf("what had been given up was delivered: %+v", f)
	}
	<-said
}

func TestEvents(t *testing.T) {
	l := newLab(t, func(c *slack.Config) { c.Events = []string{"app_mention"} })
	conn, _ := l.dial(t)
	if _, err := l.Say(t.Context(), ann, channel, "", "hello everybody"); err != nil {
		t.Fatal(err)
	}
	ts, err := l.Say(t.Context(), ann, channel, "", "@itmsbot, are you <there>?")
	if err != nil {
		t.Fatal(err)
	}
	f := read(t, conn)
	if f.Type != "events_api" || f.Accepts || f.RetryAttempt == nil || *f.RetryAttempt != 0 {
		t.Errorf("envelope %+v", f)
	}
	var p struct {
		Type  string
		Event struct{ Type, User, Text, TS, Channel string }
	}
	decode(t, f.Payload, &p)
	if p.Type != "event_callback" || p.Event.Type != "app_mention" || p.Event.User != ann || p.Event.TS != ts ||
		p.Event.Text != "<@U0BOT>, are you &lt;there&gt;?" {
		t.Errorf("event %+v", p)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"envelope_id":"`+f.EnvelopeID+`"}`)); err != nil {
		t.Fatal(err)
	}
	l.until(t, "it is acknowledged", func() bool { return l.Waiting() == 0 })
}

func TestUnfitAnswers(t *testing.T) {
	l := newLab(t, nil)
	conn, _ := l.dial(t)
	for _, payload := range []string{
		`{"blocks":[{"type":"nonsense"}]}`,
		`{"response_type":"in_channel","blocks":[{"type":"section"}]}`,
		`{"response_type":"ephemeral"}`,
	} {
		said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
		write(t, conn, `{"envelope_id":"`+read(t, conn).EnvelopeID+`","payload":`+payload+`}`)
		if got := notAnswered(<-said); got != "invalid_command_response" {
			t.Errorf("%s: %q", payload, got)
		}
	}
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	write(t, conn, `{"envelope_id":"`+read(t, conn).EnvelopeID+`","payload":{"response_type":"in_channel"}}`)
	if err := <-said; err != nil {
		t.Error(err)
	}
	if m := l.Messages(bob, channel, ""); len(m) != 1 || m[0].Text != "/itms" {
		t.Errorf("in_channel alone shows the command, but bob sees %+v", m)
	}
}

func TestWhatSlackRefusesAPerson(t *testing.T) {
	l := newLab(t, nil)
	parent := l.say(t, nil)
	for _, c := range []struct{ name, as, thread, text string }{
		{"a command in a thread", ann, parent, "/itms"},
		{"another command", ann, "", "/deploy"},
		{"nothing", ann, "", "   "},
		{"a stranger", "U0NOBODY", "", "hi"},
		{"the app itself", app, "", "hi"},
		{"a thread that is none", ann, "1.000001", "hi"},
	} {
		if _, err := l.Say(t.Context(), c.as, channel, c.thread, c.text); err == nil {
			t.Errorf("%s was not refused", c.name)
		}
	}
	if c := l.Counts(); c["envelopes"] != 0 {
		t.Errorf("something was sent: %v", c)
	}
}
