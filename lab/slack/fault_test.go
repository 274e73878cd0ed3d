package slack_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"

	"itmsbot/lab/slack"
)

// inject fails the test if a fault is not taken.
func (l *lab) inject(t *testing.T, f slack.Fault) {
	t.Helper()
	if err := l.Inject(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsOfCalls(t *testing.T) {
	for _, c := range []struct {
		kind    string
		applied bool
		is      func(error) bool
	}{
		{"down", false, func(err error) bool {
			var e slackgo.StatusCodeError
			return errors.As(err, &e) && e.Code == 503
		}},
		{"rate-limited", false, func(err error) bool {
			var e *slackgo.RateLimitedError
			return errors.As(err, &e) && e.RetryAfter == time.Second
		}},
		{"lost", false, func(err error) bool {
			var e *url.Error
			return errors.As(err, &e)
		}},
		{"unknown", true, func(err error) bool {
			var e *url.Error
			return errors.As(err, &e)
		}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			l := newLab(t, nil)
			l.inject(t, slack.Fault{Kind: c.kind, Method: "chat.postMessage", After: 1, Count: 1})
			post := func() error {
				_, _, err := l.api.PostMessage(channel, slackgo.MsgOptionText("x", false))
				return err
			}
			if err := post(); err != nil {
				t.Errorf("the first was to pass: %v", err)
			}
			if _, err := l.api.AuthTest(); err != nil {
				t.Errorf("another method: %v", err)
			}
			if err := post(); !c.is(err) {
				t.Errorf("the second: %v", err)
			}
			if err := post(); err != nil {
				t.Errorf("the third: %v", err)
			}
			want := 2
			if c.applied {
				want = 3
			}
			if n := len(l.Messages(ann, channel, "")); n != want {
				t.Errorf("%d messages, want %d", n, want)
			}
			if left := l.Faults(); len(left) != 0 {
				t.Errorf("left over: %+v", left)
			}
		})
	}
}

func TestFaultUntilCleared(t *testing.T) {
	l := newLab(t, nil)
	l.inject(t, slack.Fault{Kind: "down"})
	for range 3 {
		if _, err := l.api.AuthTest(); err == nil {
			t.Error("not down")
		}
	}
	if f := l.Faults(); len(f) != 1 || f[0].Kind != "down" {
		t.Errorf("faults %+v", f)
	}
	l.Clear()
	if _, err := l.api.AuthTest(); err != nil {
		t.Errorf("cleared: %v", err)
	}
}

func TestFaultRedeliver(t *testing.T) {
	l := newLab(t, nil)
	l.inject(t, slack.Fault{Kind: "redeliver", Count: 1})
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	first := read(t, conn)
	write(t, conn, `{"envelope_id":"`+first.EnvelopeID+`"}`)
	if err := <-said; err != nil {
		t.Error(err)
	}
	if again := read(t, conn); again.EnvelopeID != first.EnvelopeID || *again.RetryAttempt != 1 {
		t.Errorf("delivered again: %+v", again)
	}
}

func TestFaultSlowAck(t *testing.T) {
	l := newLab(t, func(c *slack.Config) { c.Redeliver = []time.Duration{0} })
	l.inject(t, slack.Fault{Kind: "slow-ack", Count: 1})
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	first := read(t, conn)
	write(t, conn, `{"envelope_id":"`+first.EnvelopeID+`","payload":{"text":"x"}}`)
	if got := notAnswered(<-said); got != "operation_timeout" {
		t.Errorf("the person got %q", got)
	}
	again := read(t, conn)
	if again.EnvelopeID != first.EnvelopeID || *again.RetryAttempt != 1 {
		t.Errorf("delivered again: %+v", again)
	}
	write(t, conn, `{"envelope_id":"`+again.EnvelopeID+`"}`)
	l.until(t, "it is done", func() bool { return l.Waiting() == 0 })
	if m := l.Messages(ann, channel, ""); len(m) != 0 {
		t.Errorf("the late answer was shown: %+v", m)
	}
}

func TestFaultDisconnect(t *testing.T) {
	l := newLab(t, nil)
	conn, _ := l.dial(t)
	l.inject(t, slack.Fault{Kind: "disconnect", Count: 2})
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the open socket was not dropped")
	}
	next, hello := l.dial(t)
	if hello.Type != "hello" {
		t.Errorf("hello %+v", hello)
	}
	if _, _, err := next.ReadMessage(); err == nil {
		t.Error("the new socket was not dropped")
	}
	l.until(t, "they have left", func() bool { return l.Connections() == 0 })
	l.dial(t)
	if l.Connections() != 1 {
		t.Error("a third was dropped")
	}
}

// TestFaultFarewell: each reason reaches the open socket and, while it strikes, the next
// one after its hello; nothing more is delivered over either.
func TestFaultFarewell(t *testing.T) {
	for kind, reason := range map[string]string{"disconnect-warning": "warning", "disconnect-refresh": "refresh_requested", "disconnect-link-disabled": "link_disabled"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t, nil)
			conn, _ := l.dial(t)
			said := func(c *websocket.Conn) (frame struct{ Type, Reason string }) {
				t.Helper()
				if err := c.ReadJSON(&frame); err != nil {
					t.Fatal(err)
				}
				return frame
			}
			l.inject(t, slack.Fault{Kind: kind, Count: 2})
			if f := said(conn); f.Type != "disconnect" || f.Reason != reason {
				t.Errorf("the open socket is told %+v", f)
			}
			next, hello := l.dial(t)
			if f := said(next); hello.Type != "hello" || f.Type != "disconnect" || f.Reason != reason {
				t.Errorf("the new socket is told %+v after %+v", f, hello)
			}
			l.dial(t)
			if l.Connections() != 1 || len(l.Faults()) != 0 {
				t.Errorf("%d sockets are in service, faults %+v", l.Connections(), l.Faults())
			}
		})
	}
}

func TestFaultsThatAreNone(t *testing.T) {
	l := newLab(t, nil)
	for _, f := range []slack.Fault{{Kind: "gremlins"}, {Kind: "down", Method: "chat.shout"}} {
		if l.Inject(f) == nil {
			t.Errorf("%+v was taken", f)
		}
	}
	for _, k := range slack.FaultKinds() {
		if k.About == "" {
			t.Errorf("%s is not explained", k.Name)
		}
	}
}

func TestRateLimit(t *testing.T) {
	l := newLab(t, func(c *slack.Config) { c.RateLimits = true })
	var limited *slackgo.RateLimitedError
	n := 0
	for ; limited == nil && n < 10; n++ {
		_, _, err := l.api.PostMessage(channel, slackgo.MsgOptionText("x", false))
		if err != nil && !errors.As(err, &limited) {
			t.Fatal(err)
		}
	}
	if limited == nil || limited.RetryAfter != time.Second {
		t.Fatalf("after %d messages: %v", n, limited)
	}
	if n < 2 {
		t.Error("no burst passes")
	}
	if _, _, err := l.api.PostMessage("C0RND", slackgo.MsgOptionText("x", false)); err != nil {
		t.Errorf("another channel: %v", err)
	}
}
