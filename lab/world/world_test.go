package world

import (
	"context"
	"encoding/json"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"
)

// wide are the client rules of the estate, by host.
func wide() map[string][]string {
	return map[string][]string{
		"SMP1":  {"IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP", "ITMS-CEM-4726", "ITMS-Tasks-50120-50124"},
		"SITE1": {"IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP", "ITMS-Tasks-50120-50124"},
		"GW1":   {"SMP-Internet-Gateway"},
	}
}

// lab is a manual world in a test.
type lab struct {
	*testing.T
	*World
}

func newLab(t *testing.T) lab { return lab{t, New(Options{Manual: true})} }

// newSmall is a world of few computers, for what does not depend on them.
func newSmall(t *testing.T) lab { return lab{t, New(Options{Manual: true, Managed: 100})} }

func (l lab) closeDoors() {
	l.Helper()
	for host, rules := range wide() {
		for _, r := range rules {
			if changed, err := l.DisableRule(host, r); err != nil || !changed {
				l.Fatalf("close %s of %s: %t, %v", r, host, changed, err)
			}
		}
	}
}

func (l lab) openDoors() {
	l.Helper()
	for host, rules := range wide() {
		for _, r := range rules {
			if _, err := l.EnableRule(host, r); err != nil {
				l.Fatal(err)
			}
		}
	}
}

func (l lab) set(c Condition) {
	l.Helper()
	if err := l.Set(c); err != nil {
		l.Fatalf("%s: %v", c.Field, err)
	}
}

func (l lab) host(name string) HostTruth {
	l.Helper()
	for _, h := range l.Truth().Hosts {
		if h.Name == name {
			return h
		}
	}
	l.Fatalf("no host %s", name)
	return HostTruth{}
}

func on(b bool) *bool      { return &b }
func number(n int) *int    { return &n }
func bot() netip.Addr      { return netip.MustParseAddr(BotAddress) }
func total(w *World) int   { return w.Truth().Queue.Total }
func outside(w *World) int { return int(w.Truth().Clients.ArrivalsOutside) }

func TestStart(t *testing.T) {
	l := newLab(t)
	truth := l.Truth()
	if want := time.Date(2026, 11, 28, 6, 55, 0, 0, time.UTC); !truth.Now.Equal(want) {
		t.Errorf("now = %s, want %s", truth.Now, want)
	}
	if q := truth.Queue; q.Database != 1166 || q.Files != 38 || q.Total != 1204 || len(q.History) != 60 || q.Word != QueueDraining {
		t.Errorf("queue = %+v", q)
	}
	if c := truth.Clients; c.Managed != 5000 || c.Connected < 200 || c.Connected > 500 {
		t.Errorf("clients = %+v, want 5000 of which a few hundred are connected on a Saturday morning", c)
	}
	for name, want := range map[string]HostTruth{
		"SMP1":  {Role: "smp", Doors: DoorsOpen, OpenRules: 4, Version: "8.0", ServicesTotal: 14},
		"SQL1":  {Role: "sql", Doors: DoorsNone, OpenRules: 0, ServicesTotal: 6},
		"SITE1": {Role: "site", Doors: DoorsOpen, OpenRules: 3, Version: "8.0", ServicesTotal: 7},
		"GW1":   {Role: "gateway", Doors: DoorsOpen, OpenRules: 1, Version: "8.0", ServicesTotal: 5},
	} {
		h := l.host(name)
		got := HostTruth{Role: h.Role, Doors: h.Doors, OpenRules: h.OpenRules, Version: h.Version, ServicesTotal: h.ServicesTotal}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %+v, want %+v", name, got, want)
		}
		if h.Power != PowerOn || !h.Answers || h.ServicesRunning != h.ServicesTotal || h.Restore != nil {
			t.Errorf("%s is not in order: %+v", name, h)
		}
	}
}

// TestTruthAsJSON holds the shape that the page reads: lists are never null.
func TestTruthAsJSON(t *testing.T) {
	text, err := json.Marshal(New(Options{Manual: true}).Truth())
	if err != nil {
		t.Fatal(err)
	}
	var truth map[string]any
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	if s, ok := truth["snapshots"].([]any); !ok || len(s) != 0 {
		t.Errorf("snapshots = %v, want an empty list", truth["snapshots"])
	}
	for _, h := range truth["hosts"].([]any) {
		h := h.(map[string]any)
		for _, list := range []string{"rules", "profiles", "services", "disks"} {
			if l, ok := h[list].([]any); !ok || len(l) == 0 {
				t.Errorf("%s of %s = %v, want a list", list, h["name"], h[list])
			}
		}
		if restore, ok := h["restore"]; !ok || restore != nil {
			t.Errorf("restore = %v, want null", restore)
		}
	}
}

// TestTruthIsACopy holds that nobody changes the world by what it shows.
func TestTruthIsACopy(t *testing.T) {
	l := newLab(t)
	before := l.Dump()
	truth := l.Truth()
	truth.Hosts[0].Rules[0].Ports[0] = "1"
	truth.Hosts[0].Services[0].State = "Stopped"
	view, err := l.Look("SMP1")
	if err != nil {
		t.Fatal(err)
	}
	view.Rules[0].Remote[0] = "10.0.0.1"
	view.Profiles[0].Enabled = false
	if !reflect.DeepEqual(before, l.Dump()) {
		t.Error("a copy led into the world")
	}
}

// TestSameSeedSameWorld plays two worlds with one seed, in strides of different
// lengths, and one with another.
func TestSameSeedSameWorld(t *testing.T) {
	a, b, c := New(Options{Manual: true}), New(Options{Manual: true}), New(Options{Manual: true, Seed: 1})
	for range 60 {
		a.Advance(time.Minute)
	}
	b.Advance(59*time.Minute + 30*time.Second + 500*time.Millisecond)
	b.Advance(29*time.Second + 500*time.Millisecond)
	c.Advance(time.Hour)
	if !reflect.DeepEqual(a.Truth(), b.Truth()) {
		t.Error("the same seed gave two worlds")
	}
	if reflect.DeepEqual(a.Truth().Clients, c.Truth().Clients) {
		t.Error("another seed gave the same world")
	}
}

func TestPaceIsChecked(t *testing.T) {
	w := New(Options{Manual: true})
	for pace, ok := range map[int]bool{0: false, 1: true, 60: true, 1000: true, 1001: false, -1: false} {
		if err := w.SetPace(pace); (err == nil) != ok {
			t.Errorf("SetPace(%d) = %v, want accepted %t", pace, err, ok)
		}
	}
	if got := New(Options{Pace: 5000}).Pace(); got != MaxPace {
		t.Errorf("pace = %d, want it brought to %d", got, MaxPace)
	}
}

// TestRunKeepsTime lets real time pass and waits for the world to say that it did.
func TestRunKeepsTime(t *testing.T) {
	w := New(Options{Pace: 1000})
	start := w.Now()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); w.Run(ctx) }() // the test waits for ran
	limit, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	for v := w.Version(); w.Now().Sub(start) < 10*time.Minute; {
		var err error
		if v, err = w.Wait(limit, v); err != nil {
			t.Fatalf("the clock stands at %s: %v", w.Now(), err)
		}
	}
	cancel()
	<-ran
	if stopped := w.Now(); !w.Now().Equal(stopped) {
		t.Error("the clock goes on although nobody runs it")
	}
}

func TestWaitEnds(t *testing.T) {
	w := New(Options{Manual: true})
	v := w.Version()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Wait(ctx, v); err == nil {
		t.Error("waited past the end of its context")
	}
	done := make(chan uint64)
	go func() { // the test waits for done
		v, _ := w.Wait(context.Background(), v)
		done <- v
	}()
	w.Advance(time.Second)
	if got := <-done; got <= v {
		t.Errorf("version %d, want more than %d", got, v)
	}
}

// TestManyAtOnce lets everybody at a running world; the race detector watches.
func TestManyAtOnce(t *testing.T) {
	w := New(Options{Pace: 1000, Managed: 100})
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { w.Run(ctx) })
	for _, do := range []func(){
		func() { w.Truth() },
		func() { w.Dump() },
		func() { w.Events() },
		func() { w.Arrivals() },
		func() { w.Answers("SMP1", bot(), 5985) },
		func() { w.Advance(time.Second) },
		func() { _, _ = w.Look("SMP1") },
		func() { _, _ = w.Client("WS-0050") },
		func() { _, _ = w.DisableRule("SMP1", "ITMS-CEM-4726") },
		func() { _, _ = w.EnableRule("SMP1", "ITMS-CEM-4726") },
		func() { _ = w.SetPace(500) },
		func() { _ = w.Set(Condition{Field: "power", Host: "SITE1", On: on(w.Version()%2 == 0)}) },
	} {
		all.Go(func() {
			for range 50 {
				do()
			}
		})
	}
	v := w.Version()
	for range 3 {
		var err error
		if v, err = w.Wait(ctx, v); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	all.Wait()
	if e := w.Events(); e.Produced+e.Injected != e.Waiting+e.Database+e.Files+e.Processed {
		t.Errorf("events were lost or invented: %+v", e)
	}
}
