package trust

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"itmsbot/estate"
)

const secret = "Tr0ub4dor&3"

var (
	errLost   = errors.New("the connection was lost")
	errClosed = errors.New("the vault is closed")
)

// peer is the other end of log-ons: what it answers, and what it has seen.
type peer struct {
	refuses bool
	err     error
	seen    []string
}

func (p *peer) prove(password string) (bool, error) {
	p.seen = append(p.seen, password)
	return p.refuses, p.err
}

// TestLogOn is the contract that all adapters build on: what one attempt comes back
// with, and whether there is a second.
func TestLogOn(t *testing.T) {
	no := errors.New("no")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name     string
		ctx      context.Context
		peer     peer
		password error
		taken    bool           // somebody else is logging on
		first    error          // in the chain of the first attempt's error
		kind     estate.Trouble // of the first attempt, where it was not made
		attempts int            // of two
		second   estate.Trouble
	}{
		{"taken in", t.Context(), peer{}, nil, false, nil, "", 2, ""},
		{"refused", t.Context(), peer{refuses: true, err: no}, nil, false, no, "", 1, estate.Parked},
		{"lost on the way", t.Context(), peer{err: errLost}, nil, false, errLost, "", 2, ""},
		{"no password", t.Context(), peer{}, errClosed, false, errClosed, estate.Unreachable, 0, estate.Unreachable},
		{"others take too long", ended, peer{}, nil, true, context.Canceled, estate.Unreachable, 0, estate.Unreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			l := &Login{User: "svc", Domain: "CORP", Password: func() (string, error) { asked++; return secret, tt.password }}
			if tt.taken {
				l.turns() <- struct{}{}
			}
			first := l.LogOn(tt.ctx, "SMP1", tt.peer.prove)
			if !errors.Is(first, tt.first) || (first == nil) != (tt.first == nil) {
				t.Errorf("first: %v", first)
			}
			var untried *estate.Error
			if errors.As(first, &untried) != (tt.kind != "") || untried != nil && (untried.Kind != tt.kind || untried.Host != "SMP1") {
				t.Errorf("first: %+v", untried)
			}
			second := l.LogOn(tt.ctx, "SQL1", tt.peer.prove)
			untried = nil
			if errors.As(second, &untried) != (tt.second != "") || untried != nil && untried.Kind != tt.second {
				t.Errorf("second: %v", second)
			}
			if len(tt.peer.seen) != tt.attempts {
				t.Errorf("%d attempts, want %d", len(tt.peer.seen), tt.attempts)
			}
			if tt.password == nil && asked != tt.attempts {
				t.Errorf("the password was read %d times for %d attempts", asked, tt.attempts)
			}
			if text := fmt.Sprintf("%v %v %v %+v", first, second, l, untried); strings.Contains(text, secret) {
				t.Errorf("the password is in %q", text)
			}
		})
	}
}

// TestParked: parked means parked wherever the Login is used and by whatever way, it
// says by whom and when, and ends with Unpark.
func TestParked(t *testing.T) {
	var told []string
	l := &Login{User: "svc", Domain: "CORP", Password: func() (string, error) { return secret, nil }, Parked: func(peer string) { told = append(told, peer) }}
	bad := peer{refuses: true, err: errors.New("no")}
	if err := l.Usable(); err != nil {
		t.Fatal(err)
	}
	_ = l.Again("SMP1", bad.prove) // a password that was changed under a living connection
	good := peer{}
	for name, try := range map[string]func() error{
		"usable": l.Usable,
		"log on": func() error { return l.LogOn(t.Context(), "vCenter", good.prove) },
		"again":  func() error { return l.Again("SQL1", good.prove) },
	} {
		err := try()
		if estate.TroubleOf(err) != estate.Parked || !strings.Contains(err.Error(), `CORP\svc was refused by SMP1 at `) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l.Unpark()
	if err := l.LogOn(t.Context(), "SQL1", good.prove); err != nil || len(good.seen) != 1 {
		t.Errorf("unparked: %v, %d attempts", err, len(good.seen))
	}
	_ = l.LogOn(t.Context(), "SQL1", bad.prove)
	if err := l.Usable(); err == nil || !strings.Contains(err.Error(), "SQL1") {
		t.Errorf("refused once more: %v", err)
	}
	if got := strings.Join(told, " "); got != "SMP1 SQL1" {
		t.Errorf("told of %q, want each parking once", got)
	}
}

// TestOneAtATime: a wrong password is sent once, however many ask at once.
func TestOneAtATime(t *testing.T) {
	var reads, under atomic.Int64
	l := &Login{User: "svc", Password: func() (string, error) { reads.Add(1); return secret, nil }}
	refused := func(string) (bool, error) {
		if under.Add(1) != 1 {
			t.Error("two log-ons at once")
		}
		defer under.Add(-1)
		return true, &estate.Error{Kind: estate.Refused}
	}
	kinds := make(chan estate.Trouble, 50)
	var wg sync.WaitGroup
	for i := range cap(kinds) {
		wg.Go(func() { kinds <- estate.TroubleOf(l.LogOn(t.Context(), fmt.Sprint("H", i), refused)) })
	}
	wg.Wait()
	close(kinds)
	count := map[estate.Trouble]int{}
	for k := range kinds {
		count[k]++
	}
	if count[estate.Refused] != 1 || count[estate.Parked] != cap(kinds)-1 || reads.Load() != 1 {
		t.Errorf("%v, the password was read %d times", count, reads.Load())
	}
}

func TestCheck(t *testing.T) {
	password := func() (string, error) { return secret, nil }
	for _, tt := range []struct {
		l    *Login
		good bool
	}{
		{&Login{User: "svc", Password: password}, true},
		{&Login{User: "svc"}, false},
		{&Login{Password: password}, false},
		{nil, false},
	} {
		if err := tt.l.Check(); (err == nil) != tt.good {
			t.Errorf("%v: %v", tt.l != nil, err)
		}
	}
}

func TestAccounts(t *testing.T) {
	for _, tt := range []struct {
		a, b *Login
		one  bool
	}{
		{&Login{User: "svc", Domain: "CORP"}, &Login{User: "SVC", Domain: "corp"}, true},
		{&Login{User: "svc", Domain: "CORP"}, &Login{User: "svc@corp"}, true},
		{&Login{User: "svc", Domain: "CORP"}, &Login{User: `CORP\svc`}, true},
		{&Login{User: "svc@corp.example"}, &Login{User: "svc@CORP.EXAMPLE"}, true},
		{&Login{User: "svc", Domain: "CORP"}, &Login{User: "svc", Domain: "PLANT"}, false},
		{&Login{User: "svc", Domain: "CORP"}, &Login{User: "svc", Domain: "corp.example"}, false}, // nobody here knows
		{&Login{User: "svc", Domain: "CORP"}, &Login{User: "svc"}, false},
		{&Login{User: "svc"}, &Login{User: "svc"}, false}, // of two machines
		{&Login{User: `.\svc`}, &Login{User: `.\svc`}, false},
	} {
		var accounts Accounts
		a, b := tt.a, tt.b
		if accounts.One(a) != a || accounts.One(a) != a {
			t.Errorf("%s is another one", a)
		}
		if got := accounts.One(b) == a; got != tt.one {
			t.Errorf("%s and %s: one account is %v, want %v", a, b, got, tt.one)
		}
	}
	for l, want := range map[*Login][2]string{
		{User: "svc", Domain: "CORP"}: {`CORP\svc`, "svc@CORP"},
		{User: "svc@vsphere.local"}:   {"svc@vsphere.local", "svc@vsphere.local"},
		{User: "itmsbot"}:             {"itmsbot", "itmsbot"},
	} {
		if got := [2]string{l.String(), l.Principal()}; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
