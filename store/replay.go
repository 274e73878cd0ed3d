package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"itmsbot/runbook"
)

// chain checks lines one after the other.
type chain struct {
	r *Report
	// next and prev are the number and the prev that the next line must have.
	next int64
	prev string
}

// link checks a line. It goes on from what the line itself says, so that one
// change is one finding and not one for every line after it.
func (ch *chain) link(l line) {
	if l.n != ch.next {
		ch.r.find(ch.next, "number", ch.next, l.n)
	}
	if l.prev != ch.prev {
		ch.r.find(l.n, "prev", ch.prev, l.prev)
	}
	if sum := l.sum(); sum != l.hash {
		ch.r.find(l.n, "hash", sum, l.hash)
	}
	ch.next, ch.prev = l.n+1, l.hash
}

// trail checks the chain and replays it into fresh. What a request cannot take
// is a finding, and the replay goes on without it.
func (r *Report) trail(c, fresh *conn) error {
	if err := fresh.script("BEGIN"); err != nil {
		return err
	}
	ch := chain{r: r, next: 1, prev: genesis}
	plans := map[string]int64{}
	err := each(c, scanLine, func(l line) error {
		ch.link(l)
		r.Events++
		r.Head, r.Hash = l.n, l.hash
		e := l.event()
		if err := project(fresh, e); err != nil {
			r.find(l.n, "replay", "an event that fits", err)
		}
		notePlan(plans, e)
		return nil
	}, "SELECT "+eventColumns+" FROM event ORDER BY n")
	if err != nil {
		return err
	}
	return r.proposedPlans(c, plans)
}

// notePlan remembers the event that proposed a plan.
func notePlan(plans map[string]int64, e runbook.Event) {
	var b runbook.ProposedBody
	if e.Kind != runbook.Proposed || e.Read(&b) != nil {
		return // a body that cannot be read is found by the replay
	}
	if plans[b.Digest] == 0 {
		plans[b.Digest] = e.N
	}
}

// proposedPlans checks that what was proposed is there.
func (r *Report) proposedPlans(c *conn, plans map[string]int64) error {
	for digest, n := range plans {
		_, err := first(c, value[int], "SELECT 1 FROM plan WHERE digest = ?", digest)
		if errors.Is(err, fs.ErrNotExist) {
			r.find(n, "plan "+digest, "to be there", "nothing")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// derivedTables lists what project writes, and by which columns a row is known.
var derivedTables = [...]struct {
	name string
	key  []string
}{
	{"estate", []string{"name"}},
	{"upgrade", []string{"id"}},
	{"request", []string{"upgrade", "id"}},
	{"step", []string{"upgrade", "request", "id"}},
	{"timer", []string{"upgrade", "id"}},
}

// derived compares the derived tables with those of the replay.
func (r *Report) derived(c, fresh *conn) error {
	for _, t := range derivedTables {
		want, err := rowsOf(fresh, t.name, t.key)
		if err != nil {
			return err
		}
		got, err := rowsOf(c, t.name, t.key)
		if err != nil {
			return err
		}
		r.compare(t.name, want, got)
	}
	return nil
}

// table is all rows of a derived table by their key.
type table struct {
	columns []string
	keys    []string // in order
	rows    map[string][]any
}

func rowsOf(c *conn, name string, key []string) (table, error) {
	t := table{rows: map[string][]any{}}
	by := strings.Join(key, ", ")
	// The key comes first, and once more among the columns.
	query := fmt.Sprintf("SELECT %s, * FROM %s ORDER BY %s", by, name, by)
	err := each(c, scanAny, func(r anyRow) error {
		k := name
		for _, part := range r.values[:len(key)] {
			k += fmt.Sprintf(" %q", part)
		}
		t.columns = r.columns[len(key):]
		t.keys, t.rows[k] = append(t.keys, k), r.values[len(key):]
		return nil
	}, query)
	return t, err
}

// anyRow is a row of any table.
type anyRow struct {
	columns []string
	values  []any
}

func scanAny(rows *sql.Rows) (anyRow, error) {
	columns, err := rows.Columns()
	if err != nil {
		return anyRow{}, err
	}
	r := anyRow{columns: columns, values: make([]any, len(columns))}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &r.values[i]
	}
	return r, rows.Scan(into...)
}

func (r *Report) compare(name string, want, got table) {
	for _, k := range want.keys {
		row, ok := got.rows[k]
		if !ok {
			r.find(0, k, "a row", "none")
			continue
		}
		if len(row) != len(want.columns) {
			r.find(0, k, fmt.Sprintf("%d columns", len(want.columns)), len(row))
			continue
		}
		for i, v := range want.rows[k] {
			if !reflect.DeepEqual(v, row[i]) {
				r.find(0, k+": "+want.columns[i], v, row[i])
			}
		}
	}
	for _, k := range got.keys {
		if _, ok := want.rows[k]; !ok {
			r.find(0, k, "no row", "one that no event made")
		}
	}
}
