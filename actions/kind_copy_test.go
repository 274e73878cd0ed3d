package actions

import (
	"context"
	"slices"
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// oneFirewall is a host whose firewall is as it is told to be, and that remembers
// what it was asked to change.
type oneFirewall struct {
	Firewalls
	fw    estate.Firewall
	asked []string
}

func (f *oneFirewall) Firewall(context.Context, string, estate.Lane, estate.FirewallQuery) (estate.Firewall, error) {
	return f.fw, nil
}

func (f *oneFirewall) CopyRules(_ context.Context, _, _ string, copies []estate.RuleCopy) (estate.Changed, error) {
	for _, c := range copies {
		f.asked = append(f.asked, "finish "+c.Name)
	}
	return estate.Changed{}, nil
}

func (f *oneFirewall) RemoveRules(_ context.Context, _, _ string, names []string) (estate.Changed, error) {
	f.asked = append(f.asked, "remove "+strings.Join(names, " "))
	return estate.Changed{}, nil
}

// TestCopyStandings holds what a look says of the copies, there and back, in every
// state in which a run or somebody else may have left them.
func TestCopyStandings(t *testing.T) {
	host := estate.Host{Name: "SMP1", ClientPorts: []string{"443"}}
	original := estate.Rule{Name: "any", Display: "Old monitoring", Group: "Monitoring", Enabled: true, Action: "Allow", Store: "Local",
		Profile: "Any", Protocol: "Any", Ports: []string{"Any"}, Remote: []string{"10.0.0.0/8"}, Program: "Any"}
	copies := estate.CopiesOf(host, original, "copy-", "copy", 1)
	p, err := runbook.Canonical(copyParams{Host: host, Rules: []copied{{Rule: original, Copies: copies}}})
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "1.1", Kind: firewallCopy.Name, Version: 1, Host: "SMP1", Machine: "guid", Params: p}
	made := func(change func(int, *estate.Rule)) []estate.Rule {
		var rules []estate.Rule
		for i, c := range copies {
			r := original
			r.Name, r.Display, r.Group, r.Protocol = c.Name, c.Display, estate.RuleGroup, c.Protocol
			if len(c.Ports) > 0 {
				r.Ports = c.Ports
			}
			change(i, &r)
			if r.Name != "" {
				rules = append(rules, r)
			}
		}
		return rules
	}
	as := func(int, *estate.Rule) {}
	first := func(change func(*estate.Rule)) func(int, *estate.Rule) {
		return func(i int, r *estate.Rule) {
			if i == 0 {
				change(r)
			}
		}
	}
	wide := first(func(r *estate.Rule) { r.Group, r.Protocol, r.Ports = "Monitoring", "Any", []string{"Any"} })
	for _, tt := range []struct {
		name          string
		local, active []estate.Rule
		look, back    Standing
		words         string
	}{
		{"nothing is there", nil, nil, IsNotDone, IsDone, "No copy"},
		{"as made, in force", made(as), made(as), IsDone, IsNotDone, "TCP, UDP and ICMP alone"},
		{"as made, not in force", made(as), nil, IsPartly, IsNotDone, "not in force"},
		{"in force for others", made(as), made(first(func(r *estate.Rule) { r.Remote = []string{"Any"} })), IsPartly, IsNotDone, "otherwise"},
		{"in force on the client ports", made(as), made(first(func(r *estate.Rule) { r.Ports = []string{"400-500"} })), IsPartly, IsNotDone, "client ports"},
		{"one is missing", made(first(func(r *estate.Rule) { r.Name = "" })), nil, IsPartly, IsPartly, "2 of"},
		{"died between copying and narrowing", made(wide), made(wide), IsPartly, IsPartly, "2 of"},
		{"widened by hand", made(first(func(r *estate.Rule) { r.Protocol, r.Ports = "Any", []string{"Any"} })), nil, IsPartly, Otherwise, "2 of"},
		{"other ports by hand", made(first(func(r *estate.Rule) { r.Ports = []string{"8080"} })), nil, Otherwise, Otherwise, "8080"},
		{"another remote by hand", made(first(func(r *estate.Rule) { r.Remote = []string{"Any"} })), nil, Otherwise, Otherwise, "Any"},
		{"another program by hand", made(first(func(r *estate.Rule) { r.Program = `C:\x.exe` })), nil, Otherwise, Otherwise, "not as this request made it"},
		{"another profile by hand", made(first(func(r *estate.Rule) { r.Profile = "Public" })), nil, Otherwise, Otherwise, "not as this request made it"},
		{"a block rule", made(first(func(r *estate.Rule) { r.Action = "Block" })), nil, Otherwise, Otherwise, "not as this request made it"},
		{"off", made(first(func(r *estate.Rule) { r.Enabled = false })), nil, Otherwise, Otherwise, "it is off"},
		{"what Windows shows as the port of ICMP", made(func(i int, r *estate.Rule) {
			if r.Protocol == "ICMPv4" {
				r.Ports = []string{"RPC"}
			}
		}), made(as), IsDone, IsNotDone, "In force"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &oneFirewall{fw: estate.Firewall{Answer: estate.Answer{Machine: "guid"}, Local: tt.local, Active: tt.active}}
			env := Env{Firewalls: f}
			got, err := firewallCopy.Look(t.Context(), env, step)
			if err != nil || got.Standing != tt.look || !strings.Contains(got.Text, tt.words) {
				t.Errorf("look: %s %q %v, want %s with %q", got.Standing, got.Text, err, tt.look, tt.words)
			}
			back, err := firewallCopy.LookBack(t.Context(), env, step, nil)
			if err != nil || back.Standing != tt.back || back.Text == "" {
				t.Errorf("look back: %s %q %v, want %s", back.Standing, back.Text, err, tt.back)
			}
			if back.Standing == Otherwise {
				return
			}
			if err := firewallCopy.Undo(t.Context(), env, step, nil); err != nil {
				t.Fatal(err)
			}
			half := slices.ContainsFunc(tt.local, func(r estate.Rule) bool { return r.Group != estate.RuleGroup })
			want := []string{"remove copy-1 copy-2 copy-3"}
			if half {
				want = []string{"finish copy-1", "remove copy-1 copy-2 copy-3"}
			}
			if !slices.Equal(f.asked, want) {
				t.Errorf("undo asks %q, want %q", f.asked, want)
			}
		})
	}
	lines, err := firewallCopy.ByHand(step, nil)
	if err != nil || !slices.Equal(lines, []string{"Remove-NetFirewallRule -PolicyStore PersistentStore -Name 'copy-1','copy-2','copy-3'"}) {
		t.Errorf("by hand: %q %v", lines, err)
	}
	other := &oneFirewall{fw: estate.Firewall{Answer: estate.Answer{Machine: "another"}}}
	if _, err := firewallCopy.Look(t.Context(), Env{Firewalls: other}, step); estate.TroubleOf(err) != estate.WrongMachine {
		t.Errorf("another machine: %v", err)
	}
}

// TestSparedRulesAreSaid: a rule that stays on is no door of this request while it is
// as it was approved, and is said; its clients are told apart and not waited for.
func TestSparedRulesAreSaid(t *testing.T) {
	spared := estate.Rule{Name: "any", Display: "Old monitoring", Enabled: true, Action: "Allow", Store: "Local", Profile: "Any",
		Protocol: "TCP", Ports: []string{"Any"}, Remote: []string{"10.1.0.0/16"}, Program: "Any"}
	p := disableParams{Host: estate.Host{Name: "SMP1", ClientPorts: []string{"443"}}, Rules: []estate.Rule{}, Kept: []string{"10.9.9.9"},
		Spared: []sparedRule{{Rule: spared, Because: "the probe needs it"}}}
	raw, err := runbook.Canonical(p)
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "2.1", Kind: firewallDisable.Name, Version: 1, Host: "SMP1", Machine: "guid", Params: raw}
	good := []estate.Profile{{Name: "Domain", Active: true, Enabled: true, Inbound: "Block", LocalRules: true}}
	peers := func(addresses ...string) []estate.Peer {
		var list []estate.Peer
		for _, a := range addresses {
			list = append(list, estate.Peer{Address: a, Port: 443, Count: 1})
		}
		return list
	}
	changed, off := spared, spared
	changed.Remote = []string{"Any"}
	off.Enabled = false
	for _, tt := range []struct {
		name   string
		active estate.Rule
		peers  []estate.Peer
		want   Standing
		words  []string
		never  string
	}{
		{"as it was approved", spared, peers("10.9.9.9"), IsDone, []string{"No client is connected.", "Left on, because “the probe needs it”: rule \"Old monitoring\" lets in 10.1.0.0/16 on Any."}, "Still"},
		{"with a client of its own", spared, peers("10.1.0.7"), IsDone, []string{"By what was left on 1\u00a0client may be connected: 10.1.0.7.", "Left on"}, "No client is connected"},
		{"with another client", spared, peers("10.1.0.7", "10.2.0.7"), IsDone, []string{"Still connected: 10.2.0.7.", "10.1.0.7", "Left on"}, "No client is connected"},
		{"changed since", changed, nil, Otherwise, []string{"not closed", "lets in Any"}, "Left on"},
		{"switched off since", off, nil, IsDone, []string{"No client is connected."}, "Left on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &oneFirewall{fw: estate.Firewall{Answer: estate.Answer{Machine: "guid"}, Profiles: good, Active: []estate.Rule{tt.active}, Peers: tt.peers}}
			got, err := firewallDisable.Look(t.Context(), Env{Firewalls: f}, step)
			said := got.Text + " " + got.Warn
			if err != nil || got.Standing != tt.want || strings.Contains(said, tt.never) {
				t.Errorf("%s %q %v, want %s without %q", got.Standing, said, err, tt.want, tt.never)
			}
			for _, w := range tt.words {
				if !strings.Contains(said, w) {
					t.Errorf("%q does not say %q", said, w)
				}
			}
		})
	}
}
