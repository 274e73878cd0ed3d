package actions

import (
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// threeServers is the method's estate without its SQL Server, as openings see it.
func threeServers() estate.Estate {
	return estate.Estate{Name: "Practice", Hosts: []estate.Host{
		{Name: "SMP1", Role: estate.SMP, WinRMPort: 5985, ClientPorts: []string{"443", "4726"}},
		{Name: "SITE1", Role: estate.Site, WinRMPort: 5985, ClientPorts: []string{"443"}},
		{Name: "GW1", Role: estate.Gateway, WinRMPort: 5985, ClientPorts: []string{"443"}},
	}}
}

var practiceRoll = roll{computers: []estate.Computer{
	{GUID: "guid-gw", Name: "GW1", Addresses: []string{"10.20.0.13"}, Managed: true},
	{GUID: "guid-site", Name: "SITE1", Addresses: []string{"10.20.0.12", "169.254.3.4"}, Managed: true},
	{GUID: "guid-a", Name: "WS-1", Addresses: []string{"10.21.0.1", "203.0.113.1"}, Managed: true, Asked: true, Age: time.Hour},
	{GUID: "guid-b", Name: "WS-2", Addresses: []string{"10.21.0.2"}, Managed: true},
	{GUID: "guid-c", Name: "WS-2", Addresses: []string{"10.21.0.3"}},
	{GUID: "guid-d", Name: "WS-3", Addresses: []string{"127.0.0.1", "fe80::1%3"}, Managed: true},
	{GUID: "guid-e", Name: "WS-4", Addresses: []string{"10.21.0.4"}},
}}

// wide is a rule of Windows by which everybody comes in.
func wide(ports ...string) estate.Rule {
	return estate.Rule{Name: "IIS", Display: "World Wide Web", Group: "IIS", Enabled: true, Action: "Allow", Store: "Local", Profile: "Any", Protocol: "TCP",
		Ports: ports, Remote: []string{"Any"}, Program: "System"}
}

// TestOpeningsPlanned: who is let in where, what is said, and what is refused, for every
// way in which the firewalls, the trail and the CMDB may stand.
func TestOpeningsPlanned(t *testing.T) {
	byRange := estate.NewRule{Name: "itmsbot-U-1-R-7-open-1", Display: "itmsbot U-1 R-7: subnet 10.21.0.0/25", Ports: []string{"443"}, Remote: []string{"10.21.0.0/25"}}
	for name, tt := range map[string]struct {
		line   string
		world  func(*gatehouse, *Env, *Ledger)
		want   string // host: effect; …
		warned string
		says   string // the refusal
	}{
		"private: SMP and site servers": {line: "allow client 10.21.0.9",
			want: "SMP1: Not let in → 10.21.0.9 on 443, 4726; SITE1: Not let in → 10.21.0.9 on 443"},
		"public: the gateway, and the gateway itself at the SMP": {line: "allow client 203.0.113.9",
			want: "SMP1: Not let in → 10.20.0.13 on 4726; GW1: Not let in → 203.0.113.9 on 443", warned: "GW1 needs SMP1 on 4726 as well"},
		"a name with an address of each": {line: "allow client ws-1 for 2h",
			want:   "SMP1: Not let in → 10.21.0.1 on 443, 4726 and 10.20.0.13 on 4726, until 2 h after it is open; SITE1: Not let in → 10.21.0.1 on 443, until 2 h after it is open; GW1: Not let in → 203.0.113.1 on 443, until 2 h after it is open",
			warned: "that of its last inventory (last heard of 60 min ago)"},
		"where it is said": {line: "allow client 10.21.0.9 on site", want: "SITE1: Not let in → 10.21.0.9 on 443"},
		"subnets": {line: "allow subnet 10.21.1.0/24 10.21.0.0/24 on smp",
			want: "SMP1: Not let in → 10.21.0.0/24 on 443, 4726 and 10.21.1.0/24 on 443, 4726"},
		"site servers, by their usable address": {line: "allow site-servers", want: "SMP1: Not let in → 10.20.0.12 on 443, 4726"},
		"public on the SMP is said":             {line: "allow client 203.0.113.9 on smp", want: "SMP1: Not let in → 203.0.113.9 on 443, 4726", warned: "without the internet gateway"},
		"private on the gateway is said": {line: "allow client 10.21.0.9 on gateway",
			want: "SMP1: Not let in → 10.20.0.13 on 4726; GW1: Not let in → 10.21.0.9 on 443", warned: "never come to the gateway"},
		"not managed is said": {line: "allow client WS-4 on site", want: "SITE1: Not let in → 10.21.0.4 on 443", warned: "WS-4 is not managed"},
		"open to all on one": {line: "allow client 10.21.0.9", world: func(g *gatehouse, _ *Env, _ *Ledger) { g.gates["SITE1"].rules = []estate.Rule{wide("443")} },
			want: "SMP1: Not let in → 10.21.0.9 on 443, 4726", warned: `Left as it is: SITE1 lets in 10.21.0.9 already (its doors are open to more, by rule "World Wide Web")`},
		"open to all on all": {line: "allow client 10.21.0.9 on site", world: func(g *gatehouse, _ *Env, _ *Ledger) { g.gates["SITE1"].rules = []estate.Rule{wide("443")} },
			says: "There is nothing to open: SITE1 lets in 10.21.0.9 already"},
		"open in part": {line: "allow client 10.21.0.9 on smp", world: func(g *gatehouse, _ *Env, _ *Ledger) { g.gates["SMP1"].rules = []estate.Rule{wide("443")} },
			want: "SMP1: Only 10.21.0.9 on 443 → 10.21.0.9 on 443, 4726"},
		"by group policy": {line: "allow client 10.21.0.9 on site", world: func(g *gatehouse, _ *Env, _ *Ledger) {
			r := wide("443")
			r.Store, r.Source = "GroupPolicy", "Servers"
			g.gates["SITE1"].rules = []estate.Rule{r}
		}, says: "There is nothing to open"},
		"inside an opening": {line: "allow client 10.21.0.9 on site", world: opened(byRange), says: "SITE1 lets in 10.21.0.9 already (R-7)"},
		"around an opening": {line: "allow subnet 10.21.0.0/24 on site", world: opened(byRange),
			want: "SITE1: Not let in → 10.21.0.0/24 on 443", warned: "R-7 lets in 10.21.0.0/25 on SITE1 already: closing one of the two leaves"},
		"beside an opening": {line: "allow client 10.21.0.200 on site", world: opened(byRange), want: "SITE1: Not let in → 10.21.0.200 on 443"},
		"on the keep list": {line: "allow client 10.20.1.7 on site", world: func(g *gatehouse, _ *Env, l *Ledger) {
			kept := estate.NewRule{Name: "itmsbot-U-1-R-1-keep-1", Ports: []string{"443"}, Remote: []string{"10.20.1.0/24"}}
			p, _ := runbook.Canonical(allowParams{Rules: []estate.NewRule{kept}})
			l.Hosts["SITE1"] = HostLedger{Kept: []Left{{Request: "R-1", Step: runbook.Step{Params: p}}}}
			g.gates["SITE1"].rules = []estate.Rule{asMade(kept)}
		}, says: "already (the keep list of R-1)"},
		"by a rule of the bot that nobody has": {line: "allow client 10.21.0.9 on site", world: func(g *gatehouse, _ *Env, _ *Ledger) {
			g.gates["SITE1"].rules = []estate.Rule{asMade(byRange)}
		}, says: "a rule of the bot that no request has left"},
		"a firewall that is off": {line: "allow client 10.21.0.9", world: func(g *gatehouse, _ *Env, _ *Ledger) { g.gates["SITE1"].profiles[0].Enabled = false },
			says: "On SITE1 a rule would let nobody in who is not in already: the firewall is off in the active profile Domain"},
		"local rules that do not count": {line: "allow client 10.21.0.9", world: func(g *gatehouse, _ *Env, _ *Ledger) { g.gates["SITE1"].profiles[0].LocalRules = false },
			says: "ignore local rules"},
		"a host that does not answer": {line: "allow client 10.21.0.9", world: func(g *gatehouse, _ *Env, _ *Ledger) { g.gates["SITE1"].away = true },
			says: "What is so on SITE1 could not be read"},
		"no such name":                   {line: "allow client WS-9", says: "The CMDB knows no computer `WS-9`"},
		"several of a name":              {line: "allow client WS-2", says: "`WS-2` is more than one computer: WS-2 (10.21.0.2, guid-b, never heard of); WS-2 (10.21.0.3, guid-c, never heard of, not managed)."},
		"a name without usable address":  {line: "allow client WS-3", says: "The CMDB has no address of `WS-3` from which a client comes (127.0.0.1 and fe80::1%3)"},
		"a name, and no CMDB":            {line: "allow client WS-1", world: func(_ *gatehouse, e *Env, _ *Ledger) { e.CMDB = nil }, says: "No CMDB is configured"},
		"a name, and a CMDB that is off": {line: "allow client WS-1", world: dumb, says: "could not be read from the CMDB"},
		"an address needs no CMDB":       {line: "allow client 10.21.0.9 on site", world: dumb, want: "SITE1: Not let in → 10.21.0.9 on 443"},
		"the gateway's own way is not known": {line: "allow client 203.0.113.9", world: dumb,
			want: "GW1: Not let in → 203.0.113.9 on 443", warned: "Unknown: whether GW1 itself reaches SMP1 on 4726."},
		"site servers need the CMDB": {line: "allow site-servers", world: dumb, says: "From which address SITE1 reaches the SMP is not known."},
		"no gateway": {line: "allow client 203.0.113.9", world: func(_ *gatehouse, e *Env, _ *Ledger) { e.Estate.Hosts = e.Estate.Hosts[:2] },
			says: "`203.0.113.9` is a public address, and the estate has no internet gateway"},
		"no gateway, and it is named": {line: "allow client 203.0.113.9 on gateway", world: func(_ *gatehouse, e *Env, _ *Ledger) { e.Estate.Hosts = e.Estate.Hosts[:2] },
			says: "The estate has no internet gateway with doors"},
		"no site server": {line: "allow site-servers", world: func(_ *gatehouse, e *Env, _ *Ledger) { e.Estate.Hosts = e.Estate.Hosts[:1] }, says: "The estate has no site server."},
		"too wide":       {line: "allow subnet 10.21.0.0/23", says: "wider than the /24"},
		"too long":       {line: "allow client 10.21.0.9 for 8d", says: "longer than the 7 days"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &stepClock{now: dawn}
			g := newGatehouse(clock, "SMP1", "SITE1", "GW1")
			env := Env{Estate: threeServers(), Upgrade: "U-1", Firewalls: g, Closings: g, CMDB: practiceRoll, Clock: clock, Limits: DefaultLimits()}
			ledger := Ledger{Hosts: map[string]HostLedger{}}
			if tt.world != nil {
				tt.world(g, &env, &ledger)
			}
			a, words, _ := Named(strings.Fields(tt.line))
			args, no := a.Arguments(words)
			if no != nil {
				t.Fatal(no)
			}
			draft, err := a.Plan(t.Context(), env, Ask{Request: "R-9", Args: args, Ledger: ledger})
			if tt.says != "" {
				if err == nil || !strings.Contains(said(err.Error()), tt.says) {
					t.Errorf("planned %s, %v, want %q", effectsOf(draft), err, tt.says)
				}
				return
			}
			if err != nil || effectsOf(draft) != tt.want {
				t.Errorf("planned %v\n%s, want\n%s", err, effectsOf(draft), tt.want)
			}
			if warnings := said(strings.Join(draft.Warnings, " ")); !strings.Contains(warnings, tt.warned) || tt.warned == "" && warnings != "" {
				t.Errorf("warned of %q, want %q", warnings, tt.warned)
			}
			again, err := a.Plan(t.Context(), env, Ask{Request: "R-9", Args: args, Ledger: ledger})
			if x, y := sealed(t, draft), sealed(t, again); err != nil || x != y {
				t.Errorf("the same estate gave another plan: %v\n%s\n%s", err, x, y)
			}
		})
	}
}

// opened lets R-7 have left a rule on SITE1.
func opened(r estate.NewRule) func(*gatehouse, *Env, *Ledger) {
	return func(g *gatehouse, _ *Env, l *Ledger) {
		p, _ := runbook.Canonical(openParams{Rules: []estate.NewRule{r}})
		l.Hosts["SITE1"] = HostLedger{Opened: []Left{{Request: "R-7", Step: runbook.Step{Params: p}}}}
		g.gates["SITE1"].rules = []estate.Rule{asMade(r)}
	}
}

// dumb lets the CMDB not answer.
func dumb(_ *gatehouse, e *Env, _ *Ledger) {
	e.CMDB = roll{err: &estate.Error{Kind: estate.Unreachable, Host: "SQL1", Op: "ask the CMDB"}}
}

// said has plain blanks.
func said(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

func effectsOf(d Draft) string {
	var list []string
	for _, stage := range d.Stages {
		for _, s := range stage.Steps {
			list = append(list, s.Host+": "+s.Effect.Before+" → "+s.Effect.After)
		}
	}
	return said(strings.Join(list, "; "))
}

func sealed(t *testing.T, d Draft) string {
	t.Helper()
	bytes, _, err := runbook.Plan{Format: runbook.PlanFormat, Machines: d.Machines, Stages: d.Stages, EndSeconds: d.EndSeconds, Then: d.Then, LeftOut: d.LeftOut}.Seal()
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}
