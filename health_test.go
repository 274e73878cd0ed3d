package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	var trouble error
	asked := 0
	h := &health{parts: []part{
		{"slack", func(ctx context.Context) error {
			asked++
			if _, limited := ctx.Deadline(); !limited {
				t.Error("asked without a limit")
			}
			return trouble
		}},
		{"trail", func(context.Context) error { return nil }},
	}}
	s := httptest.NewServer(h.handler())
	defer s.Close()
	check := func(path string, status int, words string, calls int) {
		t.Helper()
		got, body := get(t, s.URL+path)
		if got != status || !strings.Contains(body, words) || asked != calls {
			t.Errorf("%s: %d %q after %d questions, want %d %q after %d", path, got, body, asked, status, words, calls)
		}
	}
	trouble = errors.New("away")
	check("/readyz", http.StatusServiceUnavailable, "slack: away", 1)
	check("/readyz", http.StatusServiceUnavailable, "slack: away", 2)
	check("/healthz", http.StatusOK, "ok", 2)
	trouble = nil
	check("/readyz", http.StatusOK, "ok", 3)
	check("/readyz", http.StatusOK, "ok", 3) // answers hold for a while
	check("/else", http.StatusNotFound, "", 3)
	resp, err := http.Post(s.URL+"/readyz", "text/plain", nil)
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v %v", resp, err)
	}
	resp.Body.Close()
}

// TestReachable: a bot is ready once Slack has greeted it, and as long as Slack
// answers.
func TestReachable(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms help")
	s.reads("Ana", "What this bot can do")
	if err := s.bot.bot.Reachable(s.ctx); err != nil {
		t.Errorf("it has just answered, and yet: %v", err)
	}
	s.stopBot()
	w, err := s.plant.wire() // a bot that nobody has started
	if err != nil {
		t.Fatal(err)
	}
	if err := w.bot.Reachable(s.ctx); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("nobody has greeted it, and yet: %v", err)
	}
	gone, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := w.bot.Reachable(gone); err == nil {
		t.Error("nobody was asked")
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	s.startBot()
}
