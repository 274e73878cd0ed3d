package world

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A snapshot shares nothing with its host: a field of a kind that can be shared has
// to be in clone, and then here.
func TestSnapshotCopiesTheWholeHost(t *testing.T) {
	cloned := []string{"profiles", "rules", "gate", "services", "listeners", "doors", "disks", "files", "folders", "system", "task", "closings"}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[host]()) {
		if shares(f.Type) && !slices.Contains(cloned, f.Name) {
			t.Errorf("host.%s is a %s; clone has to copy it", f.Name, f.Type)
		}
	}
}

// shares reports whether a copy of a value shares memory with it.
func shares(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix]():
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		return true
	case reflect.Struct:
		return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return shares(f.Type) })
	case reflect.Array:
		return shares(t.Elem())
	}
	return false
}

func TestRevertBringsEverythingBack(t *testing.T) {
	w := New(Options{Manual: true, Managed: 200})
	if err := w.Restart("SMP1"); err != nil { // a boot starts less than an administrator did
		t.Fatal(err)
	}
	w.Advance(5 * time.Minute)
	before := w.Dump()
	if err := w.KeepHost("smp1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	off, on, free := false, true, 3
	for _, c := range []Condition{
		{Field: "rule", Host: "SMP1", Name: "ITMS-CEM-4726", On: &off},
		{Field: "rule-remove", Host: "SMP1", Name: "ITMS-Tasks-50120-50124"},
		{Field: "profile", Host: "SMP1", Name: "Domain", On: &off},
		{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Stopped"},
		{Field: "disk", Host: "SMP1", Name: "D:", Number: &free},
		{Field: "rule", Host: "SITE1", Name: "ITMS-Tasks-50120-50124", On: &off},
	} {
		if err := w.Set(c); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	}
	if err := w.RegisterTask("SMP1", Task{Key: "U-1 R-1", Due: w.Now().Add(time.Hour), End: w.Now().Add(2 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := w.RevertHost("snapshot-1"); err != nil {
		t.Fatal(err)
	}
	smp := w.Truth().Hosts[0]
	if smp.Power != PowerOff || smp.ServicesRunning != 0 || smp.Connected != 0 || smp.Answers {
		t.Errorf("after the revert: %s, %d services run, %d connected", smp.Power, smp.ServicesRunning, smp.Connected)
	}
	if smp.Disks[1].FreeGB != 212 || smp.Restore != nil {
		t.Errorf("disks %+v, restore %+v", smp.Disks, smp.Restore)
	}
	if err := w.Set(Condition{Field: "power", Host: "SMP1", On: &on}); err != nil {
		t.Fatal(err)
	}
	w.Advance(5 * time.Minute)
	if after := w.Dump(); !reflect.DeepEqual(after.Hosts[0], before.Hosts[0]) {
		t.Errorf("SMP1 is another one: %s", cmp.Diff(before.Hosts[0], after.Hosts[0]))
	} else if reflect.DeepEqual(after.Hosts[2], before.Hosts[2]) {
		t.Error("another host was reverted too")
	}
}

// The same snapshot can be gone back to again: what happens after a revert does not
// change it.
func TestRevertTwice(t *testing.T) {
	w := New(Options{Manual: true, Managed: 20})
	if err := w.KeepHost("GW1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.RevertHost("snapshot-1"); err != nil {
			t.Fatal(err)
		}
		if err := w.PowerOn("GW1"); err != nil {
			t.Fatal(err)
		}
		w.Advance(5 * time.Minute)
		if doors := w.Truth().Hosts[3].Doors; doors != DoorsOpen {
			t.Fatalf("doors %s", doors)
		}
		if changed, err := w.DisableRule("GW1", "SMP-Internet-Gateway"); err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
}

// Events that came after the snapshot are gone, and the books say so.
func TestRevertOfTheDatabase(t *testing.T) {
	w := New(Options{Manual: true, Managed: 500})
	then := w.SQL()
	if err := w.KeepHost("SQL1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	if err := w.Set(Condition{Field: "sql", Name: "backup"}); err != nil {
		t.Fatal(err)
	}
	w.Advance(40 * time.Minute)
	if now := w.SQL(); now.Oldest == then.Oldest || len(now.Backups) == len(then.Backups) {
		t.Fatalf("nothing happened in between: %+v", now)
	}
	if err := w.RevertHost("snapshot-1"); err != nil {
		t.Fatal(err)
	}
	now := w.SQL()
	if now.Rows != then.Rows || now.Oldest != then.Oldest || !reflect.DeepEqual(now.Backups, then.Backups) {
		t.Errorf("%d rows from %d and %d backups, were %d from %d and %d", now.Rows, now.Oldest, len(now.Backups), then.Rows, then.Oldest, len(then.Backups))
	}
	if e := w.Events(); e.Produced+e.Injected != e.Waiting+e.Database+e.Files+e.Processed {
		t.Errorf("the books do not balance: %+v", e)
	}
}

func TestSnapshotsInTheTruth(t *testing.T) {
	w := New(Options{Manual: true, Managed: 20})
	taken := w.Now()
	for _, id := range []string{"a", "b"} {
		if err := w.KeepHost("SQL1", id, "before "+id); err != nil {
			t.Fatal(err)
		}
		w.Advance(2 * time.Hour)
	}
	want := []SnapshotTruth{
		{Host: "SQL1", Name: "before a", Taken: taken, SizeMB: 16 + 2*6144},
		{Host: "SQL1", Name: "before b", Taken: taken.Add(2 * time.Hour), SizeMB: 16 + 2*6144},
	}
	if got := w.Truth().Snapshots; !reflect.DeepEqual(got, want) {
		t.Errorf("snapshots %+v, want %+v", got, want)
	}
	if got := w.SnapshotsOf("SMP1"); len(got) != 0 {
		t.Errorf("SMP1 has %+v", got)
	}
	w.snapshots[0].taken = w.now.AddDate(-1, 0, 0)
	if got := w.SnapshotsOf("sql1")[0].SizeMB; got != 700*1024 {
		t.Errorf("after a year %d MB; a delta disk is never larger than its disk", got)
	}
	if err := w.ForgetHost("a"); err != nil {
		t.Fatal(err)
	}
	if got := w.Truth().Snapshots; len(got) != 1 || got[0].Name != "before b" {
		t.Errorf("snapshots %+v", got)
	}
}

func TestSnapshotsThatAreRefused(t *testing.T) {
	w := New(Options{Manual: true, Managed: 20})
	if err := w.KeepHost("SMP1", "a", ""); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"the same id":      w.KeepHost("SQL1", "a", ""),
		"no such host":     w.KeepHost("SMP9", "b", ""),
		"revert to none":   w.RevertHost("b"),
		"remove none":      w.ForgetHost("b"),
		"on and on":        w.PowerOn("SMP1"),
		"nobody's power":   w.PowerOff("SMP9"),
		"nobody's account": w.RenewPassword("SMP9"),
	} {
		if err == nil {
			t.Errorf("%s was not refused", name)
		}
	}
	if err := w.PowerOff("SMP1"); err != nil {
		t.Fatal(err)
	}
	if err := w.PowerOff("SMP1"); err == nil {
		t.Error("off and off was not refused")
	}
}

// A machine that is reverted over a change of its password is not trusted by the
// domain any more.
func TestRevertLosesTheTrustOfTheDomain(t *testing.T) {
	w := New(Options{Manual: true, Managed: 20})
	if m := w.Machines()[0]; !m.Trusted || m.Host != "SMP1" || !m.Tools {
		t.Fatalf("at the start: %+v", m)
	}
	if err := w.KeepHost("SMP1", "a", ""); err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Hour)
	if err := w.RenewPassword("SMP1"); err != nil {
		t.Fatal(err)
	}
	if m := w.Machines()[0]; !m.Trusted || !m.Renewed.Equal(w.Now()) {
		t.Errorf("after the change: %+v", m)
	}
	if err := w.RevertHost("a"); err != nil {
		t.Fatal(err)
	}
	if m := w.Machines()[0]; m.Trusted || m.Tools || m.Power != PowerOff {
		t.Errorf("after the revert: %+v", m)
	}
}

func TestBIOSUUIDs(t *testing.T) {
	w := New(Options{Manual: true, Managed: 20})
	seen := map[string]bool{}
	for _, m := range w.Machines() {
		v, err := w.Look(m.Host)
		if err != nil || v.BIOS != m.BIOS || len(m.BIOS) != 36 || seen[m.BIOS] {
			t.Errorf("%s: %q from outside, %q from inside, %v", m.Host, m.BIOS, v.BIOS, err)
		}
		seen[m.BIOS] = true
	}
}
