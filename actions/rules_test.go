package actions

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// TestTheLookDecides: what a step is said to have done is what the look
// afterwards found, whatever the doing returned.
func TestTheLookDecides(t *testing.T) {
	lost := &estate.Error{Kind: estate.Unknown, Host: "SMP1", Op: "switch the rules", Detail: "connection reset"}
	done, partly := Finding{Standing: IsDone, Text: "4 rules off."}, Finding{Standing: IsPartly, Text: "2 of 4 rules are off."}
	asks := Finding{Standing: Otherwise, Text: "?", Ask: judge("Continue", "You say so.")}
	tests := []struct {
		name   string
		did    error
		after  Finding
		looked error
		want   runbook.Result
		words  string
	}{
		{"done, and it is there", nil, done, nil, runbook.StepDone, "4 rules off."},
		{"the answer was lost, and it is there", lost, done, nil, runbook.StepDone, "4 rules off."},
		{"done, but it is not there", nil, partly, nil, runbook.NotDone, "2 of 4"},
		{"the answer was lost, and part is there", lost, partly, nil, runbook.NotDone, "Looked at afterwards: 2 of 4"},
		{"done, but nobody can look", nil, Finding{}, lost, runbook.Unclear, "The order was given"},
		{"nothing can be said", lost, Finding{}, lost, runbook.Unclear, "in the middle of the step"},
		{"a person has to judge", nil, asks, nil, runbook.Asks, "?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := settleStep(runbook.Step{ID: "1.1", Host: "SMP1"}, tt.did, tt.after, tt.looked)
			if got.Result != tt.want || !strings.Contains(got.Text, tt.words) {
				t.Errorf("got %s %q, want %s %q", got.Result, got.Text, tt.want, tt.words)
			}
			if (got.Result == runbook.Asks) != (got.Ask != nil) {
				t.Errorf("a question without answers: %+v", got)
			}
		})
	}
}

// TestUnlookedBeforeTheFirstAttempt: before anything was tried, a host that
// does not answer means that nothing was done; afterwards nothing is known.
func TestUnlookedBeforeTheFirstAttempt(t *testing.T) {
	away := &estate.Error{Kind: estate.Unreachable, Host: "SMP1", Op: "read the firewall"}
	for name, tt := range map[string]struct {
		life runbook.StepLife
		want runbook.Result
	}{
		"never tried":               {runbook.StepLife{}, runbook.NotDone},
		"tried, outcome unknown":    {runbook.StepLife{Attempts: 1, Result: runbook.Unclear}, runbook.Unclear},
		"tried, still open":         {runbook.StepLife{Attempts: 1, Open: true}, runbook.Unclear},
		"tried, certainly not done": {runbook.StepLife{Attempts: 1, Result: runbook.NotDone}, runbook.NotDone},
	} {
		if got := unlooked(tt.life, runbook.Step{Host: "SMP1"}, away); got.Result != tt.want {
			t.Errorf("%s: %s %q, want %s", name, got.Result, got.Text, tt.want)
		}
	}
	parked := unlooked(runbook.StepLife{}, runbook.Step{Host: "SMP1"}, &estate.Error{Kind: estate.Parked, Host: "SMP1", Op: "log on"})
	if !strings.Contains(parked.Text, "/itms check SMP1") {
		t.Errorf("a parked log-on does not say what to do: %q", parked.Text)
	}
}

func TestStepsOfAnotherVersionAreNotCarriedOut(t *testing.T) {
	for _, s := range []runbook.Step{{ID: "1.1", Kind: "firewall.allow", Version: 2}, {ID: "1.1", Kind: "of a later day", Version: 1}, {}} {
		if k, err := kindOf(s); err == nil {
			t.Errorf("step %+v would be carried out as %s", s, k.Name)
		}
	}
}

func TestMovesNameWhatMoved(t *testing.T) {
	step := func(before, params string) runbook.Plan {
		return runbook.Plan{Format: 1, Stages: []runbook.Stage{{ID: "1", Steps: []runbook.Step{{ID: "1.1", Host: "SMP1", Params: []byte(params),
			Effect: runbook.Effect{What: "Doors", Before: before, After: "closed"}}}}}}
	}
	rule := func(remote string) string { return `{"rules":[{"display":"Web","remote":["` + remote + `"]}]}` }
	tests := []struct {
		name      string
		then, now runbook.Plan
		want      runbook.Move
	}{
		{"an effect", step("Open, 4 rules", `{}`), step("Open, 3 rules", `{}`), runbook.Move{What: "SMP1: Doors", Then: "Open, 4 rules", Now: "Open, 3 rules"}},
		{"inside a rule", step("Open", rule("Any")), step("Open", rule("10.0.0.0/8")), runbook.Move{What: "SMP1: Doors, rules, rule “Web”, remote", Then: `"Any"`, Now: `"10.0.0.0/8"`}},
		{"a step that is gone", step("Open", `{}`), runbook.Plan{Format: 1}, runbook.Move{What: "SMP1: Doors", Then: "Open", Now: "not part of the plan"}},
		{"a step that is new", runbook.Plan{Format: 1}, step("Open", `{}`), runbook.Move{What: "SMP1: Doors", Then: "not part of the plan", Now: "Open"}},
	}
	for _, tt := range tests {
		if got := Moves(tt.then, tt.now); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	other := step("Open", `{}`)
	other.Config = "another configuration"
	if got := Moves(step("Open", `{}`), other); len(got) == 0 {
		t.Error("plans that differ have no move")
	}
}

// TestQuote: whatever a rule is called, its name is one literal in the lines
// that a person pastes into PowerShell.
func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"plain":            "'plain'",
		"it's":             "'it''s'",
		"’; Stop-Computer": "'’’; Stop-Computer'",
		"$(evil) `n":       "'$(evil) `n'",
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestTrend(t *testing.T) {
	at := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	sample := func(minute int, rows int64) queueSample {
		return queueSample{Now: at.Add(time.Duration(minute) * time.Minute), Rows: rows}
	}
	for want, seen := range map[string][]queueSample{
		"Draining by 100 a minute, empty in about 5 min.":          {sample(0, 600), sample(2, 400)},
		"The backlog grows by 50 a minute: something still sends.": {sample(0, 100), sample(2, 200)},
		"Small and moving.": {sample(0, 5), sample(4, 5)},
		"":                  {sample(0, 600)},
	} {
		if got := trend(seen); got != want {
			t.Errorf("trend = %q, want %q", got, want)
		}
	}
}

// TestWithoutACMDBNothingIsGreen: no server to ask is no good answer.
func TestWithoutACMDBNothingIsGreen(t *testing.T) {
	for _, k := range []*Kind{backupsCurrent, neighboursQuiet, queueWait, queueQuiet} {
		f, err := k.Look(context.Background(), Env{}, runbook.Step{Kind: k.Name, Params: []byte(`{}`)})
		if err == nil && f.Standing == IsDone {
			t.Errorf("%s passes without a CMDB: %q", k.Name, f.Text)
		}
		if err == nil && len(f.Ask) == 0 {
			t.Errorf("%s neither passes nor asks: %+v", k.Name, f)
		}
	}
	if _, err := unseen(errors.New("broken"), "x", "y"); err == nil {
		t.Error("an error nobody knows became a question")
	}
}

// TestCatalog: what the help, the cards and the approvals are made from is
// there for every action.
func TestCatalog(t *testing.T) {
	names := map[string]bool{}
	for _, a := range Catalog {
		if names[a.Name] || a.Name == "" || a.Section == "" || a.Summary == "" || a.Plan == nil || a.Copy.Title == "" || a.Copy.Wish == "" || a.Copy.Confirm == "" {
			t.Errorf("action %q is not whole", a.Name)
		}
		names[a.Name] = true
	}
	names = map[string]bool{} // an action may be called like a kind
	for _, k := range kinds {
		if names[k.Name] || k.Look == nil || k.Version < 1 || k.Limit <= 0 {
			t.Errorf("kind %q is not whole", k.Name)
		}
		names[k.Name] = true
		if (k.Undo == nil) != (k.LookBack == nil) || k.Undo != nil && k.Reversed == nil {
			t.Errorf("kind %q has half a way back", k.Name)
		}
	}
}
