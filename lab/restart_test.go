package lab

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
)

// TestRestartOverTheWire restarts a host the way the bot does, through the shipping
// adapter: lay the key, order, lose the connection, come back without the key.
func TestRestartOverTheWire(t *testing.T) {
	l, fleet := run(t)
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	const key = "U-1 R-12 6.1"
	before, err := fleet.RebootState(limit, "SMP1", estate.Look, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []func(context.Context, string, string, string) (estate.Changed, error){fleet.LayBootKey, fleet.OrderReboot} {
		if c, err := do(limit, "SMP1", before.Machine, key); err != nil || len(c.Changed) != 1 {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	smp := l.Hosts["SMP1"]
	connections := smp.Stats().Connections
	l.World.Advance(5 * time.Second)
	if _, err := fleet.RebootState(limit, "SMP1", estate.Look, key); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("while the host boots: %v, want unreachable", err)
	}
	if _, err := fleet.Disks(limit, "SITE1", estate.Look); err != nil {
		t.Errorf("another host: %v", err)
	}
	l.World.Advance(3 * time.Minute)
	after, err := fleet.RebootState(limit, "SMP1", estate.Look, key)
	if err != nil {
		t.Fatal(err)
	}
	if after.Laid != nil || after.Ordered != nil || !after.Boot.After(before.Boot) {
		t.Errorf("after the restart: %+v", after)
	}
	if got := smp.Stats().Connections; got == connections {
		t.Error("the old connection outlived the restart")
	}
	if c, err := fleet.OrderReboot(limit, "SMP1", before.Machine, key); err != nil || len(c.Changed) != 0 || len(c.Missing) != 1 {
		t.Errorf("the same order once more: %+v, %v, want nothing ordered", c, err)
	}
}

// TestLooksOverTheWire reads from every host whatever there is to read.
func TestLooksOverTheWire(t *testing.T) {
	l, fleet := run(t)
	limit, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, h := range l.Document().Hosts {
		record, err := fleet.Record(limit, h.Name, estate.Look)
		byName := slices.IsSortedFunc(record.Services, func(a, b estate.Service) int { return strings.Compare(a.Name, b.Name) })
		if err != nil || record.Name != h.Name || len(record.Services) == 0 || !byName {
			t.Errorf("%s: record %+v, %v", h.Name, record, err)
		}
		if d, err := fleet.Disks(limit, h.Name, estate.Look); err != nil || len(d.Disks) == 0 || !d.Disks[0].System {
			t.Errorf("%s: disks %+v, %v", h.Name, d, err)
		}
		r, err := fleet.ReadLogs(limit, h.Name, estate.Look, estate.LogQuery{Hours: 24, MaxGroups: 20})
		if err != nil || len(r.Sources) != 3 {
			t.Errorf("%s: logs %+v, %v", h.Name, r, err)
		}
		q, err := fleet.QueueFiles(limit, h.Name, estate.Look)
		if isSMP := h.Role == "smp"; (err == nil) != isSMP || isSMP && q.Files() != l.World.Truth().Queue.Files {
			t.Errorf("%s: queue %+v, %v", h.Name, q, err)
		}
	}
}

// run starts a lab whose clock stands, and the bot's adapter for its hosts.
func run(t *testing.T) (*Lab, *winrm.Fleet) {
	t.Helper()
	l, err := Start(Options{Listen: "127.0.0.1:0", Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }() // the cleanup waits for it
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	return l, l.fleet(t)
}

// fleet reaches the lab's hosts as its document says.
func (l *Lab) fleet(t *testing.T) *winrm.Fleet {
	t.Helper()
	var hosts []winrm.Host
	for _, h := range l.Document().Hosts {
		hosts = append(hosts, winrm.Host{Name: h.Name, URL: h.WinRM, Login: &trust.Login{
			User: h.User, Domain: h.Domain, Password: func() (string, error) { return h.Password, nil },
		}})
	}
	f, err := winrm.New(hosts, winrm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}
