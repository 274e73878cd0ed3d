package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/runbook"
)

var (
	alice = runbook.Person{Team: "T1", User: "U-ALICE"}
	bob   = runbook.Person{Team: "T1", User: "U-BOB"}
	carol = runbook.Person{Team: "T1", User: "U-CAROL"}
)

// start is when the tests' clock begins.
var start = time.Date(2026, 3, 14, 9, 26, 53, 589_000_000, time.UTC)

// clock is a domain clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// file is where a test keeps its database.
func file(t testing.TB) string { return filepath.Join(t.TempDir(), "itmsbot.db") }

func options(c *clock) Options { return Options{Clock: c.Now, busy: 50 * time.Millisecond} }

// opened gives an open store at path, closed when the test ends. It does not
// wait for the disk: what is on it after a power cut is not what these tests
// ask.
func opened(t testing.TB, path string) *Store {
	t.Helper()
	s, err := open(path, options(newClock()))
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

// fresh gives a store with upgrade U-1 open.
func fresh(t testing.TB) *Store {
	t.Helper()
	s := opened(t, file(t))
	add(t, s, upgradeOpened(t, "U-1"))
	return s
}

func event(t testing.TB, kind runbook.Kind, request string, body any) runbook.Event {
	t.Helper()
	e, err := runbook.NewEvent(kind, request, body)
	if err != nil {
		t.Fatal(err)
	}
	e.Upgrade, e.Actor, e.Door = "U-1", alice, "slack"
	return e
}

func by(who runbook.Person, e runbook.Event) runbook.Event { e.Actor = who; return e }
func at(step string, e runbook.Event) runbook.Event        { e.Step = step; return e }

func upgradeOpened(t testing.TB, id string) runbook.Event {
	e := event(t, runbook.UpgradeOpened, "", runbook.UpgradeBody{Estate: "lab", Channel: "C1", Team: "T1"})
	e.Upgrade, e.Actor, e.Door = id, runbook.Bot, "start"
	return e
}

func asked(t testing.TB, id string) runbook.Event {
	return event(t, runbook.Asked, id, runbook.AskedBody{Action: "close", Line: "close SMP1", Title: "close the doors on SMP1", Risk: runbook.Outage})
}

// twoSeats is what the proposals of these tests need.
var twoSeats = runbook.Needs{Count: 2, Roles: []runbook.Role{runbook.Approver}, NotRequester: true}

func proposed(t testing.TB, id, digest string) runbook.Event {
	return event(t, runbook.Proposed, id, runbook.ProposedBody{Digest: digest, Needs: twoSeats, Expires: start.Add(30 * time.Minute)})
}

func approved(t testing.TB, id, digest string, who runbook.Person) runbook.Event {
	return by(who, event(t, runbook.Approved, id, runbook.ApprovedBody{Digest: digest}))
}

// planOf gives the sealed bytes of a plan with two steps.
func planOf(t testing.TB, request string) []byte {
	t.Helper()
	raw := func(s string) []byte { return []byte(s) }
	b, _, err := runbook.Plan{
		Format: runbook.PlanFormat, Estate: "lab", Upgrade: "U-1", Request: request, Action: "close",
		Stages: []runbook.Stage{{ID: "1", Steps: []runbook.Step{
			{ID: "1.1", Kind: "firewall.disable", Version: 3, Host: "SMP1", Params: raw(`{}`)},
			{ID: "1.2", Kind: "firewall.allow", Version: 1, Host: "SMP1", Params: raw(`{}`)},
		}}},
	}.Seal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// add appends events, all in one call.
func add(t testing.TB, s *Store, events ...runbook.Event) []runbook.Event {
	t.Helper()
	written := make([]runbook.Event, len(events))
	err := s.Append(func(tx *Tx) (err error) {
		for i, e := range events {
			if written[i], err = tx.Add(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// propose asks for a request, saves its plan and proposes it.
func propose(t testing.TB, s *Store, id string) (digest string) {
	t.Helper()
	err := s.Append(func(tx *Tx) (err error) {
		if digest, err = tx.SavePlan(planOf(t, id)); err != nil {
			return err
		}
		if _, err = tx.Add(asked(t, id)); err != nil {
			return err
		}
		_, err = tx.Add(proposed(t, id, digest))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// run takes a proposed request to its end, step 1.1 tried twice.
func run(t testing.TB, s *Store, id, digest string) {
	t.Helper()
	intent := func(before string) runbook.Event {
		return at("1.1", event(t, runbook.Intent, id, runbook.IntentBody{Attempt: 1, Before: []byte(before)}))
	}
	outcome := func(r runbook.Result) runbook.Event {
		return at("1.1", event(t, runbook.Outcome, id, runbook.OutcomeBody{Result: r, Text: "as planned"}))
	}
	add(t, s, approved(t, id, digest, bob))
	add(t, s, approved(t, id, digest, carol))
	add(t, s, event(t, runbook.Checking, id, nil), event(t, runbook.Started, id, nil))
	add(t, s, event(t, runbook.StageBegun, id, runbook.StageBody{Stage: "1"}))
	add(t, s, intent(`{"enabled":true}`))
	add(t, s, outcome(runbook.Unclear))
	add(t, s, event(t, runbook.Waits, id, runbook.WaitsBody{Why: runbook.StepUnknown, Text: "no answer"}))
	add(t, s, event(t, runbook.Resumed, id, runbook.TextBody{Text: "try again"}))
	add(t, s, intent(`{"enabled":false}`))
	add(t, s, outcome(runbook.StepDone))
	add(t, s, event(t, runbook.Finished, id, runbook.TextBody{Text: "the doors are closed"}))
}

func TestRequestFromAskToEnd(t *testing.T) {
	s := fresh(t)
	digest := propose(t, s, "R-1")
	run(t, s, "R-1", digest)

	r, err := s.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.EventsOf("R-1")
	if err != nil {
		t.Fatal(err)
	}
	var folded runbook.Request
	for _, e := range events {
		if folded, err = folded.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(folded, r); diff != "" {
		t.Errorf("stored request is not the sum of its events (-sum +stored):\n%s", diff)
	}
	if r.State != runbook.WasDone {
		t.Errorf("state %s, want done", r.State)
	}
}

func TestStepBeforeIsOfTheFirstIntent(t *testing.T) {
	s := fresh(t)
	run(t, s, "R-1", propose(t, s, "R-1"))
	b, err := s.StepBefore("R-1", "1.1")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(b.State), `{"enabled":true}`; got != want {
		t.Errorf("before %s, want that of the first intent, %s", got, want)
	}
	if b.Kind != "firewall.disable" || b.Version != 3 {
		t.Errorf("kind %s version %d, want that of the plan", b.Kind, b.Version)
	}
	if _, err := s.StepBefore("R-1", "1.2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("step never tried: %v, want fs.ErrNotExist", err)
	}
}

func TestEventsOfOneCallShareOneTime(t *testing.T) {
	c := newClock()
	s, err := Open(file(t), options(c))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Append(func(tx *Tx) error {
		if _, err := tx.Add(upgradeOpened(t, "U-1")); err != nil {
			return err
		}
		c.advance(time.Hour)
		_, err := tx.Add(asked(t, "R-1"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if !e.At.Equal(start) {
			t.Errorf("event %d at %s, want %s", e.N, e.At, start)
		}
	}
}

func TestEventIsReadBackAsWritten(t *testing.T) {
	s := fresh(t)
	e := at("1.1", by(bob, event(t, runbook.Noted, "R-7", runbook.TextBody{Text: "<grün> & \u2028"})))
	e.Delivery, e.N, e.At = 42, 99, time.Time{} // number and time are the store's
	written := add(t, s, e)[0]
	e.N, e.At = 2, start
	if diff := cmp.Diff(e, written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	read, err := s.Events(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]runbook.Event{e}, read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	_, head := s.Head()
	if hash, err := s.HashOf(2); err != nil || hash != head || len(hash) != 64 {
		t.Errorf("hash %s, %v; want that of the head, %s", hash, err, head)
	}
	if _, err := s.HashOf(3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("hash of no event: %v", err)
	}
}

func TestRequestIDsAreNeverReused(t *testing.T) {
	s := fresh(t)
	var ids []string
	err := s.Append(func(tx *Tx) error {
		for range 2 {
			id, err := tx.NewRequestID()
			if err != nil {
				return err
			}
			ids = append(ids, id)
			if _, err := tx.Add(asked(t, id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, event(t, runbook.Cancelled, "R-2", runbook.TextBody{}))
	err = s.Append(func(tx *Tx) error {
		id, err := tx.NewRequestID()
		ids = append(ids, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"R-1", "R-2", "R-3"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestNewUpgradeCountsItsOwnRequests(t *testing.T) {
	s := fresh(t)
	add(t, s, asked(t, "R-1"))
	add(t, s, upgradeOpened(t, "U-2"))
	u, err := s.Upgrade()
	if err != nil || u.ID != "U-2" {
		t.Fatalf("upgrade %q, %v; want U-2", u.ID, err)
	}
	if _, err := s.Request("R-1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("R-1 of the old upgrade: %v, want fs.ErrNotExist", err)
	}
	e := asked(t, "R-1")
	e.Upgrade = "U-2"
	add(t, s, e)
	if r, err := s.Request("R-1"); err != nil || r.Upgrade != "U-2" {
		t.Errorf("R-1 is of %q, %v; want U-2", r.Upgrade, err)
	}
}

func TestRequestLists(t *testing.T) {
	s := fresh(t)
	for _, id := range []string{"R-1", "R-2", "R-3"} {
		add(t, s, asked(t, id))
	}
	add(t, s, event(t, runbook.Cancelled, "R-2", runbook.TextBody{}))
	ids := func(list []runbook.Request, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, " ")
	}
	for _, c := range []struct{ what, got, want string }{
		{"all", ids(s.Requests()), "R-1 R-2 R-3"},
		{"live", ids(s.Live()), "R-1 R-3"},
		{"recent 2", ids(s.Recent(2)), "R-2 R-3"},
		{"recent 0", ids(s.Recent(0)), ""},
		{"recent 9", ids(s.Recent(9)), "R-1 R-2 R-3"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
}

func TestExpiryTimer(t *testing.T) {
	s := fresh(t)
	digest := propose(t, s, "R-1")
	propose(t, s, "R-2")
	expires := start.Add(30 * time.Minute)
	due := func(now time.Time) []Timer {
		list, err := s.Due(now)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if early := due(expires.Add(-time.Millisecond)); len(early) > 0 {
		t.Errorf("due before their time: %v", early)
	}
	run(t, s, "R-1", digest)
	want := []Timer{{ID: "expire R-2", Due: expires, Line: "expire R-2", Origin: "R-2", VoidWhen: offered}}
	if diff := cmp.Diff(want, due(expires)); diff != "" {
		t.Errorf("R-1 has left its offer, R-2 has not (-want +got):\n%s", diff)
	}
	add(t, s, by(runbook.Clock, event(t, runbook.Expired, "R-2", nil)))
	if left := due(expires.Add(time.Hour)); len(left) > 0 {
		t.Errorf("carried out and still due: %v", left)
	}
}

func TestWaitSeesTheNextEvent(t *testing.T) {
	s := fresh(t)
	after, _ := s.Head()
	seen := make(chan int64)
	go func() { // the test waits for it below
		n, _ := s.Wait(context.Background(), after)
		seen <- n
	}()
	add(t, s, asked(t, "R-1"))
	if n := <-seen; n != after+1 {
		t.Errorf("woke at event %d, want %d", n, after+1)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Wait(gone, after+1); !errors.Is(err, context.Canceled) {
		t.Errorf("wait of a caller that left: %v", err)
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	s := fresh(t)
	waiting := make(chan error)
	go func() { // the test waits for it below
		_, err := s.Wait(context.Background(), 99)
		waiting <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("wait: %v, want ErrClosed", err)
	}
	if err := s.Append(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	path := file(t)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", ".anchors"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Error(err)
			continue
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(path+suffix), mode)
		}
	}
}
