package estate

import "testing"

// TestLetsAllIsCertain: what may or may not let somebody in does not.
func TestLetsAllIsCertain(t *testing.T) {
	gateway := Host{Name: "GW1", ClientPorts: []string{"443"}, DoorPrograms: []string{`\httpd.exe`}}
	rule := func(change func(*Rule)) Rule {
		r := Rule{Enabled: true, Action: "Allow", Protocol: "TCP", Ports: []string{"443"}, Remote: []string{"10.1.2.0/24"}, Program: "Any"}
		if change != nil {
			change(&r)
		}
		return r
	}
	for name, tt := range map[string]struct {
		rule       Rule
		from, port string
		want       bool
	}{
		"inside":                      {rule(nil), "10.1.2.3", "443", true},
		"the range itself":            {rule(nil), "10.1.2.0/24", "443", true},
		"more than the range":         {rule(nil), "10.1.2.0/23", "443", false},
		"somebody else":               {rule(nil), "10.1.3.3", "443", false},
		"another family":              {rule(func(r *Rule) { r.Remote = []string{"::/0"} }), "10.1.2.3", "443", false},
		"anybody":                     {rule(func(r *Rule) { r.Remote = []string{"Any"} }), "203.0.113.7", "443", true},
		"nobody":                      {rule(func(r *Rule) { r.Remote = nil }), "10.1.2.3", "443", false},
		"a keyword is not certain":    {rule(func(r *Rule) { r.Remote = []string{"LocalSubnet"} }), "10.1.2.3", "443", false},
		"another port":                {rule(nil), "10.1.2.3", "80", false},
		"a part of the ports":         {rule(func(r *Rule) { r.Ports = []string{"50120-50122"} }), "10.1.2.3", "50120-50124", false},
		"more than the ports":         {rule(func(r *Rule) { r.Ports = []string{"50000-60000"} }), "10.1.2.3", "50120-50124", true},
		"any port":                    {rule(func(r *Rule) { r.Ports = []string{"Any"} }), "10.1.2.3", "443", true},
		"off":                         {rule(func(r *Rule) { r.Enabled = false }), "10.1.2.3", "443", false},
		"block":                       {rule(func(r *Rule) { r.Action = "Block" }), "10.1.2.3", "443", false},
		"UDP":                         {rule(func(r *Rule) { r.Protocol = "UDP" }), "10.1.2.3", "443", false},
		"a program that has no doors": {rule(func(r *Rule) { r.Program = `C:\agent.exe` }), "10.1.2.3", "443", false},
		"the program with the doors":  {rule(func(r *Rule) { r.Program = `C:\Apache\bin\httpd.exe` }), "10.1.2.3", "443", true},
	} {
		if got := tt.rule.LetsAll(gateway, tt.from, tt.port); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestOverlaps(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"10.1.2.0/24", "10.1.2.7", true},
		{"10.1.2.7", "10.1.2.0/24", true},
		{"10.1.2.0/25", "10.1.2.128/25", false},
		{"10.1.2.0-10.1.2.9", "10.1.2.9-10.1.2.20", true},
		{"10.1.2.0/255.255.255.0", "10.1.2.255", true},
		{"2001:db8::/64", "2001:db8::1", true},
		{"2001:db8::/64", "10.1.2.3", false},
		{"Any", "10.1.2.3", false},
	} {
		if got := Overlaps(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
