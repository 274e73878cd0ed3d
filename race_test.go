package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"itmsbot/runbook"
	"itmsbot/store"
)

// TestTwentyClicksAtOnce: two approvers press twenty times at once. One seat is
// filled, the plan runs once, and everybody is told what became of their click.
func TestTwentyClicksAtOnce(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	var ts, action string
	s.until("a card with a button", func() bool {
		for _, m := range s.lab.Slack.Messages(s.id("Ben"), s.plant.slack.Channel, "") {
			if a := buttonOf(m.Blocks, "Approve"); a != "" {
				ts, action = m.TS, a
			}
		}
		return ts != ""
	})
	var clicks sync.WaitGroup
	for i := range 20 {
		who := []string{"Ben", "Dora"}[i%2]
		clicks.Go(func() {
			ctx, cancel := s.within()
			defer cancel()
			// A click on a button that has vanished meanwhile is no error
			// of the bot's.
			_ = s.lab.Slack.Press(ctx, s.ids[who], s.plant.slack.Channel, ts, action)
		})
	}
	clicks.Wait()
	s.sees("Quiesce the estate (1.4): done")
	counts := map[runbook.Kind]int{}
	events, err := s.bot.store.EventsOf("R-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		counts[e.Kind]++
	}
	if counts[runbook.Approved] != 1 || counts[runbook.Started] != 1 || counts[runbook.Intent] != s.stepsOf("R-1") {
		t.Errorf("events of R-1: %v", counts)
	}
}

// stepsOf counts the steps of a request's plan.
func (s *stage) stepsOf(id string) int {
	s.t.Helper()
	r, err := s.bot.store.Request(id)
	if err != nil {
		s.t.Fatal(err)
	}
	bytes, err := s.bot.store.Plan(r.Digest)
	if err != nil {
		s.t.Fatal(err)
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(plan.Steps())
}

// TestForeignClicks: lines that come from elsewhere are refused and recorded,
// whatever they say.
func TestForeignClicks(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.sees("approval needed", "R-1")
	r, err := s.bot.store.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	s.stopBot()
	team, channel, ben := s.plant.slack.Team, s.plant.slack.Channel, s.id("Ben")
	line := "approve R-1 " + r.Digest
	tests := []struct {
		name string
		said map[string]any
		late bool
		want string
	}{
		{"another workspace", map[string]any{"team": "TOTHER001", "user": ben, "channel": channel, "app": "AITMS0001", "line": line}, false, "another workspace"},
		{"another channel", map[string]any{"team": team, "user": ben, "channel": "COTHER001", "app": "AITMS0001", "line": line}, false, "another channel"},
		{"another app's message", map[string]any{"team": team, "user": ben, "channel": channel, "app": "AOTHER001", "line": line, "click": true, "message": "1.1"}, false, "of another app"},
		{"a message that is no card", map[string]any{"team": team, "user": ben, "channel": channel, "app": "AITMS0001", "line": line, "click": true, "message": "1.1"}, false, "does not know"},
		{"too long ago", map[string]any{"team": team, "user": ben, "channel": channel, "app": "AITMS0001", "line": line}, true, "more than ten minutes ago"},
	}
	db, err := store.Open(s.plant.database, store.Options{Clock: s.plant.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		body, err := json.Marshal(tt.said)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		if tt.late {
			at = at.Add(-11 * time.Minute)
		}
		if _, _, err := db.Receive(s.ctx, store.Delivery{Keys: []string{tt.name}, At: at, Door: "slack", Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// The bot finds them acknowledged and not handled, as after a crash.
	s.startBot()
	s.say("Ana", "/itms note after the others")
	s.reads("Ana", "Noted")
	var refused []string
	events, err := s.bot.store.Tail(50)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == runbook.Refused {
			var b runbook.RefusedBody
			if err := e.Read(&b); err != nil {
				t.Fatal(err)
			}
			refused = append(refused, b.Refusal.Reason)
		}
		if e.Kind == runbook.Approved {
			t.Errorf("event %d: R-1 was approved from elsewhere", e.N)
		}
	}
	for i, tt := range tests {
		if i >= len(refused) || !strings.Contains(refused[i], tt.want) {
			t.Errorf("%s: refusals are %q, want %q", tt.name, refused, tt.want)
		}
	}
}

// TestTwoBotsOnOneDatabase: the second says so and ends.
func TestTwoBotsOnOneDatabase(t *testing.T) {
	s := openStage(t)
	second := s.plant
	if _, err := second.wire(); !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), filepath.Base(s.plant.database)) {
		t.Errorf("a second bot on the database: %v", err)
	}
}

// TestPolicyThatNobodyCanFulfil refuses to start.
func TestPolicyThatNobodyCanFulfil(t *testing.T) {
	s := openStage(t)
	p := s.plant
	p.database = filepath.Join(t.TempDir(), "other.db")
	p.policy.Members = nil
	if _, err := p.wire(); err == nil || !strings.Contains(err.Error(), "nobody is an approver") {
		t.Errorf("a list without approvers: %v", err)
	}
}
