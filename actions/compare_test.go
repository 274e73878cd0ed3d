package actions

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// left makes what a request has left by one step.
func left(t *testing.T, request, step, kind string, p any) Left {
	t.Helper()
	raw, err := runbook.Canonical(p)
	if err != nil {
		t.Fatal(err)
	}
	return Left{Request: request, Step: runbook.Step{ID: step, Kind: kind, Version: 1, Host: "SMP1", Machine: "m", Params: raw}}
}

func TestCompareDoors(t *testing.T) {
	now := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	smp := estate.Host{Name: "SMP1", Role: estate.SMP, ClientPorts: []string{"80", "443"}, WinRMPort: 5985}
	rule := func(name, port, remote string, on bool) estate.Rule {
		return estate.Rule{Name: name, Display: name, Enabled: on, Action: "Allow", Store: "Local", Profile: "Any", Protocol: "TCP", Ports: []string{port}, Remote: []string{remote}, Program: "Any"}
	}
	bot := func(name, port, remote string) estate.Rule {
		r := rule(name, port, remote, true)
		r.Group = estate.RuleGroup
		return r
	}
	made := func(name, port, remote string) estate.NewRule {
		return estate.NewRule{Name: name, Display: name, Ports: []string{port}, Remote: []string{remote}}
	}
	web := rule("web", "443", "Any", true)
	off := web
	off.Enabled = false
	policy := rule("gpo", "443", "10.0.0.0/8", true)
	policy.Store, policy.Source = "GroupPolicy", "Web servers"
	wide := rule("any", "Any", "Any", true)
	narrow := estate.RuleCopy{From: "any", Name: "copy-1", Display: "copy-1", Protocol: "TCP", Ports: []string{"1-79"}}
	copied1 := bot("copy-1", "1-79", "Any")

	closed := left(t, "R-1", "2.1", firewallDisable.Name, disableParams{Host: smp, Rules: []estate.Rule{web}})
	spared := left(t, "R-1", "2.1", firewallDisable.Name, disableParams{Host: smp, Rules: []estate.Rule{web}, Spared: []sparedRule{{rule("probe", "443", "10.5.0.0/16", true), "the probe"}}})
	again := left(t, "R-3", "2.1", firewallDisable.Name, disableParams{Host: smp, Rules: []estate.Rule{web}})
	kept := left(t, "R-1", "1.1", firewallAllow.Name, allowParams{Rules: []estate.NewRule{made("keep-1", "443", "10.20.0.5")}})
	copies := left(t, "R-1", "1.2", firewallCopy.Name, copyParams{Host: smp, Rules: []copied{{wide, []estate.RuleCopy{narrow}}}})
	opened := left(t, "R-7", "1.1", kindOpen, openParams{Rules: []estate.NewRule{made("open-1", "443", "10.1.2.3")}, Key: "U-1 R-7"})
	ends := left(t, "R-7", "1.1", kindOpen, openParams{Rules: []estate.NewRule{made("open-1", "443", "10.1.2.3")}, Key: "U-1 R-7", EndSeconds: 3600})
	ends.Until = now.Add(time.Hour)
	late := ends
	late.Until = now.Add(-time.Minute)
	armed := []estate.Closing{{Key: "U-1 R-7", Enabled: true}}
	all := func(rules ...estate.Rule) []estate.Rule { return rules }
	idle := func(r estate.Rule) estate.Rule { r.Enabled = false; return r }

	for _, tt := range []struct {
		name          string
		ledger        HostLedger
		local, active []estate.Rule
		closings      []estate.Closing
		profile       string // what the active profile does with what no rule names
		ways, differs []string
		off           int
	}{
		{name: "open as ever", active: all(web), ways: []string{"web 0 "}},
		{name: "closed", ledger: HostLedger{Closed: []Left{closed}}, local: all(off), off: 1},
		{name: "on again", ledger: HostLedger{Closed: []Left{closed}}, local: all(web), active: all(web), ways: []string{"web 0 "}, differs: []string{"0 web R-1"}},
		{name: "closed twice, the newest counts", ledger: HostLedger{Closed: []Left{closed, again}}, local: all(web), active: all(web), ways: []string{"web 0 "}, differs: []string{"0 web R-3"}},
		{name: "deleted", ledger: HostLedger{Closed: []Left{closed}}, differs: []string{"1 web R-1"}},
		{name: "off and another", ledger: HostLedger{Closed: []Left{closed}}, local: all(idle(rule("web", "443", "10.0.0.0/8", false))), differs: []string{"2 web R-1"}},
		{name: "an installer's rule", ledger: HostLedger{Closed: []Left{closed}}, local: all(off), active: all(rule("new", "443", "Any", true)), ways: []string{"new 0 "}, differs: []string{"5 new R-1"}, off: 1},
		{name: "group policy", ledger: HostLedger{Closed: []Left{closed}}, local: all(off), active: all(policy), ways: []string{"gpo 1 "}, differs: []string{"5 gpo R-1"}, off: 1},
		{name: "group policy on an open host", active: all(policy), ways: []string{"gpo 1 "}},
		{name: "left on by name", ledger: HostLedger{Closed: []Left{spared}}, local: all(off), active: all(rule("probe", "443", "10.5.0.0/16", true)), ways: []string{"probe 2 R-1"}, off: 1},
		{name: "left on, and wider since", ledger: HostLedger{Closed: []Left{spared}}, local: all(off), active: all(rule("probe", "443", "10.0.0.0/8", true)), ways: []string{"probe 0 "}, differs: []string{"5 probe R-1"}, off: 1},
		{name: "keep list", ledger: HostLedger{Kept: []Left{kept}}, local: all(bot("keep-1", "443", "10.20.0.5")), active: all(bot("keep-1", "443", "10.20.0.5")), ways: []string{"keep-1 3 R-1"}},
		{name: "keep list damaged", ledger: HostLedger{Kept: []Left{kept}}, differs: []string{"1 keep-1 R-1"}},
		{name: "keep list not in force", ledger: HostLedger{Kept: []Left{kept}}, local: all(bot("keep-1", "443", "10.20.0.5")), differs: []string{"3 keep-1 R-1"}},
		{name: "copies", ledger: HostLedger{Copies: []Left{copies}}, local: all(copied1), active: all(copied1), ways: []string{"copy-1 4 R-1"}},
		{name: "a copy gone", ledger: HostLedger{Copies: []Left{copies}}, differs: []string{"1 copy-1 R-1"}},
		{name: "a copy widened", ledger: HostLedger{Copies: []Left{copies}}, local: all(bot("copy-1", "Any", "Any")), active: all(bot("copy-1", "Any", "Any")), ways: []string{"copy-1 4 R-1"}, differs: []string{"2 copy-1 R-1"}},
		{name: "an opening", ledger: HostLedger{Closed: []Left{closed}, Opened: []Left{opened}}, local: all(off, bot("open-1", "443", "10.1.2.3")), active: all(bot("open-1", "443", "10.1.2.3")), ways: []string{"open-1 5 R-7"}, off: 1},
		{name: "an opening gone", ledger: HostLedger{Opened: []Left{opened}}, differs: []string{"1 open-1 R-7"}},
		{name: "an opening widened", ledger: HostLedger{Opened: []Left{opened}}, local: all(bot("open-1", "443", "Any")), active: all(bot("open-1", "443", "Any")), ways: []string{"open-1 5 R-7"}, differs: []string{"2 open-1 R-7"}},
		{name: "an end, armed", ledger: HostLedger{Opened: []Left{ends}}, local: all(bot("open-1", "443", "10.1.2.3")), active: all(bot("open-1", "443", "10.1.2.3")), closings: armed, ways: []string{"open-1 5 R-7"}},
		{name: "an end, not armed", ledger: HostLedger{Opened: []Left{ends}}, local: all(bot("open-1", "443", "10.1.2.3")), active: all(bot("open-1", "443", "10.1.2.3")), ways: []string{"open-1 5 R-7"}, differs: []string{"7 open-1 R-7"}},
		{name: "an end that is past", ledger: HostLedger{Opened: []Left{late}}, local: all(bot("open-1", "443", "10.1.2.3")), active: all(bot("open-1", "443", "10.1.2.3")), closings: armed, ways: []string{"open-1 5 R-7"}, differs: []string{"6 open-1 R-7"}},
		{name: "a rule of no request", local: all(bot("open-9", "443", "10.1.2.9")), active: all(bot("open-9", "443", "10.1.2.9")), ways: []string{"open-9 6 "}, differs: []string{"4 open-9 "}},
		{name: "a profile that lets all in", ledger: HostLedger{Closed: []Left{closed}}, local: all(off), profile: "Allow", differs: []string{"8  R-1"}, off: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inbound := "Block"
			if tt.profile != "" {
				inbound = tt.profile
			}
			fw := estate.Firewall{Profiles: []estate.Profile{{Name: "Domain", Active: true, Enabled: true, Inbound: inbound, LocalRules: true}}, Local: tt.local, Active: tt.active, Closings: tt.closings}
			doors, _ := beside(estate.DoorsOf(smp, fw, []string{"10.20.0.5"}), tt.ledger.waysIn())
			got := compareDoors(tt.ledger, fw, doors, now)
			var ways, differs []string
			for _, w := range got.Ways {
				ways = append(ways, fmt.Sprintf("%s %d %s", w.Rule.Name, w.Whose, w.Request))
			}
			for _, d := range got.Differs {
				differs = append(differs, fmt.Sprintf("%d %s %s", d.What, d.Rule.Name, d.Request))
			}
			if !slices.Equal(ways, tt.ways) || !slices.Equal(differs, tt.differs) || len(got.Off) != tt.off {
				t.Errorf("ways %q, differs %q, %d off; want %q, %q, %d", ways, differs, len(got.Off), tt.ways, tt.differs, tt.off)
			}
		})
	}
}
