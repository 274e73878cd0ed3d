package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// practiceClock is the clock of a practice estate in another process: what the
// lab said last, and its pace since. While the lab does not answer it goes on
// at the last pace, as a wall clock does that nobody corrects.
type practiceClock struct {
	url    string
	client *http.Client

	mu   sync.Mutex // protects the following
	now  time.Time  // the lab's, when it was asked
	at   time.Time  // when that was
	pace int
	told time.Time // the latest time given out; time does not go back
}

const (
	// askEvery is how often the lab is asked: a changed pace shows within it.
	askEvery = time.Second
	askLimit = 5 * time.Second
	// truthLimit bounds what is read of the lab's answer, in bytes.
	truthLimit = 4 << 20
)

// newPracticeClock asks the lab at url, which ends in a slash, for the time.
func newPracticeClock(ctx context.Context, url string) (*practiceClock, error) {
	c := &practiceClock{url: url + "lab/world", client: &http.Client{Timeout: askLimit}}
	if err := c.ask(ctx); err != nil {
		return nil, fmt.Errorf("the lab's clock: %w", err)
	}
	return c, nil
}

func (c *practiceClock) ask(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	asked := time.Now()
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	// The lab told its time somewhere in between; at a high pace that matters.
	at := asked.Add(time.Since(asked) / 2)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", c.url, resp.Status)
	}
	var truth struct {
		Now  time.Time `json:"now"`
		Pace int       `json:"pace"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, truthLimit)).Decode(&truth); err != nil {
		return fmt.Errorf("%s: %w", c.url, err)
	}
	if truth.Now.IsZero() || truth.Pace < 1 {
		return fmt.Errorf("%s tells neither time nor pace; is it a lab?", c.url)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.at, c.pace = truth.Now, at, truth.Pace
	return nil
}

// follow asks again until ctx ends.
func (c *practiceClock) follow(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for lost := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := c.ask(ctx)
		if err != nil && !lost && ctx.Err() == nil {
			log.Warn("the lab's clock does not answer; the bot's goes on at the last pace", "error", err)
		}
		lost = err != nil
	}
}

// Now is the lab's time.
func (c *practiceClock) Now() time.Time {
	now, _ := c.read()
	return now
}

func (c *practiceClock) read() (time.Time, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now.Add(time.Since(c.at) * time.Duration(c.pace))
	if now.Before(c.told) {
		now = c.told
	}
	c.told = now
	return now, c.pace
}

// Sleep waits until the lab's clock has moved on by d.
func (c *practiceClock) Sleep(ctx context.Context, d time.Duration) error {
	now, pace := c.read()
	for until := now.Add(d); now.Before(until); now, pace = c.read() {
		t := time.NewTimer(min(until.Sub(now)/time.Duration(pace)+time.Millisecond, askEvery))
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
	return nil
}
