package store

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"itmsbot/runbook"
)

func exported(t testing.TB, path, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Export(path, &b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestExportedLinesCarryTheChain computes every hash from the export alone.
func TestExportedLinesCarryTheChain(t *testing.T) {
	path := finished(t)
	in := bufio.NewScanner(strings.NewReader(exported(t, path, "jsonl")))
	var lines []line
	for in.Scan() {
		var e struct {
			N, At, Delivery                                       int64
			Upgrade, Actor, Door, Kind, Request, Step, Time, Body string
			Prev, Hash                                            string
			Team                                                  string `json:"actor_team"`
		}
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line{n: e.N, upgrade: e.Upgrade, at: e.At, team: e.Team, actor: e.Actor, door: e.Door, kind: e.Kind,
			request: e.Request, step: e.Step, delivery: e.Delivery, body: e.Body, prev: e.Prev, hash: e.Hash})
		if e.Time != "2026-03-14T09:26:53.589Z" {
			t.Errorf("time %s", e.Time)
		}
	}
	if r := mustBeOK(t, path); len(lines) != r.Events {
		t.Errorf("%d lines of %d events", len(lines), r.Events)
	}
	if found := walk(lines, 1, genesis); found > 0 {
		t.Errorf("%d findings", found)
	}
}

// TestExportNamesArtifacts: what is kept beside the trail is found from the export
// alone, and its bytes by the digest that stands there.
func TestExportNamesArtifacts(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	digest := propose(t, s, "R-1")
	add(t, s, approved(t, "R-1", digest, bob), approved(t, "R-1", digest, carol))
	add(t, s, event(t, runbook.Checking, "R-1", nil), event(t, runbook.Started, "R-1", nil))
	add(t, s, at("1.1", event(t, runbook.Intent, "R-1", runbook.IntentBody{Attempt: 1})))
	var sha string
	err := s.Append(func(tx *Tx) (err error) {
		var size int64
		if sha, size, err = tx.SaveArtifact([]byte("one\ntwo\n")); err != nil {
			return err
		}
		_, err = tx.Add(at("1.1", event(t, runbook.Outcome, "R-1", runbook.OutcomeBody{Result: runbook.StepDone,
			Artifacts: []runbook.Artifact{{Name: "logs-SMP1.csv", Title: "Errors", SHA256: sha, Bytes: size}}})))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{
		"csv":   ",logs-SMP1.csv " + sha + "\n",
		"jsonl": `,"artifacts":[{"name":"logs-SMP1.csv","title":"Errors","sha256":"` + sha + `","bytes":8}]}`,
	} {
		if text := exported(t, path, format); strings.Count(text, want) != 1 {
			t.Errorf("%s does not say %q once:\n%s", format, want, text)
		}
	}
	if b, err := Artifact(path, sha); err != nil || string(b) != "one\ntwo\n" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := Artifact(path, genesis); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want fs.ErrNotExist", err)
	}
}

func TestExportedTableIsDefused(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	for _, step := range []string{"=1+1", "@SUM(A1)", "+1", "-1", "plain", "'=1"} {
		add(t, s, at(step, event(t, runbook.Noted, "", runbook.TextBody{Text: `=cmd|' "/c calc'!A1`})))
	}
	// While it is in use.
	table, err := csv.NewReader(strings.NewReader(exported(t, path, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(table[0], ", "), eventColumns+", time, artifacts"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	var steps []string
	for i, row := range table[1:] {
		if row[0] != strconv.Itoa(i+1) {
			t.Errorf("row %d begins with %s", i+1, row[0])
		}
		steps = append(steps, row[8])
	}
	if got, want := strings.Join(steps, " "), " '=1+1 '@SUM(A1) '+1 '-1 plain '=1"; got != want {
		t.Errorf("steps %s, want %s", got, want)
	}
}

func TestExportRefuses(t *testing.T) {
	if err := Export(finished(t), &bytes.Buffer{}, "xlsx"); err == nil {
		t.Error("an unknown format was written")
	}
	if err := Export(file(t), &bytes.Buffer{}, "csv"); err == nil {
		t.Error("a file that is not there was written")
	}
}

func TestEmptyTrailHasAHeader(t *testing.T) {
	path := file(t)
	opened(t, path)
	if got := exported(t, path, "csv"); !strings.HasPrefix(got, "n,upgrade,at,") {
		t.Errorf("%q", got)
	}
	if got := exported(t, path, "jsonl"); got != "" {
		t.Errorf("%q", got)
	}
}
