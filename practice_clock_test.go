package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestPracticeClock(t *testing.T) {
	start := time.Date(2026, 11, 28, 6, 55, 0, 0, time.UTC)
	answer := fmt.Sprintf(`{"now":%q,"pace":1000,"hosts":[]}`, start.Format(time.RFC3339))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/lab/world" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		fmt.Fprint(w, answer)
	}))
	defer s.Close()
	ctx := context.Background()
	c, err := newPracticeClock(ctx, s.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Sleep(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
	later := c.Now()
	if later.Before(start.Add(time.Minute)) {
		t.Errorf("after a minute it is %s", later)
	}
	// A lab that was slower than we thought: time stands still until it is there.
	if err := c.ask(ctx); err != nil {
		t.Fatal(err)
	}
	if now := c.Now(); now.Before(later) {
		t.Errorf("time went back from %s to %s", later, now)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.Sleep(gone, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("sleep of somebody who is leaving: %v", err)
	}
	for _, answer = range []string{`{}`, `[]`, `{"now":"2026-11-28T06:55:00Z","pace":0}`, `not JSON`} {
		if _, err := newPracticeClock(ctx, s.URL+"/"); err == nil {
			t.Errorf("%s was taken for a lab", answer)
		}
	}
	s.Close()
	if _, err := newPracticeClock(ctx, s.URL+"/"); err == nil {
		t.Error("a lab that is not there has told the time")
	}
}
