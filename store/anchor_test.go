package store

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/runbook"
)

func anchorLines(t testing.TB, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path + ".anchors")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// TestOutcomesAreAnchored goes through all kinds that the design names.
func TestOutcomesAreAnchored(t *testing.T) {
	for _, k := range runbook.RequestKinds {
		want := !slices.Contains([]runbook.Kind{runbook.Asked, runbook.Proposed, runbook.Approved, runbook.Checking, runbook.Started,
			runbook.StageBegun, runbook.Intent, runbook.Outcome, runbook.Progress, runbook.Answered, runbook.Reminded, runbook.StopAsked, runbook.Resumed,
			runbook.ReadAgain, runbook.Confirmed, runbook.Opened, runbook.Extended, runbook.EndNear, runbook.Ending, runbook.Observed}, k)
		if slices.Contains(outcomes[:], k) != want {
			t.Errorf("%s: anchored %v, want %v", k, !want, want)
		}
	}
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"), asked(t, "R-1"), asked(t, "R-2"))
	if lines := anchorLines(t, path); lines[0] != "" {
		t.Errorf("anchors before any outcome: %q", lines)
	}
	add(t, s, event(t, runbook.Cancelled, "R-1", nil), event(t, runbook.Noted, "", nil))
	n, hash := s.Head()
	if lines := anchorLines(t, path); len(lines) != 1 || lines[0] != fmt.Sprintf("%d %s", n, hash) {
		t.Errorf("anchors %q, want the head %d", lines, n)
	}
	add(t, s, event(t, runbook.Noted, "", nil))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if lines := anchorLines(t, path); len(lines) != 2 || !strings.HasPrefix(lines[1], "6 ") {
		t.Errorf("anchors after close: %q", lines)
	}
}

func TestSameHeadIsAnchoredOnce(t *testing.T) {
	s := fresh(t)
	for range 3 {
		if err := s.Anchor(); err != nil {
			t.Fatal(err)
		}
	}
	if lines := anchorLines(t, s.path(t)); len(lines) != 1 {
		t.Errorf("anchors: %q", lines)
	}
}

func TestDailyAnchor(t *testing.T) {
	path := file(t)
	s, err := open(path, options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	day := make(chan time.Time)
	s.w.daily = day
	go s.w.run() // Close waits for it
	defer s.Close()
	add(t, s, upgradeOpened(t, "U-1"))
	day <- start
	day <- start // the writer hears this when the first is done, and has nothing new then
	if lines := anchorLines(t, path); len(lines) != 1 || !strings.HasPrefix(lines[0], "1 ") {
		t.Errorf("anchors: %q", lines)
	}
}

// TestTornAnchor opens a store whose last anchor was torn by a crash.
func TestTornAnchor(t *testing.T) {
	path := finished(t)
	f, err := os.OpenFile(path+".anchors", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("99 0123"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := opened(t, path)
	add(t, s, event(t, runbook.Noted, "", nil))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeOK(t, path)
}
