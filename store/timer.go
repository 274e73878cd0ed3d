package store

import (
	"fmt"
	"time"

	"itmsbot/runbook"
)

// The timers of a request follow from what it is now: those that it should have are
// laid or moved, all others of it are void. What is due is decided by whoever
// carries it out, in a transaction of its own.

// What makes a timer void, in words.
const (
	offered = "state not in proposed,agreed,ready"
	closed  = "the opening has ended"
)

// wantedTimer is a timer that a request should have.
type wantedTimer struct {
	what string // "expire", "warn", "end"
	due  time.Time
	void string
}

// timersOf lists the timers of a request as it is.
func timersOf(r runbook.Request) []wantedTimer {
	var list []wantedTimer
	switch r.State {
	case runbook.InOffer, runbook.InSecond, runbook.Ready:
		// It is due at the first millisecond at which an approval comes too late.
		list = append(list, wantedTimer{"expire", r.Expires.Add(time.Millisecond - 1), offered})
	}
	if o := r.Opening; o != nil && o.Ended == nil && !o.Until.IsZero() {
		if !o.Asked {
			list = append(list, wantedTimer{"warn", o.Until.Add(-runbook.EndNotice), closed})
		}
		list = append(list, wantedTimer{"end", o.Again, closed})
	}
	return list
}

// layTimers brings the timers of a request to what it is after event n.
func layTimers(c *conn, r runbook.Request, n int64) error {
	wanted := timersOf(r)
	due := map[string]wantedTimer{}
	for _, t := range wanted {
		due[t.what] = t
	}
	for _, what := range []string{"expire", "warn", "end"} {
		id := what + " " + r.ID
		var err error
		if t, ok := due[what]; ok {
			err = c.exec(`
				INSERT INTO timer (upgrade, id, due, line, origin, void_when, laid, voided) VALUES (?1, ?2, ?3, ?2, ?4, ?5, ?6, 0)
				ON CONFLICT (upgrade, id) DO UPDATE SET due = excluded.due, laid = excluded.laid, voided = 0
				WHERE timer.due <> excluded.due OR timer.voided <> 0`,
				r.Upgrade, id, t.due.UnixMilli(), r.ID, t.void, n)
		} else {
			err = c.exec("UPDATE timer SET voided = ? WHERE upgrade = ? AND id = ? AND voided = 0", n, r.Upgrade, id)
		}
		if err != nil {
			return fmt.Errorf("timer %s: %w", id, err)
		}
	}
	return nil
}
