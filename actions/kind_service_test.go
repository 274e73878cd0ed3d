package actions

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// oneServer is a host whose services are as they are told to be. Each look at it makes
// those that are on their way arrive after so many looks.
type oneServer struct {
	Reboots
	services []estate.Service
	slow     int // looks until what is on its way has arrived
	asked    []string
}

func (o *oneServer) Record(context.Context, string, estate.Lane) (estate.HostRecord, error) {
	if o.slow--; o.slow == 0 {
		for i, s := range o.services {
			o.services[i].State = strings.TrimSuffix(strings.Replace(s.State, "Start Pending", "Running", 1), " Pending")
		}
	}
	return estate.HostRecord{Answer: estate.Answer{Machine: "guid"}, Services: slices.Clone(o.services)}, nil
}

func (o *oneServer) SwitchServices(_ context.Context, _, machine string, names []string, on bool) (estate.Changed, error) {
	word := "stop "
	if on {
		word = "start "
	}
	o.asked = append(o.asked, word+strings.Join(names, " ")+" of "+machine)
	for i, s := range o.services {
		if slices.Contains(names, s.Name) && on && !s.Running() {
			o.services[i].State = "Start Pending"
		}
	}
	return estate.Changed{}, nil
}

// TestServiceStandings holds what a look says of services, there and back.
func TestServiceStandings(t *testing.T) {
	p, err := runbook.Canonical(serviceParams{Names: []string{"AeXSvc", "W3SVC"}, LimitSeconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "1.1", Kind: serviceStart.Name, Version: 1, Host: "SMP1", Machine: "guid", Params: p}
	before, err := runbook.Canonical(serviceBefore{[]serviceWas{{"AeXSvc", "Stopped", "Auto"}, {"W3SVC", "Running", "Auto"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name       string
		aex, w3    string // state, and "Disabled" or "" for not installed
		look, back Standing
		words      string
	}{
		{"both run", "Running", "Running", IsDone, IsNotDone, "AeXSvc and W3SVC run."},
		{"none runs", "Stopped", "Stopped", IsNotDone, IsDone, "AeXSvc is Stopped; W3SVC is Stopped."},
		{"one runs", "Stopped", "Running", IsPartly, IsDone, "AeXSvc is Stopped."},
		{"one is on its way up", "Start Pending", "Stopped", IsPartly, IsPartly, "AeXSvc is Start Pending"},
		{"one is on its way down", "Stop Pending", "Running", IsPartly, IsPartly, "AeXSvc is Stop Pending"},
		{"one is disabled", "Disabled", "Running", Otherwise, IsDone, "AeXSvc is disabled"},
		{"one is gone", "", "Running", Otherwise, IsDone, "AeXSvc is not installed any more"},
		{"what ran before is stopped, what was started runs", "Running", "Stopped", IsPartly, IsNotDone, "W3SVC is Stopped"},
	} {
		host := &oneServer{}
		for name, state := range map[string]string{"AeXSvc": tt.aex, "W3SVC": tt.w3} {
			start := "Auto"
			if state == "Disabled" {
				state, start = "Stopped", "Disabled"
			}
			if state != "" {
				host.services = append(host.services, estate.Service{Name: name, State: state, Start: start})
			}
		}
		env := Env{Reboots: host, Services: host}
		f, err := serviceStart.Look(t.Context(), env, step)
		if err != nil || f.Standing != tt.look || !strings.Contains(f.Text, tt.words) {
			t.Errorf("%s: %s %q, %v; want %s %q", tt.name, f.Standing, f.Text, err, tt.look, tt.words)
		}
		if f, err := serviceStart.LookBack(t.Context(), env, step, before); err != nil || f.Standing != tt.back {
			t.Errorf("%s: back %s %q, %v; want %s", tt.name, f.Standing, f.Text, err, tt.back)
		}
	}
	step.Machine = "another"
	if f, err := serviceStart.Look(t.Context(), Env{Reboots: &oneServer{}}, step); estate.TroubleOf(err) != estate.WrongMachine {
		t.Errorf("another machine was looked at: %+v, %v", f, err)
	}
}

// TestSlowServices: one that is on its way up is waited for, as long as the plan says;
// the way back stops what was started and nothing else.
func TestSlowServices(t *testing.T) {
	p, err := runbook.Canonical(serviceParams{Names: []string{"AeXSvc", "W3SVC"}, LimitSeconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "1.1", Kind: serviceStart.Name, Version: 1, Host: "SMP1", Machine: "guid", Params: p}
	for slow, want := range map[int]Standing{3: IsDone, 30: IsPartly} {
		host := &oneServer{slow: slow, services: []estate.Service{{Name: "AeXSvc", State: "Stopped", Start: "Auto"}, {Name: "W3SVC", State: "Running", Start: "Auto"}}}
		clock, said := &stepClock{}, 0
		env := Env{Reboots: host, Services: host, Clock: clock, Progress: func(string) { said++ }}
		before, err := serviceStart.Look(t.Context(), env, step)
		if err != nil {
			t.Fatal(err)
		}
		if err := serviceStart.Do(t.Context(), env, step); err != nil {
			t.Fatal(err)
		}
		host.slow = 0 // looks do not make it arrive any more
		f, err := serviceStart.Look(t.Context(), env, step)
		if err != nil || f.Standing != want || said == 0 {
			t.Errorf("arrives with look %d: %s %q, %v, said %d times; want %s", slow, f.Standing, f.Text, err, said, want)
		}
		if waited := clock.now.Sub(time.Time{}); waited > time.Minute {
			t.Errorf("waited %s, the plan allows a minute", waited)
		}
		raw, err := runbook.Canonical(before.Before)
		if err != nil {
			t.Fatal(err)
		}
		if err := serviceStart.Undo(t.Context(), env, step, raw); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(host.asked, "; "); got != "start AeXSvc W3SVC of guid; stop AeXSvc of guid" {
			t.Errorf("asked to %s", got)
		}
	}
}

// TestServicesOfTheRecord: only what ran when the host was recorded is started, spelled
// as the record has it.
func TestServicesOfTheRecord(t *testing.T) {
	then := recordFacts{Services: []estate.Service{{Name: "AeXSvc", State: "Running", Start: "Auto"}, {Name: "EventEngine", State: "Running", Start: "Manual"},
		{Name: "AeXAgentSrvHost", State: "Stopped", Start: "Manual"}}}
	for _, tt := range []struct {
		wanted []string
		want   string
	}{
		{[]string{"aexsvc", "EVENTENGINE"}, "AeXSvc EventEngine"},
		{[]string{"AeXAgentSrvHost"}, ""}, // it did not run then
		{[]string{"AeXSvc", "Spooler"}, ""},
		{[]string{"AeX*"}, ""},
	} {
		got, no := then.named(tt.wanted, "SMP1", "R-1")
		if (no == nil) != (tt.want != "") || no == nil && strings.Join(got, " ") != tt.want {
			t.Errorf("%q: %q, %v; want %q", tt.wanted, got, no, tt.want)
		}
		if no != nil && !strings.Contains(no.Hint, "AeXSvc, EventEngine") {
			t.Errorf("%q: the refusal does not name what ran: %q", tt.wanted, no.Hint)
		}
	}
	for line, want := range map[string]string{"SMP1 AeXSvc, W3SVC aexsvc": "AeXSvc, W3SVC", "SMP1": "", "": "", "SMP1 ,": ""} {
		args, no := startServices.Arguments(strings.Fields(line))
		if (no == nil) != (want != "") || no == nil && args["services"] != want {
			t.Errorf("%q: %v, %v", line, args, no)
		}
	}
}
