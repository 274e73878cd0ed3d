package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// checkPorts: ports exist, ranges ascend, none is there twice, and none is the
// bot's own way in (0 is none).
func (d *decoder) checkPorts(ports []string, winrm int, path string) {
	type span struct{ first, last int }
	var seen []span
	for i, p := range ports {
		at := fmt.Sprintf("%s[%d]", path, i)
		first, last, ok := portRange(p)
		switch {
		case !ok:
			d.on(at, "there is no such port or range; ports are 1 to 65535, a range ascends")
			continue
		case first <= winrm && winrm <= last:
			d.on(at, "%s holds %d, by which the bot itself comes in; closing it would lock the bot out", p, winrm)
		case slices.ContainsFunc(seen, func(s span) bool { return first <= s.last && s.first <= last }):
			d.on(at, "%s is there already", p)
		}
		seen = append(seen, span{first, last})
	}
}

// portRange reads "443" or "50120-50124".
func portRange(text string) (first, last int, ok bool) {
	a, b, two := strings.Cut(text, "-")
	first, err := strconv.Atoi(a)
	last = first
	if err == nil && two {
		last, err = strconv.Atoi(b)
	}
	return first, last, err == nil && 1 <= first && first <= last && last <= 65535 && (!two || first < last)
}

func (d *decoder) checkKeepers(c *Config) {
	seen := map[string]bool{}
	for i, k := range c.Estate.Keep {
		path := fmt.Sprintf("estate.keep[%d]", i)
		if seen[strings.ToLower(k.Name)] {
			d.on(path+".name", "there are two entries %s", k.Name)
		}
		seen[strings.ToLower(k.Name)] = true
		d.checkPorts(k.Ports, 0, path+".ports")
		for j, from := range k.From {
			text, says := remote(from)
			if says != "" {
				d.on(fmt.Sprintf("%s.from[%d]", path, j), "%s", says)
				continue
			}
			c.Estate.Keep[i].From[j] = text
		}
		for j, name := range k.Hosts {
			at := fmt.Sprintf("%s.hosts[%d]", path, j)
			h := slices.IndexFunc(c.Estate.Hosts, func(h Host) bool { return strings.EqualFold(h.Name, name) })
			switch {
			case h < 0:
				d.on(at, "there is no host %s", name)
			case len(c.Estate.Hosts[h].ClientPorts) == 0:
				d.on(at, "%s has no client doors, so nobody has to be let in beside them", name)
			}
		}
	}
}

// keyword reports whether text is a word that Windows takes in place of
// addresses. Each may stand for anybody, or changes with the network.
func keyword(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "any", "*", "localsubnet", "localsubnet4", "localsubnet6", "dns", "dhcp", "wins", "defaultgateway",
		"internet", "intranet", "intranetremoteaccess", "playtodevice":
		return true
	}
	return false
}

// widest is how much one entry may let in: 16 million addresses are a company,
// not a jump host.
const widest, widest6 = 8, 32

// remote brings an entry of the keep list into the spelling in which Windows
// reports it, or says why it is refused.
func remote(text string) (spelled, refusal string) {
	if keyword(text) {
		return "", text + " lets in whoever the word means on the day; write addresses"
	}
	if a, b, two := strings.Cut(text, "-"); two {
		return remoteRange(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	if strings.Contains(text, "/") {
		return remoteNetwork(text)
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return "", "this is no address, network or range; write 10.20.0.5, 10.20.1.0/28 or 10.20.1.4-10.20.1.9"
	}
	if says := pointless(ip); says != "" {
		return "", says
	}
	return ip.String(), ""
}

func remoteNetwork(text string) (spelled, refusal string) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return "", "this is no network; write 10.20.1.0/28"
	case p.Bits() == 0:
		return "", text + " is everybody, so the doors would not be closed"
	case p.Addr().Is4() && p.Bits() < widest, p.Addr().Is6() && p.Bits() < widest6:
		return "", text + " is too wide for a keep list; name the networks that are needed"
	case p != p.Masked():
		return "", fmt.Sprintf("%s has host bits set; is %s meant, or %s?", text, p.Masked(), p.Addr())
	case p.IsSingleIP():
		return p.Addr().String(), pointless(p.Addr())
	}
	return p.String(), pointless(p.Addr())
}

func remoteRange(a, b string) (spelled, refusal string) {
	first, err := netip.ParseAddr(a)
	last, err2 := netip.ParseAddr(b)
	switch {
	case err != nil || err2 != nil:
		return "", "this is no range of addresses; write 10.20.1.4-10.20.1.9"
	case first.BitLen() != last.BitLen() || !first.Less(last):
		return "", "a range goes from a lower to a higher address of the same family"
	case commonBits(first, last) < widest || first.Is6() && commonBits(first, last) < widest6:
		return "", a + "-" + b + " is too wide for a keep list; name the networks that are needed"
	}
	return first.String() + "-" + last.String(), pointless(first)
}

// commonBits is the length of the smallest network that holds both.
func commonBits(a, b netip.Addr) int {
	for n := a.BitLen(); n > 0; n-- {
		if p, err := a.Prefix(n); err == nil && p.Contains(b) {
			return n
		}
	}
	return 0
}

// pointless says why nobody comes from an address.
func pointless(ip netip.Addr) string {
	switch {
	case ip.Zone() != "":
		return "an address of a keep list has no zone"
	case ip.Is4In6():
		return "write the IPv4 address itself: " + ip.Unmap().String()
	case ip.IsUnspecified(), ip.IsMulticast(), ip.IsLoopback():
		return "nobody comes in from " + ip.String()
	}
	return ""
}
