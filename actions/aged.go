package actions

import (
	"time"

	"itmsbot/runbook"
)

// The ages of a set at which people are told: a reminder after two days, an alarm after
// three, and every day from then on (infra.md D3). A set grows, slows its servers and
// becomes a way back that nobody would go any more.
const (
	setReminder = 48
	SetAlarm    = 72 // hours
	setEvery    = 24
)

// agedAt is the last of those ages, in hours, that a set of this age has come to; 0 for
// none.
func agedAt(age time.Duration) int {
	hours := int(age / time.Hour)
	switch {
	case hours < setReminder:
		return 0
	case hours < SetAlarm:
		return setReminder
	}
	return hours - (hours-SetAlarm)%setEvery
}

// AgeSet tells people how old the set of snapshots is, once for each age that matters,
// until the set is committed or gone back to. What came due while the bot was away is
// said once.
func (e *Engine) AgeSet() error {
	ledger, err := readLedger(e.journal)
	if err != nil {
		e.log.Warn("the age of the snapshot set is not watched: what was taken cannot be read", "error", err)
		return nil // of a later version, which watches its own
	}
	set := ledger.Set
	if set == nil || set.Committed() || ledger.RolledBack > set.Took {
		return nil
	}
	r, err := e.journal.Request(set.Request)
	if err != nil {
		return err
	}
	due := agedAt(e.env.Clock.Now().Sub(set.At))
	if due <= r.Aged {
		return nil
	}
	return e.journal.Append(func(tx Tx) error {
		now, err := tx.Request(r.ID)
		if err != nil || due <= now.Aged || now.BackedOutBy != "" {
			return err
		}
		return addTo(tx, Order{By: runbook.Clock, Door: "clock"}, now, runbook.SetAged, "", runbook.AgedBody{Hours: due})
	})
}
