package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"
	"unicode"
	"unicode/utf8"

	"itmsbot/runbook"
)

// Tx is what a decide function of Append works with: it reads what is
// committed and what the call itself has added, and adds to it. It is valid
// until decide returns and belongs to decide's goroutine.
type Tx struct {
	tables
	c    *conn
	now  time.Time
	last int // highest request number given out
	over bool
}

var errOver = errors.New("transaction used after its function returned")

func newTx(c *conn, now time.Time) *Tx {
	t := &Tx{c: c, now: now.UTC().Truncate(time.Millisecond)}
	t.q = t
	return t
}

// QueryContext is for the reads of this package.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t.over {
		return nil, errOver
	}
	return t.c.QueryContext(ctx, query, args...)
}

// write carries out a statement of this call.
func (t *Tx) write(query string, args ...any) error {
	if t.over {
		return errOver
	}
	return t.c.exec(query, args...)
}

// Now is the time of this call by the domain clock, in whole milliseconds. All
// events of the call carry it.
func (t *Tx) Now() time.Time { return t.now }

// Add writes an event: it gives it its number and time, chains it to the one
// before, and takes it into its request. What looks like a secret in its body
// is taken out first (runbook.Redact). The event is returned as written.
//
// An event that its request cannot take is a *runbook.Misfit. When Add returns
// an error it has written nothing, and decide may go on and write something
// else.
func (t *Tx) Add(e runbook.Event) (runbook.Event, error) {
	if t.over {
		return runbook.Event{}, errOver
	}
	err := acceptable(e)
	if err == nil {
		e.Body, err = redacted(e)
	}
	if err != nil {
		return runbook.Event{}, fmt.Errorf("event %s: %w", e.Kind, err)
	}
	if err := t.c.exec("SAVEPOINT event"); err != nil {
		return runbook.Event{}, fmt.Errorf("event %s: %w", e.Kind, err)
	}
	e, err = t.add(e)
	if err != nil {
		// If this fails too the transaction is gone, and the writer sees it.
		t.c.exec("ROLLBACK TO event")
	}
	if after := t.c.exec("RELEASE event"); err == nil && after != nil {
		err = after
	}
	if err != nil {
		return runbook.Event{}, fmt.Errorf("event %s: %w", e.Kind, err)
	}
	return e, nil
}

func (t *Tx) add(e runbook.Event) (runbook.Event, error) {
	h, err := headOf(t.c)
	if err != nil {
		return e, err
	}
	e.N, e.At = h.n+1, t.now
	if err := t.known(e); err != nil {
		return e, err
	}
	if err := project(t.c, e); err != nil {
		return e, err
	}
	l := lineOf(e, h.hash)
	return e, t.c.exec("INSERT INTO event ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		l.n, l.upgrade, l.at, l.team, l.actor, l.door, l.kind, l.request, l.step, l.delivery, l.body, l.prev, l.hash)
}

// known refuses an event that speaks of what is not there.
func (t *Tx) known(e runbook.Event) error {
	if e.Kind != runbook.UpgradeOpened {
		if _, err := first(t.c, value[int], "SELECT 1 FROM upgrade WHERE id = ?", e.Upgrade); err != nil {
			return notFound("upgrade", e.Upgrade, err)
		}
	}
	if e.Kind != runbook.Proposed {
		return nil
	}
	// What people agree to must be on disk before they can (DESIGN, what
	// must always be true, 1).
	var b runbook.ProposedBody
	if err := e.Read(&b); err != nil {
		return err
	}
	if _, err := first(t.c, value[int], "SELECT 1 FROM plan WHERE digest = ?", b.Digest); err != nil {
		return notFound("plan", runbook.Short(b.Digest), err)
	}
	return nil
}

// maxName bounds the columns of an event that name something, in bytes.
const maxName = 256

// acceptable refuses an event that could not be read back as it is, or that
// does not say who did what where.
func acceptable(e runbook.Event) error {
	for _, c := range [...]struct {
		what, text string
		required   bool
	}{
		{"upgrade", e.Upgrade, true},
		{"team", e.Actor.Team, false},
		{"actor", e.Actor.User, true},
		{"door", e.Door, true},
		{"kind", string(e.Kind), true},
		{"request", e.Request, e.Kind.OfRequest()},
		{"step", e.Step, false},
	} {
		if err := name(c.text); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		if c.required && c.text == "" {
			return fmt.Errorf("it names no %s", c.what)
		}
	}
	if e.Delivery < 0 {
		return fmt.Errorf("delivery %d: deliveries count from 1", e.Delivery)
	}
	return canonical(e.Body)
}

// name refuses a text that is too long for a name or cannot stand in one line.
func name(s string) error {
	if len(s) > maxName {
		return fmt.Errorf("%d bytes, %d are the most", len(s), maxName)
	}
	if !utf8.ValidString(s) {
		return errors.New("not UTF-8")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("control character %U", r)
		}
	}
	return nil
}

// canonical refuses a body that is not the one spelling of its value. Another
// spelling would let the same fact have two hashes.
func canonical(body json.RawMessage) error {
	if len(body) == 0 {
		return nil
	}
	if len(body) > MaxBody {
		return fmt.Errorf("body of %d bytes, %d are the most: keep it as an artifact", len(body), MaxBody)
	}
	want, err := runbook.CanonicalBytes(body)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if string(want) != string(body) {
		return errors.New("body: not canonical JSON")
	}
	return nil
}

// redacted gives the body of an event as it may be kept. An intent is left as
// it is: what was there before a step is what the way back puts there again,
// and a changed name would be the name of something else. It is data of our own
// kinds, of things that an approved plan names, and a plan is refused where it
// holds a secret (runbook.Plan.Seal).
func redacted(e runbook.Event) (json.RawMessage, error) {
	if len(e.Body) == 0 || e.Kind == runbook.Intent {
		return e.Body, nil
	}
	body, err := runbook.RedactJSON(e.Body)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return body, nil
}

// NewRequestID gives the id of the next request of the newest upgrade: R-1,
// R-2 and so on. A number is never given to two requests; one that was given
// and not used is given again by a later call of Append.
func (t *Tx) NewRequestID() (string, error) {
	u, err := t.Upgrade()
	if err != nil {
		return "", fmt.Errorf("request id: %w", err)
	}
	used, err := first(t.c, value[int], `SELECT coalesce(max(cast(substr(id, 3) AS INTEGER)), 0)
		FROM request WHERE upgrade = ? AND id GLOB 'R-[0-9]*'`, u.ID)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("request id: %w", err)
	}
	t.last = max(t.last, used) + 1
	return fmt.Sprintf("R-%d", t.last), nil
}
