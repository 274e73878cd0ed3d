package bot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// newDialer limits how often a socket is opened. slack-go goes back to dialling
// at once when a server drops the socket right after the upgrade, thousands of
// times a second (slack.md §0 item 3).
func newDialer() *websocket.Dialer {
	limit := rate.NewLimiter(rate.Every(time.Second), 3)
	dial := &net.Dialer{Timeout: 10 * time.Second}
	return &websocket.Dialer{
		Proxy:            http.ProxyFromEnvironment,
		HandshakeTimeout: 20 * time.Second,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if err := limit.Wait(ctx); err != nil {
				return nil, err
			}
			return dial.DialContext(ctx, network, address)
		},
	}
}

// listen takes envelopes off the socket: on disk, then acknowledged.
func (b *Bot) listen(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := b.socket.RunContext(ctx)
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("slack's socket ended: %w", err)
	})
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case e := <-b.socket.Events:
				if err := b.event(ctx, e); err != nil {
					return err
				}
			}
		}
	})
	return g.Wait()
}

// event handles one event of the socket. It never waits longer than two
// seconds, because the next acknowledgement is behind it.
func (b *Bot) event(ctx context.Context, e socketmode.Event) error {
	switch e.Type {
	case socketmode.EventTypeHello:
		b.mu.Lock()
		b.app, b.open = e.Request.ConnectionInfo.AppID, true
		b.mu.Unlock()
		b.greet.Do(func() { close(b.greeted) })
		if n := e.Request.NumConnections; n > 1 {
			b.d.Log.Warn("another program uses this app token; each takes part of the commands", "connections", n)
		}
		b.out.wakeUp()
	case socketmode.EventTypeConnecting:
		b.mu.Lock()
		b.open = false
		b.mu.Unlock()
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeErrorBadMessage:
		b.take(ctx, e)
	case socketmode.EventTypeEventsAPI:
		if e.Request != nil {
			b.ack(ctx, e.Request.EnvelopeID) // nothing is subscribed to; kept quiet
		}
	case socketmode.EventTypeConnectionError:
		return b.connectionTrouble(e.Data)
	case socketmode.EventTypeInvalidAuth:
		return errors.New("slack refuses the app token (apps.connections.open)")
	}
	return nil
}

// connectionTrouble tells what a person has to mend from what passes by
// itself. slack-go would try both for ever.
func (b *Bot) connectionTrouble(data any) error {
	var trouble *slack.ConnectionErrorEvent
	if t, ok := data.(*slack.ConnectionErrorEvent); ok {
		trouble = t
	} else {
		return nil
	}
	if code := slackCode(trouble.ErrorObj); permanent(code) {
		return fmt.Errorf("slack refuses the app token: %s", code)
	}
	b.d.Log.Warn("no socket to slack yet", "attempt", trouble.Attempt, "error", trouble.ErrorObj)
	return nil
}

// take writes a delivery down, acknowledges it and wakes the decider. What
// cannot be written in time is not acknowledged: Slack says so to its sender
// and delivers it again.
func (b *Bot) take(ctx context.Context, e socketmode.Event) {
	if e.Request == nil || e.Request.EnvelopeID == "" {
		return
	}
	d, url, err := readEnvelope(*e.Request, time.Now())
	if err != nil {
		b.d.Log.Warn("an envelope cannot be read", "type", e.Request.Type, "error", err)
		b.ack(ctx, e.Request.EnvelopeID)
		return
	}
	waiting, cancel := context.WithTimeout(ctx, 2*time.Second)
	stored, repeat, err := b.d.Intake.Receive(waiting, d)
	cancel()
	if err != nil {
		b.d.Log.Error("a delivery could not be written and is not acknowledged", "envelope", e.Request.EnvelopeID, "error", err)
		return
	}
	if !repeat && url != "" {
		b.mu.Lock()
		b.urls[stored.N] = url
		b.mu.Unlock()
	}
	b.ack(ctx, e.Request.EnvelopeID)
	select {
	case b.poke <- struct{}{}:
	default:
	}
}

func (b *Bot) ack(ctx context.Context, envelope string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := b.socket.AckCtx(ctx, envelope, nil); err != nil {
		b.d.Log.Warn("an acknowledgement was not sent; slack delivers it again", "envelope", envelope, "error", err)
	}
}

// slackCode is Slack's own name of an error, empty for others.
func slackCode(err error) string {
	var s slack.SlackErrorResponse
	if errors.As(err, &s) {
		return s.Err
	}
	return ""
}

// permanent reports whether no retry mends an error of Slack's.
func permanent(code string) bool {
	switch code {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
		"not_allowed_token_type", "no_permission", "team_access_not_granted", "forbidden_team", "ekm_access_denied":
		return true
	}
	return false
}

// pause grows from one wait to the next.
type pause struct{ next, most time.Duration }

func newPause(first, most time.Duration) *pause { return &pause{first, most} }

// wait sleeps and reports whether ctx still lives.
func (p *pause) wait(ctx context.Context) bool {
	t := time.NewTimer(p.next)
	defer t.Stop()
	p.next = min(p.next*2, p.most)
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
