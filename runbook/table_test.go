package runbook

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	ana  = Person{"T1", "ANA"}
	ben  = Person{"T1", "BEN"}
	dora = Person{"T1", "DORA"}
	noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
)

// TestEveryPairOfStateAndEvent holds the whole table as DESIGN §1 says it.
// What is not written here must be refused.
func TestEveryPairOfStateAndEvent(t *testing.T) {
	want := map[string]State{}
	for _, line := range strings.Split(strings.TrimSpace(`
 asked -> asked
asked proposed -> proposed
asked unplanned -> refused
asked cancelled -> cancelled
asked denied -> denied
proposed approved -> proposed
proposed denied -> denied
proposed cancelled -> cancelled
proposed expired -> expired
proposed stale -> stale
proposed reminded -> proposed
agreed read again -> agreed
agreed confirmed -> ready
agreed denied -> denied
agreed cancelled -> cancelled
agreed expired -> expired
agreed stale -> stale
agreed unplanned -> refused
agreed reminded -> agreed
ready checking -> checking
ready denied -> denied
ready cancelled -> cancelled
ready expired -> expired
checking started -> running
checking stale -> stale
checking unplanned -> refused
checking checking -> checking
checking cancelled -> cancelled
running stage.begun -> running
running step.intent -> running
running step.outcome -> running
running progress -> running
running stop.asked -> running
running waits -> waiting
running interrupted -> interrupted
running done -> done
running superseded -> superseded
running opened -> running
waiting step.outcome -> waiting
waiting opened -> waiting
waiting reminded -> waiting
waiting answered -> waiting
waiting resumed -> running
waiting left -> left
waiting superseded -> superseded
waiting interrupted -> interrupted
interrupted step.outcome -> interrupted
interrupted opened -> interrupted
interrupted reminded -> interrupted
interrupted resumed -> running
interrupted left -> left
interrupted superseded -> superseded
done backed out -> done
left backed out -> left
superseded backed out -> superseded`), "\n") {
		pair, to, _ := strings.Cut(line, " -> ")
		want[strings.TrimLeft(pair, " ")] = State(to)
	}
	// An opening lasts longer than its request and moves it nowhere.
	for _, s := range []State{Running, Waiting, Broken, WasDone, WasLeft, WasTaken} {
		for _, k := range []Kind{Extended, EndNear, Ending, OpeningEnded, EndFailed, SetAged, Observed} {
			want[string(s)+" "+string(k)] = s
		}
	}
	seen := 0
	for _, s := range States {
		for _, k := range RequestKinds {
			pair := strings.TrimLeft(string(s)+" "+string(k), " ")
			to, ok := Next(s, k)
			wanted, expected := want[pair]
			if ok != expected || to != wanted {
				t.Errorf("%q leads to %q (%v), want %q (%v)", pair, to, ok, wanted, expected)
			}
			if ok {
				seen++
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d pairs in the table, %d expected", seen, len(want))
	}
}

func TestEndedStatesStayEnded(t *testing.T) {
	for _, s := range States {
		for _, k := range RequestKinds {
			if to, ok := Next(s, k); ok && s.Ended() && to != s {
				t.Errorf("%s ended and %s brings it to %s", s, k, to)
			}
		}
		if s.Ended() && s.Holds() {
			t.Errorf("%s has ended and holds the slot", s)
		}
	}
}

// event makes an event that may or may not fit.
func event(t testing.TB, n int64, kind Kind, by Person, step string, body any) Event {
	t.Helper()
	e, err := NewEvent(kind, "R-1", body)
	if err != nil {
		t.Fatal(err)
	}
	e.N, e.Upgrade, e.At, e.Actor, e.Door, e.Step = n, "U-1", noon, by, "test", step
	return e
}

func offered(t testing.TB, needs Needs) Request {
	t.Helper()
	r, err := Request{}.Apply(event(t, 1, Asked, ana, "", AskedBody{Action: "quiesce", Line: "quiesce", Risk: Outage}))
	if err != nil {
		t.Fatal(err)
	}
	r, err = r.Apply(event(t, 2, Proposed, Bot, "", ProposedBody{Digest: "d1", Needs: needs, Expires: noon.Add(30 * time.Minute)}))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestApproval(t *testing.T) {
	two := Needs{Count: 2, Roles: []Role{Approver}, NotRequester: true}
	tests := []struct {
		name   string
		by     Person
		digest string
		late   bool
		want   string
	}{
		{"another person", ben, "d1", false, ""},
		{"the requester", ana, "d1", false, "nobody approves their own request"},
		{"another plan", ben, "d2", false, "the approval is of another plan"},
		{"no plan", ben, "", false, "the approval is of another plan"},
		{"too late", ben, "d1", true, "it has expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := event(t, 3, Approved, tt.by, "", ApprovedBody{Digest: tt.digest})
			if tt.late {
				e.At = noon.Add(30 * time.Minute)
			}
			before := offered(t, two)
			r, err := before.Apply(e)
			var misfit *Misfit
			switch {
			case tt.want == "" && (err != nil || len(r.Seats) != 1 || r.State != InOffer):
				t.Errorf("got %v, %d seats, %s", err, len(r.Seats), r.State)
			case tt.want != "" && (!errors.As(err, &misfit) || misfit.Reason != tt.want):
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if len(before.Seats) != 0 {
				t.Error("the request that was given has changed")
			}
		})
	}
	r := offered(t, two)
	for i, by := range []Person{ben, dora} {
		var err error
		if r, err = r.Apply(event(t, int64(3+i), Approved, by, "", ApprovedBody{Digest: "d1"})); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Apply(event(t, int64(4+i), Approved, by, "", ApprovedBody{Digest: "d1"})); err == nil {
			t.Errorf("%s filled two seats", by.User)
		}
	}
	if r.State != Ready {
		t.Errorf("after two of two approvals it is %s", r.State)
	}
}

func TestProposalWithoutApprovalsIsRefused(t *testing.T) {
	r, err := Request{}.Apply(event(t, 1, Asked, ana, "", AskedBody{Action: "quiesce", Line: "quiesce"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []ProposedBody{{}, {Digest: "d"}, {Digest: "d", Needs: Needs{Count: 1}}, {Digest: "d", Needs: Needs{Roles: []Role{Approver}}}} {
		if r, err := r.Apply(event(t, 2, Proposed, Bot, "", b)); err == nil {
			t.Errorf("%+v was taken: %s", b, r.State)
		}
	}
}

// TestNothingRunsWithoutEnoughPeople tries random events in random order: a
// request that ever runs has its seats filled by distinct people who agreed to
// its plan and, where that is asked, none of them the requester.
func TestNothingRunsWithoutEnoughPeople(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		needs := Needs{Count: rapid.IntRange(1, 3).Draw(rt, "count"), Roles: []Role{Approver}, NotRequester: rapid.Bool().Draw(rt, "not requester")}
		r := Request{}
		for n := int64(1); n <= 40; n++ {
			kind := rapid.SampledFrom(RequestKinds[:]).Draw(rt, "kind")
			by := rapid.SampledFrom([]Person{ana, ben, dora, {"T1", "EVA"}, Bot}).Draw(rt, "by")
			step := rapid.SampledFrom([]string{"1.1", "1.2"}).Draw(rt, "step")
			var body any
			switch kind {
			case Asked:
				body = AskedBody{Action: "quiesce", Line: "quiesce"}
			case Proposed:
				body = ProposedBody{Digest: "d1", Needs: needs, Expires: noon.Add(time.Minute)}
			case Approved:
				body = ApprovedBody{Digest: rapid.SampledFrom([]string{"d1", "d2"}).Draw(rt, "digest")}
			case Outcome:
				body = OutcomeBody{Result: rapid.SampledFrom([]Result{StepDone, AlreadySo, NotDone, Unclear}).Draw(rt, "result")}
			case Waits:
				body = WaitsBody{Why: StepFailed}
			}
			next, err := r.Apply(event(t, n, kind, by, step, body))
			if err != nil {
				continue
			}
			if _, ok := Next(r.State, kind); !ok {
				rt.Fatalf("%s took %s, which the table refuses", r.State, kind)
			}
			r = next
			if !r.State.Untouched() {
				mustBeAgreed(rt, r)
			}
		}
	})
}

func mustBeAgreed(t *rapid.T, r Request) {
	people := map[Person]bool{}
	for _, s := range r.Seats {
		people[s.By] = true
		if s.Digest != r.Digest || r.Needs.NotRequester && s.By == r.By {
			t.Fatalf("%s is %s with the seat %+v", r.ID, r.State, s)
		}
	}
	if len(people) < r.Needs.Count || r.Needs.Count < 1 {
		t.Fatalf("%s is %s with %d people of %d", r.ID, r.State, len(people), r.Needs.Count)
	}
}

func TestCanonical(t *testing.T) {
	a, err := Canonical(map[string]any{"b": 1, "a": "<&>", "c": []int{3, 2}})
	if err != nil || string(a) != `{"a":"<&>","b":1,"c":[3,2]}` {
		t.Errorf("got %s, %v", a, err)
	}
	for _, bad := range []any{1.5, map[string]any{"x": []any{2.25}}, 1e300} {
		if b, err := Canonical(bad); err == nil {
			t.Errorf("%v became %s", bad, b)
		}
	}
	if _, err := CanonicalBytes([]byte(`{"a":1} {"b":2}`)); err == nil {
		t.Error("two values were taken as one")
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{"b":1,"a":[true,null]}`, `"x"`, `1.0`, `{"a":1}{`, `{"a":{"a":{"a":{}}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := CanonicalBytes(raw)
		if err != nil {
			return
		}
		twice, err := CanonicalBytes(once)
		if err != nil || string(once) != string(twice) {
			t.Errorf("%q becomes %q and then %q, %v", raw, once, twice, err)
		}
	})
}

func TestOneByteOfPlanMakesAnotherDigest(t *testing.T) {
	plan := Plan{Format: 1, Estate: "Practice", Request: "R-1", Stages: []Stage{{ID: "1", Steps: []Step{{ID: "1.1", Host: "SMP1",
		Params: []byte(`{"b":2,"a":1}`)}}}}, Thresholds: map[string]int64{"x": 1, "a": 2}}
	bytes, digest, err := plan.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if _, again, _ := plan.Seal(); again != digest {
		t.Error("the same plan has two digests")
	}
	opened, err := OpenPlan(bytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, again, _ := opened.Seal(); again != digest {
		t.Error("a plan that was read back has another digest")
	}
	opened.Stages[0].Steps[0].Effect.After = "closed"
	if _, other, _ := opened.Seal(); other == digest {
		t.Error("another effect has the same digest")
	}
	if _, err := OpenPlan([]byte(`{"format":2}`)); err == nil {
		t.Error("a plan of a later format was opened")
	}
}

func TestPolicy(t *testing.T) {
	p := Policy{Members: []Member{{ana, "Ana", Operator}, {ben, "Ben", Approver}, {dora, "Dora", Approver}, {Person{"T1", "CLEO"}, "Cleo", Viewer}}}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	for i, bad := range [][]Member{nil, p.Members[:1], p.Members[1:2], {p.Members[0], p.Members[1], p.Members[1]},
		{{ana, "Ana", "boss"}, p.Members[1]}, {{Person{}, "Nobody", Operator}, p.Members[1]}} {
		if (Policy{Members: bad}).Check() == nil {
			t.Errorf("list %d was accepted: %v", i, bad)
		}
	}
	r := Request{ID: "R-1", By: ana, Needs: p.NeedsFor(Outage)}
	stranger := Person{"T2", "BEN"} // same user id, another workspace
	for who, want := range map[Person]string{ana: "You asked for R-1", ben: "", {"T1", "CLEO"}: "You are a viewer", stranger: "You are on no list"} {
		no := p.MayFill(r, who)
		if (no == nil) != (want == "") || no != nil && !strings.Contains(no.Reason, want) {
			t.Errorf("%v: %v, want %q", who, no, want)
		}
	}
	if no := (Policy{}).MayFill(r, ben); no == nil {
		t.Error("an empty list let somebody approve")
	}
	for _, risk := range []Risk{Outage, Irreversible, "of a later version"} {
		if n := p.NeedsFor(risk); n.Count < 1 || !n.NotRequester || fmt.Sprint(n.Roles) != "[approver]" {
			t.Errorf("%s needs %+v", risk, n)
		}
	}
}
