package world

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// same compares two dumps, or parts of them.
func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// remains is what of a host must be as it was once it has gone back and booted: its part
// of the Dump, and what is not in that because it also comes or ends by itself.
type remains struct {
	Host   HostDump
	Task   *Task
	Marker string
	Log    int // entries of before the snapshot
}

func (l lab) remains(host string, until time.Time) remains {
	l.Helper()
	var r remains
	for _, h := range l.Dump().Hosts {
		if h.Name == host {
			r.Host = h
		}
	}
	v, err := l.Look(host)
	if err != nil {
		l.Fatal(err)
	}
	r.Task, r.Marker = v.Task, v.Marker
	logs, err := l.ReadLogs(host)
	if err != nil {
		l.Fatal(err)
	}
	for _, e := range logs.Entries {
		if e.At.Before(until) {
			r.Log++
		}
	}
	return r
}

// TestServerGoesBackWhole changes one thing of a server after a snapshot that was taken
// while it was on, and after one that was taken while it was off, and goes back.
func TestServerGoesBackWhole(t *testing.T) {
	due := func(l lab) Task {
		return Task{Key: "U-1 R-1", Due: l.Now().Add(12 * time.Hour), End: l.Now().Add(13 * time.Hour), Names: []string{"ITMS-CEM-4726"}}
	}
	set := func(c Condition) func(lab) error { return func(l lab) error { return l.Set(c) } }
	for _, tt := range []struct {
		name, host string
		change     func(lab) error
	}{
		{"rule switched off", "SMP1", set(Condition{Field: "rule", Host: "SMP1", Name: "ITMS-CEM-4726", On: on(false)})},
		{"rule removed", "SMP1", set(Condition{Field: "rule-remove", Host: "SMP1", Name: "ITMS-CEM-4726"})},
		{"rule added", "GW1", set(Condition{Field: "rule-add", Host: "GW1", Rule: &Rule{Name: "x"}})},
		{"rule of group policy", "GW1", set(Condition{Field: "gpo-add", Host: "GW1", Rule: &Rule{Name: "x", Source: "Web servers"}})},
		{"profile", "SITE1", set(Condition{Field: "profile", Host: "SITE1", Name: "Domain", On: on(false)})},
		{"network", "SITE1", set(Condition{Field: "network", Host: "SITE1", Name: "Public"})},
		{"service", "SMP1", set(Condition{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Stopped"})},
		{"service that does not start", "SMP1", set(Condition{Field: "stays-stopped", Host: "SMP1", Name: "AeXSvc", On: on(true)})},
		{"disk", "SQL1", set(Condition{Field: "disk", Host: "SQL1", Name: "E:", Number: number(3)})},
		{"file written", "SMP1", set(Condition{Field: "file", Host: "SMP1", Name: FileBackups + `\new.zip`, Number: number(7)})},
		{"files gone", "SMP1", set(Condition{Field: "files-gone", Host: "SMP1", Name: FileBackups})},
		{"log cleared", "SITE1", set(Condition{Field: "log-cleared", Host: "SITE1", Name: "System"})},
		{"upgrade of the SMP", "SMP1", set(Condition{Field: "upgrade", Word: "smp"})},
		{"upgrade of its database", "SQL1", set(Condition{Field: "upgrade", Word: "smp"})},
		{"upgrade of a site server", "SITE1", set(Condition{Field: "upgrade", Word: "site"})},
		{"upgrade of the gateway", "GW1", set(Condition{Field: "upgrade", Word: "gateway"})},
		{"backup", "SQL1", set(Condition{Field: "sql", Name: "backup"})},
		{"another database", "SQL1", set(Condition{Field: "sql", Name: "neighbour", Word: "Payroll"})},
		{"site server", "SQL1", set(Condition{Field: "sql", Name: "site", Word: "SITE2", On: on(true)})},
		{"self-restore", "SMP1", func(l lab) error { return l.RegisterTask("SMP1", due(l)) }},
		{"marker", "SMP1", func(l lab) error { return l.SetMarker("SMP1", "U-1 R-1") }},
	} {
		for _, cold := range []bool{false, true} {
			name := tt.name
			if cold {
				name += ", cold"
			}
			t.Run(name, func(t *testing.T) {
				l := newSmall(t)
				if err := l.Restart(tt.host); err != nil { // a boot starts less than an administrator did
					t.Fatal(err)
				}
				l.Advance(5 * time.Minute)
				taken := l.Now()
				before := l.remains(tt.host, taken)
				if cold {
					l.set(Condition{Field: "power", Host: tt.host, On: on(false)})
				}
				l.keep(tt.host)
				l.set(Condition{Field: "power", Host: tt.host, On: on(true)})
				l.Advance(5 * time.Minute)
				same(t, before, l.remains(tt.host, taken)) // taking it changes nothing
				if err := tt.change(l); err != nil {
					t.Fatal(err)
				}
				if cmp.Equal(before, l.remains(tt.host, taken)) {
					t.Fatal("nothing changed, so that nothing can go back")
				}
				l.goBack(tt.host)
				same(t, before, l.remains(tt.host, taken))
			})
		}
	}
}

// TestPasswordGoesBack: the host goes back to its old password and the domain does not,
// until the secure channel is repaired.
func TestPasswordGoesBack(t *testing.T) {
	l := newSmall(t)
	before := l.Dump().Hosts[0]
	l.keep("SMP1")
	l.set(Condition{Field: "password", Host: "SMP1", Number: number(0)})
	if after := l.Dump().Hosts[0]; after.Password.Equal(before.Password) || !after.Trusted {
		t.Fatalf("renewed at %v, trusted %t", after.Password, after.Trusted)
	}
	l.goBack("SMP1")
	after := l.Dump().Hosts[0]
	if !after.Password.Equal(before.Password) || after.Trusted {
		t.Errorf("after the revert the password is of %v, want %v, and trusted is %t", after.Password, before.Password, after.Trusted)
	}
	l.set(Condition{Field: "trust", Host: "SMP1", On: on(true)})
	if after := l.Dump().Hosts[0]; !after.Trusted || !after.Password.Equal(l.Now()) {
		t.Errorf("after the repair: %v, trusted %t", after.Password, after.Trusted)
	}
}

// TestTrust: a broken secure channel is seen from inside, from outside and in the truth.
func TestTrust(t *testing.T) {
	for _, broken := range []bool{true, false} {
		l := newSmall(t)
		l.set(Condition{Field: "trust", Host: "SQL1", On: on(false)})
		if !broken {
			l.set(Condition{Field: "trust", Host: "SQL1", On: on(true)})
		}
		v, err := l.Inside("SQL1")
		if err != nil {
			t.Fatal(err)
		}
		for from, trusted := range map[string]bool{"inside": v.Account.Trusted, "vCenter": l.Machines()[1].Trusted, "the truth": l.host("SQL1").Trusted, "a log-on": l.Trusts("SQL1")} {
			if trusted == broken {
				t.Errorf("broken %t, and seen from %s it is trusted: %t", broken, from, trusted)
			}
		}
		if !l.Trusts("SMP1") || !l.Trusts("GW1") || l.Trusts("SMP9") {
			t.Error("the others: SMP1 and GW1 are trusted, and SMP9 is not there")
		}
	}
	l := newSmall(t)
	l.set(Condition{Field: "power", Host: "SMP1", On: on(false)})
	l.set(Condition{Field: "trust", Host: "SMP1", On: on(false)}) // it is the domain that forgets
	for host, why := range map[string]string{"SMP1": "off", "GW1": "in no domain"} {
		if err := l.Set(Condition{Field: "trust", Host: host, On: on(true)}); err == nil {
			t.Errorf("%s was repaired although it is %s", host, why)
		}
	}
}
