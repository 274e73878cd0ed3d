package sqlserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/lab/tds"
)

// TestTrouble holds for each thing that goes wrong which kind callers get, that the
// next look is good once it is over, and that no secret is in what they read.
func TestTrouble(t *testing.T) {
	tests := []struct {
		fault tds.Fault
		want  estate.Trouble
	}{
		{tds.Fault{Kind: tds.FaultDown}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultNoEncryption}, estate.Untrusted},
		{tds.Fault{Kind: tds.FaultAnotherCertificate}, estate.Untrusted},
		{tds.Fault{Kind: tds.FaultElsewhere}, estate.Untrusted},
		{tds.Fault{Kind: tds.FaultRecovering}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultDrop}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultDrop, On: "queue"}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultHang}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultHang, On: "queue"}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultSlow, On: "queue"}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultWrongAnswer}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultWrongAnswer, On: "queue"}, estate.Unreachable},
		{tds.Fault{Kind: tds.FaultError}, estate.Unreachable},               // a deadlock
		{tds.Fault{Kind: tds.FaultError, Number: 50000}, estate.Failed},     // whatever it is
		{tds.Fault{Kind: tds.FaultError, Number: 945}, estate.Unreachable},  // the database is not open
		{tds.Fault{Kind: tds.FaultError, Number: 229}, estate.Unavailable},  // SELECT denied
		{tds.Fault{Kind: tds.FaultError, Number: 6005}, estate.Unreachable}, // stopping
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %d", tt.fault.Kind, tt.fault.On, tt.fault.Number), func(t *testing.T) {
			p := newPractice(t)
			var log bytes.Buffer
			o := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
			silent := tt.fault.Kind == tds.FaultHang || tt.fault.Kind == tds.FaultSlow
			if silent {
				o.Look = 100 * time.Millisecond
			}
			s := p.open(p.instance(), o)
			if err := p.server.Inject(tt.fault); err != nil {
				t.Fatal(err)
			}
			_, err := s.Queue(p.ctx())
			var e *estate.Error
			if !errors.As(err, &e) || e.Kind != tt.want || e.Host != "SQL1" || e.Op != doingQueue || e.Detail == "" {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
			if text := fmt.Sprintf("%v %+v %s", err, errors.Unwrap(err), &log); strings.Contains(text, secret) {
				t.Errorf("the password is in %q", text)
			}
			p.server.Clear()
			again := p.open(p.instance(), Options{})
			if _, err := again.Queue(p.ctx()); err != nil {
				t.Errorf("when it is over: %v", err)
			}
			if silent {
				return // its limit is too short for a look that has to be good
			}
			if _, err := s.Queue(p.ctx()); err != nil {
				t.Errorf("when it is over, with the old connections: %v", err)
			}
		})
	}
}

// TestNobodyAtHome is a port on which nobody listens, and one whose owner says nothing.
func TestNobodyAtHome(t *testing.T) {
	p := newPractice(t)
	p.off.Store(true)
	s := p.open(p.instance(), Options{})
	if _, err := s.Queue(p.ctx()); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("switched off: %v", err)
	}
	p.off.Store(false)
	if _, err := s.Queue(p.ctx()); err != nil {
		t.Errorf("switched on: %v", err)
	}
	p.off.Store(true)
	if _, err := s.Queue(p.ctx()); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("switched off with a connection: %v", err)
	}
}

// TestSilence is a port that takes the connection and says nothing, as a firewall in
// the middle makes one. The driver would wait for ever.
func TestSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // ends the connections that nobody accepted
	p := newPractice(t)
	i := p.instance()
	i.Address = l.Addr().String()
	s := p.open(i, Options{Dial: 50 * time.Millisecond})
	began := time.Now()
	if _, err := s.Queue(p.ctx()); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("silence: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestRefusedOnce holds that a wrong password is sent once, whatever is asked, until
// somebody says that it may be tried again.
func TestRefusedOnce(t *testing.T) {
	for _, login := range []*trust.Login{{User: sqlUser}, {User: windowsUser, Domain: windowsRealm}, {User: "nobody"}} {
		t.Run(login.String(), func(t *testing.T) {
			p := newPractice(t)
			i := p.instance()
			login.Password = p.password("wrong")
			i.Login = login
			s := p.open(i, Options{})
			kinds := make(chan estate.Trouble, 20)
			var wait sync.WaitGroup
			for range cap(kinds) {
				wait.Go(func() {
					_, err := s.Queue(p.ctx())
					kinds <- estate.TroubleOf(err)
				})
			}
			wait.Wait()
			close(kinds)
			count := map[estate.Trouble]int{}
			for k := range kinds {
				count[k]++
			}
			if count[estate.Refused] != 1 || count[estate.Parked] != cap(kinds)-1 {
				t.Errorf("answers %v, want one refusal and the rest parked", count)
			}
			if st := p.server.Stats(); st.Refused != 1 || p.asked.Load() != 1 {
				t.Errorf("%d log-ons were refused, the password was read %d times", st.Refused, p.asked.Load())
			}
			s.Unpark()
			if _, err := s.Queue(p.ctx()); estate.TroubleOf(err) != estate.Refused {
				t.Errorf("after Unpark: %v", err)
			}
			login.Password = p.password(secret)
			s.Unpark()
			if _, err := s.Queue(p.ctx()); login.User != "nobody" && err != nil {
				t.Errorf("with the right password: %v", err)
			}
		})
	}
}

// TestRecoveringIsNotRefused holds that a database that is not there yet does not park
// the account, although the server says 18456 as well.
func TestRecoveringIsNotRefused(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	if err := p.server.Inject(tds.Fault{Kind: tds.FaultRecovering, Count: 3}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.Queue(p.ctx()); estate.TroubleOf(err) != estate.Unreachable {
			t.Fatalf("while it recovers: %v", err)
		}
	}
	if _, err := s.Queue(p.ctx()); err != nil {
		t.Errorf("recovered: %v", err)
	}
}

func TestWindowsAccount(t *testing.T) {
	p := newPractice(t)
	i := p.instance()
	i.Login = &trust.Login{User: windowsUser, Domain: windowsRealm, Password: p.password(secret)}
	s := p.open(i, Options{})
	c, err := s.Probe(p.ctx())
	if err != nil || c.Login != `LAB\svc-itmsbot` {
		t.Errorf("logged on as %q, %v", c.Login, err)
	}
	if st := p.server.Stats(); st.NTLM != 1 {
		t.Errorf("over the wire: %+v", st)
	}
}

// TestTrust says which certificates are believed.
func TestTrust(t *testing.T) {
	p := newPractice(t)
	other := newPractice(t)
	tests := []struct {
		name   string
		change func(*Instance)
		want   estate.Trouble
	}{
		{"roots", func(*Instance) {}, ""},
		{"roots, the name of another address", func(i *Instance) { i.CertificateName = "sql1.lab" }, ""},
		{"roots, a wrong name", func(i *Instance) { i.CertificateName = "sql2.lab" }, estate.Untrusted},
		{"other roots", func(i *Instance) { i.Roots = other.roots }, estate.Untrusted},
		{"thumbprint", func(i *Instance) { i.Roots, i.Thumbprint = nil, strings.ToUpper(p.print) }, ""},
		{"thumbprint, whatever name", func(i *Instance) { i.Roots, i.Thumbprint, i.CertificateName = nil, p.print, "sql2.lab" }, ""},
		{"other thumbprint", func(i *Instance) { i.Roots, i.Thumbprint = nil, other.print }, estate.Untrusted},
		{"both", func(i *Instance) { i.Thumbprint = p.print }, ""},
		{"roots and other thumbprint", func(i *Instance) { i.Thumbprint = other.print }, estate.Untrusted},
		{"thumbprint and other roots", func(i *Instance) { i.Roots, i.Thumbprint = other.roots, p.print }, estate.Untrusted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := p.instance()
			tt.change(&i)
			logins := p.server.Stats()
			_, err := p.open(i, Options{}).Queue(p.ctx())
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if estate.TroubleOf(err) != tt.want {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
			if now := p.server.Stats(); now.Logins != logins.Logins || now.Refused != logins.Refused {
				t.Errorf("a log-on was sent to it: %+v", now)
			}
		})
	}
}

// TestCancel holds that a cancelled look returns at once and that the server is told.
func TestCancel(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	if _, err := s.Queue(p.ctx()); err != nil { // connected
		t.Fatal(err)
	}
	if err := p.server.Inject(tds.Fault{Kind: tds.FaultSlow, On: "queue", Delay: time.Hour, Count: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.ctx())
	defer cancel()
	running := make(chan error, 1)
	go func() { // the test waits for it
		_, err := s.Queue(ctx)
		running <- err
	}()
	limit := p.ctx()
	for len(p.server.Faults()) > 0 { // until the statement runs
		if limit.Err() != nil {
			t.Fatal("the statement never began")
		}
		runtime.Gosched()
	}
	cancel()
	if err := <-running; estate.TroubleOf(err) != estate.Unreachable || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Queue(p.ctx()); err != nil {
		t.Errorf("after it: %v", err)
	}
	if err := s.Close(); err != nil { // waits for the look behind the cancelled call
		t.Error(err)
	}
	if st := p.server.Stats(); st.Attentions != 1 {
		t.Errorf("over the wire: %+v", st)
	}
	if _, err := s.Queue(p.ctx()); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("closed: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	said := func(numbers ...int32) mssql.Error {
		e := mssql.Error{}
		for _, n := range numbers {
			e = mssql.Error{Number: n, Message: "m", All: append(e.All, mssql.Error{Number: n, Message: "m"})}
		}
		return e
	}
	tests := []struct {
		said    mssql.Error
		kind    estate.Trouble
		refused bool
	}{
		{said(18456), estate.Failed, true},
		{said(4060, 18456), estate.Unreachable, false},
		{said(18486), estate.Failed, true},
		{said(18401), estate.Unreachable, false},
		{said(208), estate.Unavailable, false},
		{said(5701, 207), estate.Unavailable, false},
		{said(102), estate.Failed, false},
		{said(1222), estate.Unreachable, false},
		{mssql.Error{Number: 916}, estate.Unavailable, false},
	}
	for _, tt := range tests {
		if got := refusalOf(tt.said); got.kind != tt.kind {
			t.Errorf("%v is %s, want %s", tt.said, got.kind, tt.kind)
		}
		if got := refused(tt.said); got != tt.refused {
			t.Errorf("%v: refused is %v, want %v", tt.said, got, tt.refused)
		}
	}
}
