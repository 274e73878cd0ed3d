package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"itmsbot/estate"
)

// rows is one result set after the other of one statement.
type rows struct{ *sql.Rows }

// run sends a statement, with its parameters beside it, and has its answer read whole.
func (s *Server) run(ctx context.Context, st statement, read func(*rows) error, parameters ...any) error {
	answer, err := s.db.QueryContext(ctx, st.text, parameters...)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := read(&rows{answer}); err != nil {
		return unreadable(answer, err)
	}
	for answer.Next() || answer.NextResultSet() {
		// An error may come behind the last row that anybody wanted.
	}
	return answer.Err()
}

// unreadable is the error of a reading: what the server or the network said, or that
// the answer is not what the statement asks for.
func unreadable(answer *sql.Rows, err error) error {
	var t *trouble
	switch {
	case answer.Err() != nil:
		return answer.Err()
	case errors.As(err, &t):
		return err
	}
	return &trouble{estate.Failed, "the answer cannot be read: " + sentence(err.Error()), err}
}

// one reads the only row of a result set.
func (r *rows) one(into ...any) error {
	if !r.Next() {
		if err := r.Err(); err != nil {
			return err
		}
		return &trouble{kind: estate.Failed, detail: "the answer has no row"}
	}
	return r.Scan(into...)
}

// next goes on to the next result set. The driver knows of it only behind the last row
// of this one.
func (r *rows) next() error {
	for r.Next() {
	}
	if r.NextResultSet() {
		return nil
	}
	if err := r.Err(); err != nil {
		return err
	}
	return &trouble{kind: estate.Failed, detail: "the answer ends before its second part"}
}

// seconds is an age as a statement has computed it. Clocks are not exact to the
// second; an age below zero is none.
func seconds(n int64) time.Duration { return max(0, time.Duration(n)*time.Second) }
