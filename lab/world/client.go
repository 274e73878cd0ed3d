package world

import (
	"container/heap"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// client is one managed computer. Its agent contacts the SMP every quarter of an
// hour, brings the events it has, and holds a connection for tasks.
type client struct {
	name    string
	address netip.Addr
	server  *host // the computer is a server or a test client, on when that is
	gateway bool  // outside: everything goes through the internet gateway
	home    *host // holds its task connection
	port    int   // of the SMP, or of the gateway

	counted int64 // events are made up to here, Unix
	rest    int64 // what is left of an event, in event seconds per hour
	backlog int   // events that wait on the computer
	contact int64 // number of contacts so far, the salt of the next

	own agentState // where there is no server; see installed

	web  link // to the SMP, for policies and events; over the gateway where that applies
	task link // to home
}

// link is a connection while it lasts.
type link struct {
	from int64 // Unix
	ends int64 // Unix; the connection is there before that second
}

func (l link) open(at int64) bool { return l.from <= at && at < l.ends }

// cut ends a connection at a second, unless it ends sooner.
func (l *link) cut(at int64) { l.ends = min(l.ends, at) }

// never is the end of a connection that nothing ends.
const never = int64(1) << 60

// Seconds of an agent's life.
const (
	contactEvery  = 15 * minute
	contactJitter = 2 * minute
	hurry         = 90 // to the next contact while events are left
	webHold       = 20 // the shortest time that a web connection stays open
	cutFirst      = 60 // a connection that is no longer allowed ends from here
	cutLast       = 3 * minute
)

// eventsPerContact is how many events an agent brings at once.
const eventsPerContact = 20

// agenda is when each computer acts next, the earliest first and at one second
// the lowest number first.
type agenda []entry

type entry struct {
	at       int64
	computer int
}

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].computer < a[j].computer
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entry)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

// playClients lets every computer act whose time has come.
func (w *World) playClients() {
	for len(w.agenda) > 0 && w.agenda[0].at <= w.at {
		e := &w.agenda[0]
		e.at = w.act(e.computer)
		heap.Fix(&w.agenda, 0)
	}
}

// act lets one computer do what it does now and returns when it acts next.
func (w *World) act(number int) (next int64) {
	c := &w.clients[number]
	if c.server != nil && !c.server.running("AeXNSClient") {
		c.hangUp(w.at)
		c.counted = w.at
		return w.at + minute
	}
	on, off := w.shiftOf(number)
	switch {
	case w.at < on:
		return on
	case w.at >= off:
		w.makeEvents(c, off)
		c.hangUp(w.at)
		c.counted = (w.at/day + 1) * day
		return c.counted
	}
	c.counted = max(c.counted, on)
	w.makeEvents(c, w.at)
	c.install()
	w.callIn(c, number)
	next = w.at + w.pause(c, number)
	c.contact++
	if off-on == day {
		return next // never switched off
	}
	return min(next, off)
}

// pause is how long a computer waits after this contact: shorter while it has
// events left and somebody takes them.
func (w *World) pause(c *client, number int) int64 {
	if c.backlog > 0 && c.web.open(w.at) {
		return hurry
	}
	return between(mix(w.seed, uint64(number), saltContact, uint64(c.contact)),
		contactEvery-contactJitter, contactEvery+contactJitter)
}

// hangUp ends a computer's own connections.
func (c *client) hangUp(at int64) {
	c.web.cut(at)
	c.task.cut(at)
}

// shiftOf is when a computer is on today; a server always is.
func (w *World) shiftOf(number int) (on, off int64) {
	if w.clients[number].server != nil {
		midnight := w.at / day * day
		return midnight, midnight + day
	}
	return shift(w.seed, uint64(number), w.at/day)
}

// makeEvents counts the events that a computer made since it was last counted.
func (w *World) makeEvents(c *client, until int64) {
	if until <= c.counted {
		return
	}
	c.rest += (until - c.counted) * habitOf(c.counted/day).eventsInHour
	c.counted = until
	n := c.rest / hour
	c.rest %= hour
	c.backlog += int(n)
	w.produced += n
}

// callIn is one contact: a web connection to the SMP, a task connection to home
// where there is none, and the events while the SMP takes them.
func (w *World) callIn(c *client, number int) {
	if !w.letIn(c) {
		w.refused++
		return
	}
	hold := between(mix(w.seed, uint64(number), saltHold, uint64(c.contact)), webHold, hurry)
	c.web = link{from: w.at, ends: w.at + hold}
	w.ask(c, number)
	n := min(c.backlog, eventsPerContact, w.queue.room())
	c.backlog -= n
	w.queue.files += n
	w.logContact(c, n)

	if !c.task.open(w.at) && c.home.admits(c.address, c.taskPort()) {
		w.arrive(c.address)
		c.task = link{from: w.at, ends: never}
		w.logTask(c)
	}
}

// letIn makes the contact's connections, or reports that one of them was refused.
// From outside there are two, one to the gateway and one from there to the SMP.
func (w *World) letIn(c *client) bool {
	smp, gw := w.smp(), w.gw()
	if !c.gateway {
		if !smp.admits(c.address, c.port) {
			return false
		}
		w.arrive(c.address)
		return true
	}
	if !gw.admits(c.address, c.port) {
		return false
	}
	w.arrive(c.address)
	if !smp.admits(gw.address, cemPort) {
		return false
	}
	w.arrive(gw.address)
	return true
}

// taskPort is where a computer's task connection goes.
func (c *client) taskPort() int {
	if c.gateway {
		return c.port
	}
	return tasksPort
}

// arrive counts a connection to a client port that was let in.
func (w *World) arrive(from netip.Addr) {
	w.arrivals[from]++
	if !kept(from) {
		w.outside++
	}
}

// ClientTruth is one managed computer.
type ClientTruth struct {
	Name      string    `json:"name"`
	Address   string    `json:"address"`
	Home      string    `json:"home"` // the host that holds its task connection
	On        bool      `json:"on"`
	Connected bool      `json:"connected"`
	Backlog   int       `json:"backlog"`
	Contact   time.Time `json:"contact"` // the last that was let in; zero when none was
	// Agent is the version of the agent that it has, whatever the CMDB knows.
	Agent string `json:"agent"`
}

// Client finds a managed computer by name, such as WS-0412.
func (w *World) Client(name string) (ClientTruth, error) {
	w.lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.clients, func(c client) bool { return equalFold(c.name, name) })
	if i < 0 {
		return ClientTruth{}, fmt.Errorf("computer %q %w", name, errNoSuch)
	}
	c := &w.clients[i]
	on, off := w.shiftOf(i)
	t := ClientTruth{
		Name: c.name, Address: c.address.String(), Home: c.home.name,
		On: on <= w.at && w.at < off && (c.server == nil || c.server.up()), Connected: c.connected(w.at), Backlog: c.backlog,
		Agent: c.installed().version,
	}
	if c.web.ends > 0 {
		t.Contact = moment(c.web.from)
	}
	return t, nil
}

func (c *client) connected(at int64) bool { return c.web.open(at) || c.task.open(at) }
