package store

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/runbook"
)

// finished makes a database with a request that ran to its end and one that
// waits for approval, and closes it.
func finished(t testing.TB) (path string) {
	t.Helper()
	path = file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	digest := propose(t, s, "R-1")
	run(t, s, "R-1", digest)
	propose(t, s, "R-2")
	err := s.Append(func(tx *Tx) error {
		sha, _, err := tx.SaveArtifact([]byte("a long log"))
		if err != nil {
			return err
		}
		_, err = tx.Add(event(t, runbook.Noted, "", runbook.TextBody{Text: "log " + sha}))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// copied gives a copy of a closed database with its anchors.
func copied(t testing.TB, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	for _, suffix := range []string{"", ".anchors"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// raw opens a database past the store.
func raw(t testing.TB, path string) *conn {
	t.Helper()
	c, err := dial(pool(path, writes, lockWait))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.close() })
	return c
}

// unguarded changes a database as somebody would who knows of the triggers:
// they are taken away and put back as they were.
func unguarded(t testing.TB, path, statements string) {
	t.Helper()
	c := raw(t, path)
	guards, err := all(c, value[string], "SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	names, err := all(c, value[string], "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	script := "PRAGMA foreign_keys = OFF;\nPRAGMA synchronous = OFF;\nBEGIN;\n"
	for _, n := range names {
		script += "DROP TRIGGER " + n + ";\n"
	}
	script += statements + ";\n" + strings.Join(guards, ";\n") + ";\nCOMMIT;"
	if err := c.script(script); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func verified(t testing.TB, path string, anchors ...string) Report {
	t.Helper()
	r, err := Verify(path, anchors...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustBeOK(t testing.TB, path string, anchors ...string) Report {
	t.Helper()
	r := verified(t, path, anchors...)
	for _, f := range r.Findings {
		t.Error(f)
	}
	return r
}

func TestVerifyOfAWholeDatabase(t *testing.T) {
	path := finished(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := mustBeOK(t, path)
	if r.Events < 15 || r.Head != int64(r.Events) || r.Plans != 2 || r.Artifacts != 1 || r.Anchors < 4 {
		t.Errorf("checked too little: %+v", r)
	}
	if len(r.Notes) > 0 {
		t.Errorf("notes: %q", r.Notes)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("verify changed the file")
	}
}

func TestVerifyWhileInUse(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	r := mustBeOK(t, path)
	if r.Head != 1 || len(r.Notes) != 1 {
		t.Errorf("head %d notes %q; want head 1 and a note that nothing is anchored", r.Head, r.Notes)
	}
	run(t, s, "R-1", propose(t, s, "R-1"))
	n, hash := s.Head()
	if r := mustBeOK(t, path); r.Head != n || r.Hash != hash {
		t.Errorf("head %d %s, want %d %s", r.Head, r.Hash, n, hash)
	}
}

func TestVerifyOnAMediumThatCannotBeWritten(t *testing.T) {
	path := finished(t)
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o700) })
	mustBeOK(t, path)
}

// TestTampering changes a closed database in one way each, and wants Verify to
// say where.
func TestTampering(t *testing.T) {
	whole := finished(t)
	last := mustBeOK(t, whole).Head
	for _, c := range []struct {
		name, statements string
		event            int64  // of one finding at least; 0 is no event's
		what             string // begins the finding
	}{
		{"number", "UPDATE event SET n = 99 WHERE n = 5", 5, "number"},
		{"upgrade", "UPDATE event SET upgrade = 'U-2' WHERE n = 5", 5, "hash"},
		{"at", "UPDATE event SET at = at + 1 WHERE n = 5", 5, "hash"},
		{"team", "UPDATE event SET actor_team = 'T2' WHERE n = 5", 5, "hash"},
		{"actor", "UPDATE event SET actor = 'U-MALLORY' WHERE n = 5", 5, "hash"},
		{"door", "UPDATE event SET door = 'clock' WHERE n = 5", 5, "hash"},
		{"kind", "UPDATE event SET kind = 'denied' WHERE n = 5", 5, "hash"},
		{"request", "UPDATE event SET request = 'R-2' WHERE n = 5", 5, "hash"},
		{"step", "UPDATE event SET step = '1.2' WHERE n = 8", 8, "hash"},
		{"delivery", "UPDATE event SET delivery = 7 WHERE n = 5", 5, "hash"},
		{"body", "UPDATE event SET body = replace(body, 'digest', 'Digest') WHERE n = 5", 5, "hash"},
		{"prev", "UPDATE event SET prev = upper(prev) WHERE n = 5", 5, "prev"},
		{"hash", "UPDATE event SET hash = upper(hash) WHERE n = 5", 5, "hash"},
		{"moved between columns", "UPDATE event SET actor_team = actor_team || 'U', actor = substr(actor, 2) WHERE n = 5", 5, "hash"},
		{"deleted", "DELETE FROM event WHERE n = 5", 5, "number"},
		{"first deleted", "DELETE FROM event WHERE n = 1", 1, "number"},
		{"inserted", "UPDATE event SET n = -n - 1 WHERE n > 5; UPDATE event SET n = -n WHERE n < 0; " +
			"INSERT INTO event SELECT 6, upgrade, at, actor_team, actor, door, kind, request, step, delivery, body, prev, hash FROM event WHERE n = 5", 6, "hash"},
		{"swapped", "UPDATE event SET n = -n WHERE n IN (5, 6); UPDATE event SET n = 11 + n WHERE n < 0", 5, "prev"},
		{"tail cut", "DELETE FROM event WHERE n > 5", last, "anchor of itmsbot.db.anchors"},
		{"tail cut with its anchors", "DELETE FROM event WHERE n > 5; DELETE FROM anchor WHERE n > 5", last, "anchor of itmsbot.db.anchors"},
		{"emptied", "DELETE FROM event", last, "anchor of itmsbot.db.anchors"},
		{"anchor row", "UPDATE anchor SET hash = '" + genesis + "' WHERE n = (SELECT max(n) FROM anchor)", last, "anchor of table anchor"},
		{"plan", "UPDATE plan SET bytes = CAST(replace(CAST(bytes AS TEXT), 'SMP1', 'SMP2') AS BLOB)", 0, "plan "},
		{"plan gone", "DELETE FROM plan", 3, "plan "},
		{"artifact", "UPDATE artifact SET bytes = x'00'", 0, "artifact "},
		{"request state", "UPDATE request SET state = 'done' WHERE id = 'R-2'", 0, `request "U-1" "R-2": state`},
		{"request body", "UPDATE request SET body = replace(body, 'U-ALICE', 'U-BOB') WHERE id = 'R-1'", 0, `request "U-1" "R-1": body`},
		{"request number", "UPDATE request SET number = 7 WHERE id = 'R-1'", 0, `request "U-1" "R-1": number`},
		{"request gone", "DELETE FROM request WHERE id = 'R-2'", 0, `request "U-1" "R-2"`},
		{"request made up", "INSERT INTO request SELECT upgrade, 'R-3', 3, state, ended, first, last, body FROM request WHERE id = 'R-2'", 0, `request "U-1" "R-3"`},
		{"step before", "UPDATE step SET before = '{}'", 0, `step "U-1" "R-1" "1.1": before`},
		{"step open", "UPDATE step SET open = 1", 0, `step "U-1" "R-1" "1.1": open`},
		{"timer void", "UPDATE timer SET voided = 3 WHERE id = 'expire R-2'", 0, `timer "U-1" "expire R-2": voided`},
		{"timer due", "UPDATE timer SET due = due + 1 WHERE id = 'expire R-2'", 0, `timer "U-1" "expire R-2": due`},
		{"upgrade channel", "UPDATE upgrade SET channel = 'C2'", 0, `upgrade "U-1": channel`},
		{"estate", "UPDATE estate SET opened = 2", 0, `estate "lab": opened`},
		{"another trigger", "CREATE TRIGGER mine AFTER INSERT ON event BEGIN SELECT 1; END", 0, "trigger mine"},
		{"another index", "CREATE INDEX mine ON event (body)", 0, "index mine"},
		{"another column", "ALTER TABLE event ADD COLUMN mine TEXT", 0, "table event"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := copied(t, whole)
			unguarded(t, path, c.statements)
			r := verified(t, path)
			if r.OK() {
				t.Fatal("nothing was found")
			}
			for _, f := range r.Findings {
				if f.Event == c.event && strings.HasPrefix(f.What, c.what) {
					return
				}
			}
			t.Errorf("no finding %q of event %d among:\n%v", c.what, c.event, r.Findings)
		})
	}
}

func TestMissingGuardIsFound(t *testing.T) {
	whole := finished(t)
	c := raw(t, whole)
	names, err := all(c, value[string], "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	c.close()
	for _, n := range names {
		path := copied(t, whole)
		c := raw(t, path)
		if err := c.script("DROP TRIGGER " + n); err != nil {
			t.Fatal(err)
		}
		c.close()
		if r := verified(t, path); len(r.Findings) != 1 || r.Findings[0].What != "trigger "+n {
			t.Errorf("without %s: %v", n, r.Findings)
		}
	}
}

// TestEveryByteCounts changes every byte of every column of every event, one at
// a time, under the chain that Verify walks.
func TestEveryByteCounts(t *testing.T) {
	path := finished(t)
	c := raw(t, path)
	lines, err := all(c, scanLine, "SELECT "+eventColumns+" FROM event ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	if found := walk(lines, 1, genesis); found != 0 {
		t.Fatalf("%d findings in a whole trail", found)
	}
	tried := 0
	for i, l := range lines {
		change := func(column string, set func(*line)) {
			tried++
			changed := slices.Clone(lines[i:min(i+2, len(lines))])
			set(&changed[0])
			if walk(changed, lines[i].n, lines[i].prev) == 0 {
				t.Errorf("event %d: a change of %s was not found", l.n, column)
			}
		}
		for bit := range 64 {
			change("n", func(l *line) { l.n ^= 1 << bit })
			change("at", func(l *line) { l.at ^= 1 << bit })
			change("delivery", func(l *line) { l.delivery ^= 1 << bit })
		}
		for column, of := range textColumns() {
			text := *of(&l)
			change(column+" longer", func(l *line) { *of(l) += "x" })
			for b := range len(text) {
				change(column, func(l *line) { *of(l) = text[:b] + string(text[b]^1) + text[b+1:] })
			}
			if text != "" {
				change(column+" shorter", func(l *line) { *of(l) = text[1:] })
			}
		}
	}
	t.Logf("%d changes in %d events", tried, len(lines))
}

func textColumns() map[string]func(*line) *string {
	return map[string]func(*line) *string{
		"upgrade": func(l *line) *string { return &l.upgrade },
		"team":    func(l *line) *string { return &l.team },
		"actor":   func(l *line) *string { return &l.actor },
		"door":    func(l *line) *string { return &l.door },
		"kind":    func(l *line) *string { return &l.kind },
		"request": func(l *line) *string { return &l.request },
		"step":    func(l *line) *string { return &l.step },
		"body":    func(l *line) *string { return &l.body },
		"prev":    func(l *line) *string { return &l.prev },
		"hash":    func(l *line) *string { return &l.hash },
	}
}

// walk checks lines of which the first must be event n and follow prev.
func walk(lines []line, n int64, prev string) (findings int) {
	var r Report
	ch := chain{r: &r, next: n, prev: prev}
	for _, l := range lines {
		ch.link(l)
	}
	return len(r.Findings)
}

// TestRebuiltTrailIsFoundByItsAnchors rewrites an event and all hashes after
// it, which only an anchor can tell.
func TestRebuiltTrailIsFoundByItsAnchors(t *testing.T) {
	path := finished(t)
	c := raw(t, path)
	lines, err := all(c, scanLine, "SELECT "+eventColumns+" FROM event ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	c.close()
	var script strings.Builder
	prev := genesis
	for _, l := range lines {
		if l.n == 5 {
			l.actor = "U-MALLORY"
		}
		l.prev = prev
		l.hash = l.sum()
		prev = l.hash
		fmt.Fprintf(&script, "UPDATE event SET actor = '%s', prev = '%s', hash = '%s' WHERE n = %d;\n", l.actor, l.prev, l.hash, l.n)
	}
	unguarded(t, path, script.String())
	found := false
	for _, f := range verified(t, path).Findings {
		if f.What == "hash" || f.What == "prev" {
			t.Errorf("the chain was rebuilt and still: %v", f)
		}
		found = found || f.What == "anchor of itmsbot.db.anchors"
	}
	if !found {
		t.Error("no anchor noticed it")
	}
}

// TestForgedEvent appends an event with a right hash past the store. The chain
// is whole then, and the derived tables tell.
func TestForgedEvent(t *testing.T) {
	path := finished(t)
	c := raw(t, path)
	h, err := headOf(c)
	if err != nil {
		t.Fatal(err)
	}
	e := event(t, runbook.Denied, "R-2", runbook.TextBody{})
	e.N, e.At = h.n+1, start
	l := lineOf(e, h.hash)
	err = c.exec("INSERT INTO event ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		l.n, l.upgrade, l.at, l.team, l.actor, l.door, l.kind, l.request, l.step, l.delivery, l.body, l.prev, l.hash)
	if err != nil {
		t.Fatal(err)
	}
	c.close()
	for _, f := range verified(t, path).Findings {
		if f.What == `request "U-1" "R-2": state` && f.Want == "denied" && f.Got == "proposed" {
			return
		}
	}
	t.Error("it was not found")
}

func TestAnchorFiles(t *testing.T) {
	path := finished(t)
	r := mustBeOK(t, path)
	footer := fmt.Sprintf("%d %s", r.Head, r.Hash[:16])
	for _, c := range []struct {
		name, content string
		findings      int
		notes         int
	}{
		{"the footer of the channel", footer + "\n", 0, 0},
		{"windows line ends", footer + "\r\n\r\n", 0, 0},
		{"no newline at the end", footer, 0, 0},
		{"another hash", fmt.Sprintf("%d %s\n", r.Head, strings.Repeat("0", 16)), 1, 0},
		{"beyond the end", fmt.Sprintf("%d %s\n", r.Head+1, r.Hash), 1, 0},
		{"too few digits", fmt.Sprintf("%d %s\n", r.Head, r.Hash[:8]), 1, 0},
		{"no number", "x " + r.Hash + "\n", 1, 0},
		{"event 0", "0 " + genesis + "\n", 1, 0},
		{"torn by a crash", footer + "\n" + footer[:9], 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := filepath.Join(t.TempDir(), "channel")
			if err := os.WriteFile(f, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			r := verified(t, path, f)
			if len(r.Findings) != c.findings || len(r.Notes) != c.notes {
				t.Errorf("findings %v notes %q, want %d and %d", r.Findings, r.Notes, c.findings, c.notes)
			}
		})
	}
	if r := verified(t, path, path+".nowhere"); r.OK() {
		t.Error("an anchor file that is not there was taken for checked")
	}
	if err := os.Remove(path + ".anchors"); err != nil {
		t.Fatal(err)
	}
	if r := verified(t, path); r.OK() {
		t.Error("an anchored trail without any anchor outside was taken for checked")
	}
}

func TestVerifyOfWhatIsNoTrail(t *testing.T) {
	other := file(t)
	c, err := dial(pool(other, mode("rwc"), lockWait))
	if err == nil {
		c.close()
	}
	os.WriteFile(other, []byte("not a database at all, but long enough to have a header"), 0o600)
	for _, path := range []string{filepath.Join(t.TempDir(), "none.db"), other} {
		if _, err := Verify(path); err == nil {
			t.Errorf("%s was verified", path)
		}
	}
}

// TestPythonAgrees holds the description in doc.go against this package.
func TestPythonAgrees(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	path := finished(t)
	r := mustBeOK(t, path)
	verify := func() (string, error) {
		out, err := exec.Command(python, "testdata/verify.py", path, path+".anchors").CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	out, err := verify()
	if strings.Contains(out, "No module named") {
		t.Skip("python3 without sqlite3")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if diff := cmp.Diff(fmt.Sprintf("%d %s", r.Head, r.Hash), out); diff != "" {
		t.Error(diff)
	}
	unguarded(t, path, "UPDATE event SET actor = 'U-MALLORY' WHERE n = 5")
	if out, err := verify(); err == nil || out != "event 5 is not what was written" {
		t.Errorf("changed trail: %v %q", err, out)
	}
}
