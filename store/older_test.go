package store

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"itmsbot/runbook"
)

// older unpacks a database that the program before migration 0004 has made: a quiesce
// that is done, and a request that was refused.
func older(t *testing.T) (path string) {
	t.Helper()
	packed, err := os.ReadFile("testdata/shape-3.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path = file(t)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOlderDatabase: it is opened, what its events mean today stands in its derived
// tables, and whoever audits it finds nothing.
func TestOlderDatabase(t *testing.T) {
	path := older(t)
	s := opened(t, path)
	r, err := s.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	if r.State != runbook.WasDone || r.Started == 0 || r.Started <= r.First {
		t.Errorf("R-1 is %s, first %d, started %d", r.State, r.First, r.Started)
	}
	add(t, s, event(t, runbook.Held, "", runbook.TextBody{Text: "wait"}))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeOK(t, path)
}

// TestOlderDatabaseThatDoesNotReplay: a trail of which this program can make nothing is
// left to the program that wrote it, as it is.
func TestOlderDatabaseThatDoesNotReplay(t *testing.T) {
	path := older(t)
	unguarded(t, path, "INSERT INTO event SELECT n + 1, upgrade, at, actor_team, actor, door, 'approved', request, step, delivery, body, hash, hash FROM event ORDER BY n DESC LIMIT 1")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path, options(newClock())); err == nil {
		s.Close() //nolint:errcheck // it should not be open
		t.Fatal("it was opened")
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Error("it was changed", err)
	}
}
