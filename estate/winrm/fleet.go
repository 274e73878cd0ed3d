package winrm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
)

// Script is one embedded PowerShell script.
type Script struct {
	Name string // firewall-read
	Text string
	// Doing is what it does, for errors: "read the firewall".
	Doing string
	// Changes reports whether it changes the host. What was lost on the way is
	// then unknown, and the arguments must name the machine.
	Changes bool
	// Limit ends a look that takes longer than others, in place of
	// Options.LookLimit; 0 for those that do not. LookLimit may be more.
	Limit time.Duration
}

// Fleet is all Windows hosts of an estate. It is safe for concurrent use.
type Fleet struct {
	hosts   map[string]*remote // by name in lower case
	scripts scriptSet
	line    string // the command line of every run
	opts    Options

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // runs, and the deletions of shells behind them
}

// remote is one host with its lanes.
type remote struct {
	login        *trust.Login
	look, change *lane
}

// New makes a fleet or says which host's configuration is wrong. It does not
// touch the network.
func New(hosts []Host, o Options) (*Fleet, error) {
	set, err := loadScripts()
	if err != nil {
		return nil, err
	}
	f := &Fleet{hosts: make(map[string]*remote), scripts: set, line: bootstrapLine(), opts: o.withDefaults()}
	var accounts trust.Accounts
	for _, h := range hosts {
		h, err := h.checked()
		if err != nil {
			return nil, fmt.Errorf("winrm host %s: %w", h.Name, err)
		}
		key := strings.ToLower(h.Name)
		if f.hosts[key] != nil {
			return nil, fmt.Errorf("winrm host %s: it is there twice", h.Name)
		}
		h.Login = accounts.One(h.Login)
		f.hosts[key] = &remote{login: h.Login, look: newLane(&h, f.opts), change: newLane(&h, f.opts)}
		if h.Rescue != nil {
			own := h
			own.Login = accounts.One(h.Rescue)
			f.hosts[rescueKey(h.Name)] = &remote{login: own.Login, look: newLane(&own, f.opts), change: newLane(&own, f.opts)}
		}
	}
	return f, nil
}

// Close refuses further runs, waits for those under way and for the shells they
// leave to be deleted, and closes the connections. The contexts of the runs say
// how long that takes.
func (f *Fleet) Close() error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.running.Wait()
	for _, r := range f.hosts {
		r.look.session.drop()
		r.change.session.drop()
	}
	return nil
}

// Unpark lets the account of host be tried once more, after a person looked, and the
// host's own too. It counts wherever its Login is used.
func (f *Fleet) Unpark(host string) {
	for _, key := range []string{strings.ToLower(host), rescueKey(host)} {
		if r := f.hosts[key]; r != nil {
			r.login.Unpark()
		}
	}
}

// Reconnect makes the next run on each lane of host log on over a new connection.
// A run under way keeps the one it has.
func (f *Fleet) Reconnect(host string) {
	if r := f.hosts[strings.ToLower(host)]; r != nil {
		r.look.stale.Store(true)
		r.change.stale.Store(true)
	}
}

// quiet ends the look that is under way on host: it would be torn anyway, and a host
// that restarts has better to do (DESIGN §8).
func (f *Fleet) quiet(host string) {
	if r := f.hosts[strings.ToLower(host)]; r != nil {
		r.look.giveUp(errRestarts)
	}
}

// lane runs one script at a time on a session of its own (DESIGN §8).
type lane struct {
	turn    chan struct{} // holds one token
	session *session
	stale   atomic.Bool // the session has to be made anew

	mu   sync.Mutex              // protects the following
	stop context.CancelCauseFunc // of the run under way, nil without one
}

// errRestarts is why a look was given up.
var errRestarts = errors.New("the host is about to be restarted")

// stoppable is the context of a run that giveUp ends; done is called when it has
// ended by itself.
func (l *lane) stoppable(ctx context.Context) (_ context.Context, done func()) {
	ctx, stop := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = stop
	return ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.stop = nil
		stop(nil)
	}
}

// giveUp ends the run under way, if there is one.
func (l *lane) giveUp(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop != nil {
		l.stop(why)
	}
}

func newLane(h *Host, o Options) *lane {
	l := &lane{turn: make(chan struct{}, 1), session: newSession(h, o)}
	l.turn <- struct{}{}
	return l
}

// take waits for a lane of host to be free. Whoever got one calls giveBack.
func (f *Fleet) take(ctx context.Context, host string, name estate.Lane) (*lane, error) {
	r := f.hosts[strings.ToLower(host)]
	if r == nil {
		return nil, &trouble{kind: estate.Unreachable, detail: "no such host is configured"}
	}
	l := r.look
	if name == estate.Change {
		l = r.change
	}
	if !f.enter() {
		return nil, &trouble{kind: estate.Unreachable, detail: "the bot is stopping"}
	}
	select {
	case <-l.turn:
	case <-ctx.Done():
		f.running.Done()
		return nil, &trouble{estate.Unreachable, "the host is busy with an earlier run: " + ended(ctx.Err()), ctx.Err()}
	}
	if l.stale.Swap(false) {
		l.session.drop()
	}
	return l, nil
}

func (f *Fleet) giveBack(l *lane) {
	l.turn <- struct{}{}
	f.running.Done()
}

// enter counts a run, unless the fleet is closed.
func (f *Fleet) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.running.Add(1)
	return true
}
