package world

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestClosedDoors closes everything and waits: nobody from outside arrives, what was
// connected ends within three minutes, the queue empties, and the keep list has its
// consoles once it is let in.
func TestClosedDoors(t *testing.T) {
	l := newLab(t)
	l.closeDoors()
	arrived := outside(l.World)
	l.Advance(time.Minute - time.Second)
	if got := l.Truth().Clients.Connected; got == 0 {
		t.Error("every connection ended in the first minute; established ones survive for a while")
	}
	l.Advance(2*time.Minute + time.Second)
	truth := l.Truth()
	if truth.Clients.Connected != 0 {
		t.Errorf("%d clients connected three minutes after closing, want none", truth.Clients.Connected)
	}
	for _, h := range truth.Hosts {
		if h.Doors != DoorsClosed && h.Doors != DoorsNone || h.OpenRules != 0 {
			t.Errorf("%s: doors %s with %d rules, want closed", h.Name, h.Doors, h.OpenRules)
		}
		if !h.Answers {
			t.Errorf("%s does not answer the bot", h.Name)
		}
	}
	l.Advance(20 * time.Minute)
	if got := outside(l.World); got != arrived {
		t.Errorf("%d came in from outside while everything was closed", got-arrived)
	}
	if q := l.Truth().Queue; q.Word != QueueEmpty || q.EmptySince == nil {
		t.Errorf("queue = %+v, want empty", q)
	}
	if l.Truth().Clients.Refused == 0 {
		t.Error("nobody was refused, so nobody tried")
	}
}

func TestKeepListComesInByItsOwnRule(t *testing.T) {
	l := newLab(t)
	l.closeDoors()
	l.Advance(5 * time.Minute)
	inside := l.Arrivals()[netip.MustParseAddr(JumpAddress)]
	arrived := outside(l.World)
	if err := l.AddRule("SMP1", Rule{
		Name: "itmsbot-keep", Group: "itmsbot", Enabled: true, Action: "Allow", Profile: "Any", Protocol: "TCP",
		Ports: []string{"443"}, Remote: []string{JumpAddress, TestersNetwork}, Program: "Any",
	}); err != nil {
		t.Fatal(err)
	}
	l.Advance(5 * time.Minute)
	if got := l.Arrivals()[netip.MustParseAddr(JumpAddress)]; got <= inside {
		t.Error("the jump host is on the keep list and did not get in")
	}
	if got := outside(l.World); got != arrived {
		t.Errorf("%d came in from outside by the keep list's rule", got-arrived)
	}
	if h := l.host("SMP1"); h.Doors != DoorsClosed || h.OpenRules != 0 {
		t.Errorf("doors %s with %d rules, want closed: the keep list is no door", h.Doors, h.OpenRules)
	}
}

// TestOneClientComesIn is 1.7: a rule for a single test client.
func TestOneClientComesIn(t *testing.T) {
	l := newLab(t)
	l.closeDoors()
	l.Advance(10 * time.Minute)
	var c ClientTruth
	for i := range l.clients { // one that is on
		if got, err := l.Client(l.clients[i].name); err == nil && got.On && l.clients[i].server == nil && !l.clients[i].gateway {
			c = got
			break
		}
	}
	arrived := outside(l.World)
	if err := l.AddRule("SMP1", Rule{
		Name: "itmsbot-test-client", Group: "itmsbot", Enabled: true, Action: "Allow", Profile: "Any", Protocol: "TCP",
		Ports: []string{"80", "443", "50120-50124"}, Remote: []string{c.Address}, Program: "Any",
	}); err != nil {
		t.Fatal(err)
	}
	if h := l.host("SMP1"); h.Doors != DoorsPartly || h.OpenRules != 1 {
		t.Errorf("doors %s with %d rules, want partly by one", h.Doors, h.OpenRules)
	}
	l.Advance(20 * time.Minute)
	after, err := l.Client(c.Name)
	if err != nil {
		t.Fatal(err)
	}
	if after.Contact.Before(c.Contact.Add(time.Minute)) || !after.Connected {
		t.Errorf("%s was let in and did not come: %+v", c.Name, after)
	}
	own := l.Arrivals()[netip.MustParseAddr(c.Address)]
	if came := outside(l.World) - arrived; came == 0 || int64(came) > own {
		t.Errorf("%d came, %d of them from %s; want nobody else", came, own, c.Address)
	}
}

// TestBacklogComesBack closes the doors for as long as an upgrade takes: the queue
// empties, what waited outside comes as a flood, and the flood is worked off.
func TestBacklogComesBack(t *testing.T) {
	l := newLab(t)
	l.closeDoors()
	l.Advance(8 * time.Hour)
	before := l.Truth()
	if before.Clients.Backlog < 5000 || before.Queue.Total != 0 {
		t.Fatalf("backlog = %d and queue = %d after a day behind closed doors, want many thousands and none", before.Clients.Backlog, before.Queue.Total)
	}
	l.openDoors()
	l.Advance(30 * time.Minute)
	truth := l.Truth()
	// Who has gone home meanwhile brings theirs another day.
	if truth.Clients.Backlog > before.Clients.Backlog/2 {
		t.Errorf("backlog = %d, want most of %d delivered", truth.Clients.Backlog, before.Clients.Backlog)
	}
	if truth.Queue.Total < 1000 {
		t.Errorf("queue = %d, want the flood in it", truth.Queue.Total)
	}
	l.Advance(5 * time.Hour)
	if total := l.Truth().Queue.Total; total > short {
		t.Errorf("queue = %d five hours later, want the flood worked off", total)
	}
}

// short is a queue through which events only pass.
const short = 100

// TestOpenDoorsKeepTheQueueShort holds that a lab left open for days does not build a
// backlog: at any time of the week the SMP keeps up with its computers.
func TestOpenDoorsKeepTheQueueShort(t *testing.T) {
	l := newLab(t)
	l.Advance(15 * time.Minute)
	for range 7 * 24 * 2 {
		if q := l.Truth().Queue; q.Total > short {
			t.Errorf("at %s the queue is %d", l.Now().Format("Mon 15:04"), q.Total)
		}
		l.Advance(30 * time.Minute)
	}
}

// TestConservation holds that no event is lost or invented, whatever happens.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := New(Options{Manual: true, Managed: 100, Seed: rapid.Uint64().Draw(r, "seed")})
		hosts := []string{"SMP1", "SQL1", "SITE1", "GW1"}
		for range rapid.IntRange(1, 12).Draw(r, "moves") {
			host := rapid.SampledFrom(hosts).Draw(r, "host")
			switch rapid.IntRange(0, 6).Draw(r, "move") {
			case 0:
				if len(wide()[host]) > 0 {
					_, _ = w.DisableRule(host, rapid.SampledFrom(wide()[host]).Draw(r, "rule")) // off hosts refuse
				}
			case 1:
				if len(wide()[host]) > 0 {
					_, _ = w.EnableRule(host, rapid.SampledFrom(wide()[host]).Draw(r, "rule"))
				}
			case 2:
				_ = w.Set(Condition{Field: "power", Host: host, On: on(rapid.Bool().Draw(r, "on"))})
			case 3:
				_ = w.Set(Condition{Field: "queue", Number: number(rapid.IntRange(0, 3000).Draw(r, "rows"))})
			case 4:
				_ = w.Set(Condition{Field: "stuck", On: on(rapid.Bool().Draw(r, "stuck"))})
			case 5:
				_ = w.Set(Condition{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: rapid.SampledFrom([]string{"Running", "Stopped"}).Draw(r, "state")})
			}
			w.Advance(time.Duration(rapid.IntRange(1, 1200).Draw(r, "seconds")) * time.Second)
			e := w.Events()
			if e.Produced+e.Injected != e.Waiting+e.Database+e.Files+e.Processed {
				r.Fatalf("%d made and %d put in, but %d wait, %d and %d are queued, %d processed",
					e.Produced, e.Injected, e.Waiting, e.Database, e.Files, e.Processed)
			}
		}
	})
}

// TestNobodyArrivesThroughClosedDoors closes at any moment, in any world, and after any
// other changes that open no door.
func TestNobodyArrivesThroughClosedDoors(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := New(Options{Manual: true, Managed: 100, Seed: rapid.Uint64().Draw(r, "seed")})
		w.Advance(time.Duration(rapid.IntRange(0, 600).Draw(r, "before")) * time.Second)
		for host, rules := range wide() {
			for _, rule := range rules {
				if _, err := w.DisableRule(host, rule); err != nil {
					r.Fatal(err)
				}
			}
		}
		arrived := outside(w)
		for range rapid.IntRange(1, 6).Draw(r, "moves") {
			host := rapid.SampledFrom([]string{"SMP1", "SQL1", "SITE1", "GW1"}).Draw(r, "host")
			switch rapid.IntRange(0, 3).Draw(r, "move") {
			case 0:
				_ = w.Restart(host) // refused where it is off
			case 1:
				_ = w.Set(Condition{Field: "network", Host: host, Name: rapid.SampledFrom([]string{"Domain", "Private", "Public"}).Draw(r, "profile")})
			case 2:
				_ = w.Set(Condition{Field: "local-rules", Host: host, On: on(rapid.Bool().Draw(r, "count"))})
			}
			w.Advance(time.Duration(rapid.IntRange(1, 2400).Draw(r, "seconds")) * time.Second)
		}
		if got := outside(w); got != arrived {
			r.Fatalf("%d arrived from outside", got-arrived)
		}
	})
}

// TestOpeningPutsEverythingBack is what a back-out is held to.
func TestOpeningPutsEverythingBack(t *testing.T) {
	l := newLab(t)
	before := l.Dump()
	l.closeDoors()
	if reflect.DeepEqual(before, l.Dump()) {
		t.Fatal("closing the doors does not show in the dump")
	}
	l.Advance(time.Hour)
	l.openDoors()
	if !reflect.DeepEqual(before, l.Dump()) {
		t.Error("the world is not as it was")
	}
}

// TestAnyPortRuleIsADoor closes every other door: clients come in by a rule for any
// port, of any program or of the kernel's web server, and by its narrow copy they do
// not.
func TestAnyPortRuleIsADoor(t *testing.T) {
	for _, program := range []string{"Any", "System"} {
		l := newLab(t)
		l.closeDoors()
		l.Advance(10 * time.Minute)
		arrived := outside(l.World)
		wide := inbound("Old-Monitoring", "Old monitoring", "", "Any", "Any", program)
		if err := l.AddRule("SMP1", wide); err != nil {
			t.Fatal(err)
		}
		l.Advance(20 * time.Minute)
		if outside(l.World) == arrived {
			t.Errorf("%s: nobody came in by a rule for any port", program)
		}
		if h := l.host("SMP1"); h.OpenRules != 1 || h.Doors == DoorsClosed || h.Connected == 0 {
			t.Errorf("%s: doors %s with %d rules and %d connected, want open by one", program, h.Doors, h.OpenRules, h.Connected)
		}
		wide.Protocol, wide.Ports = "TCP", []string{"1-79", "81-442", "444-4725", "4727-50119", "50125-65535"}
		if err := l.ReplaceRule("SMP1", wide); err != nil {
			t.Fatal(err)
		}
		l.Advance(3 * time.Minute)
		arrived = outside(l.World)
		l.Advance(20 * time.Minute)
		if h := l.host("SMP1"); h.OpenRules != 0 || h.Doors != DoorsClosed || h.Connected != 0 || outside(l.World) != arrived {
			t.Errorf("%s: the narrow copy is a door: %s with %d rules, %d connected, %d came", program, h.Doors, h.OpenRules, h.Connected, outside(l.World)-arrived)
		}
	}
}
