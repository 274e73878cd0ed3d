package store

import (
	"os"
	"strings"
	"testing"

	"itmsbot/runbook"
)

// TestNoSecretReachesTheDisk writes secrets in every way there is, and looks for
// them in the bytes of the file.
func TestNoSecretReachesTheDisk(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	var sha string
	var size int64
	err := s.Append(func(tx *Tx) error {
		e, err := tx.Add(event(t, runbook.Noted, "", runbook.TextBody{Text: "the log says password=hunter2;"}))
		if err == nil && string(e.Body) != `{"text":"the log says password=[redacted];"}` {
			t.Errorf("written as %s", e.Body)
		}
		if err != nil {
			return err
		}
		sha, size, err = tx.SaveArtifact([]byte(strings.Repeat("line\n", 10) + "Authorization: Basic hunter2\n"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Artifact(sha)
	if err != nil || int64(len(b)) != size || runbook.Digest(b) != sha || !strings.Contains(string(b), "line\nAuthorization: [redacted]\n") {
		t.Errorf("artifact of %d bytes, said to be %d: %v\n%s", len(b), size, err, b)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(raw), "[redacted]") || strings.Contains(string(raw), "hunter2") {
		t.Errorf("what is in the file of %d bytes: %v", len(raw), err)
	}
	mustBeOK(t, path)
}

// TestTheWayBackIsKeptAsItWas: what a step has found is what its undo needs.
func TestTheWayBackIsKeptAsItWas(t *testing.T) {
	e := event(t, runbook.Intent, "R-1", runbook.IntentBody{Attempt: 1, Before: []byte(`{"names":["pwd: sync"]}`)})
	body, err := redacted(e)
	if err != nil || string(body) != string(e.Body) {
		t.Errorf("%s became %s, %v", e.Body, body, err)
	}
}
