package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

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
	case e.Kind.OfUpgrade():
		return advanceUpgrade(c, e)
	}
	return nil
}

// deriveAnew empties the derived tables and replays the trail into them.
func deriveAnew(c *conn) error {
	for _, t := range slices.Backward(derivedTables[:]) {
		if err := c.exec("DELETE FROM " + t.name); err != nil {
			return fmt.Errorf("derived table %s: %w", t.name, err)
		}
	}
	const page = 500
	var last int64
	for {
		events, err := tables{q: c}.Events(last, page)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			if err := project(c, e); err != nil {
				return fmt.Errorf("event %d: %w", e.N, err)
			}
			last = e.N
		}
	}
}

// advanceUpgrade takes an event into the upgrade as a whole.
func advanceUpgrade(c *conn, e runbook.Event) error {
	u, err := wholeIn(c, e.Upgrade)
	if err != nil {
		return err
	}
	if u, err = u.Apply(e); err != nil {
		return fmt.Errorf("upgrade %s: %w", e.Upgrade, err)
	}
	body, err := json.Marshal(u)
	if err == nil {
		err = c.exec("UPDATE upgrade SET body = ? WHERE id = ?", string(body), e.Upgrade)
	}
	if err != nil {
		return fmt.Errorf("upgrade %s: %w", e.Upgrade, err)
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
	if e.Kind == runbook.Intent || e.Kind == runbook.Outcome {
		if err := saveStep(c, r, e); err != nil {
			return err
		}
	}
	return layTimers(c, r, e.N)
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
