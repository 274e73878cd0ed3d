package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options are what a store needs from outside.
type Options struct {
	// Log takes what no caller is told. Nil means nowhere.
	Log *slog.Logger
	// Clock is the domain clock, which stamps events. It is required.
	Clock func() time.Time

	// busy is how long a write waits for a lock of another program; zero
	// means lockWait. Tests wait less.
	busy time.Duration
}

// lockWait is how long a statement waits for a lock of another program, such
// as a backup that is just taking a checkpoint. A call that comes while the
// writer waits for one group has its own wait after that: both together are
// less than the two seconds for which a command can wait.
const lockWait = 900 * time.Millisecond

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	tables
	pool    *sql.DB
	w       *writer
	lock    *os.File
	anchors *anchorFile

	mu   sync.Mutex
	head head
	news chan struct{} // closed when head moves, and replaced

	once   sync.Once
	closed error
}

// Open opens the database at path for this program alone, makes it if there is
// none, and brings it to the newest shape. The directory must exist and be on a
// local disk.
//
// ErrInUse says that another program has it open. A trail that does not fit its
// own last hash, or the last line of FILE.anchors, is an error: somebody
// changed one of them, or an older copy was restored.
func Open(path string, o Options) (*Store, error) {
	s, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s.w.daily = time.Tick(everyDay)
	go s.w.run() // Close waits for it
	return s, nil
}

// open is Open before the writer runs.
func open(path string, o Options) (_ *Store, err error) {
	if o.Clock == nil {
		return nil, errors.New("no clock given")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.busy == 0 {
		o.busy = lockWait
	}
	if path, err = settle(path); err != nil {
		return nil, err
	}
	s := &Store{news: make(chan struct{})}
	if s.lock, err = lockFile(path + ".lock"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if err := createFile(path); err != nil {
		return nil, err
	}
	s.w = &writer{
		open:  func() (*conn, error) { return dial(pool(path, writes, o.busy)) },
		clock: o.Clock, log: o.Log, news: s.moved,
		calls: make(chan *call), closing: make(chan struct{}), gone: make(chan struct{}),
	}
	if err := s.prepare(path); err != nil {
		return nil, err
	}
	s.pool = pool(path, reads, o.busy)
	s.pool.SetMaxOpenConns(4)
	s.tables = tables{q: s.pool}
	return s, nil
}

// prepare opens the writing connection and looks at what the file holds.
func (s *Store) prepare(path string) (err error) {
	w := s.w
	if w.c, err = w.open(); err != nil {
		return err
	}
	if err := migrate(w.c); err != nil {
		return err
	}
	// Only now, because it changes the file, which might have been another
	// program's. The file keeps the mode.
	journal, err := first(w.c, value[string], "PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if journal != "wal" {
		return fmt.Errorf("journal mode is %s, not wal", journal)
	}
	if w.fence, err = raiseFence(w.c); err != nil {
		return err
	}
	if s.head, err = headOf(w.c); err != nil {
		return err
	}
	w.last = s.head
	if s.anchors, err = openAnchors(path + ".anchors"); err != nil {
		return err
	}
	w.anchors = s.anchors
	return undamaged(w.c, s.anchors.last)
}

func raiseFence(c *conn) (int64, error) {
	return first(c, value[int64], "UPDATE writer SET fence = fence + 1 RETURNING fence")
}

// undamaged compares the end of the trail with its own hash and with the last
// anchor. Verify does it for all of the trail.
func undamaged(c *conn, last head) error {
	tail, err := all(c, scanLine, "SELECT "+eventColumns+" FROM event ORDER BY n DESC LIMIT 1")
	if err != nil {
		return err
	}
	for _, l := range tail {
		if l.sum() != l.hash {
			return fmt.Errorf("event %d is not what was written: its hash does not fit", l.n)
		}
	}
	if last.n == 0 {
		return nil
	}
	hash, err := tables{q: c}.HashOf(last.n)
	if err != nil {
		return fmt.Errorf("the last anchor is of event %d, which is not there: the trail was cut, or an older copy restored: %w", last.n, err)
	}
	if !strings.HasPrefix(hash, last.hash) {
		return fmt.Errorf("event %d is not the one that was anchored", last.n)
	}
	return nil
}

// Append is the one way to write a fact. decide runs on the writer's goroutine
// within the transaction: it reads through tx, decides and adds. When it
// returns nil all of it is committed before Append returns; when it returns an
// error none of it is, and Append returns that error.
//
// decide must do nothing else: it must not wait, nor call the store's methods
// (they would wait for it), nor act on what it added before Append has
// returned. An error of the medium is an *Unwritable. A panic is an error.
func (s *Store) Append(decide func(tx *Tx) error) error {
	return s.w.submit(context.Background(), decide)
}

// Head gives number and hash of the last committed event; the number is 0 while
// there is none.
func (s *Store) Head() (n int64, hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head.n, s.head.hash
}

// moved makes a new head known to all who wait.
func (s *Store) moved(h head) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = h
	close(s.news)
	s.news = make(chan struct{})
}

// Wait returns the number of the last event as soon as it is above after. It
// ends early with the error of ctx, or with ErrClosed.
func (s *Store) Wait(ctx context.Context, after int64) (int64, error) {
	for {
		s.mu.Lock()
		n, news := s.head.n, s.news
		s.mu.Unlock()
		if n > after {
			return n, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return n, ctx.Err()
		case <-s.w.gone:
			return n, ErrClosed
		}
	}
}

// Close carries out the calls that are waiting, anchors the trail, merges the
// write-ahead log into the file, and lets another program have it.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.w.closing)
		<-s.w.gone
		s.closed = s.finish()
		s.release()
	})
	return s.closed
}

// finish is done after the writer's goroutine has ended, on its connection.
func (s *Store) finish() error {
	s.w.rollback() // of a call that ended the goroutine
	err := s.w.anchor()
	if err != nil {
		return fmt.Errorf("last anchor: %w", err)
	}
	// A reader or a backup may hold the log; the next Open goes on with it.
	if err := s.w.c.script("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// release closes what is open. The lock goes last.
func (s *Store) release() {
	if s.pool != nil {
		s.pool.Close()
	}
	if s.w != nil && s.w.c != nil {
		s.w.c.close()
	}
	if s.anchors != nil {
		s.anchors.close()
	}
	s.lock.Close() // lets go of the lock
}

// settle gives the one path of a database, so that two names of one file meet
// the same lock, and refuses where locks cannot be trusted.
func settle(path string) (string, error) {
	full, err := absolute(path)
	if err != nil {
		return "", err
	}
	return full, localDisk(filepath.Dir(full))
}

// absolute resolves links in the path of a file that may not be there yet.
func absolute(path string) (string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	full := filepath.Join(dir, filepath.Base(path))
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real
	}
	return full, nil
}

// createFile makes the file, readable for its owner alone, before SQLite does
// it with the mode of the day. SQLite gives its side files the same mode. A
// file that is there is not opened: closing it again would let go of the locks
// that SQLite holds on it for a reader in this program.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	return f.Close()
}
