package store

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// spoiler is one closed database that is changed, verified and put back, again
// and again.
type spoiler struct {
	path  string
	whole []byte
}

func newSpoiler(t testing.TB) spoiler {
	t.Helper()
	path := finished(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return spoiler{path, whole}
}

// found changes the database past its guards and gives what Verify finds.
func (s spoiler) found(t testing.TB, statements string) []Finding {
	t.Helper()
	unguarded(t, s.path, statements)
	found := verified(t, s.path).Findings
	if err := os.WriteFile(s.path, s.whole, 0o600); err != nil {
		t.Fatal(err)
	}
	return found
}

// columnsOf are the columns of a table by the type that they hold.
func columnsOf(t testing.TB, path, table string) map[string]string {
	t.Helper()
	c := raw(t, path)
	defer c.close()
	names, err := all(c, value[string], "SELECT name FROM pragma_table_info(?) ORDER BY cid", table)
	if err != nil || len(names) == 0 {
		t.Fatalf("columns of %s: %v %v", table, names, err)
	}
	types, err := all(c, value[string], "SELECT type FROM pragma_table_info(?) ORDER BY cid", table)
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string]string{}
	for i, n := range names {
		columns[n] = types[i]
	}
	return columns
}

func numbers(t testing.TB, path, query string) []int64 {
	t.Helper()
	c := raw(t, path)
	defer c.close()
	list, err := all(c, value[int64], query)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: %v %v", query, list, err)
	}
	return list
}

// foundAt reports whether one of the findings is of the event.
func foundAt(found []Finding, n int64) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.Event == n })
}

// spoils are the ways in which one value of a type is changed: a number to
// another, a flag to its opposite; of a text the first character, a character
// less, a character more, and one more that no editor shows.
var spoils = map[string][]string{
	"INTEGER": {"%[1]s + 7", "1 - %[1]s", "-%[1]s - 1"},
	"TEXT": {"char(unicode(%[1]s || '~') + 1) || substr(%[1]s, 2)", "%[1]s || ' '", "%[1]s || char(0)", "' ' || %[1]s",
		"iif(%[1]s = '', 'x', substr(%[1]s, 1, length(%[1]s) - 1))"},
}

// TestEveryColumnOfEveryEvent changes each column of each event in the file, by
// the schema and not by a list of ours: a column that is added and not in the
// hash fails here. TestEveryByteCounts does the same for every byte in memory.
func TestEveryColumnOfEveryEvent(t *testing.T) {
	s := newSpoiler(t)
	columns := columnsOf(t, s.path, "event")
	inMemory := slices.Collect(maps.Keys(textColumns()))
	inMemory = append(inMemory, "n", "at", "delivery")
	for i, c := range inMemory {
		if c == "team" {
			inMemory[i] = "actor_team"
		}
	}
	slices.Sort(inMemory)
	if inFile := slices.Sorted(maps.Keys(columns)); !slices.Equal(inFile, inMemory) {
		t.Errorf("TestEveryByteCounts changes %q, the table has %q", inMemory, inFile)
	}
	tried := 0
	for _, n := range numbers(t, s.path, "SELECT n FROM event ORDER BY n") {
		for column, kind := range columns {
			ways, known := spoils[kind]
			if !known {
				t.Fatalf("column %s is %s, which this test cannot change", column, kind)
			}
			// One way for each, another for the next: over all events every
			// column is changed in every way.
			way := fmt.Sprintf(ways[tried%len(ways)], column)
			if column == "n" {
				way = "n + 1000" // a number that no other event has
			}
			tried++
			found := s.found(t, fmt.Sprintf("UPDATE event SET %s = %s WHERE n = %d", column, way, n))
			if !foundAt(found, n) && !(column == "n" && foundAt(found, n+1000)) {
				t.Errorf("event %d: %s = %s was not found: %v", n, column, way, found)
			}
		}
	}
	t.Logf("%d changes", tried)
}

// TestEveryPlaceInTheTrail deletes, repeats, exchanges and moves each event, and
// cuts the trail at each place below its last anchor.
func TestEveryPlaceInTheTrail(t *testing.T) {
	s := newSpoiler(t)
	events := numbers(t, s.path, "SELECT n FROM event ORDER BY n")
	last := events[len(events)-1]
	anchored := numbers(t, s.path, "SELECT max(n) FROM anchor")[0]
	if anchored != last {
		t.Fatalf("the last anchor is of event %d, the last event is %d", anchored, last)
	}
	const columns = "upgrade, at, actor_team, actor, door, kind, request, step, delivery, body, prev, hash"
	// room makes place for one event after n.
	room := func(n int64) string {
		return fmt.Sprintf("UPDATE event SET n = -n - 1 WHERE n > %d; UPDATE event SET n = -n WHERE n < 0; ", n)
	}
	for _, n := range events {
		ways := map[string]string{
			"deleted":                 fmt.Sprintf("DELETE FROM event WHERE n = %d", n),
			"deleted, rest moved up":  fmt.Sprintf("DELETE FROM event WHERE n = %[1]d; UPDATE event SET n = -n + 1 WHERE n > %[1]d; UPDATE event SET n = -n WHERE n < 0", n),
			"repeated":                room(n) + fmt.Sprintf("INSERT INTO event SELECT n + 1, %s FROM event WHERE n = %d", columns, n),
			"repeated at the end":     fmt.Sprintf("INSERT INTO event SELECT %d, %s FROM event WHERE n = %d", last+1, columns, n),
			"the trail cut before it": fmt.Sprintf("DELETE FROM event WHERE n >= %[1]d", n),
			"cut with anchors' rows":  fmt.Sprintf("DELETE FROM event WHERE n >= %[1]d; DELETE FROM anchor WHERE n >= %[1]d", n),
		}
		if n < last {
			ways["exchanged with the next"] = fmt.Sprintf("UPDATE event SET n = -n WHERE n IN (%d, %d); UPDATE event SET n = %d + n WHERE n < 0", n, n+1, 2*n+1)
			ways["moved to the end"] = fmt.Sprintf("UPDATE event SET n = 0 WHERE n = %[1]d; UPDATE event SET n = -n + 1 WHERE n > %[1]d; UPDATE event SET n = -n WHERE n < 0; UPDATE event SET n = %[2]d WHERE n = 0", n, last)
		}
		for what, statements := range ways {
			found := s.found(t, statements)
			if len(found) == 0 {
				t.Errorf("event %d %s was not found", n, what)
			}
			if strings.Contains(what, "cut") && !slices.ContainsFunc(found, func(f Finding) bool { return f.What == "anchor of itmsbot.db.anchors" }) {
				t.Errorf("event %d, %s: no anchor told it: %v", n, what, found)
			}
		}
	}
}

// TestEveryDerivedValue changes each column of each row of each table that
// follows from the events, takes each row away and adds one to each table.
func TestEveryDerivedValue(t *testing.T) {
	s := newSpoiler(t)
	// What is no trail, no content and no bookkeeping follows from the events.
	c := raw(t, s.path)
	tables, err := all(c, value[string], `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
		AND name NOT IN ('event', 'anchor', 'plan', 'artifact', 'writer', 'delivery', 'delivery_key', 'message') ORDER BY name`)
	c.close()
	if err != nil {
		t.Fatal(err)
	}
	var compared []string
	for _, d := range derivedTables {
		compared = append(compared, d.name)
	}
	slices.Sort(compared)
	if !slices.Equal(tables, compared) {
		t.Errorf("verify compares %q, the database derives %q", compared, tables)
	}
	ofTable := func(found []Finding, table string) bool {
		return slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.What, table+" ") })
	}
	tried := 0
	for _, table := range tables {
		columns := columnsOf(t, s.path, table)
		for _, row := range numbers(t, s.path, "SELECT rowid FROM "+table+" ORDER BY rowid") {
			for column, kind := range columns {
				for _, way := range spoils[kind] {
					tried++
					way := fmt.Sprintf(way, column)
					if found := s.found(t, fmt.Sprintf("UPDATE %s SET %s = %s WHERE rowid = %d", table, column, way, row)); !ofTable(found, table) {
						t.Errorf("%s row %d: %s = %s was not found: %v", table, row, column, way, found)
					}
				}
			}
			if found := s.found(t, fmt.Sprintf("DELETE FROM %s WHERE rowid = %d", table, row)); !ofTable(found, table) {
				t.Errorf("%s row %d taken away was not found: %v", table, row, found)
			}
		}
		// One more row: the first one again under another key.
		list := slices.Sorted(maps.Keys(columns))
		values := slices.Clone(list)
		for i, column := range list {
			switch {
			case column == "id" || column == "name":
				values[i] = column + " || '-more'"
			case column == "number":
				values[i] = "number + 100"
			}
		}
		more := fmt.Sprintf("INSERT INTO %[1]s (%[2]s) SELECT %[3]s FROM %[1]s LIMIT 1", table, strings.Join(list, ", "), strings.Join(values, ", "))
		if found := s.found(t, more); !ofTable(found, table) {
			t.Errorf("%s with one row more was not found: %v", table, found)
		}
	}
	t.Logf("%d changes", tried)
}
