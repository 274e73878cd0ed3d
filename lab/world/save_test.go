package world

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// resumed is the world saved and taken up again.
func resumed(t *testing.T, w *World) *World {
	t.Helper()
	b, err := w.Save()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Resume(Options{Manual: true}, b)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// busy is a world in which much has happened.
func busy(t *testing.T) lab {
	t.Helper()
	l := newLab(t)
	for _, c := range []Condition{
		{Field: "queue", Number: number(700)}, {Field: "disk", Host: "SMP1", Name: "C:", Number: number(9)},
		{Field: "rule", Host: "SITE1", Name: "IIS-WebServerRole-HTTPS-In-TCP", On: on(false)},
		{Field: "gpo-add", Host: "GW1", Rule: &Rule{Name: "g", Source: "Web servers", Ports: []string{"443"}}},
		{Field: "stays-stopped", Host: "SMP1", Name: "EventEngine", On: on(true)}, {Field: "pending", Host: "SQL1", Name: "servicing", On: on(true)},
		{Field: "installer", Host: "SMP1", Name: "msiexec.exe", On: on(true)}, {Field: "power-action", Host: "SMP1", On: on(true)},
		{Field: "clock", Host: "SITE1", Number: number(90)}, {Field: "log", Host: "SMP1", Name: "SMP", Number: number(5)},
		{Field: "log-cleared", Host: "SQL1", Name: "System"}, {Field: "sql", Name: "neighbour", Word: "Payroll", Number: number(5)},
		{Field: "sql", Name: "missing", Word: "msdb", On: on(true)}, {Field: "paused", On: on(true)}, {Field: "constrained", Host: "WS-0412", On: on(true)},
		{Field: "upgrade", Word: "smp"}, {Field: "trust", Host: "SQL1", On: on(false)}, {Field: "installer-rule", Host: "GW1", Name: "SMP-Internet-Gateway"},
		{Field: "pace", Number: number(77)},
	} {
		l.set(c)
	}
	if err := l.KeepHost("SMP1", "snapshot-101", "before"); err != nil {
		t.Fatal(err)
	}
	if err := l.KeepHost("SQL1", "snapshot-102", "before"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.LayBootKey("SITE1", "k"); err != nil {
		t.Fatal(err)
	}
	if err := l.RegisterTask("GW1", Task{Key: "R-1", Due: l.Now().Add(time.Hour), End: l.Now().Add(2 * time.Hour), Names: []string{"SMP-Internet-Gateway"}}); err != nil {
		t.Fatal(err)
	}
	if err := l.SetMarker("GW1", "R-1"); err != nil {
		t.Fatal(err)
	}
	if err := l.RegisterClosing("SITE1", Closing{Key: "U-1 R-3", Due: l.Now().Add(4 * time.Hour), Names: []string{"itmsbot-a"}}); err != nil {
		t.Fatal(err)
	}
	l.Advance(20 * time.Minute)
	l.set(Condition{Field: "power", Host: "WS-0977", On: on(false)})
	if err := l.Restart("SITE1"); err != nil {
		t.Fatal(err)
	}
	l.Advance(10 * time.Second)
	return l
}

// TestSavedWorldIsTheSame compares every field of a world with the one that was saved
// and taken up, so that a field which is added and not saved shows.
func TestSavedWorldIsTheSame(t *testing.T) {
	l := busy(t)
	again := resumed(t, l.World)
	own := map[string]bool{"mu": true, "version": true, "changed": true, "real": true, "powerLoss": true}
	// gate is made anew, and a host's pointer in a client is another one.
	same := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".gate" }, cmp.Ignore()),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".server" || p.Last().String() == ".home" },
			cmp.Comparer(func(a, b *host) bool { return (a == nil) == (b == nil) && (a == nil || a.name == b.name) })),
		cmp.FilterValues(func(a, b any) bool { return empty(a) && empty(b) }, cmp.Ignore()),
	}
	want, got := reflect.ValueOf(l.World).Elem(), reflect.ValueOf(again).Elem()
	for i := range want.NumField() {
		name := want.Type().Field(i).Name
		if own[name] {
			continue
		}
		if diff := cmp.Diff(exposed(want.Field(i)), exposed(got.Field(i)), same); diff != "" {
			t.Errorf("%s (-saved +resumed):\n%.2000s", name, diff)
		}
	}
}

// empty reports whether a list or a map has nothing in it; JSON does not tell an empty
// one from none.
func empty(v any) bool {
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) && r.Len() == 0
}

// exposed is a field that only this package can see, for a comparison that looks into
// every field.
func exposed(v reflect.Value) any {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem().Interface()
}

// TestResumedWorldGoesOn: from the same moment both worlds live the same day.
func TestResumedWorldGoesOn(t *testing.T) {
	l := busy(t)
	again := resumed(t, l.World)
	for _, w := range []*World{l.World, again} {
		w.Advance(3 * time.Hour)
		if err := w.RevertHost("snapshot-101"); err != nil {
			t.Fatal(err)
		}
		if err := w.PowerOn("SMP1"); err != nil {
			t.Fatal(err)
		}
		w.Advance(5 * time.Hour)
	}
	if diff := cmp.Diff(l.Truth(), again.Truth()); diff != "" {
		t.Errorf("(-world +resumed):\n%.3000s", diff)
	}
	if diff := cmp.Diff(l.Events(), again.Events()); diff != "" {
		t.Errorf("(-world +resumed):\n%s", diff)
	}
}

func TestResumeRefuses(t *testing.T) {
	b, err := New(Options{Manual: true, Managed: 50}).Save()
	if err != nil {
		t.Fatal(err)
	}
	for name, saved := range map[string]string{
		"nothing":        "",
		"another format": strings.Replace(string(b), fmt.Sprintf(`"Format":%d`, savedFormat), `"Format":1`, 1),
		"fewer clients":  strings.Replace(string(b), `"Managed":50`, `"Managed":49`, 1),
		"cut short":      string(b[:len(b)/2]),
	} {
		if _, err := Resume(Options{Manual: true}, []byte(saved)); err == nil {
			t.Errorf("%s was taken up", name)
		}
	}
}
