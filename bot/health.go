package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errNoHello says that no socket was open yet.
var errNoHello = errors.New("no socket to slack is open")

// Reachable says why somebody who types a command now would not be answered,
// nil if they would be: a socket is open over which Slack has said hello, and
// Slack answers now.
func (b *Bot) Reachable(ctx context.Context) error {
	b.mu.Lock()
	greeted := b.open
	b.mu.Unlock()
	if !greeted {
		return errNoHello
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := b.api.AuthTestContext(ctx); err != nil {
		return fmt.Errorf("slack does not answer: %w", err)
	}
	return nil
}
