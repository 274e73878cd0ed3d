package world

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// firstAgent is the version of every agent at the start of a world.
const firstAgent = "8.0"

// agentState is the management agent of one computer. It is on the computer's own
// disk: a revert of the SMP or of the database does not touch it, and a server that
// is reverted itself has the agent of then.
type agentState struct {
	version string
	offered string // what a policy has it install; empty when nothing
}

// resource is what the CMDB has of a computer and does not change.
type resource struct {
	guid, name, domain string
	address, second    string
	gateway, managed   bool
}

// known is what the CMDB has of a computer and changes.
type known struct {
	asked int64  // the last configuration request, Unix, by the SMP's clock; 0 when none is kept
	agent string // the version, as the agent told it with that request
}

// Computer is a computer as the CMDB has it, which need not be so: it learns from
// contacts alone, and goes back with the SQL Server.
type Computer struct {
	GUID, Name string
	Domain     string // NetBIOS; empty in a workgroup
	// Address is the computer's own. At home it is one of the home network, and no
	// gateway ever sees it.
	Address string
	Second  string // its other address; empty where it has one
	Gateway bool   // it comes in over the internet gateway
	Managed bool
	Agent   string    // version of its agent
	Contact time.Time // its last configuration request; zero when none is kept
}

// Computers lists what the CMDB has of computers: the managed ones, and one that was
// installed anew and is still there under its former identity.
func (w *World) Computers() []Computer { return w.SQL().Computers() }

// Computers lists the computers that the CMDB has, in no order that means anything.
func (v SQLView) Computers() []Computer {
	list := make([]Computer, len(v.roll))
	for i, r := range v.roll {
		k := v.computers[i]
		list[i] = Computer{
			GUID: r.guid, Name: r.name, Domain: r.domain, Address: r.address, Second: r.second,
			Gateway: r.gateway, Managed: r.managed, Agent: k.agent,
		}
		if k.asked != 0 {
			list[i].Contact = moment(k.asked)
		}
	}
	return list
}

// PurgeRequests has the SMP forget the configuration requests that are older than
// keep, as its purging does.
func (w *World) PurgeRequests(keep time.Duration) {
	w.lock()
	defer w.mu.Unlock()
	for i := range w.database.computers {
		k := &w.database.computers[i]
		if k.asked < w.timeOf(w.smp()).Add(-keep).Unix() {
			k.asked = 0
		}
	}
	w.bump()
}

// Computers that are not like the others.
const (
	twiceKnown    = "WS-0777" // installed anew; its former identity is still in the CMDB
	formerAddress = "10.21.17.250"
	twoAddresses  = "WS-0021" // a laptop, by cable and by wireless
	wireless      = "10.22.0.21"
)

// register makes the CMDB's side of the managed computers: who they are, and that each
// asked for its configuration when it was last switched on.
func (w *World) register() {
	for i := range w.clients {
		c := &w.clients[i]
		c.installed().version = firstAgent
		r := w.resourceOf(c, i)
		w.roll = append(w.roll, r)
		w.database.computers = append(w.database.computers, known{w.lastOn(i), firstAgent})
	}
	i := slices.IndexFunc(w.roll, func(r resource) bool { return r.name == twiceKnown })
	if i < 0 {
		return
	}
	former := w.roll[i]
	former.guid, former.address, former.managed = guidOf(w.seed, uint64(len(w.roll))), formerAddress, false
	w.roll = append(w.roll, former)
	w.database.computers = append(w.database.computers, known{w.at - 41*day, firstAgent})
}

func (w *World) resourceOf(c *client, number int) resource {
	r := resource{
		guid: guidOf(w.seed, uint64(number)), name: c.name, domain: "LAB",
		address: c.address.String(), gateway: c.gateway, managed: true,
	}
	for _, s := range w.database.sites {
		if s.Name == c.name {
			r.guid = s.GUID
		}
	}
	switch {
	case c.server == w.gw():
		r.domain = ""
	case c.gateway:
		r.address = homeAddress(number)
	case c.name == twoAddresses:
		r.second = wireless
	}
	return r
}

// homeAddress is what a computer at home has behind its router. People buy the same
// routers, so that many computers have the same.
func homeAddress(number int) string {
	networks := []byte{0, 1, 178}
	return netip.AddrFrom4([4]byte{192, 168, networks[number%len(networks)], byte(20 + number%60)}).String()
}

// guidOf is the GUID of a computer's resource.
func guidOf(seed, number uint64) string {
	const saltGUID = 1001 // beyond those of hours.go
	a, b := mix(seed, number, saltGUID), mix(seed, number, saltGUID, 1)
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(a), uint16(a>>32), a>>52, b>>52, b&(1<<48-1))
}

// lastOn is the last contact that a computer had before the world began, Unix; 0 when
// it was not on for two weeks.
func (w *World) lastOn(number int) int64 {
	const days = 14
	for date := w.at / day; date > w.at/day-days; date-- {
		on, off := shift(w.seed, uint64(number), date)
		if w.clients[number].server != nil {
			on, off = date*day, (date+1)*day
		}
		if until := min(off, w.at); until > on {
			since := between(mix(w.seed, uint64(number), saltContact, uint64(date)), 0, contactEvery)
			return max(on, until-since)
		}
	}
	return 0
}

// installed is the agent of a computer. That of a server or a test client is part of
// its disk.
func (c *client) installed() *agentState {
	if c.server != nil {
		return &c.server.agent
	}
	return &c.own
}

// install ends what a policy had the agent begin at its last contact. On a test client
// Windows shows the new version too.
func (c *client) install() {
	a := c.installed()
	if a.offered == "" {
		return
	}
	a.version, a.offered = a.offered, ""
	if c.server != nil && c.server.role == roleClient {
		c.server.version = a.version
	}
}

// ask is the first thing that an agent does when it is let in: it says which version it
// has and asks for its configuration. The CMDB keeps that, and a newer SMP has it
// install its own version. An older one leaves it as it is.
func (w *World) ask(c *client, number int) {
	smp, a := w.smp(), c.installed()
	if !smp.running("AeXSvc") || !w.sql().running("MSSQLSERVER") {
		return
	}
	w.database.computers[number] = known{w.at + smp.clock, a.version}
	if newer(smp.version, a.version) {
		a.offered = smp.version
	}
}

// newer reports whether a is a later version than b. 8.10 is later than 8.9.
func newer(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) > 0 }

// numbers are the parts of a version; a part that is no number is 0.
func numbers(version string) []int {
	var list []int
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part)
		list = append(list, n)
	}
	return list
}
