package lab

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// heartbeat keeps proxies and browsers from taking a quiet stream for a dead one.
	heartbeat = 15 * time.Second
	// sendWithin is how long a client may take to read one event.
	sendWithin = 10 * time.Second
	// A running world changes five times a second, a busy channel more often; the
	// page looks again no sooner than this.
	worldRest   = time.Second
	channelRest = 100 * time.Millisecond
)

// change says that something the page shows has a new version.
type change struct {
	name    string // channel, world
	version uint64
}

// events streams changes until the client leaves or the lab closes: "channel" and
// "world" with their versions as data, both at once at the start. A client that
// missed some has missed nothing: each says only that it is time to look again.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	changes := make(chan change)
	var watchers sync.WaitGroup // waited for below
	watchers.Go(func() { defer cancel(); watch(ctx, "channel", p.Slack.Wait, channelRest, changes) })
	watchers.Go(func() { defer cancel(); watch(ctx, "world", p.World.Wait, worldRest, changes) })
	defer watchers.Wait()
	defer cancel()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	stream := http.NewResponseController(w)
	for {
		line := ": beat\n\n"
		select {
		case <-ctx.Done():
			return
		case c := <-changes:
			line = fmt.Sprintf("event: %s\ndata: %d\n\n", c.name, c.version)
		case <-beat.C:
		}
		// Where deadlines are not supported the connection's own end is one.
		_ = stream.SetWriteDeadline(time.Now().Add(sendWithin))
		if _, err := w.Write([]byte(line)); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
	}
}

// watch reports every version that wait returns, the first one at once, with a
// rest after each. It ends with ctx or with what is watched.
func watch(ctx context.Context, name string, wait func(context.Context, uint64) (uint64, error), rest time.Duration, out chan<- change) {
	version, err := wait(ctx, 0)
	for err == nil {
		select {
		case out <- change{name, version}:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return
		}
		version, err = wait(ctx, version)
	}
}
