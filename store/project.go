package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"itmsbot/runbook"
)

// project writes what an event means into the derived tables. Nothing else
// writes them: Add calls it as the event is written, Verify as it replays the
// trail. It reads nothing but the event and the derived tables themselves. An
// event that its request cannot take is a *runbook.Misfit, and nothing was
// written then.
func project(c *conn, e runbook.Event) error {
	switch {
	case e.Kind == runbook.UpgradeOpened:
		return openUpgrade(c, e)
	case e.Kind.OfRequest():
		return advance(c, e)
	}
	return nil
}

func openUpgrade(c *conn, e runbook.Event) error {
	var b runbook.UpgradeBody
	if err := e.Read(&b); err != nil {
		return err
	}
	if b.Estate == "" {
		return fmt.Errorf("upgrade %s: it names no estate", e.Upgrade)
	}
	if err := c.exec("INSERT INTO estate (name, opened) VALUES (?, ?) ON CONFLICT DO NOTHING", b.Estate, e.N); err != nil {
		return fmt.Errorf("estate %s: %w", b.Estate, err)
	}
	err := c.exec("INSERT INTO upgrade (id, estate, channel, team, opened, at) VALUES (?, ?, ?, ?, ?, ?)",
		e.Upgrade, b.Estate, b.Channel, b.Team, e.N, millis(e.At))
	if err != nil {
		return fmt.Errorf("upgrade %s: %w", e.Upgrade, err)
	}
	return nil
}

// advance takes an event into its request and into what hangs on the request.
func advance(c *conn, e runbook.Event) error {
	was, err := requestIn(c, e.Upgrade, e.Request)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r, err := was.Apply(e)
	if err != nil {
		return err
	}
	if err := saveRequest(c, r); err != nil {
		return err
	}
	switch e.Kind {
	case runbook.Proposed:
		err = layExpiry(c, r, e)
	case runbook.Intent, runbook.Outcome:
		err = saveStep(c, r, e)
	}
	if err != nil {
		return err
	}
	return voidTimers(c, r, e.N)
}

func saveRequest(c *conn, r runbook.Request) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("request %s: %w", r.ID, err)
	}
	err = c.exec(`
		INSERT INTO request (upgrade, id, number, state, ended, first, last, body)
		VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM request WHERE upgrade = ?1), ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (upgrade, id) DO UPDATE
		SET state = excluded.state, ended = excluded.ended, last = excluded.last, body = excluded.body`,
		r.Upgrade, r.ID, string(r.State), r.State.Ended(), r.First, r.Last, string(body))
	if err != nil {
		return fmt.Errorf("request %s: %w", r.ID, err)
	}
	return nil
}

// saveStep keeps the before of the first intent for good: what was there
// before a second attempt is what the first one left (DESIGN §3).
func saveStep(c *conn, r runbook.Request, e runbook.Event) error {
	s, ok := r.Step(e.Step)
	if !ok {
		return fmt.Errorf("step %s of %s: the request does not know it", e.Step, r.ID)
	}
	var b runbook.IntentBody
	if e.Kind == runbook.Intent {
		if err := e.Read(&b); err != nil {
			return err
		}
	}
	err := c.exec(`
		INSERT INTO step (upgrade, request, id, intent, before, attempts, open, result, last)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?4)
		ON CONFLICT (upgrade, request, id) DO UPDATE
		SET attempts = excluded.attempts, open = excluded.open, result = excluded.result, last = excluded.last`,
		r.Upgrade, r.ID, e.Step, e.N, string(b.Before), s.Attempts, s.Open, string(s.Result))
	if err != nil {
		return fmt.Errorf("step %s of %s: %w", e.Step, r.ID, err)
	}
	return nil
}

// offered is the void_when of a timer that matters while a request waits for
// its approvals or for its turn.
const offered = "state not in proposed,ready"

// layExpiry lays the timer that ends a proposal nobody agreed to. It is due at
// the first millisecond at which an approval comes too late.
func layExpiry(c *conn, r runbook.Request, e runbook.Event) error {
	due := r.Expires.Add(time.Millisecond - 1).UnixMilli()
	id := "expire " + r.ID
	err := c.exec("INSERT INTO timer (upgrade, id, due, line, origin, void_when, laid, voided) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
		r.Upgrade, id, due, id, r.ID, offered, e.N)
	if err != nil {
		return fmt.Errorf("timer %s: %w", id, err)
	}
	return nil
}

func voidTimers(c *conn, r runbook.Request, n int64) error {
	if r.State == runbook.InOffer || r.State == runbook.Ready {
		return nil
	}
	err := c.exec("UPDATE timer SET voided = ? WHERE upgrade = ? AND origin = ? AND void_when = ? AND voided = 0",
		n, r.Upgrade, r.ID, offered)
	if err != nil {
		return fmt.Errorf("timers of %s: %w", r.ID, err)
	}
	return nil
}
