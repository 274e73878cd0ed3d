package actions

import (
	"slices"
	"testing"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Doors that a back-out opens are not reported as drift.
func TestGuarded(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    runbook.Request
		live []runbook.Request
		want bool
	}{
		{"done", runbook.Request{ID: "R-1", State: runbook.WasDone}, nil, true},
		{"waits for a person", runbook.Request{ID: "R-1", State: runbook.Waiting}, []runbook.Request{{ID: "R-1", State: runbook.Waiting}}, true},
		{"closes them now", runbook.Request{ID: "R-1", State: runbook.Running}, nil, false},
		{"a back-out is asked for", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-2", Undoes: "R-1", State: runbook.InOffer}}, true},
		{"a back-out runs", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-2", Undoes: "R-1", State: runbook.Running}}, false},
		{"a back-out waits half way", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-2", Undoes: "R-1", State: runbook.Waiting}}, false},
		{"a back-out of another runs", runbook.Request{ID: "R-1", State: runbook.WasDone}, []runbook.Request{{ID: "R-3", Undoes: "R-2", State: runbook.Running}}, true},
	} {
		if got := guarded(tt.r, tt.live); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whatever runs may be opening something; what opens to all does so until it has ended.
func TestMovers(t *testing.T) {
	live := []runbook.Request{{ID: "R-4", Action: "golive", State: runbook.InOffer}, {ID: "R-5", Action: "allow all", State: runbook.Waiting},
		{ID: "R-6", Action: "allow client", State: runbook.Running}, {ID: "R-7", Action: "allow client", State: runbook.Waiting}}
	if got := movers(live); !slices.Equal(got, []string{"R-5", "R-6"}) {
		t.Errorf("movers %q, want R-5 and R-6", got)
	}
}

func TestDriftsIn(t *testing.T) {
	smp := estate.Host{Name: "SMP1", Role: estate.SMP, ClientPorts: []string{"80", "443"}, WinRMPort: 5985}
	rule := func(name, port, remote string, on bool) estate.Rule {
		return estate.Rule{Name: name, Display: name, Enabled: on, Action: "Allow", Store: "Local", Profile: "Any", Protocol: "TCP", Ports: []string{port}, Remote: []string{remote}, Program: "Any"}
	}
	bot := func(name, port, remote string) estate.Rule {
		r := rule(name, port, remote, true)
		r.Group = estate.RuleGroup
		return r
	}
	web, http, wide := rule("web", "443", "Any", true), rule("http", "80", "Any", true), rule("any", "Any", "Any", true)
	shut := []estate.Rule{rule("web", "443", "Any", false), rule("http", "80", "Any", false)}
	first := left(t, "R-1", "2.1", firewallDisable.Name, disableParams{Host: smp, Rules: []estate.Rule{web, http}})
	second := left(t, "R-2", "2.1", firewallDisable.Name, disableParams{Host: smp, Rules: []estate.Rule{web}})
	copies := left(t, "R-1", "1.2", firewallCopy.Name, copyParams{Host: smp, Rules: []copied{{wide, []estate.RuleCopy{{From: "any", Name: "copy-1", Display: "copy-1", Protocol: "TCP", Ports: []string{"1-79"}}}}}})
	opened := left(t, "R-7", "1.1", kindOpen, openParams{Rules: []estate.NewRule{{Name: "open-1", Display: "open-1", Ports: []string{"443"}, Remote: []string{"10.1.2.3"}}}, Key: "U-1 R-7"})
	for _, tt := range []struct {
		name          string
		ledger        HostLedger
		local, active []estate.Rule
		want          []string // request, step, O(pen) or M(oved) where it is
	}{
		{"closed", HostLedger{Closed: []Left{first}}, shut, nil, []string{"R-1 2.1 "}},
		{"one on", HostLedger{Closed: []Left{first}}, []estate.Rule{web, shut[1]}, []estate.Rule{web}, []string{"R-1 2.1 O"}},
		{"on, and closed twice: the newest says it", HostLedger{Closed: []Left{first, second}}, []estate.Rule{web, shut[1]}, []estate.Rule{web}, []string{"R-2 2.1 O", "R-1 2.1 "}},
		{"on, and only the first has closed it", HostLedger{Closed: []Left{first, second}}, []estate.Rule{shut[0], http}, []estate.Rule{http}, []string{"R-2 2.1 O", "R-1 2.1 O"}},
		{"gone", HostLedger{Closed: []Left{first}}, shut[:1], nil, []string{"R-1 2.1 O"}},
		{"another lets in", HostLedger{Closed: []Left{first}}, shut, []estate.Rule{rule("new", "443", "Any", true)}, []string{"R-1 2.1 O"}},
		{"somebody is let in by name", HostLedger{Closed: []Left{first}, Opened: []Left{opened}}, append([]estate.Rule{bot("open-1", "443", "10.1.2.3")}, shut...), []estate.Rule{bot("open-1", "443", "10.1.2.3")}, []string{"R-1 2.1 "}},
		{"and more than that", HostLedger{Closed: []Left{first}, Opened: []Left{opened}}, append([]estate.Rule{bot("open-1", "443", "Any")}, shut...), []estate.Rule{bot("open-1", "443", "Any")}, []string{"R-1 2.1 O"}},
		{"let in after its end", HostLedger{Closed: []Left{first}}, append([]estate.Rule{bot("open-1", "443", "10.1.2.3")}, shut...), []estate.Rule{bot("open-1", "443", "10.1.2.3")}, []string{"R-1 2.1 O"}},
		{"copies", HostLedger{Copies: []Left{copies}}, []estate.Rule{bot("copy-1", "1-79", "Any")}, []estate.Rule{bot("copy-1", "1-79", "Any")}, []string{"R-1 1.2 "}},
		{"a copy gone", HostLedger{Copies: []Left{copies}}, nil, nil, []string{"R-1 1.2 M"}},
		{"a copy wider", HostLedger{Copies: []Left{copies}}, []estate.Rule{bot("copy-1", "Any", "Any")}, []estate.Rule{bot("copy-1", "Any", "Any")}, []string{"R-1 1.2 M"}},
		{"a copy not in force", HostLedger{Copies: []Left{copies}}, []estate.Rule{bot("copy-1", "1-79", "Any")}, nil, []string{"R-1 1.2 M"}},
	} {
		fw := estate.Firewall{Profiles: []estate.Profile{{Name: "Domain", Active: true, Enabled: true, Inbound: "Block", LocalRules: true}}, Local: tt.local, Active: tt.active}
		var got []string
		for _, d := range driftsIn(smp, tt.ledger, fw) {
			how := ""
			if d.now.Open {
				how = "O"
			}
			if d.now.Moved {
				how += "M"
			}
			if (how == "") != (d.now.Text == "") {
				t.Errorf("%s: %+v", tt.name, d.now)
			}
			got = append(got, d.left.Request+" "+d.left.Step.ID+" "+how)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
