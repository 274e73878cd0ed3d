package estate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// RuleCopy is a narrow copy of a rule, for the bot to make: everything of the
// original, but its name, its group RuleGroup, protocol and ports. It is data;
// nothing of it becomes script text.
type RuleCopy struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	// From is the name of the original, a rule of the local store.
	From string `json:"from"`
	// Protocol is TCP, UDP, ICMPv4 or ICMPv6.
	Protocol string `json:"protocol"`
	// Ports are those of TCP and UDP; a protocol without ports has none.
	Ports []string `json:"ports"`
}

// CopiesOf makes the copies by which a rule for any port lets in what it let in
// before, but on the client ports (1.4 item 1). Their names are prefix and a
// number from first on.
//
// A rule for any protocol cannot have ports. Its copies are for TCP, UDP and the
// two ICMPs, which is what such rules are made for; any other protocol that came
// in by it does not while it is off. CoversAll says which rule loses nothing.
func CopiesOf(h Host, r Rule, prefix, display string, first int) []RuleCopy {
	var copies []RuleCopy
	add := func(protocol string, ports []string) {
		copies = append(copies, RuleCopy{Name: fmt.Sprintf("%s%d", prefix, first+len(copies)), Display: fmt.Sprintf("%s, %s", display, protocol),
			From: r.Name, Protocol: protocol, Ports: ports})
	}
	if other := OtherPorts(h.ClientPorts); len(other) > 0 {
		add("TCP", other)
	}
	if r.CoversAll() {
		return copies
	}
	add("UDP", []string{"Any"})
	// A rule whose addresses are all of one family says nothing to the other's ICMP,
	// and Windows need not take it.
	family := r.families()
	if family.v4 {
		add("ICMPv4", []string{})
	}
	if family.v6 {
		add("ICMPv6", []string{})
	}
	return copies
}

// CoversAll reports whether the copies of a rule for any port let in all that it
// lets in beside the client ports: it is for TCP alone.
func (r Rule) CoversAll() bool { return !strings.EqualFold(r.Protocol, "Any") }

type families struct{ v4, v6 bool }

// families says of which families the remote addresses of a rule may be. A
// keyword may be both.
func (r Rule) families() families {
	if len(r.Remote) == 0 {
		return families{true, true}
	}
	var f families
	for _, a := range r.Remote {
		first, _, ok := AddressRange(a)
		f.v4 = f.v4 || !ok || first.Is4()
		f.v6 = f.v6 || !ok || first.Is6()
	}
	return f
}

// OtherPorts are all ports but those of a list, as ranges in ascending order.
// What is no number is left out of account: it is never a client port.
func OtherPorts(ports []string) []string {
	type span struct{ first, last int }
	var taken []span
	for _, p := range ports {
		if first, last, ok := PortRange(p); ok {
			taken = append(taken, span{first, last})
		}
	}
	slices.SortFunc(taken, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	var other []string
	next := 1
	for _, t := range append(taken, span{65536, 65536}) {
		switch {
		case next == t.first-1:
			other = append(other, fmt.Sprint(next))
		case next < t.first:
			other = append(other, fmt.Sprintf("%d-%d", next, t.first-1))
		}
		next = max(next, t.last+1)
	}
	return other
}
