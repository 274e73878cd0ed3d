package world

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// View is what somebody logged on to a host can see of its firewall: a copy of one
// moment.
type View struct {
	Machine string // MachineGuid
	BIOS    string // UUID, as Windows reports it
	Name    string // NetBIOS
	Now     time.Time

	Profiles []Profile
	Rules    []Rule // of both stores
	// Connections are those established to client ports.
	Connections []Connection
	// Caller is who spoke to the WinRM port last; invalid when nobody did since
	// the host booted.
	Caller netip.Addr

	Task     *Task // nil when there is none
	Marker   string
	Closings []Closing // by key
}

// Look shows a host to somebody logged on to it; a host that is not up shows
// nothing.
func (w *World) Look(name string) (View, error) {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	if err != nil {
		return View{}, err
	}
	if !h.up() {
		return View{}, fmt.Errorf("%s is not running", h.name)
	}
	v := View{
		Machine: h.machine, BIOS: h.bios, Name: h.name, Now: w.timeOf(h),
		Profiles: slices.Clone(h.profiles), Rules: cloneRules(h.rules),
		Connections: w.connections(h), Caller: h.caller, Marker: h.marker,
		Closings: cloneClosings(h.closings),
	}
	if h.task != nil {
		t := *h.task
		t.Names = slices.Clone(t.Names)
		v.Task = &t
	}
	return v, nil
}

// Arrivals counts the connections to client ports that were let in since the
// start, by who came.
func (w *World) Arrivals() map[netip.Addr]int64 {
	w.lock()
	defer w.mu.Unlock()
	counts := make(map[netip.Addr]int64, len(w.arrivals))
	for a, n := range w.arrivals {
		counts[a] = n
	}
	return counts
}

// Truth is what is so now.
func (w *World) Truth() Truth {
	w.lock()
	defer w.mu.Unlock()
	t := Truth{
		Now: w.now, Pace: w.pace, Snapshots: w.snapshotsTruth(), TestClients: []HostTruth{},
		Queue:   w.queueTruth(),
		Clients: w.clientsTruth(),
	}
	for _, h := range w.hosts {
		t.Hosts = append(t.Hosts, w.hostTruth(h, t.Clients.ByHost[h.name]))
	}
	for _, h := range w.stations {
		t.TestClients = append(t.TestClients, w.hostTruth(h, 0))
	}
	return t
}

func (w *World) hostTruth(h *host, connected int) HostTruth {
	g := h.compiled()
	if g.doors == "" {
		w.inspect(h, g)
	}
	t := HostTruth{
		Name: h.name, Role: h.role, Label: h.label, Address: h.address.String(),
		Power: h.power, Boot: h.began, Answers: h.admits(netip.MustParseAddr(BotAddress), winrmPort),
		Doors: g.doors, OpenRules: g.openRules,
		Rules: cloneRules(h.rules), Profiles: slices.Clone(h.profiles),
		Services: slices.Clone(h.services), Disks: slices.Clone(h.disks),
		Version: h.version, Connected: connected, ClockSeconds: h.clock, Trusted: w.trusts(h),
	}
	if h.role == roleSQL {
		t.Schema = w.database.schema
	}
	if h.up() {
		t.UptimeSeconds = int64(w.now.Sub(h.began) / time.Second)
	}
	for _, s := range h.services {
		if s.Start == "Auto" {
			t.ServicesTotal++
			if s.State == "Running" {
				t.ServicesRunning++
			}
		}
	}
	if h.armed() {
		t.Restore = &RestoreTruth{Key: h.task.Key, Due: h.task.Due.Add(-h.ahead()), Names: slices.Clone(h.task.Names)}
	}
	return t
}

// clientsTruth counts the managed computers. One with connections to two hosts is
// counted at each, and once in all.
func (w *World) clientsTruth() ClientsTruth {
	t := ClientsTruth{
		Managed: len(w.clients), ByHost: map[string]int{},
		Backlog: w.waiting(), ArrivalsOutside: w.outside, Refused: w.refused,
	}
	for _, h := range w.hosts {
		if len(h.doors) > 0 {
			t.ByHost[h.name] = 0
		}
	}
	for i := range w.clients {
		c := &w.clients[i]
		if c.connected(w.at) {
			t.Connected++
		}
		if c.task.open(w.at) || c.gateway && c.web.open(w.at) {
			t.ByHost[c.home.name]++
		}
		if !c.gateway && c.web.open(w.at) && (c.home.role != roleSMP || !c.task.open(w.at)) {
			t.ByHost[w.smp().name]++
		}
	}
	return t
}

// inspect works out how far a host's doors are open: whom of its clients each
// client port lets in, and which rules let any of them in.
func (w *World) inspect(h *host, g *gate) {
	let, all := 0, 0
	opening := make([]bool, len(g.rules))
	for _, port := range h.doors {
		program := h.programOf(port)
		var concerned []int
		for i := range g.rules {
			if g.rules[i].concerns(port, program) {
				concerned = append(concerned, i)
			}
		}
		for i := range w.clients {
			c := &w.clients[i]
			if c.gateway != (h.role == roleGateway) || c.server == h {
				continue
			}
			all++
			if g.admits(c.address, port, program) {
				let++
			}
			for _, j := range concerned {
				opening[j] = opening[j] || !g.rules[j].block && g.rules[j].names(c.address)
			}
		}
	}
	g.openRules = 0
	for _, opens := range opening {
		if opens {
			g.openRules++
		}
	}
	switch {
	case len(h.doors) == 0:
		g.doors = DoorsNone
	case let == all:
		g.doors = DoorsOpen
	case let == 0:
		g.doors = DoorsClosed
	default:
		g.doors = DoorsPartly
	}
}

// programOf is what waits on a port when its service runs.
func (h *host) programOf(port int) string {
	for _, l := range h.listeners {
		if l.first <= port && port <= l.last {
			return l.program
		}
	}
	return ""
}
