package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"itmsbot/runbook"
)

// tables reads what stands in the database. A Store reads what is committed, a
// Tx what is committed and what its own call has added. Requests and timers
// are those of the newest upgrade.
type tables struct{ q source }

// Upgrade is one upgrade of one estate.
type Upgrade struct {
	ID      string
	Estate  string
	Channel string
	Team    string
	Opened  int64 // its event
	At      time.Time
}

// Timer is something that is to be said to the router at its time.
type Timer struct {
	ID     string // "expire R-12"
	Due    time.Time
	Line   string // the line to say
	Origin string // the request on whose behalf
	// VoidWhen says in words when the timer means nothing any more.
	VoidWhen string
}

// Before is what was there before a step was tried for the first time.
type Before struct {
	State   json.RawMessage // nil when the first intent carried none
	Event   int64           // the first intent
	Kind    string          // of the step, from the stored plan
	Version int
}

// Whole gives what people have said of the newest upgrade as a whole.
func (t tables) Whole() (runbook.Upgrade, error) {
	u, err := t.Upgrade()
	if err != nil {
		return runbook.Upgrade{}, err
	}
	return wholeIn(t.q, u.ID)
}

func wholeIn(q source, upgrade string) (runbook.Upgrade, error) {
	u := runbook.Upgrade{}
	body, err := first(q, value[string], "SELECT body FROM upgrade WHERE id = ?", upgrade)
	if err == nil {
		err = json.Unmarshal([]byte(body), &u)
	}
	if err != nil {
		return u, notFound("upgrade", upgrade, err)
	}
	u.ID = upgrade
	return u, nil
}

// current is the upgrade that everything without an upgrade's name is about.
const current = "(SELECT id FROM upgrade ORDER BY opened DESC LIMIT 1)"

// Upgrade gives the newest upgrade; fs.ErrNotExist if none was ever opened.
func (t tables) Upgrade() (Upgrade, error) {
	u, err := first(t.q, func(rows *sql.Rows) (Upgrade, error) {
		var u Upgrade
		var at int64
		err := rows.Scan(&u.ID, &u.Estate, &u.Channel, &u.Team, &u.Opened, &at)
		u.At = clockTime(at)
		return u, err
	}, "SELECT id, estate, channel, team, opened, at FROM upgrade ORDER BY opened DESC LIMIT 1")
	if err != nil {
		return Upgrade{}, fmt.Errorf("upgrade: %w", err)
	}
	return u, nil
}

// Request gives a request as its events made it; fs.ErrNotExist if there is no
// such request.
func (t tables) Request(id string) (runbook.Request, error) {
	r, err := first(t.q, scanRequest, "SELECT body FROM request WHERE id = ? AND upgrade = "+current, id)
	if err != nil {
		return runbook.Request{}, notFound("request", id, err)
	}
	return r, nil
}

// Requests gives all requests by number.
func (t tables) Requests() ([]runbook.Request, error) { return t.requests("1") }

// Live gives the requests that have not ended, by number.
func (t tables) Live() ([]runbook.Request, error) { return t.requests("ended = 0") }

// Recent gives the newest n requests, by number.
func (t tables) Recent(n int) ([]runbook.Request, error) {
	list, err := all(t.q, scanRequest, "SELECT body FROM request WHERE upgrade = "+current+" ORDER BY number DESC LIMIT ?", max(n, 0))
	if err != nil {
		return nil, fmt.Errorf("recent requests: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}

func (t tables) requests(which string) ([]runbook.Request, error) {
	list, err := all(t.q, scanRequest, "SELECT body FROM request WHERE upgrade = "+current+" AND "+which+" ORDER BY number")
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	return list, nil
}

// requestIn gives a request of any upgrade.
func requestIn(q source, upgrade, id string) (runbook.Request, error) {
	r, err := first(q, scanRequest, "SELECT body FROM request WHERE upgrade = ? AND id = ?", upgrade, id)
	if err != nil {
		return runbook.Request{}, notFound("request", id, err)
	}
	return r, nil
}

func scanRequest(rows *sql.Rows) (runbook.Request, error) {
	var r runbook.Request
	var body []byte
	if err := rows.Scan(&body); err != nil {
		return r, err
	}
	err := json.Unmarshal(body, &r)
	return r, err
}

// Events gives up to limit events numbered above after, in order.
func (t tables) Events(after int64, limit int) ([]runbook.Event, error) {
	return t.events("n > ? ORDER BY n LIMIT ?", after, max(limit, 0))
}

// EventsOf gives all events of a request, in order, refusals about it included.
func (t tables) EventsOf(request string) ([]runbook.Event, error) {
	return t.events("request = ? AND request <> '' AND upgrade = "+current+" ORDER BY n", request)
}

// Tail gives the newest n events, in order.
func (t tables) Tail(n int) ([]runbook.Event, error) {
	list, err := t.events("1 ORDER BY n DESC LIMIT ?", max(n, 0))
	slices.Reverse(list)
	return list, err
}

func (t tables) events(which string, args ...any) ([]runbook.Event, error) {
	list, err := all(t.q, scanEvent, "SELECT "+eventColumns+" FROM event WHERE "+which, args...)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	return list, nil
}

// HashOf gives the hash of event n, for the footer "trail 412 · 16 digits".
func (t tables) HashOf(n int64) (string, error) {
	hash, err := first(t.q, value[string], "SELECT hash FROM event WHERE n = ?", n)
	if err != nil {
		return "", fmt.Errorf("event %d: %w", n, err)
	}
	return hash, nil
}

// Due gives the timers that are due at now and not void, the earliest first.
func (t tables) Due(now time.Time) ([]Timer, error) {
	list, err := all(t.q, scanTimer, `SELECT id, due, line, origin, void_when FROM timer
		WHERE voided = 0 AND due <= ? AND upgrade = `+current+` ORDER BY due, laid`, millis(now))
	if err != nil {
		return nil, fmt.Errorf("timers: %w", err)
	}
	return list, nil
}

func scanTimer(rows *sql.Rows) (Timer, error) {
	var t Timer
	var due int64
	err := rows.Scan(&t.ID, &due, &t.Line, &t.Origin, &t.VoidWhen)
	t.Due = clockTime(due)
	return t, err
}

// StepBefore gives what the first intent of a step recorded; fs.ErrNotExist if
// the step was never tried. An intent of a later attempt changes nothing here.
func (t tables) StepBefore(request, step string) (Before, error) {
	var b Before
	var state string
	_, err := first(t.q, func(rows *sql.Rows) (Before, error) {
		return b, rows.Scan(&state, &b.Event)
	}, "SELECT before, intent FROM step WHERE request = ? AND id = ? AND upgrade = "+current, request, step)
	if err != nil {
		return Before{}, fmt.Errorf("before of step %s of %s: %w", step, request, err)
	}
	if state != "" {
		b.State = json.RawMessage(state)
	}
	if b.Kind, b.Version, err = t.kindOf(request, step); err != nil {
		return Before{}, fmt.Errorf("before of step %s of %s: %w", step, request, err)
	}
	return b, nil
}

// kindOf reads the kind of a step in the plan that was approved.
func (t tables) kindOf(request, step string) (kind string, version int, err error) {
	r, err := t.Request(request)
	if err != nil {
		return "", 0, err
	}
	raw, err := t.Plan(r.Digest)
	if err != nil {
		return "", 0, err
	}
	p, err := runbook.OpenPlan(raw)
	if err != nil {
		return "", 0, err
	}
	for _, s := range p.Steps() {
		if s.ID == step {
			return s.Kind, s.Version, nil
		}
	}
	return "", 0, fmt.Errorf("plan %s has no such step", runbook.Short(r.Digest))
}
