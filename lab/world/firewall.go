package world

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// gate is a host's firewall as it is in force for TCP: the rules of the active
// profile, compiled.
type gate struct {
	off     bool // the active profile is switched off: everybody gets in
	inbound bool // what no rule names gets in
	rules   []openRule

	// What the page shows, worked out once per change.
	doors     Doors
	openRules int
}

// openRule is one rule in force.
type openRule struct {
	block   bool
	ports   []span      // nil is any
	remote  []addresses // nil is any
	program string      // lower case; empty is any
}

// span is a range of ports, addresses a range of addresses, ends included.
type (
	span      struct{ first, last int }
	addresses struct{ first, last netip.Addr }
)

// admits decides about one connection to a program, given in lower case: block beats
// allow, and what no rule names goes by the profile's default.
func (g *gate) admits(remote netip.Addr, port int, program string) bool {
	if g.off {
		return true
	}
	allowed := g.inbound
	for i := range g.rules {
		r := &g.rules[i]
		if !r.concerns(port, program) || !r.names(remote) {
			continue
		}
		if r.block {
			return false
		}
		allowed = true
	}
	return allowed
}

func (r *openRule) concerns(port int, program string) bool {
	return (r.program == "" || r.program == program) && (r.ports == nil || holdsPort(r.ports, port))
}

func (r *openRule) names(remote netip.Addr) bool {
	return r.remote == nil || holdsAddress(r.remote, remote)
}

func holdsPort(ports []span, port int) bool {
	for _, s := range ports {
		if s.first <= port && port <= s.last {
			return true
		}
	}
	return false
}

func holdsAddress(ranges []addresses, a netip.Addr) bool {
	for _, r := range ranges {
		if r.first.Compare(a) <= 0 && a.Compare(r.last) <= 0 {
			return true
		}
	}
	return false
}

// compiled is the host's gate, made anew after a change.
func (h *host) compiled() *gate {
	if h.gate != nil {
		return h.gate
	}
	p := h.activeProfile()
	g := &gate{off: !p.Enabled, inbound: p.Inbound == "Allow"}
	for _, r := range h.rules {
		if inForce(r, p) {
			g.rules = append(g.rules, compile(r, h.subnet))
		}
	}
	h.gate = g
	return g
}

// inForce reports whether a rule counts for TCP under the active profile.
func inForce(r Rule, p Profile) bool {
	return r.Enabled &&
		(r.Store == storeGPO || p.LocalRules) &&
		(r.Protocol == "TCP" || r.Protocol == "Any") &&
		inProfile(r.Profile, p.Name)
}

func inProfile(list, name string) bool {
	if list == "Any" {
		return true
	}
	for _, s := range strings.Split(list, ",") {
		if strings.TrimSpace(s) == name {
			return true
		}
	}
	return false
}

// compile turns a rule that was checked into what matching needs. Keywords that
// stand for no port or address of this world match nothing.
func compile(r Rule, subnet netip.Prefix) openRule {
	o := openRule{block: r.Action == "Block"}
	if r.Program != "Any" {
		o.program = strings.ToLower(r.Program)
	}
	if !isAny(r.Ports) {
		o.ports = []span{}
		for _, s := range r.Ports {
			if p, err := parsePorts(s); err == nil {
				o.ports = append(o.ports, p)
			}
		}
	}
	if !isAny(r.Remote) {
		o.remote = []addresses{}
		for _, s := range r.Remote {
			if a, err := parseRemote(s, subnet); err == nil {
				o.remote = append(o.remote, a)
			}
		}
	}
	return o
}

func isAny(list []string) bool { return len(list) == 1 && list[0] == "Any" }

// parsePorts reads "443" or "50120-50124".
func parsePorts(s string) (span, error) {
	first, last, ranged := strings.Cut(s, "-")
	if !ranged {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	if errA != nil || errB != nil || a > b {
		return span{}, fmt.Errorf("%q is neither a port nor a range of ports", s)
	}
	return span{int(a), int(b)}, nil
}

// parseRemote reads an address, a CIDR range, a first-last range or LocalSubnet.
func parseRemote(s string, subnet netip.Prefix) (addresses, error) {
	if s == "LocalSubnet" {
		return rangeOf(subnet), nil
	}
	if first, last, ranged := strings.Cut(s, "-"); ranged {
		a, errA := netip.ParseAddr(first)
		b, errB := netip.ParseAddr(last)
		if errA != nil || errB != nil || a.BitLen() != b.BitLen() || b.Less(a) {
			return addresses{}, errAddress(s)
		}
		return addresses{a, b}, nil
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return rangeOf(p), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return addresses{}, errAddress(s)
	}
	return addresses{a, a}, nil
}

func errAddress(s string) error {
	return fmt.Errorf("%q is neither an address nor a range of addresses", s)
}

// rangeOf gives the first and the last address of a network.
func rangeOf(p netip.Prefix) addresses {
	p = p.Masked()
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(last)
	return addresses{p.Addr(), a}
}

// activeProfile is the profile of the connected network.
func (h *host) activeProfile() Profile {
	for _, p := range h.profiles {
		if p.Active {
			return p
		}
	}
	return h.profiles[len(h.profiles)-1] // Public, as Windows does in doubt
}
