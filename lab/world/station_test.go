package world

import (
	"testing"
	"time"
)

// TestTestClients: they are of the managed computers, machines of their own, and no
// part of the estate.
func TestTestClients(t *testing.T) {
	w := New(Options{Manual: true})
	truth := w.Truth()
	if len(truth.Hosts) != 4 || len(truth.TestClients) != 2 {
		t.Fatalf("%d servers and %d test clients, want 4 and 2", len(truth.Hosts), len(truth.TestClients))
	}
	for _, h := range truth.TestClients {
		c, err := w.Client(h.Name)
		if err != nil || c.Address != h.Address || !c.On || h.Role != "client" || h.Version != "8.0" || h.Doors != DoorsNone || !h.Answers {
			t.Errorf("%s: %+v, %v", h.Name, c, err)
		}
		in, err := w.Inside(h.Name)
		if err != nil || in.Windows != "10.0.19045" || in.SMP || !in.Account.Trusted || len(in.Products) != 1 || in.Machine == "" {
			t.Errorf("%s: %+v, %v", h.Name, in, err)
		}
	}
	if a, b := truth.TestClients[0], truth.TestClients[1]; a.Name != "WS-0412" || b.Name != "WS-0977" || a.Address == b.Address {
		t.Errorf("%s and %s", a.Name, b.Name)
	}
	for _, m := range w.Machines() {
		if m.Host == "WS-0412" {
			t.Error("a workstation is a virtual machine")
		}
	}
	for _, h := range w.Dump().Hosts {
		if h.Name == "WS-0412" {
			t.Error("a workstation is part of what a back-out brings back")
		}
	}
}

// TestTestClientWithoutPowerOrAgent: who is off, and whose agent is stopped, contacts
// nobody, and does so again afterwards.
func TestTestClientWithoutPowerOrAgent(t *testing.T) {
	l := newLab(t)
	l.Advance(30 * time.Minute)
	contact := func() time.Time {
		c, err := l.Client("WS-0412")
		if err != nil {
			t.Fatal(err)
		}
		return c.Contact
	}
	for name, c := range map[string][2]Condition{
		"power": {{Field: "power", Host: "WS-0412", On: on(false)}, {Field: "power", Host: "WS-0412", On: on(true)}},
		"agent": {{Field: "service", Host: "WS-0412", Name: "AeXNSClient", Word: "Stopped"}, {Field: "service", Host: "WS-0412", Name: "AeXNSClient", Word: "Running"}},
	} {
		before := contact()
		if l.Now().Sub(before) > 20*time.Minute {
			t.Fatalf("%s: its last contact was at %v", name, before)
		}
		l.set(c[0])
		l.Advance(time.Hour)
		if got := contact(); !got.Equal(before) {
			t.Errorf("%s: a contact at %v", name, got)
		}
		l.set(c[1])
		l.Advance(time.Hour)
		if got := contact(); !got.After(before) {
			t.Errorf("%s: no contact since", name)
		}
	}
}
