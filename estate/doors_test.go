package estate

import (
	"reflect"
	"testing"
)

func TestDoorsOf(t *testing.T) {
	host := Host{Name: "GW1", ClientPorts: []string{"80", "443", "50120-50124"}, DoorPrograms: []string{`\httpd.exe`}}
	keep := []string{"10.20.0.5", "10.20.1.0/28"}
	rule := func(change func(*Rule)) Rule {
		r := Rule{Name: "r", Enabled: true, Action: "Allow", Store: "Local", Profile: "Any", Protocol: "TCP",
			Ports: []string{"443"}, Remote: []string{"Any"}, Program: "System"}
		change(&r)
		return r
	}
	tests := []struct {
		name string
		rule Rule
		want string // wide, policy, any port, or nothing
	}{
		{"any remote", rule(func(*Rule) {}), "wide"},
		{"off", rule(func(r *Rule) { r.Enabled = false }), ""},
		{"a block rule", rule(func(r *Rule) { r.Action = "Block" }), ""},
		{"another port", rule(func(r *Rule) { r.Ports = []string{"3389"} }), ""},
		{"a range that covers", rule(func(r *Rule) { r.Ports = []string{"400-500"} }), "wide"},
		{"part of a range", rule(func(r *Rule) { r.Ports = []string{"50124"} }), "wide"},
		{"one of several ports", rule(func(r *Rule) { r.Ports = []string{"8080", "80"} }), "wide"},
		{"a port keyword", rule(func(r *Rule) { r.Ports = []string{"RPC"} }), ""},
		{"UDP", rule(func(r *Rule) { r.Protocol = "UDP" }), ""},
		{"protocol by number", rule(func(r *Rule) { r.Protocol = "6" }), "wide"},
		{"any protocol, any port", rule(func(r *Rule) { r.Protocol, r.Ports = "Any", []string{"Any"} }), "any port"},
		{"any port of another program", rule(func(r *Rule) { r.Ports, r.Program = []string{"Any"}, `C:\x\agent.exe` }), ""},
		{"any port of the gateway", rule(func(r *Rule) { r.Ports, r.Program = []string{"Any"}, `C:\gw\HTTPD.EXE` }), "any port"},
		{"no port said", rule(func(r *Rule) { r.Ports = nil }), "any port"},
		{"a kept address", rule(func(r *Rule) { r.Remote = []string{"10.20.0.5"} }), ""},
		{"inside a kept range", rule(func(r *Rule) { r.Remote = []string{"10.20.1.2-10.20.1.9", "10.20.0.5/32"} }), ""},
		{"wider than the kept range", rule(func(r *Rule) { r.Remote = []string{"10.20.1.0/24"} }), "wide"},
		{"one address too many", rule(func(r *Rule) { r.Remote = []string{"10.20.0.5", "10.9.9.9"} }), "wide"},
		{"a subnet mask", rule(func(r *Rule) { r.Remote = []string{"10.20.1.0/255.255.255.240"} }), ""},
		{"a mask with holes", rule(func(r *Rule) { r.Remote = []string{"10.20.1.0/255.0.255.0"} }), "wide"},
		{"a keyword is somebody", rule(func(r *Rule) { r.Remote = []string{"LocalSubnet"} }), "wide"},
		{"no remote said", rule(func(r *Rule) { r.Remote = nil }), "wide"},
		{"IPv6", rule(func(r *Rule) { r.Remote = []string{"::/0"} }), "wide"},
		{"group policy", rule(func(r *Rule) { r.Store = "GroupPolicy" }), "policy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fw := Firewall{Profiles: []Profile{{Name: "Domain", Active: true, Enabled: true, Inbound: "Block", LocalRules: true}}, Active: []Rule{tt.rule}}
			d := DoorsOf(host, fw, keep)
			got := ""
			switch {
			case len(d.Wide) > 0:
				got = "wide"
			case len(d.Policy) > 0:
				got = "policy"
			case len(d.AnyPort) > 0:
				got = "any port"
			}
			if got != tt.want || d.Closed() != (tt.want == "") {
				t.Errorf("rule %+v is %q, want %q; closed %v", tt.rule, got, tt.want, d.Closed())
			}
		})
	}
}

func TestProfilesThatCloseNothing(t *testing.T) {
	good := Profile{Name: "Domain", Active: true, Enabled: true, Inbound: "Block", LocalRules: true}
	tests := []struct {
		name   string
		change func(*Profile)
		want   []string
	}{
		{"as it should be", func(*Profile) {}, nil},
		{"off", func(p *Profile) { p.Enabled = false }, []string{"the firewall is off in the active profile Domain"}},
		{"lets all in", func(p *Profile) { p.Inbound = "Allow" }, []string{"the active profile Domain lets in what no rule names"}},
		{"value unknown", func(p *Profile) { p.Inbound = "" }, []string{"the active profile Domain lets in what no rule names"}},
		{"ignores local rules", func(p *Profile) { p.LocalRules = false }, []string{"group policy makes the active profile Domain ignore local rules"}},
		{"not active", func(p *Profile) { p.Active = false }, []string{"no firewall profile is active"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := good
			tt.change(&p)
			d := DoorsOf(Host{ClientPorts: []string{"443"}}, Firewall{Profiles: []Profile{p}}, nil)
			if !reflect.DeepEqual(d.Faults, tt.want) || d.Closed() != (tt.want == nil) {
				t.Errorf("faults %q, want %q; closed %v", d.Faults, tt.want, d.Closed())
			}
		})
	}
}

func FuzzAddressRange(f *testing.F) {
	for _, s := range []string{"10.0.0.1", "10.0.0.0/24", "10.0.0.0/255.255.0.0", "10.0.0.1-10.0.0.9", "::1/64", "Any", "1.2.3.4/", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, ok := AddressRange(s)
		if ok && (first.BitLen() != last.BitLen() || first.Compare(last) > 0) {
			t.Errorf("AddressRange(%q) = %v to %v", s, first, last)
		}
	})
}

func TestAdmits(t *testing.T) {
	for _, tt := range []struct {
		name          string
		ports, remote []string
		want          bool
	}{
		{"anybody, anywhere", []string{"Any"}, []string{"Any"}, true},
		{"nothing said", nil, nil, true},
		{"its port", []string{"80", "443"}, []string{"Any"}, true},
		{"its range", []string{"400-500"}, []string{"Any"}, true},
		{"another port", []string{"80"}, []string{"Any"}, false},
		{"its address", []string{"443"}, []string{"10.1.2.3"}, true},
		{"its network", []string{"443"}, []string{"10.9.0.0/16", "10.1.0.0/16"}, true},
		{"another network", []string{"443"}, []string{"10.9.0.0/16"}, false},
		{"a keyword may be anybody", []string{"443"}, []string{"LocalSubnet"}, true},
	} {
		if got := (Rule{Ports: tt.ports, Remote: tt.remote}).Admits("10.1.2.3", 443); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
