package actions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/runbook"
)

func TestAllowAllWords(t *testing.T) {
	for words, want := range map[string]string{
		"":                     "",
		"on smp":               "smp",
		"on gateway,smp":       "gateway,smp",
		"ON Smp, GATEWAY":      "gateway,smp",
		"on site site smp":     "site,smp",
		"on":                   "no",
		"on ,":                 "no",
		"on sql":               "no",
		"on smp1":              "no",
		"smp":                  "no",
		"on smp for 2h":        "no",
		"on gateway; shutdown": "no",
	} {
		args, no := allowAll.Parse(strings.Fields(words))
		got := args["on"]
		if no != nil {
			got = "no"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
}

func TestBlockWords(t *testing.T) {
	for words, want := range map[string]string{"": "", "gateway": "gateway", "Gateway": "gateway", "smp": "no", "gateway SMP1": "no"} {
		args, no := block.Parse(strings.Fields(words))
		got := args["only"]
		if no != nil {
			got = "no"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
}

// Between a rollback and the next attempt nothing is under way.
func TestUnderWay(t *testing.T) {
	signed := func(n int64) runbook.Upgrade {
		return runbook.Upgrade{Signed: []runbook.Signature{{Fact: smpVerified, N: n}}}
	}
	gateway := Env{Estate: estate.Estate{Hosts: []estate.Host{{Name: "GW1", Role: estate.Gateway}}}}
	for _, tt := range []struct {
		name string
		l    Ledger
		want bool
	}{
		{"never rolled back", Ledger{}, true},
		{"rolled back", Ledger{RolledBack: 100}, false},
		{"signed before", Ledger{RolledBack: 100, Whole: signed(90)}, false},
		{"signed since", Ledger{RolledBack: 100, Whole: signed(110)}, true},
		{"the set that was gone back to", Ledger{RolledBack: 100, Set: &SnapshotSet{Took: 50}}, false},
		{"a new set", Ledger{RolledBack: 100, Set: &SnapshotSet{Took: 150}}, true},
	} {
		so, _, err := underWaySo(context.Background(), Env{}, tt.l)
		if so != tt.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.name, so, err, tt.want)
		}
		with, _, _ := gatewayUnderWaySo(context.Background(), gateway, tt.l)
		without, _, _ := gatewayUnderWaySo(context.Background(), Env{}, tt.l)
		if with != tt.want || without {
			t.Errorf("%s: with a gateway %v, without one %v", tt.name, with, without)
		}
	}
}

// Go-live is recorded when the last door is open, by whichever requests.
func TestLive(t *testing.T) {
	env := Env{Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", ClientPorts: []string{"443"}}, {Name: "GW1", ClientPorts: []string{"443"}}, {Name: "SQL1"}}}}
	done := func(id, action string, began int64, state runbook.State) runbook.Request {
		return runbook.Request{ID: id, Action: action, Started: began, State: state}
	}
	closed := map[string]HostLedger{"GW1": {Closed: []Left{{Request: "R-1"}}}}
	set := &SnapshotSet{Request: "R-1", Took: 10}
	for _, tt := range []struct {
		name string
		l    Ledger
		want bool
	}{
		{"closed", Ledger{Set: set, Hosts: closed, Done: []runbook.Request{done("R-1", "quiesce", 10, runbook.WasDone)}}, false},
		{"live", Ledger{Set: set, Done: []runbook.Request{done("R-2", "golive", 20, runbook.WasDone)}}, true},
		{"the SMP alone", Ledger{Set: set, Hosts: closed, Done: []runbook.Request{done("R-2", "allow all", 20, runbook.WasDone)}}, false},
		{"in parts", Ledger{Set: set, Done: []runbook.Request{done("R-2", "allow all", 20, runbook.WasDone), done("R-3", "allow all", 30, runbook.WasDone)}}, true},
		{"left half way", Ledger{Set: set, Hosts: closed, Done: []runbook.Request{done("R-2", "golive", 20, runbook.WasLeft)}}, false},
		{"left half way, and the rest opened", Ledger{Set: set, Done: []runbook.Request{done("R-2", "golive", 20, runbook.WasLeft), done("R-3", "allow all", 30, runbook.WasDone)}}, true},
		{"closed again since", Ledger{Set: set, Hosts: closed, Done: []runbook.Request{done("R-2", "golive", 20, runbook.WasDone), done("R-3", "block", 30, runbook.WasDone)}}, false},
		{"before the set", Ledger{Set: set, Done: []runbook.Request{done("R-0", "golive", 5, runbook.WasDone)}}, false},
		{"before a rollback", Ledger{Set: set, RolledBack: 30, Reverted: 30, Done: []runbook.Request{done("R-2", "golive", 20, runbook.WasDone)}}, false},
		{"no set", Ledger{Done: []runbook.Request{done("R-2", "golive", 20, runbook.WasDone)}}, false},
		{"opened by hand", Ledger{Set: set}, false},
	} {
		if so, shown, err := liveSo(context.Background(), env, tt.l); so != tt.want || err != nil {
			t.Errorf("%s: %v (%s), %v; want %v", tt.name, so, shown, err, tt.want)
		}
	}
}

// An undo that was undone leaves its request standing.
func TestTakenBack(t *testing.T) {
	all := byID([]runbook.Request{{ID: "R-1"}, {ID: "R-2", BackedOutBy: "R-3"}, {ID: "R-3"}, {ID: "R-4", BackedOutBy: "R-5"}, {ID: "R-5", BackedOutBy: "R-6"}, {ID: "R-6"}, {ID: "R-7", BackedOutBy: "R-99"}})
	for id, want := range map[string]bool{"R-1": false, "R-2": true, "R-4": false, "R-5": true, "R-7": true} {
		if got := takenBack(all[id], all); got != want {
			t.Errorf("%s taken back: %v, want %v", id, got, want)
		}
	}
}

// An opening ends when it is gone on all of its hosts, and not before.
func TestEndsWith(t *testing.T) {
	l := Ledger{Hosts: map[string]HostLedger{
		"SMP1":  {Opened: []Left{{Request: "R-2"}, {Request: "R-3"}}},
		"SITE1": {Opened: []Left{{Request: "R-2"}}},
		"GW1":   {Opened: []Left{{Request: "R-4"}}},
	}}
	for want, hosts := range map[string][]string{"R-3": {"SMP1"}, "R-2 R-3": {"SMP1", "SITE1"}, "R-2 R-3 R-4": {"GW1", "SITE1", "SMP1"}, "": {"SQL1"}} {
		var machines []runbook.Machine
		for _, h := range hosts {
			machines = append(machines, runbook.Machine{Host: h})
		}
		marks, err := endsWith(l, "R-9", machines)
		var got []string
		for _, m := range marks {
			got = append(got, m.Request)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%v: %q, %v; want %q", hosts, got, err, want)
		}
	}
}

// Who is let in by name is no door, as long as the rule is as it was made.
func TestBeside(t *testing.T) {
	made := estate.NewRule{Name: "open-1", Ports: []string{"443"}, Remote: []string{"10.1.2.3"}}
	rule := estate.Rule{Name: "open-1", Group: estate.RuleGroup, Enabled: true, Action: "Allow", Protocol: "TCP", Profile: "Any", Ports: []string{"443"}, Remote: []string{"10.1.2.3/32"}}
	wider, another := rule, rule
	wider.Remote = []string{"10.1.2.0/24"}
	another.Name = "open-2"
	d, ways := beside(estate.Doors{Wide: []estate.Rule{rule, another}}, []estate.NewRule{made})
	if len(ways) != 1 || len(d.Wide) != 1 || d.Wide[0].Name != "open-2" {
		t.Errorf("doors %v, ways %v", d.Wide, ways)
	}
	if d, ways := beside(estate.Doors{Wide: []estate.Rule{wider}}, []estate.NewRule{made}); len(ways) != 0 || d.Closed() {
		t.Errorf("a wider rule passes: doors %v, ways %v", d.Wide, ways)
	}
}

// A set of snapshots is for closed doors: whoever is let in by name is named, and how it
// ends.
func TestNobodyByName(t *testing.T) {
	open := left(t, "R-7", "1.1", kindOpen, openParams{Rules: []estate.NewRule{{Name: "open-1", Ports: []string{"443"}, Remote: []string{"10.1.2.3"}}}})
	hosts := []estate.Host{{Name: "SMP1"}}
	err := nobodyByName(hosts, Ledger{Hosts: map[string]HostLedger{"SMP1": {Opened: []Left{open}}}})
	var no *runbook.Refusal
	if !errors.As(err, &no) || !strings.Contains(no.Reason, "R-7 lets in 10.1.2.3") || !strings.Contains(no.Hint, "/itms close R-7") {
		t.Errorf("refusal %v", err)
	}
	if err := nobodyByName(hosts, Ledger{Hosts: map[string]HostLedger{"SITE1": {Opened: []Left{open}}}}); err != nil {
		t.Errorf("a host that is not asked about: %v", err)
	}
}

// The way-back sheet of go-live lets in by name again before it closes.
func TestGoLiveByHand(t *testing.T) {
	step := func(id string, l Left, before any) runbook.Step {
		raw, err := runbook.Canonical(before)
		if err != nil {
			t.Fatal(err)
		}
		s := l.Step
		s.Undoes = &runbook.Undoing{Request: l.Request, Step: s.ID, Before: raw}
		s.ID = id
		return s
	}
	closed := step("1.1", left(t, "R-1", "2.1", firewallDisable.Name, disableParams{}), disableBefore{Rules: []ruleWas{{"web", true}, {"old", false}}})
	kept := step("2.1", left(t, "R-1", "1.1", firewallAllow.Name, allowParams{Rules: []estate.NewRule{{Name: "keep-1", Display: "it's kept", Ports: []string{"80", "443"}, Remote: []string{"10.20.0.5"}}}}), allowBefore{})
	ask := Ask{Undoes: &runbook.Request{ID: "R-8"}, Befores: map[string][]byte{}}
	for _, s := range []runbook.Step{closed, kept} {
		ask.Taken.Stages = append(ask.Taken.Stages, runbook.Stage{ID: s.ID[:1], Steps: []runbook.Step{s}})
		ask.Undoes.Steps = append(ask.Undoes.Steps, runbook.StepLife{ID: s.ID, Result: runbook.StepDone})
		ask.Befores[s.ID] = s.Undoes.Before
	}
	lines, err := byHand(ask)
	want := []string{
		"New-NetFirewallRule -PolicyStore PersistentStore -Name 'keep-1' -DisplayName 'it''s kept' -Group 'itmsbot' -Direction Inbound -Action Allow -Profile Any -Protocol TCP -LocalPort '80','443' -RemoteAddress '10.20.0.5'",
		"Disable-NetFirewallRule -PolicyStore PersistentStore -Name 'web'",
	}
	if err != nil || len(lines["SMP1"]) != 3 || !slices.Equal(lines["SMP1"][1:], want) {
		t.Errorf("lines %q, %v", lines["SMP1"], err)
	}
}
