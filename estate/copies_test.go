package estate

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestOtherPorts(t *testing.T) {
	for _, tt := range []struct{ ports, want []string }{
		{[]string{"80", "443", "4726", "50120-50124"}, []string{"1-79", "81-442", "444-4725", "4727-50119", "50125-65535"}},
		{[]string{"443", "80"}, []string{"1-79", "81-442", "444-65535"}},
		{[]string{"1", "3", "65535"}, []string{"2", "4-65534"}},
		{[]string{"2", "65534-65535"}, []string{"1", "3-65533"}},
		{[]string{"100-300", "200-250", "290-310"}, []string{"1-99", "311-65535"}},
		{[]string{"1-65535"}, nil},
		{nil, []string{"1-65535"}},
		{[]string{"RPC"}, []string{"1-65535"}},
	} {
		if got := OtherPorts(tt.ports); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("all but %q are %q, want %q", tt.ports, got, tt.want)
		}
	}
}

// TestOtherPortsAreTheComplement holds for every port that it is in exactly one of
// the two lists.
func TestOtherPortsAreTheComplement(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var ports []string
		for range rapid.IntRange(0, 6).Draw(r, "ports") {
			first := rapid.IntRange(1, 65535).Draw(r, "first")
			last := rapid.IntRange(first, min(65535, first+300)).Draw(r, "last")
			ports = append(ports, fmt.Sprintf("%d-%d", first, last))
		}
		mine, other := make([]bool, 65536), make([]bool, 65536)
		for set, list := range map[*[]bool][]string{&mine: ports, &other: OtherPorts(ports)} {
			for _, p := range list {
				first, last, ok := PortRange(p)
				if !ok {
					r.Fatalf("%q is no port", p)
				}
				for i := first; i <= last; i++ {
					(*set)[i] = true
				}
			}
		}
		for i := 1; i < 65536; i++ {
			if mine[i] == other[i] {
				r.Fatalf("port %d with %q: client port %v, in the rest %v", i, ports, mine[i], other[i])
			}
		}
	})
}

// TestCopiesAreNoDoors: whatever the original is, its copies let nobody reach a
// client port, and the original does.
func TestCopiesAreNoDoors(t *testing.T) {
	host := Host{Name: "SMP1", ClientPorts: []string{"80", "443"}}
	for _, tt := range []struct {
		name     string
		protocol string
		remote   []string
		want     []string
	}{
		{"TCP", "TCP", []string{"Any"}, []string{"TCP"}},
		{"TCP by number", "6", []string{"10.0.0.0/8"}, []string{"TCP"}},
		{"any protocol", "Any", []string{"Any"}, []string{"TCP", "UDP", "ICMPv4", "ICMPv6"}},
		{"any protocol, no remote said", "Any", nil, []string{"TCP", "UDP", "ICMPv4", "ICMPv6"}},
		{"any protocol, IPv4", "Any", []string{"10.0.0.0/8", "192.168.1.1"}, []string{"TCP", "UDP", "ICMPv4"}},
		{"any protocol, IPv6", "Any", []string{"fd00::/8"}, []string{"TCP", "UDP", "ICMPv6"}},
		{"any protocol, a keyword", "Any", []string{"LocalSubnet"}, []string{"TCP", "UDP", "ICMPv4", "ICMPv6"}},
	} {
		r := Rule{Name: "any", Enabled: true, Action: "Allow", Store: "Local", Protocol: tt.protocol, Ports: []string{"Any"}, Remote: tt.remote, Program: "Any"}
		if !r.Lets(host) {
			t.Errorf("%s: the original is no door", tt.name)
		}
		var got []string
		for i, c := range CopiesOf(host, r, "itmsbot-U-1-R-1-copy-", "copy", 3) {
			got = append(got, c.Protocol)
			if want := fmt.Sprintf("itmsbot-U-1-R-1-copy-%d", i+3); c.Name != want || c.From != "any" {
				t.Errorf("%s: copy %+v, want the name %s", tt.name, c, want)
			}
			made := r
			made.Protocol, made.Ports = c.Protocol, c.Ports
			if made.Lets(host) {
				t.Errorf("%s: the copy %+v is a door", tt.name, c)
			}
		}
		if !reflect.DeepEqual(got, tt.want) || r.CoversAll() != (len(tt.want) == 1) {
			t.Errorf("%s: copies for %q, want %q; covers all %v", tt.name, got, tt.want, r.CoversAll())
		}
	}
	all := Host{ClientPorts: []string{"1-65535"}}
	if got := CopiesOf(all, Rule{Name: "any", Protocol: "TCP"}, "p", "d", 1); len(got) != 0 {
		t.Errorf("nothing is left beside the client ports, but there is %+v", got)
	}
}
