package vsphere

import (
	"context"
	"errors"
	"io"
	"net/url"

	"itmsbot/estate"
	"itmsbot/estate/trust"
)

// trouble is an error whose kind is known where it was met. The road back to the
// caller adds vCenter and operation.
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

// troubleOf sorts out what a call came back with. open says that a change may have
// been accepted although no answer came.
func troubleOf(err error, open bool) *trouble {
	var known *trouble
	if errors.As(err, &known) {
		return known
	}
	var untried *estate.Error // the log-on was not even tried
	if errors.As(err, &untried) {
		return &trouble{untried.Kind, untried.Detail, untried.Err}
	}
	if f := faultOf(err); f != nil {
		return &trouble{estate.Failed, detailOf(err), err}
	}
	t := &trouble{estate.Unreachable, detailOf(err), err}
	switch {
	case trust.Untrusted(err):
		t.kind = estate.Untrusted
	case open:
		t.kind = estate.Unknown
	}
	return t
}

// detailOf says what went wrong, without the address that every http error begins
// with.
func detailOf(err error) string {
	if f := faultOf(err); f != nil {
		return sentenceOf(f, wordsOf(err))
	}
	var wrapped *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "vCenter did not answer in time"
	case errors.Is(err, context.Canceled):
		return "the call was given up before vCenter answered"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "vCenter broke the connection off"
	case errors.As(err, &wrapped):
		return wrapped.Err.Error()
	}
	return err.Error()
}
