package actions

import (
	"net/netip"
	"strings"
	"testing"

	"itmsbot/estate"
)

// TestReadAddress: what is let in is numbers, and what nobody comes from is refused in
// words that say what to write.
func TestReadAddress(t *testing.T) {
	for _, tt := range []struct{ word, want, says string }{
		{"10.1.2.3", "10.1.2.3", ""},
		{"10.1.2.3/32", "10.1.2.3", ""},
		{"10.1.2.0/24", "10.1.2.0/24", ""},
		{"203.0.113.7", "203.0.113.7", ""},
		{"2001:DB8::7", "2001:db8::7", ""},
		{"2001:db8:0:0::/64", "2001:db8::/64", ""},
		{"fd00::1", "fd00::1", ""},
		{"10.1.2.300", "", "`10.1.2.300` is not an address."},
		{"10.1.2", "", "`10.1.2` is not an address."},
		{"010.1.2.3", "", "is not an address"},
		{"10.1.2.3-10.1.2.9", "", "is not an address"},
		{"10.1.2.0/255.255.255.0", "", "is not a range of addresses"},
		{"10.1.2.0/33", "", "is not a range of addresses"},
		{"10.1.2.0/024", "", "is not a range of addresses"},
		{"10.1.2.3/24", "", "Write `10.1.2.0/24` for the range, or `10.1.2.3` for the one computer."},
		{"2001:db8::7/64", "", "Write `2001:db8::/64` for the range"},
		{"fe80::1%eth0", "", "has a zone"},
		{"10.1.2.0%1/24", "", "has a zone"},
		{"0.0.0.0", "", "nobody's address"},
		{"0.0.0.0/0", "", "is everybody"},
		{"::/0", "", "is everybody"},
		{"::", "", "nobody's address"},
		{"127.0.0.1", "", "loopback"},
		{"::1", "", "loopback"},
		{"126.0.0.0/7", "", "loopback"},
		{"169.254.9.9", "", "link-local"},
		{"fe80::1", "", "link-local"},
		{"224.0.0.1", "", "multicast"},
		{"ff02::1", "", "multicast"},
		{"255.255.255.255", "", "is reserved"},
		{"::ffff:10.1.2.3", "", "Write `10.1.2.3`."},
		{"::ffff:10.1.2.0/120", "", "in the clothes of IPv6"},
		{"`rm`;--", "", "`'rm';--` is not an address."},
		{strings.Repeat("9", 400), "", "9…` is not an address."},
	} {
		p, no := readAddress(tt.word)
		switch {
		case tt.says == "" && no != nil:
			t.Errorf("%s: refused: %s", tt.word, no)
		case tt.says != "" && (no == nil || !strings.Contains(no.Error(), tt.says)):
			t.Errorf("%s: %s %v, want a refusal that says %q", tt.word, p, no, tt.says)
		case tt.says == "" && sayPrefix(p) != tt.want:
			t.Errorf("%s: %s, want %s", tt.word, sayPrefix(p), tt.want)
		}
	}
}

func TestTooWide(t *testing.T) {
	limits := DefaultLimits()
	for word, says := range map[string]string{
		"10.1.2.0/24": "", "10.1.2.0/25": "", "10.1.2.3/32": "", "2001:db8::/64": "", "2001:db8::/65": "",
		"10.0.0.0/8":    "`10.0.0.0/8` is wider than the /24 this bot may open. Give a smaller range.",
		"10.1.2.0/23":   "wider than the /24",
		"2001:db8::/63": "wider than the /64",
	} {
		no := tooWide(netip.MustParsePrefix(word), limits)
		if (no == nil) != (says == "") || no != nil && !strings.Contains(no.Error(), says) {
			t.Errorf("%s: %v, want %q", word, no, says)
		}
	}
}

func TestOverlappingRanges(t *testing.T) {
	for _, tt := range []struct{ words, want, says string }{
		{"10.1.3.0/24 10.1.2.0/24", "10.1.2.0/24 10.1.3.0/24", ""},
		{"10.1.2.0/25 10.1.2.128/25", "10.1.2.0/25 10.1.2.128/25", ""},
		{"10.1.2.0/24 2001:db8::/64", "10.1.2.0/24 2001:db8::/64", ""},
		{"10.1.2.0/24 10.1.2.0/24", "", "is there twice"},
		{"10.1.2.128/25 10.1.3.0/24 10.1.2.0/24", "", "`10.1.2.128/25` lies inside `10.1.2.0/24`"},
		{"10.1.2.0/23 10.1.2.0/25 10.1.3.128/25", "", "lies inside `10.1.2.0/23`"},
	} {
		var list []netip.Prefix
		for w := range strings.FieldsSeq(tt.words) {
			list = append(list, netip.MustParsePrefix(w))
		}
		got, no := overlapping(list)
		if tt.says != "" {
			if no == nil || !strings.Contains(no.Error(), tt.says) {
				t.Errorf("%s: %v, want %q", tt.words, no, tt.says)
			}
			continue
		}
		if no != nil || strings.Join(sayPrefixes(got), " ") != tt.want {
			t.Errorf("%s: %v %v, want %s", tt.words, got, no, tt.want)
		}
	}
}

func TestInHouse(t *testing.T) {
	for word, want := range map[string]bool{
		"10.1.2.3": true, "172.31.0.1": true, "192.168.1.0/24": true, "fd12::/64": true, "100.64.3.4": true,
		"172.32.0.1": false, "203.0.113.7": false, "8.8.8.0/24": false, "2001:db8::1": false, "100.128.0.1": false,
	} {
		p, no := readAddress(word)
		if no != nil || inHouse(p) != want {
			t.Errorf("%s: %v %v, want %v", word, inHouse(p), no, want)
		}
	}
}

// FuzzReadAddress: whatever is typed, what comes through is one spelling of addresses
// that the firewall's own reading agrees with, and none of those that are refused.
func FuzzReadAddress(f *testing.F) {
	for _, seed := range []string{"10.1.2.3", "10.1.2.0/24", "::ffff:1.2.3.4", "fe80::1%1", "2001:db8::/64", "0/0", "1.2.3.4/-1", "10.1.2.3/032", "٣.1.2.3", "-", "/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		p, no := readAddress(word)
		if no != nil {
			if no.Hint == "" || strings.Count(no.Reason, "`")%2 != 0 {
				t.Errorf("%q is refused in words that do not help: %v", word, no)
			}
			return
		}
		if !p.IsValid() || p != p.Masked() || p.Addr().Zone() != "" || p.Addr().Is4In6() || p.Bits() == 0 {
			t.Errorf("%q came through as %s", word, p)
		}
		for _, n := range noClients {
			if p.Overlaps(n.prefix) {
				t.Errorf("%q came through as %s, which holds addresses of %s", word, p, n.prefix)
			}
		}
		again, no := readAddress(sayPrefix(p))
		if no != nil || again != p {
			t.Errorf("%q is %s, which reads as %s %v", word, sayPrefix(p), again, no)
		}
		if first, _, ok := estate.AddressRange(sayPrefix(p)); !ok || first != p.Addr() {
			t.Errorf("%s reads as %s for the firewall", p, first)
		}
	})
}
