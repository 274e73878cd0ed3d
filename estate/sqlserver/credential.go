package sqlserver

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"itmsbot/estate"
)

// credential is the account as all connections share it. Its log-ons go one at a
// time, so that a wrong password is tried once even when several looks begin at once.
type credential struct {
	login *Login
	turn  chan struct{} // holds one token
	log   *slog.Logger

	mu     sync.Mutex
	parked string // why; empty while it may be used
}

func newCredential(l *Login, log *slog.Logger) *credential {
	c := &credential{login: l, turn: make(chan struct{}, 1), log: log}
	c.turn <- struct{}{}
	return c
}

// take waits for this log-on's turn; the caller gives it back with giveBack. A parked
// credential is told at once.
func (c *credential) take(ctx context.Context) error {
	if err := c.usable(); err != nil {
		return err
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := c.usable(); err != nil { // refused while we waited
		c.giveBack()
		return err
	}
	return nil
}

func (c *credential) giveBack() { c.turn <- struct{}{} }

// usable is nil, or the trouble of a parked credential.
func (c *credential) usable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parked != "" {
		return &trouble{kind: estate.Parked, detail: c.parked}
	}
	return nil
}

// park is called with the turn taken, when server has refused the log-on.
func (c *credential) park(server string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parked = fmt.Sprintf("%s was refused by %s at %s and is not tried again until somebody has looked",
		c.login, server, time.Now().UTC().Format("15:04:05 UTC"))
	c.log.Warn("credential parked", "account", c.login.String(), "host", server)
}

func (c *credential) unpark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parked = ""
}
