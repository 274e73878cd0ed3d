package estate

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Doors is what a look at a firewall says about the clients' way in.
type Doors struct {
	// Wide are the local rules that let somebody beyond the keep list reach
	// a client port, and that can be switched off.
	Wide []Rule
	// Policy are rules of group policy that do the same. They cannot be
	// switched off on the host.
	Policy []Rule
	// AnyPort are local wide rules whose ports are Any: switching one off
	// would close more than the client doors.
	AnyPort []Rule
	// Faults say why the firewall does not close anything however its rules
	// stand: no active profile, a profile that is off, lets everything in,
	// or ignores local rules.
	Faults []string
}

// Closed reports whether no client can come in.
func (d Doors) Closed() bool {
	return len(d.Wide)+len(d.Policy)+len(d.AnyPort)+len(d.Faults) == 0
}

// DoorsOf sorts the rules in force on a host. keep are the remote addresses
// that may come in while the doors are closed; a rule that lets in nobody else
// is no door. A rule that it cannot read for certain counts as a door: a
// keyword instead of an address may be anybody.
func DoorsOf(h Host, fw Firewall, keep []string) Doors {
	d := Doors{Faults: profileFaults(fw.Profiles)}
	for _, r := range fw.Active {
		if !r.Enabled || !strings.EqualFold(r.Action, "Allow") || !r.Lets(h) || within(r.Remote, keep) {
			continue
		}
		switch {
		case !strings.EqualFold(r.Store, "Local"):
			d.Policy = append(d.Policy, r)
		case r.anyPort():
			d.AnyPort = append(d.AnyPort, r)
		default:
			d.Wide = append(d.Wide, r)
		}
	}
	for _, rules := range [][]Rule{d.Wide, d.Policy, d.AnyPort} {
		slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) })
	}
	return d
}

// profileFaults says why rules do not decide: the active profile decides
// (itms.md §12), and a host between networks has none.
func profileFaults(profiles []Profile) []string {
	var faults []string
	active := 0
	for _, p := range profiles {
		if !p.Active {
			continue
		}
		active++
		switch {
		case !p.Enabled:
			faults = append(faults, fmt.Sprintf("the firewall is off in the active profile %s", p.Name))
		case !strings.EqualFold(p.Inbound, "Block"):
			faults = append(faults, fmt.Sprintf("the active profile %s lets in what no rule names", p.Name))
		case !p.LocalRules:
			faults = append(faults, fmt.Sprintf("group policy makes the active profile %s ignore local rules", p.Name))
		}
	}
	if active == 0 {
		faults = append(faults, "no firewall profile is active")
	}
	return faults
}

// Lets reports whether the rule admits TCP to one of the host's client ports.
func (r Rule) Lets(h Host) bool {
	switch strings.ToUpper(r.Protocol) {
	case "TCP", "6", "ANY":
	default:
		return false
	}
	if r.anyPort() {
		return r.opensPrograms(h)
	}
	for _, p := range r.Ports {
		for _, c := range h.ClientPorts {
			if overlap(p, c) {
				return true
			}
		}
	}
	return false
}

func (r Rule) anyPort() bool {
	return slices.ContainsFunc(r.Ports, func(p string) bool { return strings.EqualFold(p, "Any") }) || len(r.Ports) == 0
}

// opensPrograms reports whether an any-port rule admits to a program that
// serves clients: any program, the kernel's web server, or one that the
// configuration names.
func (r Rule) opensPrograms(h Host) bool {
	p := strings.ToLower(r.Program)
	if p == "" || p == "any" || p == "system" {
		return true
	}
	return slices.ContainsFunc(h.DoorPrograms, func(d string) bool {
		return strings.HasSuffix(p, strings.ToLower(d))
	})
}

// overlap reports whether two ports or port ranges share a port. What is no
// number (RPC, IPHTTPS) shares none: it is never a client port.
func overlap(a, b string) bool {
	a1, a2, ok := PortRange(a)
	b1, b2, ok2 := PortRange(b)
	return ok && ok2 && a1 <= b2 && b1 <= a2
}

// PortRange reads "443" or "50120-50124".
func PortRange(s string) (first, last int, ok bool) {
	lo, hi, span := strings.Cut(s, "-")
	first, err := strconv.Atoi(strings.TrimSpace(lo))
	if err != nil || first < 1 || first > 65535 {
		return 0, 0, false
	}
	if !span {
		return first, first, true
	}
	last, err = strconv.Atoi(strings.TrimSpace(hi))
	if err != nil || last < first || last > 65535 {
		return 0, 0, false
	}
	return first, last, true
}

// within reports whether every remote of a rule lies inside the keep list.
func within(remotes, keep []string) bool {
	if len(remotes) == 0 {
		return false
	}
	for _, r := range remotes {
		first, last, ok := AddressRange(r)
		if !ok || !slices.ContainsFunc(keep, func(k string) bool {
			lo, hi, ok := AddressRange(k)
			return ok && lo.BitLen() == first.BitLen() && lo.Compare(first) <= 0 && last.Compare(hi) <= 0
		}) {
			return false
		}
	}
	return true
}

// AddressRange reads the ways in which Windows writes a remote address:
// "10.0.0.5", "10.0.0.0/24", "10.0.0.0/255.255.255.0", "10.0.0.5-10.0.0.9".
// Keywords such as Any and LocalSubnet are not ok.
func AddressRange(s string) (first, last netip.Addr, ok bool) {
	if lo, hi, span := strings.Cut(s, "-"); span {
		a, err1 := netip.ParseAddr(strings.TrimSpace(lo))
		b, err2 := netip.ParseAddr(strings.TrimSpace(hi))
		return a, b, err1 == nil && err2 == nil && a.BitLen() == b.BitLen() && a.Compare(b) <= 0
	}
	addr, mask, masked := strings.Cut(s, "/")
	a, err := netip.ParseAddr(strings.TrimSpace(addr))
	if err != nil {
		return a, a, false
	}
	if !masked {
		return a, a, true
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		if bits, ok = maskBits(mask); !ok {
			return a, a, false
		}
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return a, a, false
	}
	return p.Addr(), lastOf(p), true
}

func maskBits(s string) (int, bool) {
	m, err := netip.ParseAddr(s)
	if err != nil || !m.Is4() {
		return 0, false
	}
	bits, ended := 0, false
	for _, b := range m.As4() {
		for i := 7; i >= 0; i-- {
			one := b>>i&1 == 1
			if one && ended {
				return 0, false
			}
			if one {
				bits++
			} else {
				ended = true
			}
		}
	}
	return bits, true
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Admits reports whether an address may come in by the rule to a TCP port, as far as
// a rule says that. A keyword in the place of an address may be anybody.
func (r Rule) Admits(address string, port int) bool {
	reaches := r.anyPort() || slices.ContainsFunc(r.Ports, func(p string) bool { return overlap(p, strconv.Itoa(port)) })
	return reaches && (len(r.Remote) == 0 || slices.ContainsFunc(r.Remote, func(a string) bool {
		_, _, ok := AddressRange(a)
		return !ok || within([]string{address}, []string{a})
	}))
}

// Inside reports whether one address lies within a list of addresses and
// ranges.
func Inside(address string, list []string) bool { return within([]string{address}, list) }
