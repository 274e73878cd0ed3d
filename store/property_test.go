package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"itmsbot/runbook"
)

// press is one call of Append in a random walk: what the caller wants, decided
// when its turn comes.
type press struct {
	Request string
	Any     bool // takes any kind of event instead of one that fits
	Pick    int  // which of the kinds
	End     bool // may take one that ends the request
	Step    string
	Actor   int
	Stray   bool // approves another plan than the one that is proposed
	Fail    bool // returns an error in the end
	Whole   bool // says something of the upgrade as a whole
}

func drawPress(t *rapid.T) press {
	return press{
		Request: rapid.SampledFrom([]string{"R-1", "R-2"}).Draw(t, "request"),
		Any:     rapid.IntRange(0, 9).Draw(t, "any") == 0,
		Pick:    rapid.IntRange(0, 99).Draw(t, "pick"),
		End:     rapid.IntRange(0, 14).Draw(t, "end") == 0,
		Step:    rapid.SampledFrom([]string{"1.1", "1.2"}).Draw(t, "step"),
		Actor:   rapid.IntRange(0, 3).Draw(t, "actor"),
		Stray:   rapid.IntRange(0, 19).Draw(t, "stray") == 0,
		Fail:    rapid.IntRange(0, 9).Draw(t, "fail") == 0,
		Whole:   rapid.IntRange(0, 19).Draw(t, "whole") == 0,
	}
}

var errOwn = errors.New("the caller's own")

// decide writes an event that mostly fits, sometimes with a second one.
func (p press) decide(t testing.TB, plan []byte) func(*Tx) error {
	return func(tx *Tx) error {
		digest, err := tx.SavePlan(plan)
		if err != nil {
			return err
		}
		r, err := tx.Request(p.Request)
		if err != nil && r.State != runbook.None {
			return err
		}
		fits := func(k runbook.Kind) bool {
			to, ok := runbook.Next(r.State, k)
			return p.Any || ok && (p.End || !to.Ended() || r.State.Ended())
		}
		var kinds []runbook.Kind
		for _, k := range runbook.RequestKinds {
			if fits(k) {
				kinds = append(kinds, k)
			}
		}
		if len(kinds) == 0 || p.Whole {
			kinds = []runbook.Kind{runbook.Noted, runbook.Held, runbook.HoldEnded, runbook.Signed, runbook.Unsigned}
		}
		if p.Stray {
			digest = genesis
		}
		e := p.event(t, kinds[p.Pick%len(kinds)], digest)
		if _, err := tx.Add(e); err != nil {
			return err
		}
		if p.Fail {
			return errOwn
		}
		return nil
	}
}

func (p press) event(t testing.TB, k runbook.Kind, digest string) runbook.Event {
	var e runbook.Event
	switch k {
	case runbook.Asked:
		e = asked(t, p.Request)
	case runbook.Proposed:
		e = proposed(t, p.Request, digest)
		if p.Request == "R-2" { // what cannot be undone
			e = event(t, k, p.Request, runbook.ProposedBody{Digest: digest, Needs: runbook.Policy{}.NeedsFor(runbook.Irreversible), Expires: start.Add(30 * time.Minute)})
		}
	case runbook.Approved:
		e = approved(t, p.Request, digest, alice)
	case runbook.ReadAgain:
		e = event(t, k, p.Request, runbook.ReadAgainBody{Expires: start.Add(10 * time.Minute)})
	case runbook.Confirmed:
		e = event(t, k, p.Request, runbook.ApprovedBody{Digest: digest})
	case runbook.Opened, runbook.Extended:
		e = event(t, k, p.Request, runbook.OpenedBody{Until: start.Add(time.Duration(p.Pick) * time.Minute)})
	case runbook.Held, runbook.HoldEnded:
		return p.acting(event(t, k, "", runbook.TextBody{Text: p.Step}))
	case runbook.Signed, runbook.Unsigned:
		return p.acting(event(t, k, "", runbook.SignedBody{Fact: p.Step}))
	case runbook.Intent:
		e = event(t, k, p.Request, runbook.IntentBody{Attempt: p.Pick, Before: fmt.Appendf(nil, `{"pick":%d}`, p.Pick)})
	case runbook.Outcome:
		e = event(t, k, p.Request, runbook.OutcomeBody{Result: runbook.StepDone})
	case runbook.Waits:
		e = event(t, k, p.Request, runbook.WaitsBody{Why: runbook.StepFailed})
	case runbook.Superseded, runbook.BackedOut:
		e = event(t, k, p.Request, runbook.ByBody{By: "R-9"})
	default:
		e = event(t, k, p.Request, nil)
	}
	e.Step = p.Step
	return p.acting(e)
}

func (p press) acting(e runbook.Event) runbook.Event {
	e.Actor = []runbook.Person{alice, bob, carol, runbook.Bot}[p.Actor]
	return e
}

// TestRandomWalks lets several callers walk two requests at random, through
// events that fit and events that do not. Whatever happens, the numbers have no
// gap, a request is the sum of its events, so is the upgrade as a whole, a step keeps its
// first before, the timers are those of the requests as they are, and the trail verifies.
func TestRandomWalks(t *testing.T) {
	plan := planOf(t, "R-1")
	reached := map[runbook.State]int{}
	rapid.Check(t, func(rt *rapid.T) {
		walks := make([][]press, rapid.IntRange(1, 4).Draw(rt, "callers"))
		for i := range walks {
			walks[i] = rapid.SliceOfN(rapid.Custom(drawPress), 10, 40).Draw(rt, fmt.Sprintf("walk %d", i))
		}
		path := file(t)
		s := opened(t, path)
		add(t, s, upgradeOpened(t, "U-1"))
		written := pressAll(rt, s, walks, plan)
		if n, _ := s.Head(); n != int64(written)+1 {
			rt.Errorf("head %d after %d events", n, written+1)
		}
		checkSums(rt, s, reached)
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
		report, err := Verify(path)
		if err != nil || !report.OK() {
			rt.Errorf("verify: %v %v", err, report.Findings)
		}
	})
	t.Logf("events by the state they led to: %v", reached)
	if len(reached) < 8 {
		t.Errorf("the walks reached %d states only: %v", len(reached), reached)
	}
}

// pressAll runs the walks beside each other and counts what was written.
func pressAll(t *rapid.T, s *Store, walks [][]press, plan []byte) (written int) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, walk := range walks {
		all.Go(func() {
			for _, p := range walk {
				err := s.Append(p.decide(quiet{}, plan))
				var misfit *runbook.Misfit
				mu.Lock()
				switch {
				case err == nil:
					written++
				case errors.As(err, &misfit), errors.Is(err, errOwn), p.Stray:
				default:
					t.Errorf("%+v: %v", p, err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return written
}

// quiet is for building events off the test's goroutine; building one of ours
// cannot go wrong.
type quiet struct{ testing.TB }

func (quiet) Helper()           {}
func (quiet) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// checkSums compares the derived requests and steps with their events, and
// counts the states that the events led to.
func checkSums(t *rapid.T, s *Store, reached map[runbook.State]int) {
	events, err := s.Events(0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	sums, whole := map[string]runbook.Request{}, runbook.Upgrade{ID: "U-1"}
	befores := map[string]string{}
	for i, e := range events {
		if e.N != int64(i)+1 {
			t.Fatalf("event %d stands at place %d", e.N, i+1)
		}
		if whole, err = whole.Apply(e); err != nil {
			t.Fatal(err)
		}
		if !e.Kind.OfRequest() {
			continue
		}
		if sums[e.Request], err = sums[e.Request].Apply(e); err != nil {
			t.Fatalf("event %d does not fit: %v", e.N, err)
		}
		reached[sums[e.Request].State]++
		if id := e.Request + " " + e.Step; e.Kind == runbook.Intent && befores[id] == "" {
			var b runbook.IntentBody
			if err := e.Read(&b); err != nil {
				t.Fatal(err)
			}
			befores[id] = string(b.Before)
			got, err := s.StepBefore(e.Request, e.Step)
			if err != nil || string(got.State) != befores[id] || got.Event != e.N {
				t.Errorf("before of %s: %s, %v; want %s", id, got.State, err, befores[id])
			}
		}
	}
	want := make([]runbook.Request, 0, len(sums))
	for _, r := range sums {
		want = append(want, r)
	}
	checkTimers(t, s, want)
	stored, err := s.Whole()
	if diff := gocmp.Diff(whole, stored, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("the upgrade as a whole, %v (-events +stored):\n%s", err, diff)
	}
	slices.SortFunc(want, func(a, b runbook.Request) int { return cmp.Compare(a.First, b.First) })
	got, err := s.Requests()
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, append([]runbook.Request{}, got...)); diff != "" {
		t.Errorf("requests (-events +stored):\n%s", diff)
	}
}

// checkTimers compares the timers that are not void with those that the requests should
// have.
func checkTimers(t *rapid.T, s *Store, requests []runbook.Request) {
	got, want := map[string]time.Time{}, map[string]time.Time{}
	for _, r := range requests {
		for _, w := range timersOf(r) {
			want[w.what+" "+r.ID] = w.due.UTC().Truncate(time.Millisecond)
		}
	}
	list, err := s.Due(start.Add(10_000 * time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, timer := range list {
		got[timer.ID] = timer.Due.UTC()
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("timers (-as the requests are +stored):\n%s", diff)
	}
}
