package winrm

import (
	"context"
	"errors"
	"strings"

	"itmsbot/estate"
)

// rescueKey is under what the ways into a host with its own account are kept: no
// configured host has a zero in its name.
func rescueKey(host string) string { return strings.ToLower(host) + "\x00rescue" }

// HasRescue reports whether the bot has an account of the host itself.
func (f *Fleet) HasRescue(host string) bool { return f.hosts[rescueKey(host)] != nil }

// RescueRecord reads the record of a host with the host's own account. It says what the
// bot's account cannot when the domain does not know the host any more
// (HostRecord.Account.Trusted).
func (f *Fleet) RescueRecord(ctx context.Context, host string) (estate.HostRecord, error) {
	var answer estate.HostRecord
	err := f.Run(ctx, rescueKey(host), estate.Look, f.scripts.hostRecord, nothing{}, &answer)
	var e *estate.Error
	if errors.As(err, &e) {
		e.Host = host
	}
	return answer, err
}
