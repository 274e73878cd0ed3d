package winrm_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
	"itmsbot/lab/wsman"
)

// atOnce is what a cancelled run may take on a machine that does much else; it takes
// a thousandth of it, and a host may hold its answer back for three times as long.
const atOnce = 5 * time.Second

// TestCancel: a cancelled run returns at once, a change as unknown, and its shell
// is deleted behind it.
func TestCancel(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *winrm.Host, o *winrm.Options) { o.Operation = 15 * time.Second })
	for _, tt := range []struct {
		script winrm.Script
		kind   estate.Trouble
	}{
		{look("hang"), estate.Unreachable},
		{change("hang"), estate.Unknown},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx, "SMP1", estate.Change, tt.script, w.args(), new(echoed)) }()
		<-w.started
		cancel()
		begin := time.Now()
		err := <-ended
		if took := time.Since(begin); took > atOnce {
			t.Errorf("a cancelled run took %v to return", took)
		}
		expect(t, err, tt.kind, "cancelled")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not context.Canceled", err)
		}
	}
	// The lane is free again, and Close has waited for the deletions.
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), "", "")
	f.Close()
	if n := w.Stats().Shells; n != 0 {
		t.Errorf("%d shells are left", n)
	}
}

// TestLookGivesWay: a look does not go on while its host is told to restart, and the
// next one is not concerned.
func TestLookGivesWay(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *winrm.Host, o *winrm.Options) { o.Operation = 15 * time.Second })
	ended := make(chan error, 1)
	go func() { ended <- f.Run(t.Context(), "SMP1", estate.Look, look("hang"), w.args(), new(echoed)) }()
	<-w.started
	// What becomes of the order is for others to test: this host plays no scripts.
	_, _ = f.OrderReboot(t.Context(), "SMP1", w.machine, "U-1 R-1 8")
	expect(t, <-ended, estate.Unreachable, "about to be restarted")
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), "", "")
}

// A host that takes connections and says nothing costs its limit and no more.
func TestSilentHost(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := startWindows(t, nil)
	for _, script := range []winrm.Script{look("echo"), change("echo")} {
		f := w.fleet(t, func(h *winrm.Host, o *winrm.Options) {
			h.URL = "http://" + l.Addr().String() + "/wsman"
			o.LookLimit, o.ChangeLimit = 50*time.Millisecond, 50*time.Millisecond
		})
		err := f.Run(t.Context(), "SMP1", estate.Look, script, w.args(), new(echoed))
		expect(t, err, estate.Unreachable, "no answer in time")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v is not context.DeadlineExceeded", err)
		}
	}
}

// A slow script is waited for beyond the operation timeout.
func TestSlowScript(t *testing.T) {
	t.Parallel()
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *winrm.Host, o *winrm.Options) { o.Operation = 500 * time.Millisecond })
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("wait 700ms"), w.args(), new(echoed)), "", "")
	if n := w.Stats().Faults; n != 1 {
		t.Errorf("the host had nothing to say %d times", n)
	}
}

// TestLanes: looks wait for each other, and never keep a change waiting.
func TestLanes(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx, "SMP1", estate.Look, look("hang"), w.args(), new(echoed)) }()
	<-w.started
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), "", "")

	second, cancelSecond := context.WithCancel(t.Context())
	cancelSecond()
	expect(t, f.Run(second, "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), estate.Unreachable, "busy with an earlier run")
	cancel()
	<-ended
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), "", "")
}

// TestReconnect: a reboot, a forgotten session and Reconnect each lead to a new
// log-on, and to no trouble.
func TestReconnect(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	restart := func(w *windows, _ *winrm.Fleet) { w.Reset() }
	reconnect := func(_ *windows, f *winrm.Fleet) { f.Reconnect("smp1") }
	for _, tt := range []struct {
		name string
		cert *tls.Certificate
		do   func(*windows, *winrm.Fleet)
	}{
		{"host restarted", nil, restart},
		{"host restarted, https", cert, restart},
		{"asked for", nil, reconnect},
		{"asked for, https", cert, reconnect},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := startWindows(t, func(c *wsman.Config) { c.Certificate = tt.cert })
			f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) {
				if tt.cert != nil {
					h.Roots = roots
				}
			})
			for i := 1; i <= 3; i++ {
				expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), "", "")
				if st := w.Stats(); st.Handshakes != i {
					t.Errorf("round %d: %+v", i, st)
				}
				tt.do(w, f)
			}
		})
	}
}

// TestParking: one refused log-on parks the account on every host that uses it,
// however many are asked at once, until somebody has looked.
func TestParking(t *testing.T) {
	const hosts = 10
	shared, own := login(), login()
	own.User, own.Domain = user, ""
	var fleetHosts []winrm.Host
	var all []*windows
	for i := range hosts + 1 {
		w := startWindows(t, nil)
		w.setPassword("changed")
		all = append(all, w)
		h := winrm.Host{Name: fmt.Sprint("H", i), URL: w.url, Login: shared}
		if i%2 == 1 { // the same account by another Login
			h.Login = login()
			h.Login.Domain = "lab"
		}
		if i == hosts {
			h.Login = own // an account of the host itself, with the same name
		}
		fleetHosts = append(fleetHosts, h)
	}
	f, err := winrm.New(fleetHosts, winrm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()

	count := func() map[estate.Trouble]int {
		kinds := make(chan estate.Trouble, hosts)
		for i := range hosts {
			go func() { // counted below
				kinds <- estate.TroubleOf(f.Run(t.Context(), fmt.Sprint("H", i), estate.Look, look("echo"), all[i].args(), new(echoed)))
			}()
		}
		got := make(map[estate.Trouble]int)
		for range hosts {
			got[<-kinds]++
		}
		return got
	}
	attempts := func() (n int64) {
		for _, w := range all {
			n += w.attempts.Load()
		}
		return n
	}
	if got := count(); got[estate.Refused] != 1 || got[estate.Parked] != hosts-1 || attempts() != 1 {
		t.Errorf("%v, %d attempts", got, attempts())
	}
	if got := count(); got[estate.Parked] != hosts || attempts() != 1 {
		t.Errorf("once more: %v, %d attempts", got, attempts())
	}
	last := fmt.Sprint("H", hosts)
	expect(t, f.Run(t.Context(), last, estate.Look, look("echo"), all[hosts].args(), new(echoed)), estate.Refused, user)

	f.Unpark("h3")
	if got := count(); got[estate.Refused] != 1 || attempts() != 3 {
		t.Errorf("unparked: %v, %d attempts", got, attempts())
	}
	for _, w := range all {
		w.setPassword(password)
	}
	f.Unpark("H0")
	for i := range hosts {
		expect(t, f.Run(t.Context(), fmt.Sprint("H", i), estate.Look, look("echo"), all[i].args(), new(echoed)), "", "")
	}
	expect(t, f.Run(t.Context(), last, estate.Look, look("echo"), all[hosts].args(), new(echoed)), estate.Parked, "is not tried again")
}

// A parked credential does not even make a connection.
func TestParkedIsSilent(t *testing.T) {
	w := startWindows(t, nil)
	w.setPassword("changed")
	f := w.fleet(t, nil)
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), estate.Refused, "")
	before := w.Stats()
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), estate.Parked, "LAB\\"+user)
	if w.Stats() != before {
		t.Error("the host was asked")
	}
}

// The host's own account is parked like any other, and let go with the host's.
func TestRescueIsUnparked(t *testing.T) {
	w := startWindows(t, nil)
	own := login()
	own.Domain = "" // an account of the machine itself
	secret := "not it"
	own.Password = func() (string, error) { return secret, nil }
	f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) { h.Rescue = own })
	ask := func() estate.Trouble {
		_, err := f.RescueRecord(t.Context(), "SMP1")
		return estate.TroubleOf(err)
	}
	if first, again := ask(), ask(); first != estate.Refused || again != estate.Parked {
		t.Errorf("refused, then asked again: %s, %s", first, again)
	}
	secret = password
	f.Unpark("smp1")
	if got := ask(); got == estate.Refused || got == estate.Parked {
		t.Errorf("after a person looked: %s", got)
	}
}

func TestPasswordCannotBeRead(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) {
		h.Login.Password = func() (string, error) { return "", errors.New("no such file") }
	})
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), nil, new(echoed)), estate.Unreachable, "could not be read")
	if n := w.attempts.Load(); n != 0 {
		t.Errorf("%d attempts", n)
	}
}

// Fifty hosts, both lanes, at once.
func TestFifty(t *testing.T) {
	t.Parallel()
	all, f := manyHosts(t, 50)
	var wg sync.WaitGroup
	for i, w := range all {
		for _, lane := range []estate.Lane{estate.Look, estate.Change} {
			wg.Go(func() {
				in := w.args()
				in.Text = strings.Repeat("x", i)
				var got echoed
				if err := f.Run(t.Context(), fmt.Sprint("H", i), lane, change("echo"), in, &got); err != nil || got.Echo != in {
					t.Errorf("H%d: %v", i, err)
				}
			})
		}
	}
	wg.Wait()
}
