package wsman

import (
	"slices"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

// newSmallHost is a host in a world of few computers, for what does not depend on them.
func newSmallHost(t *testing.T, name string) estateHost {
	return estateHost{t, world.New(world.Options{Manual: true, Managed: 100}), name}
}

// marks are the volatile part of a host's registry, and whether a restart is under way.
func (h estateHost) marks() []any {
	h.Helper()
	v := h.inside()
	return []any{v.Laid, v.Ordered, v.RestartOrdered}
}

func (h estateHost) inside() world.Inside {
	h.Helper()
	v, err := h.world.Inside(h.name)
	if err != nil {
		h.Fatal(err)
	}
	return v
}

func (h estateHost) set(c world.Condition) {
	h.Helper()
	if err := h.world.Set(c); err != nil {
		h.Fatalf("%s: %v", c.Field, err)
	}
}

func yes() *bool        { b := true; return &b }
func no() *bool         { return new(bool) }
func number(n int) *int { return &n }
func (h estateHost) reboot(key string) estate.RebootState {
	h.Helper()
	var s estate.RebootState
	h.call("reboot-read", map[string]string{"key": key}, &s)
	return s
}

func TestHostRecord(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	var r estate.HostRecord
	h.call("host-record", struct{}{}, &r)
	if uuid, ok := estate.CanonicalUUID(r.BIOS); !ok || uuid != h.inside().BIOS {
		t.Errorf("bios = %q, want that of the virtual machine", r.BIOS)
	}
	if len(r.Networks) != 1 || r.Networks[0].Profile != "Domain" {
		t.Errorf("networks = %+v, want one of the domain", r.Networks)
	}
	i := slices.IndexFunc(r.Services, func(s estate.Service) bool { return s.Name == "AeXSvc" })
	if want := (estate.Service{Name: "AeXSvc", Display: "Altiris Service", State: "Running", Start: "Auto", Account: `LAB\svc-itms`}); i < 0 || r.Services[i] != want {
		t.Errorf("services = %+v, want %+v among them", r.Services, want)
	}
	if len(r.Products) != 4 || r.Products[0].Version != "8.0" {
		t.Errorf("products = %+v, want four of 8.0", r.Products)
	}
	a := r.Account
	if !a.Joined || a.Trusted == nil || !*a.Trusted || a.PasswordSeconds == nil || *a.PasswordSeconds != int64(12*24*3600) {
		t.Errorf("account = %+v, want the trusted one of twelve days", a)
	}
}

func TestHostRecordOutsideADomain(t *testing.T) {
	h := newSmallHost(t, "GW1")
	var r estate.HostRecord
	h.call("host-record", struct{}{}, &r)
	if r.Account.Joined || r.Account.Trusted != nil || r.Account.PasswordSeconds != nil {
		t.Errorf("account = %+v, want one that nothing is known of", r.Account)
	}
	if len(r.Networks) != 1 || r.Networks[0].Profile != "Public" {
		t.Errorf("networks = %+v, want a public one", r.Networks)
	}
}

func TestDiskRead(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	h.set(world.Condition{Field: "disk", Host: "SMP1", Name: "C:", Number: number(3)})
	var d estate.Disks
	h.call("disk-read", struct{}{}, &d)
	want := []estate.Disk{{Name: "C:", Free: 3 << 30, Size: 120 << 30, System: true}, {Name: "D:", Free: 212 << 30, Size: 400 << 30}}
	if !slices.Equal(d.Disks, want) {
		t.Errorf("disks = %+v, want %+v", d.Disks, want)
	}
}

// queueOrder is what the product sends to queue-read.
type queueOrder struct {
	Cap      int      `json:"cap"`
	Services []string `json:"services"`
}

func TestQueueRead(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	h.set(world.Condition{Field: "files", Number: number(100)})
	var q estate.QueueFiles
	h.call("queue-read", queueOrder{estate.QueueCap, estate.EventServices()}, &q)
	if q.Files() != 100 || len(q.Doubts()) != 0 || q.PathDefault || len(q.Services) != 5 {
		t.Errorf("queue = %+v with doubts %q, want 100 files and none", q, q.Doubts())
	}
	h.call("queue-read", queueOrder{10, estate.EventServices()}, &q)
	if f := q.Folders[0]; f.Files != 10 || !f.Capped {
		t.Errorf("inbox = %+v, want ten and more", f)
	}
	h.set(world.Condition{Field: "service", Host: "SMP1", Name: "EventEngine", Word: "Stopped"})
	h.set(world.Condition{Field: "flush", On: yes()})
	h.set(world.Condition{Field: "paused", On: yes()})
	h.call("queue-read", queueOrder{estate.QueueCap, estate.EventServices()}, &q)
	if got := q.Doubts(); len(got) != 3 {
		t.Errorf("doubts = %q, want the service and both switches", got)
	}
}

func TestQueueReadNeedsAnSMP(t *testing.T) {
	h := newSmallHost(t, "SITE1")
	err := h.try("queue-read", queueOrder{estate.QueueCap, estate.EventServices()}, new(estate.QueueFiles))
	if e, ok := err.(*exception); !ok || e.class != "System.InvalidOperationException" {
		t.Errorf("err = %v, want an exception: no queue is not an empty one", err)
	}
}

// TestReboot goes through a restart as the engine does: lay, order, look.
func TestReboot(t *testing.T) {
	const key = "U-1 R-12 6.1"
	h := newSmallHost(t, "SMP1")
	order := disarmOrder{smpGUID, key}
	var c estate.Changed
	h.call("reboot-order", order, &c)
	if len(c.Changed) != 0 || !slices.Equal(c.Missing, []string{bootKeyName}) {
		t.Fatalf("ordered without a boot key: %+v", c)
	}
	for i, want := range [][]string{{bootKeyName}, {}} {
		h.call("reboot-lay", order, &c)
		if !slices.Equal(c.Changed, want) {
			t.Errorf("laying, time %d: changed %q, want %q", i+1, c.Changed, want)
		}
	}
	before := h.reboot(key)
	if before.Laid == nil || before.Ordered != nil || h.reboot("another").Laid != nil {
		t.Errorf("after laying: %+v", before)
	}
	for i, want := range [][]string{{restartName}, {}} {
		h.call("reboot-order", order, &c)
		if !slices.Equal(c.Changed, want) {
			t.Errorf("ordering, time %d: changed %q, want %q", i+1, c.Changed, want)
		}
	}
	if s := h.reboot(key); s.Ordered == nil || s.Laid == nil || !s.Boot.Equal(before.Boot) {
		t.Errorf("after ordering: %+v", s)
	}
	h.world.Advance(5 * time.Second)
	if _, err := h.world.Inside("SMP1"); err == nil {
		t.Error("the host still runs five seconds later")
	}
	h.world.Advance(3 * time.Minute)
	after := h.reboot(key)
	if after.Laid != nil || after.Ordered != nil || !after.Boot.After(before.Boot) {
		t.Errorf("after the boot: %+v", after)
	}
	h.call("reboot-order", order, &c)
	if len(c.Changed) != 0 || len(c.Missing) != 1 || h.inside().RestartOrdered {
		t.Errorf("ordering after the boot: %+v, want nothing ordered", c)
	}
}

func TestRebootOrderBesideAnother(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	for _, key := range []string{"a", "b"} {
		h.call("reboot-lay", disarmOrder{smpGUID, key}, new(estate.Changed))
	}
	h.call("reboot-order", disarmOrder{smpGUID, "a"}, new(estate.Changed))
	err := h.try("reboot-order", disarmOrder{smpGUID, "b"}, new(estate.Changed))
	if e, ok := err.(*exception); !ok || e.class != "System.InvalidOperationException" {
		t.Errorf("err = %v, want that Windows refuses a second restart", err)
	}
}

func TestRebootReadShowsWhy(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	if s := h.reboot("k"); len(s.Reasons)+len(s.Installers)+len(s.Busy()) != 0 || s.Agent != nil {
		t.Fatalf("a healthy host: %+v", s)
	}
	h.set(world.Condition{Field: "pending", Host: "SMP1", Name: "servicing", On: yes()})
	h.set(world.Condition{Field: "pending", Host: "SMP1", Name: "file-rename", On: yes(), Word: `C:\Program Files\Printers\old.dll`})
	h.set(world.Condition{Field: "installer", Host: "SMP1", Name: "msiexec.exe", On: yes()})
	h.set(world.Condition{Field: "power-action", Host: "SMP1", On: yes()})
	h.set(world.Condition{Field: "schedules", On: yes()})
	s := h.reboot("k")
	if len(s.Reasons) != 2 || !s.Reasons[0].Blocks() || s.Reasons[1].Blocks() || s.Reasons[1].Count != 1 {
		t.Errorf("reasons = %+v, want servicing, which blocks, and a printer's file, which does not", s.Reasons)
	}
	if len(s.Installers) != 1 || !s.InProgress || s.Agent == nil || !s.Schedules || len(s.Busy()) != 2 {
		t.Errorf("state = %+v", s)
	}
	h.set(world.Condition{Field: "installer", Host: "SMP1", Name: "msiexec.exe", On: no()})
	if s := h.reboot("k"); len(s.Installers) != 0 || s.InProgress {
		t.Errorf("state = %+v, want the installer gone", s)
	}
}
