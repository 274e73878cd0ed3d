package estate

import (
	"errors"
	"fmt"
)

// Trouble is what went wrong between the bot and a machine, as far as a
// decision depends on it.
type Trouble string

// The kinds of trouble. Only Unknown leaves open whether something changed.
const (
	// Unreachable: no connection, no answer in time before anything was
	// started, or the host is too busy. Nothing was started.
	Unreachable Trouble = "unreachable"
	// Refused: the log-on was refused. It is tried once only.
	Refused Trouble = "log-on refused"
	// Parked: the credential was refused before and is not tried again
	// until a person looked; a locked service account takes ITMS down.
	Parked Trouble = "log-on parked"
	// Untrusted: the peer's certificate or its NTLM offer is not acceptable.
	Untrusted Trouble = "not trusted"
	// WrongMachine: another machine answered than the plan names.
	WrongMachine Trouble = "wrong machine"
	// Failed: the far end said no, in its own words. A change may have been
	// done in part.
	Failed Trouble = "failed"
	// Unknown: the connection was lost after the work was accepted; the
	// host has to be asked what became of it.
	Unknown Trouble = "outcome unknown"
)

// Error is trouble with one machine. Its text is for operators: it holds what
// was being done and to what, never a secret.
type Error struct {
	Kind Trouble
	Host string
	// Op is what was being done: "read the firewall".
	Op string
	// Detail is what the far end said, or what was found.
	Detail string
	Err    error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s: %s", e.Host, e.Op, e.Kind)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// TroubleOf gives the kind of an error from a machine. An error of another
// type is Unknown, because nothing is known about what it left behind.
func TroubleOf(err error) Trouble {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unknown
}
