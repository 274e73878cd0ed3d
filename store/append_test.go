package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/runbook"
)

func TestAddRefuses(t *testing.T) {
	s := fresh(t)
	propose(t, s, "R-1")
	note := event(t, runbook.Noted, "", runbook.TextBody{Text: "x"})
	for _, c := range []struct {
		name   string
		change func(*runbook.Event)
		says   string
	}{
		{"no upgrade", func(e *runbook.Event) { e.Upgrade = "" }, "names no upgrade"},
		{"no actor", func(e *runbook.Event) { e.Actor.User = "" }, "names no actor"},
		{"no door", func(e *runbook.Event) { e.Door = "" }, "names no door"},
		{"no kind", func(e *runbook.Event) { e.Kind = "" }, "names no kind"},
		{"no request", func(e *runbook.Event) { e.Kind = runbook.Denied }, "names no request"},
		{"another upgrade", func(e *runbook.Event) { e.Upgrade = "U-9" }, "upgrade U-9: file does not exist"},
		{"the upgrade again", func(e *runbook.Event) { *e = upgradeOpened(t, "U-1") }, "UNIQUE"},
		{"not UTF-8", func(e *runbook.Event) { e.Step = "\xff" }, "step: not UTF-8"},
		{"a line break", func(e *runbook.Event) { e.Actor.User = "U\nU" }, "control character"},
		{"a NUL", func(e *runbook.Event) { e.Step = "a\x00b" }, "control character"},
		{"a long name", func(e *runbook.Event) { e.Step = strings.Repeat("s", maxName+1) }, "257 bytes"},
		{"a negative delivery", func(e *runbook.Event) { e.Delivery = -1 }, "count from 1"},
		{"a body that is no JSON", func(e *runbook.Event) { e.Body = json.RawMessage(`{`) }, "body"},
		{"a body with spaces", func(e *runbook.Event) { e.Body = json.RawMessage(`{"a": 1}`) }, "not canonical"},
		{"a body with a float", func(e *runbook.Event) { e.Body = json.RawMessage(`{"a":1.5}`) }, "not an integer"},
		{"a body with a key twice", func(e *runbook.Event) { e.Body = json.RawMessage(`{"a":1,"a":1}`) }, "not canonical"},
		{"a body that is not UTF-8", func(e *runbook.Event) { e.Body = json.RawMessage("{\"a\":\"\xff\"}") }, "not canonical"},
		{"a body too large", func(e *runbook.Event) { e.Body = json.RawMessage(`"` + strings.Repeat("x", MaxBody) + `"`) }, "keep it as an artifact"},
		{"a plan that is not saved", func(e *runbook.Event) { *e = proposed(t, "R-1", runbook.Digest(nil)) }, "plan e3b0c44298fc: file does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, _ := s.Head()
			e := note
			c.change(&e)
			err := s.Append(func(tx *Tx) error {
				_, err := tx.Add(e)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
			if after, _ := s.Head(); after != n {
				t.Errorf("head moved from %d to %d", n, after)
			}
		})
	}
	add(t, s, note)
	whole := note
	whole.Body = json.RawMessage(`"` + strings.Repeat("x", MaxBody-2) + `"`)
	add(t, s, whole)
}

func TestMisfitIsReturnedAndLeavesNothing(t *testing.T) {
	s := fresh(t)
	add(t, s, asked(t, "R-1"))
	err := s.Append(func(tx *Tx) error {
		_, err := tx.Add(event(t, runbook.Started, "R-1", nil))
		var misfit *runbook.Misfit
		if !errors.As(err, &misfit) || misfit.State != runbook.InAsked || misfit.Kind != runbook.Started {
			t.Errorf("error %v, want a misfit", err)
		}
		// A call may record a refusal instead.
		e, err := tx.Add(event(t, runbook.Refused, "R-1", runbook.RefusedBody{Line: "start R-1"}))
		if e.N != 3 {
			t.Errorf("refusal is event %d, want 3: the misfit took no number", e.N)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.EventsOf("R-1")
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || events[1].Kind != runbook.Refused {
		t.Errorf("events of R-1: %v, want asked and refused", events)
	}
}

func TestFailedCallLeavesNothing(t *testing.T) {
	s := fresh(t)
	n, hash := s.Head()
	mine := errors.New("mine")
	var digest string
	err := s.Append(func(tx *Tx) (err error) {
		if digest, err = tx.SavePlan([]byte("{}")); err != nil {
			return err
		}
		if _, err = tx.Add(asked(t, "R-1")); err != nil {
			return err
		}
		return mine
	})
	if err != mine {
		t.Fatalf("error %v, want the caller's own", err)
	}
	if n2, hash2 := s.Head(); n2 != n || hash2 != hash {
		t.Errorf("head moved to %d", n2)
	}
	if _, err := s.Request("R-1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("request: %v", err)
	}
	if _, err := s.Plan(digest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("plan: %v", err)
	}
}

func TestPanicIsTheCallersOwn(t *testing.T) {
	s := fresh(t)
	err := s.Append(func(tx *Tx) error {
		if _, err := tx.Add(asked(t, "R-1")); err != nil {
			return err
		}
		panic("in the caller's code")
	})
	if err == nil || !strings.Contains(err.Error(), "in the caller's code") {
		t.Errorf("error %v", err)
	}
	add(t, s, asked(t, "R-1"))
}

func TestTransactionIsOverAfterItsFunction(t *testing.T) {
	s := fresh(t)
	var kept *Tx
	err := s.Append(func(tx *Tx) error {
		kept = tx
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Add(asked(t, "R-1")); !errors.Is(err, errOver) {
		t.Errorf("add: %v", err)
	}
	if _, err := kept.Request("R-1"); !errors.Is(err, errOver) {
		t.Errorf("read: %v", err)
	}
	if _, err := kept.SavePlan([]byte("{}")); !errors.Is(err, errOver) {
		t.Errorf("save: %v", err)
	}
}

// TestSiblingsOfAFailedCall carries out one group by hand, so that the calls
// surely share a transaction.
func TestSiblingsOfAFailedCall(t *testing.T) {
	s, err := open(file(t), options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	asks := func(id string) *call {
		return newCall(func(tx *Tx) error {
			_, err := tx.Add(asked(t, id))
			return err
		})
	}
	mine := errors.New("mine")
	calls := []*call{
		newCall(func(tx *Tx) error {
			_, err := tx.Add(upgradeOpened(t, "U-1"))
			return err
		}),
		asks("R-1"),
		newCall(func(tx *Tx) error {
			if _, err := tx.Add(asked(t, "R-2")); err != nil {
				return err
			}
			return mine
		}),
		newCall(func(tx *Tx) error {
			if _, err := tx.Add(asked(t, "R-2")); err != nil {
				return err
			}
			panic("p")
		}),
		asks("R-1"), // a second time: a misfit
		asks("R-2"),
	}
	s.w.group(calls)
	var misfit *runbook.Misfit
	for i, ok := range []bool{
		calls[0].err == nil, calls[1].err == nil, calls[2].err == mine,
		calls[3].err != nil, errors.As(calls[4].err, &misfit), calls[5].err == nil,
	} {
		if !ok {
			t.Errorf("call %d: %v", i, calls[i].err)
		}
	}
	requests, err := s.Requests()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range requests {
		ids = append(ids, fmt.Sprintf("%s@%d", r.ID, r.First))
	}
	if diff := cmp.Diff([]string{"R-1@2", "R-2@3"}, ids); diff != "" {
		t.Error(diff)
	}
}

func newCall(decide func(*Tx) error) *call { return &call{decide: decide, done: make(chan struct{})} }

// TestConcurrentApproval lets twenty people, and the requester, press at once.
func TestConcurrentApproval(t *testing.T) {
	s := fresh(t)
	digest := propose(t, s, "R-1")
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		who := runbook.Person{Team: "T1", User: fmt.Sprintf("U-%d", i/2)} // each presses twice
		if i >= 18 {
			who = alice // who asked for it
		}
		all.Go(func() {
			errs[i] = s.Append(func(tx *Tx) error {
				_, err := tx.Add(approved(t, "R-1", digest, who))
				return err
			})
		})
	}
	all.Wait()
	filled := 0
	for _, err := range errs {
		var misfit *runbook.Misfit
		if err == nil {
			filled++
		} else if !errors.As(err, &misfit) {
			t.Errorf("%v, want a misfit", err)
		}
	}
	r, err := s.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	if filled != 2 || len(r.Seats) != 2 || r.State != runbook.Ready || r.Seats[0].By == r.Seats[1].By {
		t.Errorf("%d told they approved, request %s with seats %v; want two different people", filled, r.State, r.Seats)
	}
}

func TestPlansAndArtifacts(t *testing.T) {
	s := fresh(t)
	content := []byte{0, 1, 0xff}
	var digests [3]string
	err := s.Append(func(tx *Tx) (err error) {
		artifact := func(b []byte) (string, error) { sha, _, err := tx.SaveArtifact(b); return sha, err }
		for i, save := range []func([]byte) (string, error){tx.SavePlan, tx.SavePlan, artifact} {
			if digests[i], err = save(content); err != nil {
				return err
			}
		}
		for _, b := range [][]byte{nil, make([]byte, MaxArtifact+1)} {
			if _, _, err := tx.SaveArtifact(b); err == nil {
				t.Errorf("artifact of %d bytes was kept", len(b))
			}
			if _, err := tx.SavePlan(b); err == nil {
				t.Errorf("plan of %d bytes was kept", len(b))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := runbook.Digest(content); digests != [3]string{want, want, want} {
		t.Errorf("digests %q, want %s", digests, want)
	}
	for _, read := range []func(string) ([]byte, error){s.Plan, s.Artifact} {
		if b, err := read(digests[0]); err != nil || string(b) != string(content) {
			t.Errorf("%x, %v; want %x", b, err, content)
		}
		if _, err := read(genesis); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v, want fs.ErrNotExist", err)
		}
	}
}

func TestTrailGuards(t *testing.T) {
	s := fresh(t)
	propose(t, s, "R-1")
	if err := s.Anchor(); err != nil {
		t.Fatal(err)
	}
	copy := "(n, upgrade, at, actor_team, actor, door, kind, request, step, delivery, body, prev, hash) " +
		"SELECT %s, upgrade, at, actor_team, actor, door, kind, request, step, delivery, body, %s, hash FROM event WHERE n = 1"
	for _, statement := range []string{
		"UPDATE event SET actor = 'x'",
		"DELETE FROM event",
		"DELETE FROM event WHERE n = 3",
		"REPLACE INTO event " + fmt.Sprintf(copy, "1", "prev"),
		"INSERT OR REPLACE INTO event " + fmt.Sprintf(copy, "3", "(SELECT hash FROM event WHERE n = 2)"),
		"INSERT INTO event " + fmt.Sprintf(copy, "5", "(SELECT hash FROM event WHERE n = 3)"),
		"INSERT INTO event " + fmt.Sprintf(copy, "4", "(SELECT hash FROM event WHERE n = 2)"),
		"INSERT INTO event " + fmt.Sprintf(copy, "NULL", "(SELECT hash FROM event WHERE n = 3)"),
		"UPDATE OR REPLACE event SET n = 1 WHERE n = 2",
		"UPDATE plan SET bytes = x'00'",
		"DELETE FROM plan",
		"DELETE FROM anchor",
		"UPDATE anchor SET n = 1",
	} {
		// recursive_triggers as another program would have it.
		for _, pragma := range []string{"ON", "OFF"} {
			c := raw(t, s.path(t))
			if err := c.script("PRAGMA recursive_triggers = " + pragma); err != nil {
				t.Fatal(err)
			}
			if err := c.script(statement); err == nil {
				t.Errorf("recursive_triggers %s: carried out: %s", pragma, statement)
			}
			c.close()
		}
	}
	mustBeOK(t, s.path(t))
}

// path is where the store keeps its file.
func (s *Store) path(t testing.TB) string {
	t.Helper()
	return strings.TrimSuffix(s.lock.Name(), ".lock")
}
