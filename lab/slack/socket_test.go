package slack_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"itmsbot/lab/slack"
)

func TestHello(t *testing.T) {
	l := newLab(t, nil)
	_, first := l.dial(t)
	_, second := l.dial(t)
	if first.Type != "hello" || first.NumSockets != 1 || second.NumSockets != 2 {
		t.Errorf("hellos %+v, %+v", first, second)
	}
}

func TestPingAtOnceAndAnswered(t *testing.T) {
	l := newLab(t, nil)
	conn, _ := l.dial(t)
	var pinged, ponged bool
	ping := conn.PingHandler()
	conn.SetPingHandler(func(s string) error { pinged = true; return ping(s) })
	conn.SetPongHandler(func(s string) error { ponged = s == "are you there"; return nil })
	if err := conn.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	// The workspace reads the ping before the first acknowledgement, so its
	// answer is in front of the second envelope.
	for range 2 {
		said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
		write(t, conn, `{"envelope_id":"`+read(t, conn).EnvelopeID+`"}`)
		if err := <-said; err != nil {
			t.Fatal(err)
		}
	}
	if !pinged || !ponged {
		t.Errorf("pinged %v, answered %v", pinged, ponged)
	}
}

func TestOrigin(t *testing.T) {
	l := newLab(t, nil)
	for _, c := range []struct {
		origin string
		ok     bool
	}{
		{"", true},
		{"https://api.slack.com", true},
		{l.url, true},
		{"http://localhost:1", false},
		{"https://api.slack.com.evil.test", false},
		{"null", false},
	} {
		conn, err := l.handshake(l.ticket(t), c.origin)
		if (err == nil) != c.ok {
			t.Errorf("origin %q: %v", c.origin, err)
		}
		if err == nil {
			conn.Close()
		} else if !strings.Contains(err.Error(), "403") {
			t.Errorf("origin %q: %v, want 403", c.origin, err)
		}
	}
}

func TestTicketIsGoodOnce(t *testing.T) {
	l := newLab(t, nil)
	link := l.ticket(t)
	conn, err := l.handshake(link, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := l.handshake(link, ""); err == nil {
		t.Error("a ticket was taken twice")
	}
	if _, err := l.handshake(strings.Split(link, "?")[0]+"?ticket=GUESSED", ""); err == nil {
		t.Error("an invented ticket was taken")
	}
}

func TestEleventhSocket(t *testing.T) {
	l := newLab(t, nil)
	for range 10 {
		l.dial(t)
	}
	_, f := l.dial(t)
	if f.Type != "disconnect" || f.Reason != "too_many_websockets" {
		t.Errorf("the eleventh got %+v", f)
	}
	if n := l.Connections(); n != 10 {
		t.Errorf("%d connections", n)
	}
}

func TestLongFrame(t *testing.T) {
	const limit = 20_480
	l := newLab(t, func(c *slack.Config) { c.Redeliver = []time.Duration{} })
	for _, c := range []struct {
		name string
		size int
		ok   bool
	}{{"just fits", limit, true}, {"one too many", limit + 1, false}} {
		t.Run(c.name, func(t *testing.T) {
			conn, _ := l.dial(t)
			defer conn.Close()
			said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
			head := fmt.Sprintf(`{"envelope_id":%q,"payload":{"text":"`, read(t, conn).EnvelopeID)
			tail := `"}}`
			write(t, conn, head+strings.Repeat("x", c.size-len(head)-len(tail))+tail)
			if c.ok {
				if err := <-said; err != nil {
					t.Error(err)
				}
				return
			}
			var closed *websocket.CloseError
			if _, _, err := conn.ReadMessage(); !errors.As(err, &closed) || closed.Code != 1009 ||
				closed.Text != "Max frame length of 20480 has been exceeded." {
				t.Errorf("closed with %v", err)
			}
			l.Close() // the person would wait ten seconds
			<-said
		})
	}
}

func TestRubbishFramesAreIgnored(t *testing.T) {
	l := newLab(t, nil)
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	id := read(t, conn).EnvelopeID
	for _, rubbish := range []string{"", "{", "[]", "1", `{}`, `{"envelope_id":7}`, `{"envelope_id":"` + id + `","payload":[1]}`, `{"envelope_id":"nobody's"}`} {
		write(t, conn, rubbish)
	}
	write(t, conn, `{"envelope_id":"`+id+`","payload":{}}`) // as the Node client acknowledges
	if err := <-said; err != nil {
		t.Error(err)
	}
	if c := l.Counts(); c["acks"] != 1 || c["unknown_acks"] != 1 || len(l.Messages(ann, channel, "")) != 0 {
		t.Errorf("counts %v, messages %v", c, l.Messages(ann, channel, ""))
	}
}

// TestOneSocketEach sends twenty commands to two sockets: each envelope comes
// out of one of them, and both get some.
func TestOneSocketEach(t *testing.T) {
	l := newLab(t, nil)
	seen := make(chan string, 100)
	for _, name := range []string{"a", "b"} {
		conn, _ := l.dial(t)
		async(t, func() error {
			for {
				var f frame
				if err := conn.ReadJSON(&f); err != nil {
					return err // the test is over
				}
				seen <- name
				if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"envelope_id":"`+f.EnvelopeID+`"}`)); err != nil {
					return err
				}
			}
		})
		t.Cleanup(func() { conn.Close() })
	}
	for range 20 {
		if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	close(seen)
	got := map[string]int{}
	for name := range seen {
		got[name]++
	}
	if got["a"]+got["b"] != 20 || got["a"] == 0 || got["b"] == 0 {
		t.Errorf("deliveries %v", got)
	}
}

func TestAckOverAnotherSocket(t *testing.T) {
	l := newLab(t, nil)
	first, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	id := read(t, first).EnvelopeID
	first.Close()
	second, _ := l.dial(t)
	write(t, second, `{"envelope_id":"`+id+`"}`)
	if err := <-said; err != nil {
		t.Error(err)
	}
}

func TestNothingGoesToASocketAskedToGo(t *testing.T) {
	l := newLab(t, nil)
	old, _ := l.dial(t)
	l.Disconnect("refresh_requested")
	if f := read(t, old); f.Type != "disconnect" || f.Reason != "refresh_requested" {
		t.Errorf("asked with %+v", f)
	}
	if l.Connections() != 0 {
		t.Error("it still counts")
	}
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	next, hello := l.dial(t)
	if hello.NumSockets != 2 {
		t.Errorf("two are open, hello says %d", hello.NumSockets)
	}
	write(t, old, `{"envelope_id":"`+read(t, next).EnvelopeID+`"}`) // still heard
	if err := <-said; err != nil {
		t.Error(err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	l := newLab(t, nil)
	conn, _ := l.dial(t)
	said := async(t, func() error { _, err := l.Say(t.Context(), ann, channel, "", "/itms"); return err })
	read(t, conn)
	l.Close()
	l.Close() // twice does no harm
	if err := <-said; !errors.Is(err, slack.ErrClosed) {
		t.Errorf("the person got %v", err)
	}
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the socket is still open")
	}
	if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); !errors.Is(err, slack.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := l.handshake(l.ticket(t), ""); err == nil {
		t.Error("a socket opened after Close")
	}
}
