package world

import (
	"testing"
	"time"
)

// TestSelfRestore plays every way in which an armed restore comes to its time.
func TestSelfRestore(t *testing.T) {
	const key = "U-1 R-12"
	for name, c := range map[string]struct {
		before func(lab)
		opens  bool
	}{
		"nobody came back":  {opens: true},
		"marker removed":    {before: func(l lab) { l.mark("") }},
		"marker of another": {before: func(l lab) { l.mark("U-1 R-13") }},
		"task removed":      {before: func(l lab) { l.must(l.RemoveTask("SMP1")) }},
		"rule removed":      {before: func(l lab) { l.must(l.RemoveRule("SMP1", "ITMS-CEM-4726")) }, opens: true},
		"start missed":      {before: func(l lab) { l.set(Condition{Field: "power", Host: "SMP1", On: on(false)}) }},
		"off for a moment":  {before: func(l lab) { l.must(l.Restart("SMP1")) }, opens: true},
		"bot is locked out": {before: func(l lab) {
			l.set(Condition{Field: "rule", Host: "SMP1", Name: "WINRM-HTTP-In-TCP-NoScope", On: on(false)})
		}, opens: true},
		"already open again": {before: func(l lab) { l.openDoors() }, opens: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newSmall(t)
			l.closeDoors()
			due := l.Now().Add(30 * time.Minute)
			l.mark(key)
			l.must(l.RegisterTask("SMP1", Task{Key: key, Due: due, End: due.Add(5 * time.Minute), Names: wide()["SMP1"]}))
			if r := l.host("SMP1").Restore; r == nil || r.Key != key || !r.Due.Equal(due) {
				t.Fatalf("restore = %+v, want it armed", r)
			}
			if c.before != nil {
				c.before(l)
			}
			l.Advance(30*time.Minute - time.Second)
			if name != "already open again" && l.host("SMP1").Doors != DoorsClosed {
				t.Error("the doors opened before the time")
			}
			l.Advance(time.Second)
			if got := l.host("SMP1").Doors != DoorsClosed; got != c.opens {
				t.Errorf("opened = %t, want %t", got, c.opens)
			}
			if l.host("SMP1").Restore != nil {
				t.Error("the restore is still armed after its time")
			}
			l.set(Condition{Field: "power", Host: "SMP1", On: on(true)})
			l.Advance(6 * time.Minute)
			if got := l.host("SMP1").Doors != DoorsClosed; got != c.opens {
				t.Errorf("opened = %t after the end, want %t: a missed start is not made up for", got, c.opens)
			}
			if v, err := l.Look("SMP1"); err != nil || v.Task != nil {
				t.Errorf("task = %+v, %v, want it gone after its end", v.Task, err)
			}
		})
	}
}

func (l lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l lab) mark(key string) {
	l.Helper()
	l.must(l.SetMarker("SMP1", key))
}
