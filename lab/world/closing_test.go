package world

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestClosing plays every way in which the end of an opening comes to its time.
func TestClosing(t *testing.T) {
	const key = "U-1 R-12"
	ours := func(name, group string) Rule {
		return Rule{Name: name, Group: group, Enabled: true, Action: "Allow", Profile: "Any", Protocol: "TCP", Ports: []string{"443"}, Remote: []string{"10.20.0.77"}, Program: "Any"}
	}
	for name, c := range map[string]struct {
		before func(lab)
		stays  []string // of the four rules
		late   bool     // closes only after the host has booted
		waits  bool     // does not close
	}{
		"nobody came back": {stays: []string{"itmsbot-other", "somebody"}},
		"disarmed": {before: func(l lab) {
			if removed, err := l.RemoveClosing("SMP1", key); !removed || err != nil {
				l.Fatal(removed, err)
			}
		}, stays: []string{"itmsbot-a", "itmsbot-b", "itmsbot-other", "somebody"}},
		"disarmed for another key": {before: func(l lab) {
			if removed, err := l.RemoveClosing("SMP1", "U-1 R-13"); removed || err != nil {
				l.Fatal(removed, err)
			}
		}, stays: []string{"itmsbot-other", "somebody"}},
		"armed again with fewer rules": {before: func(l lab) {
			l.must(l.RegisterClosing("SMP1", Closing{Key: key, Due: l.Now().Add(30 * time.Minute), Names: []string{"itmsbot-a"}}))
		}, stays: []string{"itmsbot-b", "itmsbot-other", "somebody"}},
		"a rule removed before": {before: func(l lab) { l.must(l.RemoveRule("SMP1", "itmsbot-a")) }, stays: []string{"itmsbot-other", "somebody"}},
		"start missed":          {before: func(l lab) { l.set(Condition{Field: "power", Host: "SMP1", On: on(false)}) }, stays: []string{"itmsbot-other", "somebody"}, late: true},
		"switched off": {before: func(l lab) { l.set(Condition{Field: "closing", Host: "SMP1", Name: key, On: on(false)}) },
			stays: []string{"itmsbot-a", "itmsbot-b", "itmsbot-other", "somebody"}, waits: true},
		"switched off and on": {before: func(l lab) {
			l.set(Condition{Field: "closing", Host: "SMP1", Name: key, On: on(false)})
			l.set(Condition{Field: "closing", Host: "SMP1", Name: key, On: on(true)})
		}, stays: []string{"itmsbot-other", "somebody"}},
		"bot is locked out": {before: func(l lab) {
			l.set(Condition{Field: "rule", Host: "SMP1", Name: "WINRM-HTTP-In-TCP-NoScope", On: on(false)})
		}, stays: []string{"itmsbot-other", "somebody"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newSmall(t)
			for _, r := range []Rule{ours("itmsbot-a", "itmsbot"), ours("itmsbot-b", "ITMSBOT"), ours("itmsbot-other", "itmsbot"), ours("somebody", "Contoso")} {
				l.must(l.AddRule("SMP1", r))
			}
			due := l.Now().Add(30 * time.Minute)
			l.must(l.RegisterClosing("SMP1", Closing{Key: key, Due: due, Names: []string{"itmsbot-a", "itmsbot-b", "somebody"}}))
			if v, err := l.Look("SMP1"); err != nil || len(v.Closings) != 1 || v.Closings[0].Key != key || !v.Closings[0].Due.Equal(due) {
				t.Fatalf("closings = %+v, %v, want the one", v.Closings, err)
			}
			if c.before != nil {
				c.before(l)
			}
			all := l.present("itmsbot-a", "itmsbot-b", "itmsbot-other", "somebody")
			l.Advance(30*time.Minute - time.Second)
			if got := l.present(all...); !slices.Equal(got, all) {
				t.Errorf("before the time there are %q, want %q", got, all)
			}
			l.Advance(time.Second)
			if c.late {
				if got := l.present(all...); !slices.Equal(got, all) {
					t.Errorf("while the host is off there are %q, want %q", got, all)
				}
				l.set(Condition{Field: "power", Host: "SMP1", On: on(true)})
				l.Advance(bootSeconds * time.Second)
			}
			if got := l.present(all...); !slices.Equal(got, c.stays) {
				t.Errorf("after the time there are %q, want %q", got, c.stays)
			}
			if v, err := l.Look("SMP1"); err != nil || (len(v.Closings) != 0) != c.waits {
				t.Errorf("closings = %+v, %v, want one after its time: %t", v.Closings, err, c.waits)
			}
		})
	}
}

// present are the rules of SMP1 that are there, of those named.
func (l lab) present(names ...string) []string {
	l.Helper()
	var there []string
	for _, d := range l.Dump().Hosts {
		for _, r := range d.Rules {
			if d.Name == "SMP1" && slices.Contains(names, r.Name) {
				there = append(there, r.Name)
			}
		}
	}
	slices.Sort(there)
	return there
}

// TestClosingGoesByTheHostsClock: a host whose clock is ahead closes earlier.
func TestClosingGoesByTheHostsClock(t *testing.T) {
	l := newSmall(t)
	l.must(l.RegisterClosing("SMP1", Closing{Key: "k", Due: l.Now().Add(10 * time.Minute), Names: []string{"a"}}))
	l.set(Condition{Field: "clock", Host: "SMP1", Number: number(300)})
	l.Advance(5*time.Minute - time.Second)
	if v, err := l.Look("SMP1"); err != nil || len(v.Closings) != 1 {
		t.Fatalf("closings = %+v, %v, want it to wait", v.Closings, err)
	}
	l.Advance(time.Second)
	if v, err := l.Look("SMP1"); err != nil || len(v.Closings) != 0 {
		t.Errorf("closings = %+v, %v, want it over", v.Closings, err)
	}
}

// TestClosingComesBackWithASnapshot: a host that goes back to when an opening was there
// ends it when it is up, however long ago its end was.
func TestClosingComesBackWithASnapshot(t *testing.T) {
	l := newSmall(t)
	start := l.Dump()
	l.must(l.AddRule("SMP1", Rule{Name: "itmsbot-a", Group: "itmsbot", Enabled: true, Action: "Allow", Profile: "Any", Protocol: "TCP", Ports: []string{"443"}, Remote: []string{"10.20.0.77"}, Program: "Any"}))
	l.must(l.RegisterClosing("SMP1", Closing{Key: "k", Due: l.Now().Add(10 * time.Minute), Names: []string{"itmsbot-a"}}))
	l.must(l.KeepHost("SMP1", "snapshot-1", "before"))
	l.Advance(time.Hour)
	l.must(l.RevertHost("snapshot-1"))
	if got := l.present("itmsbot-a"); len(got) != 1 || len(l.Dump().Hosts[0].Closings) != 1 {
		t.Fatalf("the revert brought back %q and %+v", got, l.Dump().Hosts[0].Closings)
	}
	l.must(l.PowerOn("SMP1"))
	l.Advance(bootSeconds * time.Second)
	if got := l.present("itmsbot-a"); len(got) != 0 {
		t.Errorf("%q is still open", got)
	}
	if diff := cmp.Diff(start, l.Dump()); diff != "" {
		t.Errorf("not as at the start (-want +got):\n%s", diff)
	}
}
