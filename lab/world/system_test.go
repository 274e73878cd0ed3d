package world

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func (l lab) inside(name string) Inside {
	l.Helper()
	v, err := l.Inside(name)
	if err != nil {
		l.Fatal(err)
	}
	return v
}

func (l lab) logs(name string) Logs {
	l.Helper()
	logs, err := l.ReadLogs(name)
	if err != nil {
		l.Fatal(err)
	}
	return logs
}

// TestRestart orders a restart and follows it to its end.
func TestRestart(t *testing.T) {
	l := newSmall(t)
	before := l.Dump()
	var lost []string
	l.OnPowerLoss(func(host string) { lost = append(lost, host) })
	for _, want := range []bool{true, false} {
		if changed, err := l.LayBootKey("SMP1", "k"); err != nil || changed != want {
			t.Fatalf("laid %t, %v, want %t", changed, err, want)
		}
	}
	for _, want := range []bool{true, false} {
		if ordered, err := l.OrderRestart("SMP1", "k"); err != nil || ordered != want {
			t.Fatalf("ordered %t, %v, want %t", ordered, err, want)
		}
	}
	l.Advance(4 * time.Second)
	if v := l.inside("SMP1"); v.Laid["k"].IsZero() || v.Ordered["k"].IsZero() || len(lost) != 0 {
		t.Errorf("four seconds later: %+v, lost %q", v, lost)
	}
	l.Advance(time.Second)
	if h := l.host("SMP1"); h.Power != PowerStarting || !slices.Equal(lost, []string{"SMP1"}) {
		t.Errorf("five seconds later: %s, lost %q", h.Power, lost)
	}
	l.Advance(3 * time.Minute)
	if v := l.inside("SMP1"); len(v.Laid)+len(v.Ordered) != 0 || v.RestartOrdered || v.Now.Sub(v.Boot) > 3*time.Minute {
		t.Errorf("after the boot: %+v", v)
	}
	if len(lost) != 1 {
		t.Errorf("lost %q, want one restart", lost)
	}
	if !reflect.DeepEqual(before, l.Dump()) {
		t.Error("the host did not come back as it was")
	}
}

// TestRestartLeavesTimeForAnAnswer: however fast the world goes, a real second passes
// between the order and the loss of power.
func TestRestartLeavesTimeForAnAnswer(t *testing.T) {
	l := newSmall(t)
	if err := l.SetPace(600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.OrderRestart("SMP1", "k"); err != nil {
		t.Fatal(err)
	}
	l.Advance(599 * time.Second)
	l.inside("SMP1")
	l.Advance(time.Second)
	if _, err := l.Inside("SMP1"); err == nil {
		t.Error("the host is still there")
	}
}

func TestBootThatDoesNotEnd(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "no-return", Host: "SITE1", On: on(true)})
	if err := l.Restart("SITE1"); err != nil {
		t.Fatal(err)
	}
	l.Advance(time.Hour)
	if h := l.host("SITE1"); h.Power != PowerStarting || h.Answers {
		t.Errorf("power %s, answers %t, want a boot without end", h.Power, h.Answers)
	}
	l.set(Condition{Field: "no-return", Host: "SITE1", On: on(false)})
	l.Advance(time.Second)
	if h := l.host("SITE1"); !h.Answers {
		t.Error("the host does not come back")
	}
}

func TestServiceThatStaysStopped(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "stays-stopped", Host: "SMP1", Name: "eventengine", On: on(true)})
	state := func() string {
		s := l.host("SMP1").Services
		return s[slices.IndexFunc(s, func(s Service) bool { return s.Name == "EventEngine" })].State
	}
	if got := state(); got != "Stopped" {
		t.Errorf("state = %s at once, want Stopped", got)
	}
	if err := l.Set(Condition{Field: "service", Host: "SMP1", Name: "EventEngine", Word: "Running"}); err == nil {
		t.Error("it was started by hand")
	}
	if err := l.Restart("SMP1"); err != nil {
		t.Fatal(err)
	}
	l.Advance(3 * time.Minute)
	if got := state(); got != "Stopped" {
		t.Errorf("state = %s after a boot, want Stopped", got)
	}
	last := l.logs("SMP1").Entries
	if e := last[len(last)-1]; e.ID != 7009 || !strings.Contains(e.Text, "Altiris Event Engine") {
		t.Errorf("last entry = %+v, want the service that did not start", e)
	}
	l.set(Condition{Field: "stays-stopped", Host: "SMP1", Name: "EventEngine", On: on(false)})
	l.set(Condition{Field: "service", Host: "SMP1", Name: "EventEngine", Word: "Running"})
}

// TestRevertForgetsTheBootKey holds that a snapshot brings back pending reasons and
// logs, and nothing that the power takes along.
func TestRevertForgetsTheBootKey(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "pending", Host: "SMP1", Name: "servicing", On: on(true)})
	if _, err := l.LayBootKey("SMP1", "k"); err != nil {
		t.Fatal(err)
	}
	if err := l.KeepHost("SMP1", "s", "before"); err != nil {
		t.Fatal(err)
	}
	l.set(Condition{Field: "pending", Host: "SMP1", Name: "servicing", On: on(false)})
	l.set(Condition{Field: "log", Host: "SMP1", Name: "System", Number: number(10)})
	errors := len(l.logs("SMP1").Entries)
	if v := l.inside("SMP1"); v.Laid["k"].IsZero() || len(v.Pending) != 0 {
		t.Fatalf("before the revert: %+v", v)
	}
	if err := l.RevertHost("s"); err != nil {
		t.Fatal(err)
	}
	if got := l.World.hosts[0].system; len(got.laid) != 0 || len(got.pending) != 1 {
		t.Errorf("after the revert: laid %v, pending %v", got.laid, got.pending)
	}
	if err := l.PowerOn("SMP1"); err != nil {
		t.Fatal(err)
	}
	l.Advance(3 * time.Minute)
	if v := l.inside("SMP1"); len(v.Pending) != 0 {
		t.Errorf("pending = %+v, want it done by the boot", v.Pending)
	}
	if got := len(l.logs("SMP1").Entries); got >= errors {
		t.Errorf("%d entries, want fewer than %d", got, errors)
	}
}

// TestLogsRepeat: a healthy estate logs the same from day to day, and what is more than
// that was put there.
func TestLogsRepeat(t *testing.T) {
	l := newSmall(t)
	count := func(host string) (today, yesterday int) {
		logs := l.logs(host)
		for _, e := range logs.Entries {
			switch age := logs.Now.Sub(e.At); {
			case e.At.After(logs.Now):
				t.Errorf("%s has an entry of the future: %+v", host, e)
			case e.Level > LevelError:
			case age <= 24*time.Hour:
				today++
			case age <= 48*time.Hour:
				yesterday++
			}
		}
		return today, yesterday
	}
	for range 3 {
		for _, host := range []string{"SMP1", "SQL1", "SITE1", "GW1"} {
			if today, yesterday := count(host); today > yesterday || yesterday == 0 {
				t.Errorf("%s: %d errors today and %d yesterday", host, today, yesterday)
			}
		}
		l.Advance(17*time.Minute + 13*time.Second)
	}
	l.set(Condition{Field: "log", Host: "SQL1", Name: "Application", Number: number(7)})
	if today, yesterday := count("SQL1"); today < yesterday+7-2 {
		t.Errorf("%d errors today and %d yesterday, want seven more", today, yesterday)
	}
	l.set(Condition{Field: "log-cleared", Host: "SQL1", Name: "Application"})
	if logs := l.logs("SQL1"); !logs.Since[ApplicationLog].Equal(logs.Now) || slices.ContainsFunc(logs.Entries, func(e LogEntry) bool { return e.Log == ApplicationLog && e.At.Before(logs.Now) }) {
		t.Error("a cleared log still has entries")
	}
}

func TestSMPLogFiles(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "log", Host: "SMP1", Name: "SMP", Number: number(2000)})
	files := l.logs("SMP1").Files
	if len(files) < 3 || files[0].Name != "a.log" || files[1].Name != "a1.log" {
		t.Fatalf("%d files, want a few", len(files))
	}
	for i, f := range files {
		if i > 0 && f.Modified.After(files[i-1].Modified) || !strings.HasPrefix(f.Text, "<event date='") || !strings.HasSuffix(f.Text, "</event>\r\n") {
			t.Errorf("%s: written %s, %.40q", f.Name, f.Modified, f.Text)
		}
	}
	if l.logs("SITE1").Files != nil {
		t.Error("a site server has a log of the SMP")
	}
}

func TestPausedQueueStands(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "paused", On: on(true)})
	before := l.Events().Processed
	l.Advance(5 * time.Minute)
	if got := l.Events().Processed; got != before || l.Truth().Queue.Word != QueueStalled {
		t.Errorf("%d were processed while paused; %s", got-before, l.Truth().Queue.Word)
	}
	l.set(Condition{Field: "paused", On: on(false)})
	l.Advance(time.Minute)
	if got := l.Events().Processed; got == before {
		t.Error("nothing is processed although the pause is over")
	}
}

func TestSystemConditionsAreRefused(t *testing.T) {
	l := newSmall(t)
	before, inside := l.Dump(), l.inside("SMP1")
	for name, c := range map[string]Condition{
		"no such log":           {Field: "log", Host: "SMP1", Name: "Security", Number: number(1)},
		"SMP log of another":    {Field: "log", Host: "SQL1", Name: "SMP", Number: number(1)},
		"no errors":             {Field: "log", Host: "SMP1", Name: "SMP", Number: number(0)},
		"too many errors":       {Field: "log", Host: "SMP1", Name: "SMP", Number: number(logBurst + 1)},
		"no such log to clear":  {Field: "log-cleared", Host: "GW1", Name: "SMP"},
		"no such reason":        {Field: "pending", Host: "SMP1", Name: "boredom", On: on(true)},
		"no such service":       {Field: "stays-stopped", Host: "SMP1", Name: "x", On: on(true)},
		"the firewall":          {Field: "stays-stopped", Host: "SMP1", Name: "mpssvc", On: on(true)},
		"a marker on each host": {Field: "flush", Host: "SMP1", On: on(true)},
	} {
		if err := l.Set(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if !reflect.DeepEqual(before, l.Dump()) || !reflect.DeepEqual(inside, l.inside("SMP1")) {
		t.Error("something was refused and changed all the same")
	}
}
