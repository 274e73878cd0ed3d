package actions

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"itmsbot/runbook"
	"itmsbot/store"
)

// TestLedgerOfAnOlderProgram: a quiesce that the program before this one has carried out
// is read whole, and every step of it is of a kind that can be gone on with and taken back.
func TestLedgerOfAnOlderProgram(t *testing.T) {
	packed, err := os.Open("../store/testdata/shape-3.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close() //nolint:errcheck // only read
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "itmsbot.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path, store.Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read
	l, err := readLedger(trail{s})
	if err != nil {
		t.Fatal(err)
	}
	if l.Set == nil || l.Set.Request != "R-1" || len(l.Set.Members) != 4 || len(l.Set.Then["SMP1"].Closed) != 1 || l.Set.Then["SQL1"].Recorded.Step.ID == "" {
		t.Errorf("the set is %+v", l.Set)
	}
	for _, host := range []string{"SMP1", "SITE1", "GW1"} {
		if h := l.Hosts[host]; len(h.Closed) != 1 || len(h.Kept) != 1 {
			t.Errorf("%s: closed %d, kept %d", host, len(h.Closed), len(h.Kept))
		}
	}
	r, err := s.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := s.Plan(r.Digest)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan.Steps() {
		if _, err := kindOf(step); err != nil {
			t.Error(err)
		}
	}
}
