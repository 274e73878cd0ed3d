package trust

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"itmsbot/estate"
)

// Login is one account and whether it may be tried. It is used by its pointer; its
// fields are set before it is first used. It is safe for concurrent use.
type Login struct {
	User   string
	Domain string // empty for an account of the machine itself, or user@domain
	// Password is called for each log-on and its result not kept, so that printing
	// a Login prints no secret. It may be called by several goroutines at once.
	Password func() (string, error)
	// Parked, if it is set, is told which peer has refused the account, once
	// until somebody lets it be tried again. It must not wait for anything.
	Parked func(peer string)

	mu     sync.Mutex
	turn   chan struct{} // holds whoever logs on at the moment; made when first asked for
	parked string        // why; empty while it may be used
}

// String gives the account as DOMAIN\user.
func (l *Login) String() string {
	if l.Domain == "" {
		return l.User
	}
	return l.Domain + `\` + l.User
}

// Principal gives the account as user@domain.
func (l *Login) Principal() string {
	if l.Domain == "" {
		return l.User
	}
	return l.User + "@" + l.Domain
}

// Check says why nobody can log on with l, which may be nil.
func (l *Login) Check() error {
	if l == nil || l.User == "" || l.Password == nil {
		return errors.New("it has no account to log on with")
	}
	return nil
}

// Usable is nil, or an *estate.Error of the kind Parked. Who asks it before making a
// connection spares a host that would get no log-on anyway.
func (l *Login) Usable() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.parked != "" {
		return &estate.Error{Kind: estate.Parked, Op: "log on as " + l.String(), Detail: l.parked}
	}
	return nil
}

// LogOn waits until no other log-on with l is under way, then lets prove make one
// attempt at peer. prove reports whether peer refused the account itself, so that
// another attempt would count against it; l is then parked. What is refused for
// another reason, or lost on the way, parks nothing.
//
// An error is prove's as it stands, or an *estate.Error because prove was not called:
// Parked, or Unreachable where the password could not be read or ctx ended while
// others were logging on.
//
// prove has to end in time by itself: nobody else logs on with l meanwhile.
func (l *Login) LogOn(ctx context.Context, peer string, prove func(password string) (refused bool, err error)) error {
	if err := l.Usable(); err != nil { // without waiting for the attempts of others
		return err
	}
	turn := l.turns()
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return l.untried(peer, "others are logging on with "+l.String()+", and their turns took too long", ctx.Err())
	}
	return l.Again(peer, prove)
}

// Again is LogOn without the wait. It is for a protocol that sends the password with
// every request, on a connection over which peer has taken it before.
func (l *Login) Again(peer string, prove func(password string) (refused bool, err error)) error {
	if err := l.Usable(); err != nil {
		return err
	}
	password, err := l.Password()
	if err != nil {
		return l.untried(peer, "the password of "+l.String()+" could not be read", err)
	}
	refused, err := prove(password)
	if refused {
		l.park(peer)
	}
	return err
}

func (l *Login) untried(peer, why string, err error) *estate.Error {
	return &estate.Error{Kind: estate.Unreachable, Host: peer, Op: "log on as " + l.String(), Detail: why, Err: err}
}

// Unpark lets l be tried once more, after a person looked.
func (l *Login) Unpark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parked = ""
}

func (l *Login) park(peer string) {
	if l.parkNow(peer) && l.Parked != nil {
		l.Parked(peer)
	}
}

// parkNow reports whether l was not parked before.
func (l *Login) parkNow(peer string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	news := l.parked == ""
	l.parked = fmt.Sprintf("%s was refused by %s at %s and is not tried again until somebody has looked",
		l, peer, time.Now().UTC().Format("15:04:05 UTC"))
	return news
}

func (l *Login) turns() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == nil {
		l.turn = make(chan struct{}, 1)
	}
	return l.turn
}
