package world

import (
	"net/netip"
	"strings"
	"testing"
)

// TestAdmits holds the semantics of the Windows firewall (reference/itms.md section
// 12), one rule set per line.
func TestAdmits(t *testing.T) {
	allow := func(change func(*Rule)) Rule {
		r := inbound("allow", "", "", "TCP", "443", "Any")
		if change != nil {
			change(&r)
		}
		return r
	}
	block := func(change func(*Rule)) Rule {
		r := allow(change)
		r.Name, r.Action = "block", "Block"
		return r
	}
	remote := func(list ...string) func(*Rule) { return func(r *Rule) { r.Remote = list } }
	ports := func(list ...string) func(*Rule) { return func(r *Rule) { r.Ports = list } }
	for name, c := range map[string]struct {
		rules   []Rule
		profile func(*Profile)
		from    string // 10.21.3.20 where empty
		want    bool
	}{
		"no rule":                   {want: false},
		"allow":                     {rules: []Rule{allow(nil)}, want: true},
		"switched off":              {rules: []Rule{allow(func(r *Rule) { r.Enabled = false })}},
		"block beats allow":         {rules: []Rule{allow(nil), block(nil)}},
		"block of another address":  {rules: []Rule{allow(nil), block(remote("10.21.3.21"))}, want: true},
		"other port":                {rules: []Rule{allow(ports("80"))}},
		"range of ports":            {rules: []Rule{allow(ports("80", "440-450"))}, want: true},
		"any port":                  {rules: []Rule{allow(ports("Any"))}, want: true},
		"keyword for ports":         {rules: []Rule{allow(ports("RPC"))}},
		"one address":               {rules: []Rule{allow(remote("10.21.3.20"))}, want: true},
		"other address":             {rules: []Rule{allow(remote("10.21.3.21"))}},
		"network":                   {rules: []Rule{allow(remote("10.21.3.16/28"))}, want: true},
		"network next to it":        {rules: []Rule{allow(remote("10.21.3.32/28"))}},
		"range of addresses":        {rules: []Rule{allow(remote("10.21.3.1-10.21.3.20"))}, want: true},
		"range below it":            {rules: []Rule{allow(remote("10.21.3.1-10.21.3.19"))}},
		"local subnet":              {rules: []Rule{allow(remote("LocalSubnet"))}},
		"from the local subnet":     {rules: []Rule{allow(remote("LocalSubnet"))}, from: "10.20.0.77", want: true},
		"keyword for addresses":     {rules: []Rule{allow(remote("DNS"))}},
		"udp":                       {rules: []Rule{allow(func(r *Rule) { r.Protocol = "UDP" })}},
		"any protocol":              {rules: []Rule{allow(func(r *Rule) { r.Protocol = "Any" })}, want: true},
		"its program":               {rules: []Rule{allow(func(r *Rule) { r.Program = "SYSTEM" })}, want: true},
		"another program":           {rules: []Rule{allow(func(r *Rule) { r.Program, r.Ports = svchost, []string{"Any"} })}},
		"profile in a list":         {rules: []Rule{allow(func(r *Rule) { r.Profile = "Domain, Private" })}, want: true},
		"another profile":           {rules: []Rule{allow(func(r *Rule) { r.Profile = "Public" })}},
		"profile off":               {profile: func(p *Profile) { p.Enabled = false }, want: true},
		"profile off beats block":   {rules: []Rule{block(nil)}, profile: func(p *Profile) { p.Enabled = false }, want: true},
		"default allow":             {profile: func(p *Profile) { p.Inbound = "Allow" }, want: true},
		"block beats default allow": {rules: []Rule{block(nil)}, profile: func(p *Profile) { p.Inbound = "Allow" }},
		"local rules ignored":       {rules: []Rule{allow(nil)}, profile: func(p *Profile) { p.LocalRules = false }},
		"policy counts all the same": {
			rules:   []Rule{allow(func(r *Rule) { r.Store = storeGPO })},
			profile: func(p *Profile) { p.LocalRules = false }, want: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := smpHost()
			h.subnet = netip.MustParsePrefix("10.20.0.0/24")
			h.rules = c.rules
			if c.profile != nil {
				c.profile(&h.profiles[0])
			}
			from := c.from
			if from == "" {
				from = "10.21.3.20"
			}
			if got := h.compiled().admits(netip.MustParseAddr(from), 443, strings.ToLower(kernel)); got != c.want {
				t.Errorf("admits = %t, want %t", got, c.want)
			}
		})
	}
}

func TestParsePorts(t *testing.T) {
	for _, text := range []string{"", "x", "80-", "-80", "90-80", "65536", "1-2-3", " 80"} {
		if p, err := parsePorts(text); err == nil {
			t.Errorf("%q = %v, want refused", text, p)
		}
	}
}

func FuzzParseRemote(f *testing.F) {
	for _, text := range []string{"10.0.0.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "fe80::/64", "LocalSubnet", "10.0.0.9-10.0.0.1", "1-::1", ""} {
		f.Add(text)
	}
	subnet := netip.MustParsePrefix("10.20.0.0/24")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := parseRemote(text, subnet); err == nil && a.last.Less(a.first) {
			t.Errorf("%q = %v, which ends before it begins", text, a)
		}
	})
}

// TestAnswersGoesByPortAndPower holds what the remote management server asks.
func TestAnswersGoesByPortAndPower(t *testing.T) {
	l := newLab(t)
	if !l.Answers("smp1", bot(), 5985) || !l.Answers("GW1", bot(), 5985) {
		t.Error("a host that is up does not answer the bot")
	}
	if l.Answers("SMP1", bot(), 5987) {
		t.Error("a port answers on which nobody listens")
	}
	for _, host := range []string{"SMP1", "GW1", "WS-0412"} {
		if !l.Answers(host, bot(), 5986) {
			t.Errorf("%s does not answer the bot over TLS", host)
		}
	}
	l.set(Condition{Field: "rule", Host: "SMP1", Name: "WINRM-HTTPS-In-TCP", On: on(false)})
	if l.Answers("SMP1", bot(), 5986) || !l.Answers("SMP1", bot(), 5985) {
		t.Error("a rule for one of the two ports decides about the other")
	}
	if l.Answers("GW1", netip.MustParseAddr("10.21.3.20"), 5985) {
		t.Error("a public network lets a stranger in to remote management")
	}
	l.set(Condition{Field: "service", Host: "SMP1", Name: "WinRM", Word: "Stopped"})
	if l.Answers("SMP1", bot(), 5985) {
		t.Error("a stopped service answers")
	}
	l.set(Condition{Field: "power", Host: "GW1", On: on(false)})
	if l.Answers("GW1", bot(), 5985) {
		t.Error("a host without power answers")
	}
}
