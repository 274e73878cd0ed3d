package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/slack-go/slack/socketmode"

	"itmsbot/actions"
)

// memo is an intake that notes what it is given and says what it is told to.
type memo struct {
	given [][]Delivery
	says  map[string]Receipt // by the first key
}

func (m *memo) Receive(_ context.Context, list []Delivery) []Receipt {
	m.given = append(m.given, list)
	receipts := make([]Receipt, len(list))
	for i, d := range list {
		receipts[i] = m.says[d.Keys[0]]
	}
	return receipts
}

func (m *memo) Unhandled() ([]Delivery, error) { return nil, nil }

func (m *memo) Decide(int64, func(actions.Tx) (json.RawMessage, error)) error { return nil }

func command(envelope string) socketmode.Request {
	return socketmode.Request{Type: "slash_commands", EnvelopeID: envelope,
		Payload: []byte(fmt.Sprintf(`{"team_id":"T1","user_id":"UANA","channel_id":"C1","text":"help","response_url":"https://way.back/%s"}`, envelope))}
}

// TestTakeTogether: what came together goes to disk together and in its order,
// and the way back is kept for what will be answered and for nothing else.
func TestTakeTogether(t *testing.T) {
	m := &memo{says: map[string]Receipt{"envelope lost": {Err: errors.New("the disk is full")}, "envelope old": {Repeat: true}}}
	b := New(Config{}, Deps{Intake: m, Log: slog.New(slog.DiscardHandler)})
	b.take(t.Context(), []socketmode.Request{command("1"), command("lost"), {Type: "interactive", EnvelopeID: "odd", Payload: []byte(`{}`)}, command("old"), command("2")})
	if len(m.given) != 1 {
		t.Fatalf("written in %d parts", len(m.given))
	}
	var keys []string
	for _, d := range m.given[0] {
		keys = append(keys, d.Keys[0])
	}
	if fmt.Sprint(keys) != "[envelope 1 envelope lost envelope old envelope 2]" {
		t.Errorf("written as %q", keys)
	}
	if len(b.urls) != 2 {
		t.Errorf("ways back are kept for %v", b.urls)
	}
	select {
	case <-b.poke:
	default:
		t.Error("nobody is told that there is something to decide")
	}

	// The second comes again before it is answered: its way back stays.
	m.says["envelope 2"] = Receipt{Repeat: true}
	b.take(t.Context(), []socketmode.Request{command("2")})
	if got := b.takeURL([]string{"click 1 2 UANA", "envelope 2"}); got != "https://way.back/2" {
		t.Errorf("the way back of the second is %q", got)
	}
	// And again when it has been: nothing is left behind.
	b.take(t.Context(), []socketmode.Request{command("2")})
	if got := b.takeURL([]string{"envelope 2"}); got != "" {
		t.Errorf("%q is kept for nobody", got)
	}
}
