package actions

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// porch is an office with three servers at whose doors nobody is, and a CMDB.
type porch struct {
	*office
	g *gatehouse
}

func openPorch(t *testing.T) porch {
	t.Helper()
	p := porch{office: openOffice(t)}
	p.g = newGatehouse(p.clock, "SMP1", "SITE1", "GW1")
	p.e.env.Estate, p.e.env.Firewalls, p.e.env.Closings, p.e.env.CMDB, p.e.env.Upgrade = threeServers(), p.g, p.g, practiceRoll, "U-1"
	return p
}

// begin asks for an opening or a change of one, and brings it to where its first step
// begins. Rules of the method are not looked at.
func (p porch) begin(id, line string) runbook.Request {
	p.t.Helper()
	a, words, _ := Named(strings.Fields(line))
	args, no := a.Arguments(words)
	if no != nil {
		p.t.Fatal(no)
	}
	ledger, err := readLedger(p.e.journal)
	if err != nil {
		p.t.Fatal(err)
	}
	draft, err := a.Plan(p.t.Context(), p.e.env, Ask{Request: id, Args: args, Ledger: ledger, Before: p.e.journal.Before, Past: p.e.journal})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.started(id, runbook.Plan{Format: runbook.PlanFormat, Upgrade: "U-1", Request: id, Action: a.Name, Args: args, Machines: draft.Machines, Stages: draft.Stages,
		EndSeconds: draft.EndSeconds, Then: draft.Then, Thresholds: draft.Thresholds}, runbook.AskedBody{Action: a.Name, Args: args, Line: line, Risk: a.Risk, Takes: a.Takes})
}

// started lets a plan be approved and begin.
func (p porch) started(id string, plan runbook.Plan, asked runbook.AskedBody) runbook.Request {
	p.t.Helper()
	bytes, digest, err := plan.Seal()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.e.journal.Append(func(tx Tx) error { _, err := tx.SavePlan(bytes); return err }); err != nil {
		p.t.Fatal(err)
	}
	p.add(id, ana, runbook.Asked, asked)
	p.add(id, runbook.Bot, runbook.Proposed, runbook.ProposedBody{Digest: digest, Needs: p.e.policy.NeedsFor(runbook.Changes), Expires: p.clock.now.Add(time.Hour)})
	p.add(id, ben, runbook.Approved, runbook.ApprovedBody{Digest: digest})
	p.add(id, runbook.Bot, runbook.Checking, nil)
	p.add(id, runbook.Bot, runbook.Started, nil)
	return p.request(id)
}

func (p porch) request(id string) runbook.Request {
	p.t.Helper()
	r, err := p.s.Request(id)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// open carries out an opening.
func (p porch) open(id, line string) runbook.Request {
	p.t.Helper()
	r := p.begin(id, line)
	if err := p.e.carry(p.t.Context(), r); err != nil {
		p.t.Fatal(err)
	}
	return p.request(id)
}

func (p porch) end(id string) runbook.Request {
	p.t.Helper()
	if err := p.e.EndOpening(p.t.Context(), id); err != nil {
		p.t.Fatal(err)
	}
	return p.request(id)
}

// TestFoundAfterAStart: the bot died after the first rule was made and before that was
// written down. It starts again, and the opening ends when the host's own task does.
func TestFoundAfterAStart(t *testing.T) {
	p := openPorch(t)
	r := p.begin("R-1", "allow client 10.21.0.9 on site for 2h")
	step := openStep(t, p, r)
	p.addStep(r.ID, step.ID, runbook.StageBegun, runbook.StageBody{Stage: "1"})
	p.addStep(r.ID, step.ID, runbook.Intent, runbook.IntentBody{Attempt: 1, Before: []byte(`{"rules":[]}`)})
	if err := firewallOpen.Do(t.Context(), p.e.env, step); err != nil {
		t.Fatal(err)
	}
	p.clock.now = p.clock.now.Add(40 * time.Minute)
	if err := p.e.Recover(t.Context()); err != nil {
		t.Fatalf("the bot cannot start again: %v", err)
	}
	r = p.request("R-1")
	if r.State != runbook.Broken || r.Opening == nil || !r.Opening.Until.Equal(dawn.Add(2*time.Hour)) {
		t.Fatalf("%s, opening %+v, want interrupted and an end two hours after it was begun", r.State, r.Opening)
	}
	p.clock.now = dawn.Add(2 * time.Hour)
	if r = p.end("R-1"); r.Opening.Ended == nil || p.g.names("SITE1") != "" || len(p.g.gates["SITE1"].closings) > 0 {
		t.Errorf("after its end: %+v, rules %q", r.Opening, p.g.names("SITE1"))
	}
}

func (p porch) addStep(request, step string, kind runbook.Kind, body any) {
	p.t.Helper()
	if kind == runbook.StageBegun {
		step = ""
	}
	if err := p.e.journal.Append(func(tx Tx) error {
		return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, runbook.Request{ID: request, Upgrade: "U-1"}, kind, step, body)
	}); err != nil {
		p.t.Fatal(err)
	}
}

func openStep(t *testing.T, p porch, r runbook.Request) runbook.Step {
	t.Helper()
	bytes, err := p.s.Plan(r.Digest)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Steps()[0]
}

// TestTheLateOneClosesWithTheOthers: a server that is opened after the others, because it
// had to be tried again, closes with them; after the end it is not opened any more.
func TestTheLateOneClosesWithTheOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		later time.Duration
		state runbook.State
		says  string
	}{
		"in time":       {50 * time.Minute, runbook.WasDone, ""},
		"after the end": {2 * time.Hour, runbook.Waiting, "The time of this opening is over, so nothing more is opened."},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPorch(t)
			r := p.begin("R-1", "allow client 10.21.0.9 for 1h")
			p.g.gates["SITE1"].away = true
			if err := p.e.carry(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if r = p.request("R-1"); r.State != runbook.Waiting || r.Opening == nil || !r.Opening.Until.Equal(dawn.Add(time.Hour)) || p.g.names("SMP1") == "" {
				t.Fatalf("%s, opening %+v: the server that answers is open, and the others wait", r.State, r.Opening)
			}
			p.g.gates["SITE1"].away = false
			p.clock.now = dawn.Add(tt.later)
			if tt.later > time.Hour {
				r = p.end("R-1")
			}
			p.add("R-1", ben, runbook.Resumed, nil)
			if err := p.e.carry(t.Context(), p.request("R-1")); err != nil {
				t.Fatal(err)
			}
			r = p.request("R-1")
			if r.State != tt.state || tt.says != "" && !strings.Contains(r.Waits.Text, tt.says) {
				t.Fatalf("%s %+v, want %s %q", r.State, r.Waits, tt.state, tt.says)
			}
			due := p.g.gates["SITE1"].closings["U-1 R-1"].Due
			if open := p.g.names("SITE1") != ""; open != (tt.says == "") || open && !due.Equal(dawn.Add(time.Hour+closingGrace*time.Second)) {
				t.Errorf("SITE1 open: %v, closes %s", open, due)
			}
		})
	}
}

// TestAnEndWaitsForNobodyButThese: what may be beside the end of an opening, and what it
// waits for.
func TestAnEndWaitsForNobodyButThese(t *testing.T) {
	off := runbook.Stage{ID: "1", Item: "back", Steps: []runbook.Step{{ID: "1.1", Kind: kindOff, Version: 1, Host: "GW1"}}}
	for name, tt := range map[string]struct {
		beside func(porch)
		ends   bool
	}{
		"nothing":               {func(porch) {}, true},
		"a hold":                {func(p porch) { p.add("", ana, runbook.Held, runbook.TextBody{Text: "wait"}) }, true},
		"another that runs":     {func(p porch) { p.begin("R-2", "allow client 10.21.0.10 on smp") }, true},
		"more time that is run": {func(p porch) { p.begin("R-2", "extend R-1 for 1h") }, false},
		"a rollback that has not begun to power off": {func(p porch) {
			p.started("R-2", runbook.Plan{Format: runbook.PlanFormat, Request: "R-2", Action: "rollback", Stages: []runbook.Stage{off}}, runbook.AskedBody{Action: "rollback", Takes: true})
		}, true},
		"a rollback that powers off": {func(p porch) {
			p.started("R-2", runbook.Plan{Format: runbook.PlanFormat, Request: "R-2", Action: "rollback", Stages: []runbook.Stage{off}}, runbook.AskedBody{Action: "rollback", Takes: true})
			p.addStep("R-2", "1.1", runbook.Intent, runbook.IntentBody{Attempt: 1})
		}, false},
		"a rollback that waits in the middle": {func(p porch) {
			p.started("R-2", runbook.Plan{Format: runbook.PlanFormat, Request: "R-2", Action: "rollback", Stages: []runbook.Stage{off}}, runbook.AskedBody{Action: "rollback", Takes: true})
			p.addStep("R-2", "1.1", runbook.Intent, runbook.IntentBody{Attempt: 1})
			p.addStep("R-2", "1.1", runbook.Outcome, runbook.OutcomeBody{Result: runbook.NotDone})
			p.add("R-2", runbook.Bot, runbook.Waits, runbook.WaitsBody{Why: runbook.StepFailed})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPorch(t)
			if r := p.open("R-1", "allow client 10.21.0.9 on site for 1h"); r.State != runbook.WasDone {
				t.Fatalf("%s %+v", r.State, r.Waits)
			}
			p.clock.now = dawn.Add(30 * time.Minute)
			tt.beside(p)
			if r := p.end("R-1"); r.Opening.Ended != nil || p.g.names("SITE1") == "" {
				t.Fatal("closed before its end")
			}
			p.clock.now = dawn.Add(time.Hour)
			r := p.end("R-1")
			if ended := r.Opening.Ended != nil; ended != tt.ends || (p.g.names("SITE1") == "") != tt.ends {
				t.Errorf("ended %v, rules %q; want ended %v", ended, p.g.names("SITE1"), tt.ends)
			}
		})
	}
}

// TestARollbackEndsWhatItHasClosed: a server that is not of the set and does not answer
// keeps its way in, and the trail does not say that it is closed. Its end comes as agreed.
func TestARollbackEndsWhatItHasClosed(t *testing.T) {
	for _, away := range []bool{false, true} {
		p := openPorch(t)
		p.open("R-1", "allow client 10.21.0.9 on site for 2h")
		p.g.gates["SITE1"].away = away
		stage, err := shutAll(p.e.env, "1", map[string]string{"smp1": "guid-SMP1", "site1": "guid-SITE1", "gw1": "guid-GW1"})
		if err != nil {
			t.Fatal(err)
		}
		r := p.started("R-2", runbook.Plan{Format: runbook.PlanFormat, Upgrade: "U-1", Request: "R-2", Action: rollback.Name, Stages: []runbook.Stage{stage}},
			runbook.AskedBody{Action: rollback.Name, Line: rollback.Name, Risk: runbook.Outage, Takes: true})
		if err := p.e.carry(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if r = p.request("R-2"); r.State != runbook.WasDone {
			t.Fatalf("the rollback is %s: %+v", r.State, r.Waits)
		}
		r = p.request("R-1")
		if ended := r.Opening.Ended != nil; ended == away || away != (p.g.names("SITE1") != "") {
			t.Errorf("SITE1 away %v: ended %v, rules there %q", away, ended, p.g.names("SITE1"))
		}
		p.g.gates["SITE1"].away, p.clock.now = false, dawn.Add(2*time.Hour)
		if r = p.end("R-1"); r.Opening.Ended == nil || p.g.names("SITE1") != "" {
			t.Errorf("SITE1 away %v: after its end %+v, rules %q", away, r.Opening, p.g.names("SITE1"))
		}
	}
}

// TestAnEndThatCannotBeDone: it is said, tried again, later and later, and never touches
// what somebody has changed.
func TestAnEndThatCannotBeDone(t *testing.T) {
	for name, tt := range map[string]struct {
		trouble, mended func(*gate)
		says            string
	}{
		"a server does not answer": {func(g *gate) { g.away = true }, func(g *gate) { g.away = false }, "SITE1: The bot could not reach the host"},
		"a rule was changed by hand": {func(g *gate) { g.rules[0].Remote = []string{"10.0.0.0/8"} }, func(g *gate) { g.rules[0].Remote = []string{"10.21.0.9"} },
			"is not as this request made it: it lets in 10.0.0.0/8"},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPorch(t)
			p.open("R-1", "allow client 10.21.0.9 for 1h")
			tt.trouble(p.g.gates["SITE1"])
			p.clock.now = dawn.Add(time.Hour)
			r := p.end("R-1")
			if r.Opening.Ended != nil || !strings.Contains(r.Opening.Stuck, tt.says) || p.g.names("SITE1") == "" || p.g.names("SMP1") != "" {
				t.Fatalf("%+v, SMP1 has %q, SITE1 has %q", r.Opening, p.g.names("SMP1"), p.g.names("SITE1"))
			}
			if r = p.end("R-1"); r.Opening.Tries != 1 {
				t.Errorf("tried %d times at once", r.Opening.Tries)
			}
			p.clock.now = r.Opening.Again
			if r = p.end("R-1"); r.Opening.Tries != 2 || r.Opening.Stuck == "" {
				t.Errorf("not tried again: %+v", r.Opening)
			}
			tt.mended(p.g.gates["SITE1"])
			p.clock.now = r.Opening.Again
			if r = p.end("R-1"); r.Opening.Ended == nil || p.g.names("SITE1") != "" {
				t.Errorf("never closed: %+v", r.Opening)
			}
		})
	}
}

// TestAnEndOfAnotherVersion: what this program cannot read is an alarm, and no reason to
// end the bot.
func TestAnEndOfAnotherVersion(t *testing.T) {
	p := openPorch(t)
	step := runbook.Step{ID: "1.1", Kind: kindOpen, Version: firewallOpen.Version + 1, Host: "SITE1", Machine: "guid-SITE1", Params: []byte(`{}`)}
	p.started("R-1", runbook.Plan{Format: runbook.PlanFormat, Request: "R-1", Action: "allow client", Stages: []runbook.Stage{{ID: "1", Steps: []runbook.Step{step}}}}, runbook.AskedBody{Action: "allow client"})
	p.addStep("R-1", "1.1", runbook.Intent, runbook.IntentBody{Attempt: 1})
	p.addStep("R-1", "1.1", runbook.Outcome, runbook.OutcomeBody{Result: runbook.StepDone})
	p.add("R-1", runbook.Bot, runbook.Opened, runbook.OpenedBody{Until: dawn.Add(time.Hour)})
	p.add("R-1", runbook.Bot, runbook.Finished, nil)
	p.clock.now = dawn.Add(time.Hour)
	if r := p.end("R-1"); r.Opening.Ended != nil || !strings.Contains(r.Opening.Stuck, "SITE1: Another version of the bot has opened it") {
		t.Errorf("%+v", r.Opening)
	}
}

// TestEndsOnAHost holds what a look says of the end of an opening on its host.
func TestEndsOnAHost(t *testing.T) {
	now := dawn.Add(30 * time.Minute)
	at := func(d time.Duration) func(*gate) {
		return func(g *gate) {
			c := g.closings["U-1 R-1"]
			c.Due = now.Add(d + closingGrace*time.Second)
			g.closings["U-1 R-1"] = c
		}
	}
	for name, tt := range map[string]struct {
		change     func(*gate)
		look, back Standing
	}{
		"at the old end":        {at(30 * time.Minute), IsNotDone, IsDone},
		"at the new end":        {at(90 * time.Minute), IsDone, IsNotDone},
		"nearly at the new one": {at(92 * time.Minute), IsDone, IsNotDone},
		"elsewhere":             {at(50 * time.Minute), IsPartly, IsPartly},
		"not armed":             {func(g *gate) { clear(g.closings) }, IsPartly, IsPartly},
		"switched off": {func(g *gate) {
			g.closings["U-1 R-1"] = estate.Closing{Key: "U-1 R-1", Due: now.Add(92 * time.Minute)}
		}, IsPartly, IsPartly},
		"closed meanwhile": {func(g *gate) { g.rules = nil }, Otherwise, Otherwise},
		"changed by hand":  {func(g *gate) { g.rules[0].Ports = []string{"Any"} }, Otherwise, Otherwise},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPorch(t)
			p.open("R-1", "allow client 10.21.0.9 on site for 1h")
			p.clock.now = now
			step := openStep(t, p, p.begin("R-2", "extend R-1 for 1h"))
			tt.change(p.g.gates["SITE1"])
			look, err := openingExtend.Look(t.Context(), p.e.env, step)
			back, err2 := openingExtend.LookBack(t.Context(), p.e.env, step, nil)
			if err != nil || err2 != nil || look.Standing != tt.look || back.Standing != tt.back {
				t.Errorf("%s %q, back %s %q, %v %v", look.Standing, look.Text, back.Standing, back.Text, err, err2)
			}
			if look.Standing != IsNotDone && look.Standing != IsPartly {
				return
			}
			if err := openingExtend.Do(t.Context(), p.e.env, step); err != nil {
				t.Fatal(err)
			}
			if look, err = openingExtend.Look(t.Context(), p.e.env, step); err != nil || look.Standing != IsDone {
				t.Errorf("afterwards %s %q %v", look.Standing, look.Text, err)
			}
		})
	}
}

// TestClosingByWhoIsIn: an opening is found by exactly whom it lets in, and never taken
// back for a part of them.
func TestClosingByWhoIsIn(t *testing.T) {
	p := openPorch(t)
	p.open("R-1", "allow client 10.21.0.9 on site")
	p.open("R-2", "allow client ws-1 on smp")
	p.open("R-3", "allow client 203.0.113.9")
	p.open("R-4", "allow subnet 10.21.4.0/24 10.21.5.0/24 on smp")
	p.open("R-5", "allow subnet 10.21.4.0/24 on site")
	p.open("R-6", "close R-5")
	for line, want := range map[string]string{
		"close client 10.21.0.9":                 "R-1",
		"close client WS-1":                      "R-2",
		"close client 10.21.0.1":                 "R-2 lets in more than that: 203.0.113.1.",
		"close client 203.0.113.9":               "R-3",
		"close client 10.20.0.13":                "R-3 lets in more than that: 203.0.113.9.",
		"close subnet 10.21.4.0/24":              "R-4 lets in more than that: 10.21.5.0/24.",
		"close subnet 10.21.4.0/24 10.21.5.0/24": "R-4",
		"close client 10.21.4.7":                 "Nothing that was opened by name lets in exactly 10.21.4.7.",
		"close R-4":                              "R-4",
		"close R-5":                              "R-5 has opened nothing that is open.",
		"close R-6":                              "R-6 has opened nothing that is open.",
	} {
		ledger, err := readLedger(p.e.journal)
		if err != nil {
			t.Fatal(err)
		}
		a, words, _ := Named(strings.Fields(line))
		args, no := a.Arguments(words)
		if no != nil {
			t.Fatal(no)
		}
		chosen, err := ledger.toClose(args)
		if got := strings.Join(chosen, " "); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q %v, want %q", line, got, err, want)
		}
	}
}

// TestUndoIsAgreedToLikeWhatItUndoes: where the policy asks for more approvers of an action,
// it asks for as many to take it back.
func TestUndoIsAgreedToLikeWhatItUndoes(t *testing.T) {
	for _, tt := range []struct {
		more []runbook.More
		want runbook.Needs
	}{
		{nil, runbook.Needs{Count: 1, Roles: []runbook.Role{runbook.Operator, runbook.Approver}}},
		{[]runbook.More{{Action: allowClient.Name, Approvers: 1}}, runbook.Needs{Count: 1, Roles: []runbook.Role{runbook.Approver}, NotRequester: true}},
		{[]runbook.More{{Action: allowClient.Name, Approvers: 2}}, runbook.Needs{Count: 2, Roles: []runbook.Role{runbook.Approver}, NotRequester: true}},
		{[]runbook.More{{Action: undo.Name, Approvers: 3}, {Action: allowClient.Name, Approvers: 2}}, runbook.Needs{Count: 3, Roles: []runbook.Role{runbook.Approver}, NotRequester: true}},
	} {
		p := openPorch(t)
		p.open("R-1", "allow client 10.21.0.9 on site")
		p.e.policy.More = tt.more
		p.add("R-2", ana, runbook.Asked, runbook.AskedBody{Action: undo.Name, Args: map[string]string{"request": "R-1"}, Line: "undo R-1", Risk: runbook.Changes, Undoes: "R-1"})
		plan, _, err := p.e.planOf(t.Context(), p.request("R-2"))
		if err != nil || !reflect.DeepEqual(plan.Needs, tt.want) {
			t.Errorf("with %v: %+v, %v; want %+v", tt.more, plan.Needs, err, tt.want)
		}
	}
}

// TestClosingWhereNobodyKnows: on SITE1 the answer was lost after the rule was made, and
// the request was left so. Closing it closes there too, and where that host does not
// answer the opening is not called ended.
func TestClosingWhereNobodyKnows(t *testing.T) {
	for _, away := range []bool{false, true} {
		p := openPorch(t)
		r := p.begin("R-1", "allow client 10.21.0.9 on smp,site")
		bytes, err := p.s.Plan(r.Digest)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			t.Fatal(err)
		}
		p.addStep(r.ID, "", runbook.StageBegun, runbook.StageBody{Stage: "1"})
		for _, s := range plan.Steps() {
			p.addStep(r.ID, s.ID, runbook.Intent, runbook.IntentBody{Attempt: 1, Before: []byte(`{"rules":[]}`)})
			if err := firewallOpen.Do(t.Context(), p.e.env, s); err != nil {
				t.Fatal(err)
			}
			result := runbook.StepDone
			if s.Host == "SITE1" {
				result = runbook.Unclear
			}
			p.addStep(r.ID, s.ID, runbook.Outcome, runbook.OutcomeBody{Result: result})
		}
		p.add(r.ID, runbook.Bot, runbook.Opened, runbook.OpenedBody{})
		p.add(r.ID, runbook.Bot, runbook.Waits, runbook.WaitsBody{Why: runbook.StepUnknown})
		p.add(r.ID, eva, runbook.LeftSo, runbook.TextBody{Text: "looked at later"})
		p.g.gates["SITE1"].away = away
		p.open("R-2", "close R-1")
		p.g.gates["SITE1"].away = false
		r = p.request("R-1")
		if ended := r.Opening.Ended != nil; ended == away || away != (p.g.names("SITE1") != "") || p.g.names("SMP1") != "" {
			t.Errorf("SITE1 away %v: ended %v, rules %q and %q", away, ended, p.g.names("SMP1"), p.g.names("SITE1"))
		}
	}
}
