package world

import (
	"net/netip"
	"sync"
	"time"
)

// Addresses of the world that others must know. They are the keep list: what
// comes from elsewhere is a stranger.
const (
	BotAddress     = "10.20.0.9"
	JumpAddress    = "10.20.0.5"
	TestersNetwork = "10.20.1.0/28" // console testers
)

// The range of the pace.
const (
	MinPace = 1
	MaxPace = 1000
)

// Options says what world to make. The zero value is a Saturday morning with five
// thousand managed computers.
type Options struct {
	Start time.Time // 0 means 2026-11-28 06:55 UTC
	// Pace is world seconds per real second; 0 means 1, and what lies outside
	// MinPace and MaxPace is brought inside.
	Pace    int
	Seed    uint64
	Manual  bool // the clock moves by Advance alone
	Managed int  // managed computers, servers included; 0 means 5000

	// PhysicalSQL makes the SQL Server's host a machine of its own, which no hypervisor
	// has. SharedSQL gives the SQL Server a second application's database, which is at
	// work all the time.
	PhysicalSQL, SharedSQL bool
}

// World is the estate. Its methods may be called from many goroutines.
type World struct {
	manual bool
	seed   uint64

	mu sync.Mutex // guards all below

	version uint64
	changed chan struct{} // closed and replaced with each new version

	pace int
	now  time.Time // exact
	at   int64     // the last whole second that was played, Unix
	real time.Time // the real moment of now; zero while the clock stands

	hosts     []*host // the servers
	stations  []*host // the test clients
	clients   []client
	agenda    agenda
	console   []visitor
	queue     queue
	database  database
	roll      []resource // who the computers in the CMDB are; never changes
	snapshots []snapshot // snapshots of hosts, oldest first
	// directory is when each host last changed the password of its machine account,
	// as the domain has it.
	directory map[string]time.Time
	// installerRules are, by host, the local rules that its next installer switches on. They
	// are the installer's and not on the host, so that a revert does not change them.
	installerRules map[string][]string
	powerLoss      []func(host string) // called when a host loses its power

	arrivals map[netip.Addr]int64 // connections to client ports that were let in
	outside  int64                // those of strangers
	refused  int64                // contacts of managed computers that were not
	produced int64                // events that the managed computers made
}

// New makes a world as it is at its start. It starts nothing.
func New(o Options) *World {
	if o.Start.IsZero() {
		o.Start = time.Date(2026, time.November, 28, 6, 55, 0, 0, time.UTC)
	}
	if o.Managed == 0 {
		o.Managed = 5000
	}
	w := &World{
		manual:   o.Manual,
		seed:     o.Seed,
		changed:  make(chan struct{}),
		pace:     min(max(o.Pace, MinPace), MaxPace),
		arrivals: map[netip.Addr]int64{},

		installerRules: map[string][]string{},
	}
	w.warmUp(o.Start.UTC(), o)
	return w
}

// warmUp plays the two hours before start, so that the world begins in the middle
// of its life: clients connected, a history of the queue.
func (w *World) warmUp(start time.Time, o Options) {
	const before = 2 * time.Hour
	w.now = start.Add(-before)
	w.at = w.now.Unix()
	w.hosts = site(start)
	if o.PhysicalSQL {
		w.sql().physical, w.sql().bios = true, physicalBIOS
	}
	w.database = newDatabase(start)
	if o.SharedSQL {
		w.database.others = []Database{helpDesk()}
	}
	w.console = newConsole()
	w.enrol(o.Managed)
	w.register()
	w.join(start)
	w.warmLogs()
	w.servicesChanged()
	w.queue.begin(w.at)
	w.advance(before)
	w.queue.settle(startDatabase, startFiles)
	w.database.kept = w.contents() // last night's backup holds much the same
	clear(w.arrivals)              // those before the start are nobody's business
	w.outside, w.refused = 0, 0
	w.version = 1
}

// host finds a host by name, in any letter case.
func (w *World) host(name string) (*host, error) {
	for _, h := range w.machines() {
		if equalFold(h.name, name) {
			return h, nil
		}
	}
	return nil, w.errNoHost(name)
}
