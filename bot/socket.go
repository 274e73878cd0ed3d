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
				if err := b.events(ctx, b.gather(e)); err != nil {
					return err
				}
			}
		}
	})
	return g.Wait()
}

// together bounds how many events of the socket are handled together.
const together = 64

// gather adds what has come in meanwhile.
func (b *Bot) gather(list ...socketmode.Event) []socketmode.Event {
	for len(list) < together {
		select {
		case e := <-b.socket.Events:
			list = append(list, e)
		default:
			return list
		}
	}
	return list
}

// events handles what has come in. Deliveries that came together are written
// with one commit: one for each would let a burst wait for as many. It never
// waits longer than two seconds, because the next acknowledgement is behind it.
func (b *Bot) events(ctx context.Context, list []socketmode.Event) error {
	var deliveries []socketmode.Request
	var errs []error
	for _, e := range list {
		switch e.Type {
		case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeErrorBadMessage:
			if e.Request != nil && e.Request.EnvelopeID != "" {
				deliveries = append(deliveries, *e.Request)
			}
		default:
			errs = append(errs, b.event(ctx, e))
		}
	}
	b.take(ctx, deliveries)
	return errors.Join(errs...)
}

// event handles one event of the socket that is no delivery.
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

// take writes deliveries down, acknowledges them and wakes the decider. Of what
// cannot be written its sender is told that nothing was done. Where it is not
// known whether it was written, it is not acknowledged: Slack says so to its
// sender and delivers it again.
func (b *Bot) take(ctx context.Context, requests []socketmode.Request) {
	b.arriving.Lock()
	defer b.arriving.Unlock()
	// One limit for all of them: behind a socket that is gone each would wait.
	acking, cancel := context.WithTimeout(ctx, takeLimit)
	defer cancel()
	var list []Delivery
	var from []socketmode.Request // of the same places
	var kept []bool               // whether the way back was not kept before
	for _, r := range requests {
		d, url, err := readEnvelope(r, time.Now())
		if err != nil {
			b.d.Log.Warn("an envelope cannot be read", "type", r.Type, "error", err)
			b.ack(acking, r.EnvelopeID)
			continue
		}
		if reply, again := b.wasTurnedAway(d); again {
			b.sayNo(acking, r, d, reply)
			continue
		}
		// Before it is on disk: from then on it may be decided and answered.
		kept = append(kept, b.keepURL(d.Keys[0], url))
		list, from = append(list, d), append(from, r)
	}
	if len(list) == 0 {
		return
	}
	waiting, cancelWaiting := context.WithTimeout(ctx, b.patience())
	receipts := b.d.Intake.Receive(waiting, list)
	cancelWaiting()
	acking, cancel = context.WithTimeout(ctx, takeLimit)
	defer cancel()
	for i, receipt := range receipts {
		url := ""
		if kept[i] && (receipt.Err != nil || receipt.Repeat) {
			url = b.takeURL(list[i].Keys[:1])
		}
		var no *CannotWrite
		switch {
		case errors.As(receipt.Err, &no):
			b.turnAway(ctx, acking, from[i], list[i], url, no)
		case receipt.Err != nil:
			b.d.Log.Error("a delivery could not be written and is not acknowledged", "envelope", from[i].EnvelopeID, "error", receipt.Err)
		default:
			b.ack(acking, from[i].EnvelopeID)
		}
	}
	b.wake()
}

// wake has the decider look for deliveries.
func (b *Bot) wake() {
	select {
	case b.poke <- struct{}{}:
	default:
	}
}

// keepURL keeps the way back of a delivery under the key of its envelope. It
// reports whether none was kept under it: the first delivery of an envelope that
// comes again before it is answered keeps its own.
func (b *Bot) keepURL(key, url string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.urls[key]; there || url == "" {
		return false
	}
	b.urls[key] = url
	return true
}

// takeURL gives the way back that is kept under one of the keys, and keeps none
// of them any longer. It is empty where there is none.
func (b *Bot) takeURL(keys []string) (url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range keys {
		if u, ok := b.urls[k]; ok {
			url = u
			delete(b.urls, k)
		}
	}
	return url
}

func (b *Bot) ack(ctx context.Context, envelope string) { b.ackWith(ctx, envelope, nil) }

// ackWith acknowledges with a payload, which for a command is its answer.
func (b *Bot) ackWith(ctx context.Context, envelope string, payload any) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := b.socket.AckCtx(ctx, envelope, payload); err != nil {
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
