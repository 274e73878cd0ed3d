package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"itmsbot/runbook"
)

// Report is what Verify found out.
type Report struct {
	Head int64  // number of the last event
	Hash string // its hash
	// How much was checked.
	Events, Plans, Artifacts, Anchors int
	// Findings are all that is not as it must be.
	Findings []Finding
	// Notes are what a reader should know and what is no finding.
	Notes []string
}

// OK reports whether everything could be checked and was as it must be.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// Finding is one thing that is not as it must be. What could not be checked is
// a finding too.
type Finding struct {
	Event int64  // 0 for what is not of one event
	What  string // "hash", "request U-1 R-3: state", "anchor of itmsbot.db.anchors"
	Want  string
	Got   string
}

func (f Finding) String() string {
	s := f.What
	if f.Event != 0 {
		s = fmt.Sprintf("event %d: %s", f.Event, f.What)
	}
	return fmt.Sprintf("%s: want %s, found %s", s, f.Want, f.Got)
}

// maxShown bounds how much of a value a finding shows, in bytes.
const maxShown = 160

func (r *Report) find(event int64, what string, want, got any) {
	shown := func(v any) string {
		s := fmt.Sprint(v)
		if len(s) > maxShown {
			s = fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:maxShown], ""), len(s))
		}
		return s
	}
	r.Findings = append(r.Findings, Finding{Event: event, What: what, Want: shown(want), Got: shown(got)})
}

// Verify checks a database that may be in use or not, and changes nothing in
// it: that tables and guards are ours and whole; the chain from event 1;
// every anchor in anchorFiles, in FILE.anchors if it is there, and in the
// anchor table; that plans and artifacts are what their digests say; and that
// replaying all events gives the derived tables, row by row.
//
// An anchor file has lines "n hash"; the hash may be its first 16 digits, so
// that the footers of a channel can be copied into one.
//
// The error is for a database that could not be opened or is not of this
// version's shape. What could not be checked in an opened one is a finding.
func Verify(path string, anchorFiles ...string) (Report, error) {
	c, err := openToRead(path)
	if err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", path, err)
	}
	defer c.close()
	fresh, err := memory()
	if err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", path, err)
	}
	defer fresh.close()
	if err := migrate(fresh); err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", path, err)
	}

	var r Report
	for _, check := range [...]struct {
		what string
		do   func() error
	}{
		{"schema", func() error { return r.schema(c, fresh) }},
		{"file", func() error { return r.integrity(c) }},
		{"trail", func() error { return r.trail(c, fresh) }},
		{"plans", func() error { return r.contents(c) }},
		{"derived tables", func() error { return r.derived(c, fresh) }},
		{"anchors", func() error { return r.anchors(c, path, anchorFiles) }},
	} {
		if err := check.do(); err != nil {
			r.find(0, check.what, "readable", err)
		}
	}
	return r, nil
}

// openToRead opens a database and holds one state of it, whatever is written
// meanwhile.
func openToRead(path string) (*conn, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	c, err := dialToRead(path, reads)
	if err != nil && unwritable(err) != err && settled(path) {
		// Its directory may be one in which SQLite cannot make its side files.
		c, err = dialToRead(path, immutable)
	}
	return c, err
}

func dialToRead(path string, m mode) (*conn, error) {
	full, err := absolute(path)
	if err != nil {
		return nil, err
	}
	c, err := dial(pool(full, m, lockWait))
	if err != nil {
		return nil, err
	}
	if err := ours(c); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// settled reports whether all of the database is in its one file.
func settled(path string) bool {
	info, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// ours begins a reading transaction on a database of this version's shape.
func ours(c *conn) error {
	if err := c.script("BEGIN"); err != nil {
		return err
	}
	known, err := shape()
	if err != nil {
		return err
	}
	done, err := recognise(c, known)
	if err != nil {
		return err
	}
	if done < known {
		return fmt.Errorf("an older version of this program wrote it (shape %d, this one knows %d): start the bot on it once", done, known)
	}
	return nil
}

// schema compares tables, indexes and triggers with what the migrations make.
// Tables of others (a replication tool keeps some) are left alone; a trigger or
// index of others on one of ours is not.
func (r *Report) schema(c, fresh *conn) error {
	want, err := objects(fresh)
	if err != nil {
		return err
	}
	got, err := objects(c)
	if err != nil {
		return err
	}
	for _, o := range want.order {
		if found, ok := got.sql[o]; !ok {
			r.find(0, o, "to be there", "nothing")
		} else if found != want.sql[o] {
			r.find(0, o, want.sql[o], found)
		}
	}
	for _, o := range got.order {
		if _, ok := want.sql[o]; !ok && want.tables[got.on[o]] {
			r.find(0, o, "nothing", got.sql[o])
		}
	}
	return nil
}

// integrity asks SQLite whether the file is whole.
func (r *Report) integrity(c *conn) error {
	lines, err := all(c, value[string], "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l != "ok" {
			r.find(0, "file", "a whole database", l)
		}
	}
	return nil
}

// contents checks that plans and artifacts are what their digests say.
func (r *Report) contents(c *conn) (err error) {
	if r.Plans, err = r.digests(c, "plan", "SELECT digest, bytes FROM plan"); err != nil {
		return err
	}
	r.Artifacts, err = r.digests(c, "artifact", "SELECT sha256, bytes FROM artifact")
	return err
}

// digests checks contents by their digests and counts them.
func (r *Report) digests(c *conn, what, query string) (int, error) {
	type content struct {
		digest string
		bytes  []byte
	}
	count := 0
	err := each(c, func(rows *sql.Rows) (x content, err error) {
		err = rows.Scan(&x.digest, &x.bytes)
		return x, err
	}, func(x content) error {
		count++
		if is := runbook.Digest(x.bytes); is != x.digest {
			r.find(0, what+" "+x.digest, "the bytes of this digest", is)
		}
		return nil
	}, query)
	return count, err
}
