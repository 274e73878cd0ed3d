package store

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// What callers branch on. A row that is not there is fs.ErrNotExist.
var (
	// ErrInUse says that another program writes to the file.
	ErrInUse = errors.New("database in use by another bot")
	// ErrClosed says that the store was closed. Nothing of the call was
	// written, unless the writer died in the middle of its commit.
	ErrClosed = errors.New("store closed")
	// ErrFenced says that another program has opened the file since, past
	// the lock. It is inside an *Unwritable; nothing can be written any more.
	ErrFenced = errors.New("another bot has taken the database over")
	// ErrBusy says that the writer did not come to a call before its caller
	// stopped waiting: a lock of another program, or a slow disk. It is inside
	// an *Unwritable; the call was withdrawn and is not carried out later.
	ErrBusy = errors.New("the database did not take it in time")
	// ErrHandled says that a delivery was handled before; its first answer
	// stands.
	ErrHandled = errors.New("delivery handled already")
)

// Unwritable says that the database could not be written: disk full, I/O
// error, locked by another program, fence lost. Nothing of the call remains;
// the next call tries anew. (One case is beyond SQLite: when the disk fails in
// the very moment of the commit and the machine dies before the next write,
// the group may be there after the restart. A delivery that comes again is
// then found by its keys.)
type Unwritable struct{ Err error }

func (u *Unwritable) Error() string { return fmt.Sprintf("database not writable: %v", u.Err) }

// Unwrap gives the cause.
func (u *Unwritable) Unwrap() error { return u.Err }

// Why is why nothing can be written.
type Why string

// The reasons. Taken and Damaged do not pass by themselves.
const (
	Full     Why = "disk full"
	Locked   Why = "locked by another program"
	Busy     Why = "not taken in time"
	ReadOnly Why = "read-only"
	Taken    Why = "taken over by another bot"
	Damaged  Why = "damaged"
	Trouble  Why = "refused by the system" // an I/O error and the like
)

// Passes reports whether what could not be written now may be later, without
// anybody touching the bot.
func (w Why) Passes() bool { return w != Taken && w != Damaged }

// Why gives the reason. SQLite says disk full where the system does (ENOSPC);
// a quota or a limit of the system is an I/O error.
func (u *Unwritable) Why() Why {
	var e sqlite3.Error
	switch {
	case errors.Is(u.Err, ErrFenced):
		return Taken
	case errors.Is(u.Err, ErrBusy):
		return Busy
	case !errors.As(u.Err, &e):
		return Trouble
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return Full
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return Locked
	case sqlite3.ErrReadonly:
		return ReadOnly
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return Damaged
	}
	return Trouble
}

// Late says that a caller stopped waiting while the writer was at its call. What
// it asked for may yet be written.
type Late struct{ Err error }

func (l *Late) Error() string { return fmt.Sprintf("not known whether it was written: %v", l.Err) }

// Unwrap gives the reason for which the caller stopped waiting.
func (l *Late) Unwrap() error { return l.Err }

// unwritable makes errors of the medium typed ones and leaves all others as
// they are. It is the only place that reads SQLite's codes.
func unwritable(err error) error {
	var typed *Unwritable
	var e sqlite3.Error
	if errors.As(err, &typed) || !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrReadonly,
		sqlite3.ErrNomem, sqlite3.ErrCorrupt, sqlite3.ErrCantOpen, sqlite3.ErrNotADB,
		sqlite3.ErrInterrupt, sqlite3.ErrPerm, sqlite3.ErrProtocol:
		return &Unwritable{Err: err}
	}
	return err
}
