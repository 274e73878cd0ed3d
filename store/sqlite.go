package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"time"

	"github.com/mattn/go-sqlite3"
)

// mode is how a file is opened.
type mode string

const (
	writes    mode = "rw"
	reads     mode = "ro"
	immutable mode = "immutable" // a file that nobody writes, on a medium that cannot be written
)

// connector opens connections with our settings, without a driver name that
// other packages could see.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// settings of every connection. trusted_schema is off because the file may
// come from somebody else; recursive_triggers is on because without it REPLACE
// passes the triggers that guard the trail.
const settings = `
PRAGMA foreign_keys = ON;
PRAGMA recursive_triggers = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
`

// pool opens nothing yet; connections to path are made when they are needed.
// busy is how long a statement waits for a lock of another program.
func pool(path string, m mode, busy time.Duration) *sql.DB {
	u := url.URL{Scheme: "file", Path: path}
	q := url.Values{"_busy_timeout": {strconv.FormatInt(busy.Milliseconds(), 10)}}
	extra := "PRAGMA query_only = ON;"
	switch m {
	case writes:
		q.Set("mode", "rw")
		extra = "PRAGMA synchronous = FULL;"
	case reads:
		q.Set("mode", "ro")
	case immutable:
		q.Set("mode", "ro")
		q.Set("immutable", "1")
	}
	u.RawQuery = q.Encode()
	return sql.OpenDB(connector{dsn: u.String(), driver: driverWith(settings + extra)})
}

// memory opens an empty database that is gone when it is closed.
func memory() (*conn, error) {
	return dial(sql.OpenDB(connector{dsn: ":memory:", driver: driverWith(settings)}))
}

func driverWith(pragmas string) *sqlite3.SQLiteDriver {
	return &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec(pragmas, nil)
		return err
	}}
}

// conn is one connection with its statements prepared once. It belongs to one
// goroutine. Its statements are never given a context that can be cancelled:
// SQLite rolls the whole transaction back when a statement is interrupted, and
// with it the work of others in the same group.
type conn struct {
	pool  *sql.DB // of exactly this connection
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func dial(pool *sql.DB) (*conn, error) {
	pool.SetMaxOpenConns(1)
	c, err := pool.Conn(context.Background())
	if err != nil {
		pool.Close() // the error of the connection is the one that matters
		return nil, err
	}
	return &conn{pool: pool, c: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close() // the connection goes with them
	}
	c.c.Close()
	return c.pool.Close()
}

func (c *conn) prepared(query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

// QueryContext makes a conn a source of rows.
func (c *conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// exec carries out one statement.
func (c *conn) exec(query string, args ...any) error {
	_, err := c.changed(query, args...)
	return err
}

// changed carries out one statement and counts the rows it changed.
func (c *conn) changed(query string, args ...any) (int64, error) {
	s, err := c.prepared(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// script carries out several statements that take no arguments.
func (c *conn) script(statements string) error {
	_, err := c.c.ExecContext(context.Background(), statements)
	return err
}

// inTransaction reports whether a transaction is open. SQLite ends one by
// itself on some errors (disk full, I/O), and says so only here.
func (c *conn) inTransaction() bool {
	open := false
	err := c.c.Raw(func(d any) error {
		open = !d.(*sqlite3.SQLiteConn).AutoCommit()
		return nil
	})
	return err == nil && open
}

// source is what rows are read from: a conn or a pool.
type source interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each hands every row to do, one after the other. do must not use q.
func each[T any](q source, scan func(*sql.Rows) (T, error), do func(T) error, query string, args ...any) error {
	rows, err := q.QueryContext(context.Background(), query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return err
		}
		if err := do(v); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all reads every row before it returns, so that no cursor is open while a
// caller writes.
func all[T any](q source, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var list []T
	err := each(q, scan, func(v T) error {
		list = append(list, v)
		return nil
	}, query, args...)
	return list, err
}

// first reads one row; none is fs.ErrNotExist.
func first[T any](q source, scan func(*sql.Rows) (T, error), query string, args ...any) (T, error) {
	list, err := all(q, scan, query, args...)
	if err == nil && len(list) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		var none T
		return none, err
	}
	return list[0], nil
}

// value scans a row of one column.
func value[T any](rows *sql.Rows) (T, error) {
	var v T
	err := rows.Scan(&v)
	return v, err
}

// millis is how times stand in the tables.
func millis(t time.Time) int64 { return t.UnixMilli() }

// clockTime is the time that stands in a table as milliseconds.
func clockTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func notFound(what, id string, err error) error {
	return fmt.Errorf("%s %s: %w", what, id, err)
}
