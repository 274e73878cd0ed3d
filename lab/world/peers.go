package world

import (
	"cmp"
	"net/netip"
	"slices"
)

// visitor is somebody on the keep list who has a console open on the SMP: the jump
// host or a tester.
type visitor struct {
	address netip.Addr
	link    link
}

// newConsole lists who sits at a console all day.
func newConsole() []visitor {
	var console []visitor
	for _, a := range []string{JumpAddress, "10.20.1.2", "10.20.1.3"} {
		console = append(console, visitor{address: netip.MustParseAddr(a)})
	}
	return console
}

// playConsole opens the consoles that are not open, once a minute, and has the others
// ask for something.
func (w *World) playConsole() {
	for i := range w.console {
		v := &w.console[i]
		if !v.link.open(w.at) && w.smp().admits(v.address, httpsPort) {
			w.arrive(v.address)
			v.link = link{from: w.at, ends: never}
		}
		w.logConsole(v)
	}
}

// kept reports whether an address is on the keep list.
func kept(a netip.Addr) bool {
	return a == netip.MustParseAddr(BotAddress) || a == netip.MustParseAddr(JumpAddress) ||
		netip.MustParsePrefix(TestersNetwork).Contains(a)
}

// end is one connection as the host at its end sees it.
type end struct {
	remote netip.Addr
	port   int // local
	link   *link
	salt   uint64
}

// ends walks the connections to a host's client ports, open or not. What comes
// over the gateway is seen by the gateway and, as coming from there, by the SMP.
func (w *World) ends(h *host, each func(end)) {
	for i := range w.clients {
		c := &w.clients[i]
		switch {
		case c.gateway && h.role == roleSMP:
			each(end{w.gw().address, cemPort, &c.web, uint64(i)})
		case c.gateway == (h.role == roleGateway) && (c.gateway || h.role == roleSMP):
			each(end{c.address, c.port, &c.web, uint64(i)})
		}
		if c.home == h {
			each(end{c.address, c.taskPort(), &c.task, uint64(i)})
		}
	}
	if h.role == roleSMP {
		for i := range w.console {
			v := &w.console[i]
			each(end{v.address, httpsPort, &v.link, uint64(len(w.clients) + i)})
		}
	}
}

// condemn gives every connection that the firewall no longer allows an end within
// one to three minutes. Allowing it again does not save it; its computer calls in
// anew.
func (w *World) condemn(h *host) {
	w.ends(h, func(e end) {
		if e.link.open(w.at) && !h.admits(e.remote, e.port) {
			e.link.cut(w.at + between(mix(w.seed, e.salt, saltCut, uint64(w.at)), cutFirst, cutLast))
		}
	})
}

// cutOff ends every connection to a host at once, as losing power does.
func (w *World) cutOff(h *host) {
	w.ends(h, func(e end) { e.link.cut(w.at) })
}

// Connection is the established connections of one remote address to one local
// port of a host.
type Connection struct {
	Remote netip.Addr
	Port   int
	Count  int
}

// connections counts the established connections to a host's client ports, by
// address and port.
func (w *World) connections(h *host) []Connection {
	type key struct {
		remote netip.Addr
		port   int
	}
	counts := map[key]int{}
	w.ends(h, func(e end) {
		if e.link.open(w.at) {
			counts[key{e.remote, e.port}]++
		}
	})
	list := make([]Connection, 0, len(counts))
	for k, n := range counts {
		list = append(list, Connection{k.remote, k.port, n})
	}
	slices.SortFunc(list, func(a, b Connection) int {
		return cmp.Or(a.Remote.Compare(b.Remote), cmp.Compare(a.Port, b.Port))
	})
	return list
}
