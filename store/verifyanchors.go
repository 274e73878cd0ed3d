package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// anchors checks every anchor there is: those of the files given, those of the
// file beside the database, and those in the table.
func (r *Report) anchors(c *conn, path string, files []string) error {
	beside := path + ".anchors"
	if _, err := os.Stat(beside); err == nil {
		files = append([]string{beside}, files...)
	}
	outside := 0
	for _, f := range files {
		n, err := r.anchorFile(c, f)
		if err != nil {
			return err
		}
		outside += n
	}
	inside, err := all(c, func(rows *sql.Rows) (h head, err error) {
		err = rows.Scan(&h.n, &h.hash)
		return h, err
	}, "SELECT n, hash FROM anchor ORDER BY n")
	if err != nil {
		return err
	}
	for _, h := range inside {
		if err := r.anchored(c, "table anchor", h); err != nil {
			return err
		}
	}
	r.Anchors = outside + len(inside)
	if outside > 0 {
		return nil
	}
	if len(inside) > 0 {
		r.find(0, "anchors", "at least one kept outside the database", "none: give a file with lines \"n hash\", such as from the footers in the channel")
	} else {
		r.Notes = append(r.Notes, "The trail was never anchored, so that a cut tail cannot be noticed.")
	}
	return nil
}

// anchorFile checks the anchors of a file and counts them.
func (r *Report) anchorFile(c *conn, path string) (int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	name, count := filepath.Base(path), 0
	lines := strings.Split(string(raw), "\n")
	for i, l := range lines {
		h, err := parseAnchor(l)
		switch {
		case strings.TrimSpace(l) == "":
		case err == nil:
			count++
			if err := r.anchored(c, name, h); err != nil {
				return count, err
			}
		case i == len(lines)-1:
			// Whoever can tear a line can as well remove it.
			r.Notes = append(r.Notes, fmt.Sprintf("%s ends within a line, as after a crash: %q", name, l))
		default:
			r.find(0, fmt.Sprintf("%s line %d", name, i+1), "a number and a hash", l)
		}
	}
	return count, nil
}

// anchored checks one anchor.
func (r *Report) anchored(c *conn, of string, h head) error {
	hash, err := tables{q: c}.HashOf(h.n)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.find(h.n, "anchor of "+of, h.hash, "no such event: the trail was cut")
	case err != nil:
		return err
	case !strings.HasPrefix(hash, h.hash):
		r.find(h.n, "anchor of "+of, h.hash, hash)
	}
	return nil
}
