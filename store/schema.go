package store

import (
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as ours ("itms"), for file(1) and for Open.
const applicationID = 0x69746d73

// migrate brings a database to the newest shape: each file is applied once, in
// its own transaction, in the order of the names. user_version counts them. With the
// last one the derived tables of a database that was there before are made anew: what
// an older program made of the same events has less in it.
func migrate(c *conn) error {
	names, err := migrationNames()
	if err != nil {
		return err
	}
	done, err := recognise(c, len(names))
	if err != nil {
		return err
	}
	for i, name := range names[done:] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		number := done + i + 1
		if err := applyMigration(c, string(text), number, done > 0 && number == len(names)); err != nil {
			return fmt.Errorf("migration %s: %w", path.Base(name), err)
		}
	}
	return nil
}

// migrationNames gives the files in their order.
func migrationNames() ([]string, error) { return fs.Glob(migrations, "migrations/*.sql") }

// shape is the user_version of a database that has seen all migrations.
func shape() (int, error) {
	names, err := migrationNames()
	return len(names), err
}

// recognise gives how many migrations a file has seen. A file that is not ours,
// or that a newer program wrote, is an error: this one would spoil it.
func recognise(c *conn, known int) (int, error) {
	id, err := first(c, value[int64], "PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	objects, err := first(c, value[int64], "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	if id != applicationID && objects > 0 {
		return 0, fmt.Errorf("it is a database of another program")
	}
	done, err := first(c, value[int], "PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	if done > known {
		return 0, fmt.Errorf("a newer version of this program wrote it (shape %d, this one knows %d)", done, known)
	}
	return done, nil
}

func applyMigration(c *conn, text string, number int, derive bool) error {
	// PRAGMAs take no parameters; both numbers are ours.
	err := c.script(fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;",
		text, applicationID, number))
	if err == nil && derive {
		err = deriveAnew(c)
	}
	if err == nil {
		err = c.script("COMMIT")
	}
	if err != nil && c.inTransaction() {
		c.script("ROLLBACK") // the first error is the one that matters
	}
	return err
}

// schema is what stands in sqlite_schema, by "type name".
type schema struct {
	order  []string
	sql    map[string]string
	on     map[string]string // the table of a trigger or an index
	tables map[string]bool
}

func objects(c *conn) (schema, error) {
	s := schema{sql: map[string]string{}, on: map[string]string{}, tables: map[string]bool{}}
	type object struct{ kind, name, on, sql string }
	// Indexes that SQLite makes by itself have no text, and belong to a table
	// that has.
	err := each(c, func(rows *sql.Rows) (o object, err error) {
		err = rows.Scan(&o.kind, &o.name, &o.on, &o.sql)
		return o, err
	}, func(o object) error {
		id := o.kind + " " + o.name
		s.order, s.sql[id], s.on[id] = append(s.order, id), o.sql, o.on
		if o.kind == "table" {
			s.tables[o.name] = true
		}
		return nil
	}, "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
	return s, err
}
