package winrm

import (
	"errors"

	"itmsbot/estate"
)

// trouble is an error whose kind is known where it was met. The road back to the
// caller adds host and operation, and turns it into estate.Unknown when a change
// had been started.
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

// refusalOf is the trouble in a host's own fault, before anything was started.
func refusalOf(f *fault) *trouble {
	switch {
	case f.code == codeAccessDenied:
		return &trouble{estate.Refused, "the account may not use remote management there: " + f.text, f}
	case f.crowded():
		return &trouble{estate.Unreachable, "the host is too busy: " + f.text, f}
	case f.code == codeTimedOut:
		return &trouble{estate.Unreachable, "no answer in time", f}
	}
	return &trouble{estate.Failed, f.Error(), f}
}

// errorOf makes the error that callers get. adrift says that the script may have
// begun and nobody knows how far it came, which makes a change unknown.
func errorOf(err error, host string, script Script, adrift bool) *estate.Error {
	out := &estate.Error{Kind: estate.Failed, Host: host, Op: script.Doing, Err: err}
	var t *trouble
	var untried *estate.Error // the log-on was not even tried
	switch {
	case errors.As(err, &t):
		out.Kind, out.Detail, out.Err = t.kind, t.detail, t.err
	case errors.As(err, &untried):
		out.Kind, out.Detail, out.Err = untried.Kind, untried.Detail, untried.Err
	case err != nil:
		out.Detail = sentence(err.Error())
	}
	if adrift && script.Changes {
		out.Kind = estate.Unknown
	}
	return out
}
