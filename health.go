package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// health answers probes. /healthz says that the program runs; /readyz says that
// somebody who types a command now is answered. A platform restarts on the
// first and only reports the second: a bot that waits for Slack carries its
// steps on, and a restart would interrupt them.
type health struct {
	// parts say what is wrong with them, by name.
	parts []part

	mu   sync.Mutex // protects the following
	last time.Time
	said error
}

// part is something that has to work for commands to be answered.
type part struct {
	name string
	ask  func(context.Context) error
}

const (
	// stale is how long one answer holds: probes come from several places, and
	// each would cost a call of Slack's.
	stale = 10 * time.Second
	// probeLimit bounds asking all parts.
	probeLimit = 8 * time.Second
)

// handler is both paths.
func (h *health) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := h.ready(r.Context()); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// ready is what the parts said within the last ten seconds. A bad answer is
// asked for again each time, so that getting better shows at once.
func (h *health) ready(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.said == nil && !h.last.IsZero() && time.Since(h.last) < stale {
		return nil
	}
	// Not the prober's context: one that gives up must not make the answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeLimit)
	defer cancel()
	h.said = nil
	for _, p := range h.parts {
		if err := p.ask(ctx); err != nil {
			h.said = errors.Join(h.said, fmt.Errorf("%s: %w", p.name, err))
		}
	}
	h.last = time.Now()
	return h.said
}

// serve answers on l until ctx ends.
func (h *health) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: h.handler(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 15 * time.Second}
	closed := make(chan struct{})
	go func() { // serve waits for it below
		defer close(closed)
		<-ctx.Done()
		_ = server.Close() // probes have nothing to finish
	}()
	err := server.Serve(l)
	<-closed
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("the listener for probes: %w", err)
}
