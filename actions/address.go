package actions

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"itmsbot/runbook"
)

// Addresses are read once, into numbers; what people typed goes no further. A range is
// a prefix, a single address a prefix of its whole length.

// noClients are the addresses from which no client of an estate comes, each with the
// reason that a refusal gives.
var noClients = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "is nobody's address"},
	{netip.MustParsePrefix("127.0.0.0/8"), "is a computer's own address for itself (loopback)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "is an address that a computer gives itself when it gets none (link-local)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "is for many receivers at once (multicast)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "is reserved"},
	{netip.MustParsePrefix("::1/128"), "is a computer's own address for itself (loopback)"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "is an IPv4 address in the clothes of IPv6"},
	{netip.MustParsePrefix("::/96"), "is nobody's address"},
	{netip.MustParsePrefix("fe80::/10"), "is an address that a computer gives itself (link-local)"},
	{netip.MustParsePrefix("ff00::/8"), "is for many receivers at once (multicast)"},
}

// carriers are the addresses between a carrier and its customers. The internet never
// sees them, so that an estate that does has them inside (RFC 6598).
var carriers = netip.MustParsePrefix("100.64.0.0/10")

// looksLikeAddress tells what is meant as an address from the name of a computer.
func looksLikeAddress(word string) bool {
	return strings.ContainsAny(word, ":/%") || word != "" && strings.Trim(word, "0123456789.-") == ""
}

// readAddress reads an address or a range in CIDR notation. How wide a range may be is
// for tooWide to say.
func readAddress(word string) (netip.Prefix, *runbook.Refusal) {
	p, no := readPrefix(word)
	if no != nil {
		return p, no
	}
	if p.Bits() == 0 {
		return p, runbook.Refuse("`/itms allow all` opens the doors to all.", "`%s` is everybody.", p)
	}
	for _, n := range noClients {
		if !p.Overlaps(n.prefix) {
			continue
		}
		hint := "Give the address by which the computer reaches the server."
		if mapped := p.Addr().Unmap(); p.IsSingleIP() && mapped.Is4() && p.Addr().Is6() {
			hint = fmt.Sprintf("Write `%s`.", mapped)
		}
		return p, runbook.Refuse(hint, "`%s` %s, so no client comes from there.", sayPrefix(p), n.why)
	}
	return p, nil
}

// readPrefix reads the spelling alone.
func readPrefix(word string) (netip.Prefix, *runbook.Refusal) {
	shown := quotable(word)
	const hint = "Write an address such as `10.1.2.3` or `2001:db8::7`, or a range such as `10.1.2.0/24`."
	if strings.Contains(word, "%") {
		return netip.Prefix{}, runbook.Refuse("Leave out what follows the `%`.", "`%s` has a zone, which means something on one computer alone.", shown)
	}
	if !strings.Contains(word, "/") {
		a, err := netip.ParseAddr(word)
		if err != nil {
			return netip.Prefix{}, runbook.Refuse(hint, "`%s` is not an address.", shown)
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(word)
	switch {
	case err != nil:
		return p, runbook.Refuse(hint, "`%s` is not a range of addresses.", shown)
	case p != p.Masked():
		return p, runbook.Refuse(fmt.Sprintf("Write `%s` for the range, or `%s` for the one computer.", p.Masked(), p.Addr()),
			"`%s` names a computer and a range at once.", shown)
	}
	return p, nil
}

// tooWide refuses a range that is wider than the bot may open by name.
func tooWide(p netip.Prefix, limits Limits) *runbook.Refusal {
	widest := limits.Widest4
	if p.Addr().Is6() {
		widest = limits.Widest6
	}
	if p.Bits() >= widest {
		return nil
	}
	return runbook.Refuse("Give a smaller range.", "`%s` is wider than the /%d this bot may open.", p, widest)
}

// overlapping refuses ranges of which one lies inside another, and gives the others in
// their order.
func overlapping(ranges []netip.Prefix) ([]netip.Prefix, *runbook.Refusal) {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, netip.Prefix.Compare)
	for i := 1; i < len(sorted); i++ {
		// What lies inside another comes right after it, or after what lies
		// inside it too.
		if wide, narrow := sorted[i-1], sorted[i]; wide == narrow {
			return nil, runbook.Refuse("Name it once.", "`%s` is there twice.", sayPrefix(narrow))
		} else if wide.Overlaps(narrow) {
			return nil, runbook.Refuse("Name the wider one alone.", "`%s` lies inside `%s`.", sayPrefix(narrow), sayPrefix(wide))
		}
	}
	return sorted, nil
}

// inHouse reports whether an address is one that only the estate's own networks see. What
// it is not comes in over the internet gateway.
func inHouse(p netip.Prefix) bool { return p.Addr().IsPrivate() || carriers.Contains(p.Addr()) }

// sayPrefix writes an address without a length, and a range with one.
func sayPrefix(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

func sayPrefixes(list []netip.Prefix) []string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = sayPrefix(p)
	}
	return words
}

// quotable lets what somebody typed stand between backquotes.
func quotable(word string) string {
	const most = 60
	if r := []rune(word); len(r) > most {
		word = string(r[:most]) + "…"
	}
	return strings.ReplaceAll(word, "`", "'")
}
