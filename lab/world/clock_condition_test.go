package world

import (
	"testing"
	"time"
)

// TestHostClockStepped: the host's own clock tells another time everywhere on it, the
// world's and the others' do not.
func TestHostClockStepped(t *testing.T) {
	l := newSmall(t)
	before, err := l.Inside("SMP1")
	if err != nil {
		t.Fatal(err)
	}
	l.set(Condition{Field: "clock", Host: "SMP1", Number: number(3600)})
	in, err := l.Inside("SMP1")
	if err != nil || !in.Now.Equal(l.Now().Add(time.Hour)) || in.Boot.Sub(before.Boot) != time.Hour {
		t.Errorf("inside it is %v, booted %v (before %v), %v", in.Now, in.Boot, before.Boot, err)
	}
	if v, err := l.Look("SITE1"); err != nil || !v.Now.Equal(l.Now()) {
		t.Errorf("another host says %v, %v", v.Now, err)
	}
	h := l.Truth().Hosts[0]
	if h.ClockSeconds != 3600 || h.UptimeSeconds != int64(l.Now().Sub(before.Boot)/time.Second) {
		t.Errorf("the truth has clock %d and uptime %d", h.ClockSeconds, h.UptimeSeconds)
	}
	l.set(Condition{Field: "log", Host: "SMP1", Name: "System", Number: number(1), Word: "after the step"})
	logs, err := l.ReadLogs("SMP1")
	if err != nil || !logs.Now.Equal(in.Now) {
		t.Fatalf("its logs end at %v, %v", logs.Now, err)
	}
	if e := logs.Entries[len(logs.Entries)-1]; e.Text != "after the step" || !e.At.Equal(in.Now) {
		t.Errorf("the newest entry is %+v", e)
	}
	l.set(Condition{Field: "clock", Host: "SQL1", Number: number(-600)})
	if v := l.SQL(); !v.Now.Equal(l.Now().Add(-10 * time.Minute)) {
		t.Errorf("the SQL Server says %v", v.Now)
	}
	if err := l.Set(Condition{Field: "clock", Host: "SMP1", Number: number(8 * 24 * 3600)}); err == nil {
		t.Error("a clock of next week was taken")
	}
}

// TestSteppedClockRunsTheTask: a task waits for a time on the host's clock, so that one
// stepped forward runs it at once, and one stepped back much later.
func TestSteppedClockRunsTheTask(t *testing.T) {
	for step, want := range map[int]time.Duration{0: 10 * time.Minute, 3600: time.Second, -300: 15 * time.Minute} {
		l := newSmall(t)
		if _, err := l.DisableRule("SMP1", "ITMS-CEM-4726"); err != nil {
			t.Fatal(err)
		}
		if err := l.RegisterTask("SMP1", Task{Key: "k", Due: l.Now().Add(10 * time.Minute), End: l.Now().Add(25 * time.Minute), Names: []string{"ITMS-CEM-4726"}}); err != nil {
			t.Fatal(err)
		}
		if err := l.SetMarker("SMP1", "k"); err != nil {
			t.Fatal(err)
		}
		l.set(Condition{Field: "clock", Host: "SMP1", Number: number(step)})
		began := l.Now()
		for l.Truth().Hosts[0].Restore != nil && l.Now().Sub(began) < time.Hour {
			l.Advance(time.Second)
		}
		if got := l.Now().Sub(began); got != want {
			t.Errorf("stepped by %d s it ran after %v, want %v", step, got, want)
		}
	}
}
