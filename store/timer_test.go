package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/runbook"
)

// openedAt gives a store at path whose clock the test moves.
func openedAt(t testing.TB, path string, c *clock) *Store {
	t.Helper()
	s, err := open(path, options(c))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.w.c.script("PRAGMA synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
	go s.w.run() // Close waits for it
	t.Cleanup(func() { s.Close() })
	return s
}

// timers says the timers that are not void, by what they do and when after start.
func timers(t testing.TB, s *Store) string {
	t.Helper()
	list, err := s.Due(start.Add(10_000 * time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, timer := range list {
		all = append(all, fmt.Sprintf("%s at %s", timer.ID, timer.Due.Sub(start)))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestTimersFollowTheRequest tells two lives, and which timers there are after each
// event. At the end the trail verifies, timers and all: a replay lays the same.
func TestTimersFollowTheRequest(t *testing.T) {
	// What is stored of a moment are its milliseconds.
	base := start.Truncate(time.Second)
	in := func(d time.Duration) string { return base.Add(d).Sub(start).String() }
	grave := runbook.Policy{}.NeedsFor(runbook.Irreversible)
	type told struct {
		at   time.Duration
		kind runbook.Kind
		by   runbook.Person
		body any
		want string
	}
	for name, story := range map[string][]told{
		"the second look moves the end of the offer": {
			{0, runbook.Asked, alice, runbook.AskedBody{Action: "commit", Line: "commit", Risk: runbook.Irreversible}, ""},
			{0, runbook.Proposed, runbook.Bot, runbook.ProposedBody{Digest: "D", Needs: grave, Expires: base.Add(30 * time.Minute)}, "expire R-1 at " + in(30*time.Minute)},
			{time.Minute, runbook.Approved, bob, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(30*time.Minute)},
			{2 * time.Minute, runbook.Approved, carol, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(30*time.Minute)},
			{3 * time.Minute, runbook.ReadAgain, runbook.Bot, runbook.ReadAgainBody{Expires: base.Add(13 * time.Minute)}, "expire R-1 at " + in(13*time.Minute)},
			{4 * time.Minute, runbook.Confirmed, bob, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(13*time.Minute)},
			{4 * time.Minute, runbook.Checking, runbook.Bot, nil, ""},
			{4 * time.Minute, runbook.Started, runbook.Bot, nil, ""},
			{5 * time.Minute, runbook.Finished, runbook.Bot, nil, ""},
		},
		"the second look comes too late": {
			{0, runbook.Asked, alice, runbook.AskedBody{Action: "commit", Line: "commit", Risk: runbook.Irreversible}, ""},
			{0, runbook.Proposed, runbook.Bot, runbook.ProposedBody{Digest: "D", Needs: grave, Expires: base.Add(30 * time.Minute)}, "expire R-1 at " + in(30*time.Minute)},
			{time.Minute, runbook.Approved, bob, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(30*time.Minute)},
			{2 * time.Minute, runbook.Approved, carol, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(30*time.Minute)},
			{3 * time.Minute, runbook.ReadAgain, runbook.Bot, runbook.ReadAgainBody{Expires: base.Add(13 * time.Minute)}, "expire R-1 at " + in(13*time.Minute)},
			{13 * time.Minute, runbook.Expired, runbook.Clock, nil, ""},
		},
		"an opening is warned of, extended, tried again, and over": {
			{0, runbook.Asked, alice, runbook.AskedBody{Action: "allow client", Line: "allow client 10.1.2.3 for 2h", Risk: runbook.Changes}, ""},
			{0, runbook.Proposed, runbook.Bot, runbook.ProposedBody{Digest: "D", Needs: runbook.Policy{}.NeedsFor(runbook.Changes), Expires: base.Add(30 * time.Minute)}, "expire R-1 at " + in(30*time.Minute)},
			{0, runbook.Approved, alice, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(30*time.Minute)},
			{0, runbook.Checking, runbook.Bot, nil, ""},
			{0, runbook.Started, runbook.Bot, nil, ""},
			{0, runbook.Opened, runbook.Bot, runbook.OpenedBody{Until: base.Add(2 * time.Hour)}, "end R-1 at " + in(2*time.Hour) + ", warn R-1 at " + in(110*time.Minute)},
			{time.Minute, runbook.Finished, runbook.Bot, nil, "end R-1 at " + in(2*time.Hour) + ", warn R-1 at " + in(110*time.Minute)},
			{110 * time.Minute, runbook.EndNear, runbook.Clock, nil, "end R-1 at " + in(2*time.Hour)},
			{115 * time.Minute, runbook.Extended, runbook.Bot, runbook.OpenedBody{Until: base.Add(3 * time.Hour)}, "end R-1 at " + in(3*time.Hour) + ", warn R-1 at " + in(170*time.Minute)},
			{170 * time.Minute, runbook.EndNear, runbook.Clock, nil, "end R-1 at " + in(3*time.Hour)},
			{180 * time.Minute, runbook.Ending, runbook.Clock, nil, "end R-1 at " + (181 * time.Minute).String()},
			{180 * time.Minute, runbook.EndFailed, runbook.Clock, runbook.TextBody{Text: "away"}, "end R-1 at " + (181 * time.Minute).String()},
			{181 * time.Minute, runbook.Ending, runbook.Clock, nil, "end R-1 at " + (183 * time.Minute).String()},
			{181 * time.Minute, runbook.OpeningEnded, runbook.Clock, runbook.EndedBody{Text: "closed on SMP1"}, ""},
			{190 * time.Minute, runbook.BackedOut, runbook.Bot, runbook.ByBody{By: "R-2"}, ""},
		},
		"an opening without an end has no timers": {
			{0, runbook.Asked, alice, runbook.AskedBody{Action: "allow client", Line: "allow client 10.1.2.3", Risk: runbook.Changes}, ""},
			{0, runbook.Proposed, runbook.Bot, runbook.ProposedBody{Digest: "D", Needs: runbook.Policy{}.NeedsFor(runbook.Changes), Expires: base.Add(30 * time.Minute)}, "expire R-1 at " + in(30*time.Minute)},
			{0, runbook.Approved, alice, runbook.ApprovedBody{Digest: "D"}, "expire R-1 at " + in(30*time.Minute)},
			{0, runbook.Checking, runbook.Bot, nil, ""},
			{0, runbook.Started, runbook.Bot, nil, ""},
			{0, runbook.Opened, runbook.Bot, runbook.OpenedBody{}, ""},
			{0, runbook.OpeningEnded, runbook.Bot, runbook.EndedBody{By: "R-2"}, ""},
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			path, c := file(t), newClock()
			s := openedAt(t, path, c)
			add(t, s, upgradeOpened(t, "U-1"))
			digest := ""
			if err := s.Append(func(tx *Tx) (err error) { digest, err = tx.SavePlan(planOf(t, "R-1")); return err }); err != nil {
				t.Fatal(err)
			}
			for _, step := range story {
				c.advance(start.Add(step.at).Sub(c.Now()))
				switch b := step.body.(type) { // the plan is that of the store
				case runbook.ProposedBody:
					b.Digest = digest
					step.body = b
				case runbook.ApprovedBody:
					step.body = runbook.ApprovedBody{Digest: digest}
				}
				add(t, s, by(step.by, event(t, step.kind, "R-1", step.body)))
				if got := timers(t, s); got != step.want {
					t.Fatalf("after %s, %s on: %q, want %q", step.kind, step.at, got, step.want)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			mustBeOK(t, path)
		})
	}
}

// TestWholeIsDerived: what people say of the upgrade as a whole follows from the events,
// is of its own upgrade alone, and a changed value is found.
func TestWholeIsDerived(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	add(t, s, event(t, runbook.Held, "", runbook.TextBody{Text: "waiting for SQL"}))
	add(t, s, by(bob, event(t, runbook.Signed, "", runbook.SignedBody{Fact: "smp-upgraded", Note: "8.7"})))
	u, err := s.Whole()
	if err != nil || u.ID != "U-1" || u.Hold == nil || u.Hold.By != alice || u.Hold.Text != "waiting for SQL" || len(u.Signed) != 1 || u.Signed[0].N != 3 || u.Signed[0].By != bob {
		t.Errorf("%+v, %v", u, err)
	}
	stray := event(t, runbook.Held, "", runbook.TextBody{Text: "of nothing"})
	stray.Upgrade = "U-9"
	if err := s.Append(func(tx *Tx) error { _, err := tx.Add(stray); return err }); err == nil {
		t.Error("an upgrade that was never opened was put on hold")
	}
	second := upgradeOpened(t, "U-2")
	add(t, s, second)
	if u, err := s.Whole(); err != nil || u.ID != "U-2" || u.Hold != nil || len(u.Signed) > 0 {
		t.Errorf("a new upgrade begins with %+v, %v", u, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeOK(t, path)
	unguarded(t, path, `UPDATE upgrade SET body = replace(body, 'waiting', 'waited') WHERE id = 'U-1'`)
	found := verified(t, path).Findings
	if !slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.What, `upgrade "U-1": body`) }) {
		t.Errorf("a changed hold was not found: %v", found)
	}
}
