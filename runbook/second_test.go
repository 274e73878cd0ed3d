package runbook

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var grave = Policy{}.NeedsFor(Irreversible)

// agreed is a request for something that cannot be undone, with all its seats filled.
func agreed(t testing.TB) Request {
	t.Helper()
	r := offered(t, grave)
	for i, by := range []Person{ben, dora} {
		var err error
		if r, err = r.Apply(event(t, int64(3+i), Approved, by, "", ApprovedBody{Digest: "d1"})); err != nil {
			t.Fatal(err)
		}
	}
	if r.State != InSecond {
		t.Fatalf("with all seats filled it is %s", r.State)
	}
	return r
}

// TestSecondLook: what cannot be undone starts only after it was read again, by somebody
// who has approved that very plan, within its time.
func TestSecondLook(t *testing.T) {
	readAgain := event(t, 5, ReadAgain, Bot, "", ReadAgainBody{Expires: noon.Add(10 * time.Minute),
		Readings: []Reading{{What: "Set", Value: "26 h old"}}, Warnings: []string{"Nothing comes back."}})
	for _, tt := range []struct {
		name   string
		by     Person
		digest string
		unread bool
		at     time.Duration
		want   string // why not; empty where it is ready
	}{
		{"who approved", ben, "d1", false, 9 * time.Minute, ""},
		{"the other who approved", dora, "d1", false, 0, ""},
		{"before it was read again", ben, "d1", true, 0, "the plan was not read again"},
		{"who asked", ana, "d1", false, 0, "only who has approved it may let it start"},
		{"a third approver", Person{"T1", "EVA"}, "d1", false, 0, "only who has approved it may let it start"},
		{"the same user of another workspace", Person{"T2", "BEN"}, "d1", false, 0, "only who has approved it may let it start"},
		{"the bot", Bot, "d1", false, 0, "only who has approved it may let it start"},
		{"another plan", ben, "d2", false, 0, "it is of another plan"},
		{"no plan", ben, "", false, 0, "it is of another plan"},
		{"too late", ben, "d1", false, 10 * time.Minute, "it has expired"},
	} {
		r := agreed(t)
		if !tt.unread {
			var err error
			if r, err = r.Apply(readAgain); err != nil {
				t.Fatal(err)
			}
			if r.State != InSecond || len(r.Readings) != 1 || len(r.Warnings) != 1 || !r.Expires.Equal(noon.Add(10*time.Minute)) || !r.ReadAgain.Equal(noon) {
				t.Fatalf("read again, it is %+v", r)
			}
		}
		e := event(t, 6, Confirmed, tt.by, "", ApprovedBody{Digest: tt.digest})
		e.At = noon.Add(tt.at)
		next, err := r.Apply(e)
		var misfit *Misfit
		switch {
		case tt.want == "" && (err != nil || next.State != Ready):
			t.Errorf("%s: %s, %v", tt.name, next.State, err)
		case tt.want != "" && (!errors.As(err, &misfit) || misfit.Reason != tt.want):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if r.State != InSecond {
			t.Errorf("%s: the request that was given is %s", tt.name, r.State)
		}
	}
}

// TestSeatsOfASecondLook: nobody fills a seat after the last, and one that needs no second
// look has none.
func TestSeatsOfASecondLook(t *testing.T) {
	r := agreed(t)
	if _, err := r.Apply(event(t, 6, Approved, Person{"T1", "EVA"}, "", ApprovedBody{Digest: "d1"})); err == nil {
		t.Error("a third seat was filled")
	}
	if _, err := r.Apply(event(t, 6, Checking, Bot, "", nil)); err == nil {
		t.Error("it is checked before anybody has let it start")
	}
	o := offered(t, Policy{}.NeedsFor(Outage))
	o, err := o.Apply(event(t, 3, Approved, ben, "", ApprovedBody{Digest: "d1"}))
	if err != nil || o.State != Ready {
		t.Errorf("an outage with its approval is %s, %v", o.State, err)
	}
	if _, err := o.Apply(event(t, 4, Confirmed, ben, "", ApprovedBody{Digest: "d1"})); err == nil {
		t.Error("an outage was confirmed")
	}
}

// TestNothingGraveRunsWithoutItsSecondLook tries events in random order: what cannot be
// undone never runs but after a look again, and the word of one of two who approved.
func TestNothingGraveRunsWithoutItsSecondLook(t *testing.T) {
	ran := 0
	rapid.Check(t, func(rt *rapid.T) {
		r, read, word := Request{}, false, Person{}
		for n := int64(1); n <= 60; n++ {
			kind := rapid.SampledFrom([]Kind{Asked, Proposed, Approved, Approved, Approved, ReadAgain, Confirmed, Checking, Started, Reminded}).Draw(rt, "kind")
			by := rapid.SampledFrom([]Person{ana, ben, dora, {"T1", "EVA"}, Bot}).Draw(rt, "by")
			var body any
			switch kind {
			case Asked:
				by, body = ana, AskedBody{Action: "commit", Line: "commit", Risk: Irreversible}
			case Proposed:
				body = ProposedBody{Digest: "d1", Needs: grave, Expires: noon.Add(time.Minute)}
			case Approved, Confirmed:
				body = ApprovedBody{Digest: rapid.SampledFrom([]string{"d1", "d1", "d2"}).Draw(rt, "digest")}
			case ReadAgain:
				body = ReadAgainBody{Expires: noon.Add(time.Duration(rapid.IntRange(0, 1).Draw(rt, "minutes")) * time.Minute)}
			}
			next, err := r.Apply(event(t, n, kind, by, "", body))
			if err != nil {
				continue
			}
			r = next
			read = read || kind == ReadAgain
			if kind == Confirmed {
				word = by
			}
			if r.State == Ready || r.State == InCheck || !r.State.Untouched() {
				if !read || r.Seat(word) == nil || len(r.Seats) != 2 || r.Seat(ana) != nil {
					rt.Fatalf("it is %s: read again %v, the word of %v, seats %+v", r.State, read, word, r.Seats)
				}
				ran++
			}
		}
	})
	if ran == 0 {
		t.Error("nothing ever came so far; nothing was tried")
	}
}

// TestOverriding: passing over a rule takes two approvers who have not asked, and never
// less than it takes otherwise.
func TestOverriding(t *testing.T) {
	for _, risk := range []Risk{Changes, Outage, Irreversible, "of a later version"} {
		was := Policy{}.NeedsFor(risk)
		n := was.Overriding()
		if n.Count < 2 || n.Count < was.Count || len(n.Roles) != 1 || n.Roles[0] != Approver || !n.NotRequester || n.SecondLook != was.SecondLook {
			t.Errorf("%s: %+v", risk, n)
		}
		if n.Overriding().Count != n.Count {
			t.Errorf("%s: twice is more than once", risk)
		}
	}
}
