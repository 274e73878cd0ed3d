package winrm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/masterzen/winrm"

	"itmsbot/estate"
	own "itmsbot/estate/winrm"
	"itmsbot/lab/wsman"
)

// thief answers like somebody in between who would like the password.
func thief(t *testing.T) (address string, stolen func() string) {
	var mu sync.Mutex
	var got strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, pw, ok := r.BasicAuth()
		mu.Lock()
		defer mu.Unlock()
		if ok {
			got.WriteString("password " + pw + " ")
		}
		if strings.Contains(string(body), "Envelope") {
			got.WriteString("message ")
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/wsman", func() string {
		mu.Lock()
		defer mu.Unlock()
		return got.String()
	}
}

func libraryDowngrade(t *testing.T) bool {
	shown := true
	for _, transport := range []func() winrm.Transporter{sealing, func() winrm.Transporter { return &winrm.ClientNTLM{} }} {
		address, stolen := thief(t)
		c := libraryClient(t, address, transport, time.Second)
		_, err := c.CreateShell()
		shown = shown && err != nil && strings.Contains(stolen(), "password "+password) && strings.Contains(stolen(), "message")
	}
	return shown
}

func oursDowngrade(t *testing.T) {
	address, stolen := thief(t)
	w := &windows{name: "SMP1", url: address}
	expect(t, w.fleet(t, nil).Run(t.Context(), "SMP1", estate.Look, look("echo"), nil, nil), estate.Untrusted, "does not offer NTLM")
	if s := stolen(); s != "" {
		t.Errorf("stolen: %s", s)
	}
}

func libraryFault(t *testing.T) bool {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var requests atomic.Int64
	const many = 100
	w := startWindows(t, func(c *wsman.Config) {
		lax(nil)(c)
		c.Answers = countTo(&requests, many, cancel)
	})
	inject(t, w, wsman.Fault{Kind: wsman.FaultFault, On: "Receive"})
	_, err := w.library(t, nil, time.Second).RunWithContext(ctx, "x", io.Discard, io.Discard)
	return requests.Load() >= many && errors.Is(err, context.Canceled)
}

func oursFault(t *testing.T) {
	var requests atomic.Int64
	w := startWindows(t, func(c *wsman.Config) { c.Answers = countTo(&requests, 0, nil) })
	inject(t, w, wsman.Fault{Kind: wsman.FaultFault, On: "Receive"})
	expect(t, w.fleet(t, nil).Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), nil), estate.Unknown, "2150858843")
	if n := requests.Load(); n > 12 {
		t.Errorf("%d requests", n)
	}
}

// countTo counts what a host is asked, and calls enough at the n-th time.
func countTo(count *atomic.Int64, n int64, enough func()) func(netip.AddrPort, int) bool {
	return func(netip.AddrPort, int) bool {
		if count.Add(1) == n {
			enough()
		}
		return true
	}
}

func inject(t *testing.T, w *windows, f wsman.Fault) {
	t.Helper()
	if err := w.Inject(f); err != nil {
		t.Fatal(err)
	}
}

func libraryInput(t *testing.T) bool {
	const size = 200_000
	got := make(chan int64, 1)
	w := startWindows(t, func(c *wsman.Config) {
		lax(func(_ context.Context, c *wsman.Command) {
			n, _ := io.Copy(io.Discard, c.Stdin())
			got <- n
		})(c)
		c.MaxEnvelopeKB = 150
	})
	_, _, code, err := w.library(t, nil, time.Second).RunWithContextWithString(t.Context(), "x", strings.Repeat("a", size))
	return err == nil && code == 0 && <-got < size
}

func oursInput(t *testing.T) {
	w := startWindows(t, nil)
	in := w.args()
	in.Text = strings.Repeat("a", 200_000)
	var got echoed
	if err := w.fleet(t, nil).Run(t.Context(), "SMP1", estate.Look, look("echo"), in, &got); err != nil || got.Echo != in {
		t.Errorf("%d bytes: %v", len(got.Echo.Text), err)
	}
}

// late is an answer that comes 200 ms after the operation timeout.
var late = wsman.Fault{Kind: wsman.FaultSlow, Delay: 700 * time.Millisecond, Count: 1}

func libraryLate(t *testing.T) bool {
	ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
	defer cancel()
	w := startWindows(t, lax(func(_ context.Context, c *wsman.Command) { io.WriteString(c.Stdout(), "here") }))
	inject(t, w, late)
	var out strings.Builder
	_, err := w.library(t, nil, 500*time.Millisecond).RunWithContext(ctx, "x", &out, io.Discard)
	return out.String() == "" && err != nil
}

func oursLate(t *testing.T) {
	w := startWindows(t, nil)
	inject(t, w, late)
	f := w.fleet(t, func(_ *own.Host, o *own.Options) { o.Operation = 500 * time.Millisecond })
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), "", "")
}

// cancelled runs something that hangs, cancels it and says how long that took.
func cancelled(t *testing.T, started <-chan struct{}, run func(context.Context)) time.Duration {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { // waited for below
		defer close(done)
		run(ctx)
	}()
	<-started
	cancel()
	begin := time.Now()
	<-done
	return time.Since(begin)
}

func libraryCancel(t *testing.T) bool {
	var requests atomic.Int64
	started := make(chan struct{})
	w := startWindows(t, func(c *wsman.Config) {
		lax(func(ctx context.Context, _ *wsman.Command) { <-ctx.Done() })(c)
		c.Answers = countTo(&requests, 4, func() { close(started) }) // connection, Create, Command, Receive
	})
	c := w.library(t, nil, time.Second)
	return cancelled(t, started, func(ctx context.Context) { _, _ = c.RunWithContext(ctx, "x", io.Discard, io.Discard) }) > 500*time.Millisecond
}

func oursCancel(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *own.Host, o *own.Options) { o.Operation = 15 * time.Second })
	took := cancelled(t, w.started, func(ctx context.Context) {
		expect(t, f.Run(ctx, "SMP1", estate.Look, look("hang"), w.args(), nil), estate.Unreachable, "cancelled")
	})
	if took > atOnce {
		t.Errorf("it took %v", took)
	}
}

// silence takes connections and says nothing on them.
func silence(t *testing.T) string {
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(func() {
		close(over)
		s.Close()
	})
	return s.URL + "/wsman"
}

func librarySilent(t *testing.T) bool {
	ended := make(chan struct{})
	t.Cleanup(func() { <-ended }) // after the cleanup of silence
	c := libraryClient(t, silence(t), sealing, 50*time.Millisecond)
	go func() { // waited for by the cleanup
		defer close(ended)
		_, _ = c.CreateShell()
	}()
	select {
	case <-ended:
		return false
	case <-time.After(250 * time.Millisecond): // five times its timeout
		return true
	}
}

func oursSilent(t *testing.T) {
	w := &windows{name: "SMP1", url: silence(t)}
	f := w.fleet(t, func(_ *own.Host, o *own.Options) { o.LookLimit = 50 * time.Millisecond })
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), nil, nil), estate.Unreachable, "no answer in time")
}
