package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errNoHello says that no socket was open yet.
var errNoHello = errors.New("slack has not said hello yet")

// Reachable says why somebody who types a command now would not be answered,
// nil if they would be: Slack has greeted the bot over its socket since it
// started, and answers it now. A socket that was lost since is opened again at
// once while Slack answers, so it is not asked for here.
func (b *Bot) Reachable(ctx context.Context) error {
	b.mu.Lock()
	greeted := b.app != ""
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
