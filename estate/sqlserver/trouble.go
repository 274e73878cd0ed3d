package sqlserver

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"itmsbot/estate"
)

// trouble is an error whose kind is known where it was met. The road back to the
// caller adds host and operation.
type trouble struct {
	kind   estate.Trouble
	detail string
	err    error
}

func (t *trouble) Error() string {
	s := string(t.kind)
	if t.detail != "" {
		s += ": " + t.detail
	}
	return s
}

func (t *trouble) Unwrap() error { return t.err }

// missing is the trouble of a look whose objects are not there.
func missing(objects ...string) *trouble {
	m := &estate.Missing{Objects: objects}
	return &trouble{estate.Unavailable, m.Error(), m}
}

// errorOf makes the error that callers get.
func (s *Server) errorOf(doing string, err error) *estate.Error {
	out := &estate.Error{Kind: estate.Failed, Host: s.name, Op: doing, Err: err}
	var t *trouble
	if errors.As(err, &t) {
		out.Kind, out.Detail, out.Err = t.kind, t.detail, t.err
	}
	return out
}

// lost gives a look's error its kind. The bot only reads, so that whatever was lost
// on the way has changed nothing: it is unreachable, never unknown.
func lost(ctx context.Context, err error) *trouble {
	var t *trouble
	var untried *estate.Error // the log-on was not even tried
	var said mssql.Error
	var stream mssql.StreamError
	switch {
	case errors.As(err, &t):
		return t
	case errors.As(err, &untried):
		return &trouble{untried.Kind, untried.Detail, untried.Err}
	case ctx.Err() != nil:
		return &trouble{estate.Unreachable, ended(ctx.Err()), ctx.Err()}
	case errors.As(err, &said):
		return refusalOf(said)
	case errors.Is(err, driver.ErrBadConn):
		return &trouble{estate.Unreachable, "the connection was lost", err}
	case errors.As(err, &stream):
		err = stream.InnerError
	}
	return &trouble{estate.Unreachable, sentence(innermost(err).Error()), err}
}

// refusalOf is the trouble in the server's own words, by their number
// (sys.messages).
func refusalOf(said mssql.Error) *trouble {
	for _, e := range errorsOf(said) {
		switch {
		case unavailable(e.Number):
			m := &estate.Missing{Objects: []string{"an object of the statement"}}
			return &trouble{estate.Unavailable, sentence(e.Message), errors.Join(m, said)}
		case away(e.Number):
			return &trouble{estate.Unreachable, sentence(e.Message), said}
		}
	}
	return &trouble{estate.Failed, sentence(said.Message), said}
}

// errorsOf are all errors of one answer; the driver shows the last one.
func errorsOf(said mssql.Error) []mssql.Error {
	if len(said.All) == 0 {
		return []mssql.Error{said}
	}
	return said.All
}

// refused reports whether a log-on was refused because of the account, so that
// trying it again may lock it out. An account that is good, but whose database is not
// there yet, gets 4060 and then 18456 as well: that is not refused.
func refused(said mssql.Error) bool {
	found := false
	for _, e := range errorsOf(said) {
		switch e.Number {
		case 4060, 4064: // the database of the log-on cannot be opened
			return false
		case 18450, 18452, 18456, 18458, 18459, 18460, // not trusted, wrong password, licences
			18470, 18486, 18487, 18488: // disabled, locked out, expired, to be changed
			found = true
		}
	}
	return found
}

// unavailable are the numbers of an object that is not there or may not be read.
func unavailable(number int32) bool {
	switch number {
	case 207, 208, 4121, // no such column, object, function
		229, 230, // permission on an object, on a column
		262, 297, 300, 371, // permission in a database, on the server
		916: // the account may not enter the database
		return true
	}
	return false
}

// away are the numbers of a server or database that is there and does not answer at
// the moment.
func away(number int32) bool {
	switch number {
	case 596, 6005, 17142, 17187, 18401, 18461, // killed, stopping, paused, starting, upgrading, single user
		701, 802, 8645, 8651, 1204, 1205, 1222, // no memory, no locks, deadlock, lock timeout
		921, 922, 923, 924, 927, 942, 945, 952, // the database recovers, restores, is single user, offline
		976, 978, 979, 983, // the database is not the readable replica
		4060, 4064:
		return true
	}
	return false
}

// ended says in words how a context came to its end.
func ended(cause error) string {
	if errors.Is(cause, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "cancelled"
}

// innermost leaves out what net and the driver wrap around a cause.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// sentence puts the far end's words on one line of bearable length.
func sentence(s string) string {
	const most = 400
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " …"
	}
	return s
}
