package actions

import (
	"errors"
	"strings"

	"itmsbot/estate"
)

// Words says an error as part of a sentence on a card, without the host's name,
// which stands before it there, and without a full stop.
func Words(err error) string {
	var e *estate.Error
	if !errors.As(err, &e) {
		return strings.TrimRight(err.Error(), ". ")
	}
	s := "could not " + e.Op + " (" + string(e.Kind) + ")"
	if e.Detail != "" {
		s += ": " + strings.TrimRight(e.Detail, ". ")
	}
	return s
}
