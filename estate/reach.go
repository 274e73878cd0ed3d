package estate

import (
	"slices"
	"strings"
)

// LetsAll reports whether a rule in force lets all of an address or a range in to all of
// a client port of the host, for certain: a keyword instead of an address may be
// anybody, and so is not certain to be this one. It is the opposite of Lets, which
// counts every doubt as a door.
func (r Rule) LetsAll(h Host, from, port string) bool {
	if !r.Enabled || !strings.EqualFold(r.Action, "Allow") || !r.opensPrograms(h) {
		return false
	}
	switch strings.ToUpper(r.Protocol) {
	case "TCP", "6", "ANY":
	default:
		return false
	}
	everybody := slices.ContainsFunc(r.Remote, func(a string) bool { return strings.EqualFold(a, "Any") })
	if !everybody && !within([]string{from}, r.Remote) {
		return false
	}
	if r.anyPort() {
		return true
	}
	first, last, ok := PortRange(port)
	return ok && slices.ContainsFunc(r.Ports, func(p string) bool {
		lo, hi, ok := PortRange(p)
		return ok && lo <= first && last <= hi
	})
}

// Overlaps reports whether two addresses or ranges share an address. What cannot be read
// shares none.
func Overlaps(a, b string) bool {
	first, last, ok := AddressRange(a)
	lo, hi, ok2 := AddressRange(b)
	return ok && ok2 && first.BitLen() == lo.BitLen() && first.Compare(hi) <= 0 && lo.Compare(last) <= 0
}
