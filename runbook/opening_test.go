package runbook

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// running is a request that runs, with nobody's approval missing.
func running(t testing.TB) Request {
	t.Helper()
	r := offered(t, Needs{Count: 1, Roles: []Role{Approver}, NotRequester: true})
	var err error
	for i, e := range []Event{event(t, 3, Approved, ben, "", ApprovedBody{Digest: "d1"}), event(t, 4, Checking, Bot, "", nil), event(t, 5, Started, Bot, "", nil)} {
		if r, err = r.Apply(e); err != nil {
			t.Fatalf("event %d: %v", i+3, err)
		}
	}
	return r
}

// TestOpening tells the life of an opening, event by event, and what it is after each.
func TestOpening(t *testing.T) {
	two := noon.Add(2 * time.Hour)
	type told struct {
		kind Kind
		body any
		at   time.Duration // after noon
		want string        // what it is then; "no" where the event does not fit
	}
	for _, tt := range []struct {
		name  string
		story []told
	}{
		{"ends by itself", []told{
			{Opened, OpenedBody{Until: two}, 0, "until 14:00"},
			{Opened, OpenedBody{Until: two}, 0, "no"}, // it begins once
			{EndNear, nil, 110 * time.Minute, "until 14:00, asked"},
			{Ending, nil, 120 * time.Minute, "until 14:00, asked, try 1, again 14:01"},
			{OpeningEnded, EndedBody{Text: "closed on SMP1"}, 120 * time.Minute, "ended by clock: closed on SMP1"},
			{EndNear, nil, 121 * time.Minute, "no"},
			{Extended, OpenedBody{Until: two.Add(time.Hour)}, 121 * time.Minute, "no"},
			{OpeningEnded, EndedBody{By: "R-9"}, 121 * time.Minute, "no"},
			{Ending, nil, 121 * time.Minute, "no"},
			{EndFailed, TextBody{Text: "away"}, 121 * time.Minute, "no"},
		}},
		{"is extended, and asked for anew", []told{
			{Opened, OpenedBody{Until: two}, 0, "until 14:00"},
			{EndNear, nil, 110 * time.Minute, "until 14:00, asked"},
			{Extended, OpenedBody{Until: two.Add(time.Hour)}, 115 * time.Minute, "until 15:00"},
			{EndNear, nil, 170 * time.Minute, "until 15:00, asked"},
		}},
		{"cannot be closed, is tried again later and later, and then is", []told{
			{Opened, OpenedBody{Until: two}, 0, "until 14:00"},
			{Ending, nil, 120 * time.Minute, "until 14:00, try 1, again 14:01"},
			{EndFailed, TextBody{Text: "away"}, 122 * time.Minute, "until 14:00, try 1, again 14:03, stuck: away"},
			{Ending, nil, 123 * time.Minute, "until 14:00, try 2, again 14:05, stuck: away"},
			{EndFailed, TextBody{Text: "still away"}, 124 * time.Minute, "until 14:00, try 2, again 14:06, stuck: still away"},
			{OpeningEnded, EndedBody{By: "R-9"}, 125 * time.Minute, "ended by R-9"},
		}},
		{"is stuck, and extended after all", []told{
			{Opened, OpenedBody{Until: two}, 0, "until 14:00"},
			{Ending, nil, 120 * time.Minute, "until 14:00, try 1, again 14:01"},
			{EndFailed, TextBody{Text: "away"}, 120 * time.Minute, "until 14:00, try 1, again 14:01, stuck: away"},
			{Extended, OpenedBody{Until: two.Add(time.Hour)}, 121 * time.Minute, "until 15:00"},
		}},
		{"has no end, and is closed by a request", []told{
			{Opened, OpenedBody{}, 0, "without an end"},
			{OpeningEnded, EndedBody{By: "R-9"}, time.Hour, "ended by R-9"},
		}},
		{"was never opened", []told{
			{EndNear, nil, 0, "no"}, {Extended, OpenedBody{Until: two}, 0, "no"}, {Ending, nil, 0, "no"}, {OpeningEnded, EndedBody{}, 0, "no"}, {EndFailed, TextBody{}, 0, "no"},
		}},
	} {
		r := running(t)
		for i, step := range tt.story {
			e := event(t, int64(6+i), step.kind, Clock, "", step.body)
			e.At = noon.Add(step.at)
			was := r.Opening.words()
			next, err := r.Apply(e)
			var misfit *Misfit
			switch {
			case step.want == "no" && !errors.As(err, &misfit):
				t.Errorf("%s: %s was taken: %v", tt.name, step.kind, next.Opening.words())
			case step.want != "no" && (err != nil || next.Opening.words() != step.want):
				t.Errorf("%s: after %s it is %q, %v; want %q", tt.name, step.kind, next.Opening.words(), err, step.want)
			}
			if now := r.Opening.words(); now != was {
				t.Errorf("%s: %s has changed the request that was given from %q to %q", tt.name, step.kind, was, now)
			}
			if err == nil {
				r = next
			}
		}
		if r.State != Running {
			t.Errorf("%s: the request is %s", tt.name, r.State)
		}
	}
}

// words says an opening in a line.
func (o *Opening) words() string {
	switch {
	case o == nil:
		return "none"
	case o.Ended != nil && o.By != "":
		return "ended by " + o.By
	case o.Ended != nil:
		return fmt.Sprintf("ended by %s: %s", o.Ended.By.User, o.Ended.Text)
	}
	s := "without an end"
	if !o.Until.IsZero() {
		s = "until " + o.Until.Format("15:04")
	}
	if o.Asked {
		s += ", asked"
	}
	if o.Tries > 0 {
		s += fmt.Sprintf(", try %d, again %s", o.Tries, o.Again.Format("15:04"))
	}
	if o.Stuck != "" {
		s += ", stuck: " + o.Stuck
	}
	return s
}

// TestPauseAfter: what cannot be closed is tried again soon, and never less often than
// every ten minutes.
func TestPauseAfter(t *testing.T) {
	for tries, want := range map[int]time.Duration{1: time.Minute, 2: 2 * time.Minute, 10: 10 * time.Minute, 11: 10 * time.Minute, 1000: 10 * time.Minute} {
		if got := pauseAfter(tries); got != want {
			t.Errorf("after try %d it is tried again in %s, want %s", tries, got, want)
		}
	}
}

// TestOpeningsMoveNoRequest tries the events of openings among all others, in random
// order: one that ended stays ended, its beginning stays what it was, and no event of an
// opening moves its request.
func TestOpeningsMoveNoRequest(t *testing.T) {
	opened, ended := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := running(t)
		for n := int64(6); n <= 45; n++ {
			kind := rapid.SampledFrom([]Kind{Opened, Extended, EndNear, Ending, OpeningEnded, EndFailed, Intent, Outcome, Waits, Resumed, Interrupted, LeftSo, Finished, BackedOut}).Draw(rt, "kind")
			var body any
			switch kind {
			case Opened, Extended:
				body = OpenedBody{Until: noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "hours")) * time.Hour)}
			case OpeningEnded:
				body = EndedBody{By: rapid.SampledFrom([]string{"", "R-9"}).Draw(rt, "by")}
			case Outcome:
				body = OutcomeBody{Result: StepDone}
			case Waits:
				body = WaitsBody{Why: StepFailed}
			case BackedOut:
				body = ByBody{By: "R-8"}
			}
			e := event(t, n, kind, Clock, "1.1", body)
			e.At = noon.Add(time.Duration(n) * time.Minute)
			next, err := r.Apply(e)
			if err != nil {
				continue
			}
			ofOpening := kind == Opened || kind == Extended || kind == EndNear || kind == Ending || kind == OpeningEnded || kind == EndFailed
			switch was := r.Opening; {
			case ofOpening && (next.State != r.State || next.Changed != r.Changed || !next.Since.Equal(r.Since)):
				rt.Fatalf("%s moved the request from %s to %s", kind, r.State, next.State)
			case !ofOpening && next.Opening != was:
				rt.Fatalf("%s changed the opening", kind)
			case was != nil && was.Ended != nil && next.Opening.words() != was.words():
				rt.Fatalf("%s: it had ended (%s) and is %s", kind, was.words(), next.Opening.words())
			case was != nil && !next.Opening.Since.Equal(was.Since):
				rt.Fatalf("%s: it was opened %s and now %s", kind, was.Since, next.Opening.Since)
			}
			if r = next; r.Opening != nil {
				opened++
				if r.Opening.Ended != nil {
					ended++
				}
			}
		}
	})
	if opened == 0 || ended == 0 {
		t.Errorf("of all events %d found an opening and %d an ended one; nothing was tried", opened, ended)
	}
}
