package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
	"unicode/utf8"
)

// Delivery is something that came in through a door: a command, a click. It is
// on disk before it is acknowledged (DESIGN §9).
type Delivery struct {
	N int64 // order of arrival
	// Keys are the identities under which it may come again; any one of them
	// makes it a repeat.
	Keys []string
	At   time.Time // zero means the time of writing, by the domain clock
	Door string
	Body json.RawMessage
	// Handled reports that what it caused is written. Answer is what its
	// sender was told, and what a repeat is told.
	Handled bool
	Answer  json.RawMessage
}

const (
	maxKeys     = 8
	maxDelivery = 1 << 20 // bytes of a delivery's body
)

// Receipt is what became of a delivery that was to be written.
type Receipt struct {
	Delivery Delivery // as it is on disk
	// Repeat reports that one of its keys was known: the delivery is the first
	// one, with its answer if it was handled, and the new keys are kept with it.
	Repeat bool
	Err    error
}

// Receive writes a delivery and returns when it is on disk; see ReceiveAll.
func (s *Store) Receive(ctx context.Context, d Delivery) (stored Delivery, repeat bool, err error) {
	r := s.ReceiveAll(ctx, []Delivery{d})[0]
	return r.Delivery, r.Repeat, r.Err
}

// ReceiveAll writes deliveries in their order, with one commit, and returns
// when they are on disk: a receipt for each. One that cannot be taken keeps no
// other from being written; what the medium does happens to all of them.
//
// ctx bounds only the waiting. When it ends first the errors are *Unwritable
// (ErrBusy) if the deliveries are not and will not be written, and *Late if they
// may yet be, and are found when they come again. A repeat is found even when
// nothing can be written; its new keys are not kept then.
func (s *Store) ReceiveAll(ctx context.Context, list []Delivery) []Receipt {
	receipts := make([]Receipt, len(list))
	var good []int // places of those that can be taken
	for i, d := range list {
		if err := receivable(d); err != nil {
			receipts[i].Err = fmt.Errorf("delivery: %w", err)
			continue
		}
		good = append(good, i)
	}
	if len(good) == 0 {
		return receipts
	}
	// The results live apart from what is returned: when ctx ends first the
	// writer still writes to them.
	got := make([]Receipt, len(good))
	err := s.w.submit(ctx, func(t *Tx) (err error) {
		for n, i := range good {
			if got[n].Delivery, got[n].Repeat, err = t.receive(list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	for n, i := range good {
		if err != nil {
			receipts[i] = s.unwritten(list[i], err)
			continue
		}
		receipts[i] = got[n]
	}
	return receipts
}

// unwritten is the receipt of a delivery that the medium did not take: one that
// came before is known all the same.
func (s *Store) unwritten(d Delivery, err error) Receipt {
	var refused *Unwritable
	if errors.As(err, &refused) {
		if n, unknown := s.knownDelivery(d.Keys); unknown == nil && n != 0 {
			if first, unknown := s.Delivery(n); unknown == nil {
				return Receipt{Delivery: first, Repeat: true}
			}
		}
	}
	return Receipt{Err: fmt.Errorf("delivery: %w", err)}
}

// knownDelivery finds the first delivery that has one of the keys, 0 if none has.
func (t tables) knownDelivery(keys []string) (int64, error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return 0, err
	}
	return first(t.q, value[int64], `SELECT coalesce(min(delivery), 0) FROM delivery_key
		WHERE key IN (SELECT value FROM json_each(?))`, string(list))
}

// receive writes one delivery, or finds the first of which it is a repeat. It
// asks the database as seldom as it can, because a person waits for it.
func (t *Tx) receive(d Delivery) (stored Delivery, repeat bool, err error) {
	keys, err := json.Marshal(d.Keys)
	if err != nil {
		return Delivery{}, false, err
	}
	known, err := t.knownDelivery(d.Keys)
	if err != nil {
		return Delivery{}, false, err
	}
	if d.N = known; known == 0 {
		if d, err = t.saveDelivery(d); err != nil {
			return Delivery{}, false, err
		}
	}
	err = t.write("INSERT INTO delivery_key (key, delivery) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
		d.N, string(keys))
	if err == nil && known != 0 {
		d, err = t.Delivery(known)
	}
	return d, known != 0, err
}

func receivable(d Delivery) error {
	if len(d.Keys) == 0 || len(d.Keys) > maxKeys {
		return fmt.Errorf("%d keys: 1 to %d are taken", len(d.Keys), maxKeys)
	}
	for _, k := range d.Keys {
		if err := name(k); err != nil {
			return fmt.Errorf("key: %w", err)
		}
		if k == "" {
			return errors.New("a key is empty")
		}
	}
	if err := name(d.Door); err != nil {
		return fmt.Errorf("door: %w", err)
	}
	switch {
	case d.Door == "":
		return errors.New("it names no door")
	case len(d.Body) > maxDelivery:
		return fmt.Errorf("body of %d bytes, %d are the most", len(d.Body), maxDelivery)
	case !utf8.Valid(d.Body):
		return errors.New("body: not UTF-8")
	}
	return nil
}

// saveDelivery writes a delivery without its keys, and gives it as it would be
// read again.
func (t *Tx) saveDelivery(d Delivery) (Delivery, error) {
	if d.At.IsZero() {
		d.At = t.now
	}
	n, err := first(t, value[int64], "INSERT INTO delivery (at, door, body) VALUES (?, ?, ?) RETURNING n",
		millis(d.At), d.Door, string(d.Body))
	kept := Delivery{N: n, Keys: slices.Compact(slices.Sorted(slices.Values(d.Keys))), At: clockTime(millis(d.At)), Door: d.Door}
	if len(d.Body) > 0 {
		kept.Body = d.Body
	}
	return kept, err
}

// Delivery gives a delivery by its number, fs.ErrNotExist if there is none.
func (t tables) Delivery(n int64) (Delivery, error) {
	list, err := t.deliveries("n = ?", n)
	if err == nil && len(list) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %d: %w", n, err)
	}
	return list[0], nil
}

// Unhandled gives what came in and was not handled yet, in order of arrival.
func (t tables) Unhandled() ([]Delivery, error) {
	list, err := t.deliveries("handled = 0")
	if err != nil {
		return nil, fmt.Errorf("unhandled deliveries: %w", err)
	}
	return list, nil
}

func (t tables) deliveries(which string, args ...any) ([]Delivery, error) {
	return all(t.q, scanDelivery, `SELECT n, at, door, body, handled, answer,
		(SELECT json_group_array(key ORDER BY key) FROM delivery_key WHERE delivery = n)
		FROM delivery WHERE `+which+" ORDER BY n", args...)
}

func scanDelivery(rows *sql.Rows) (Delivery, error) {
	var d Delivery
	var at int64
	var body, answer string
	var keys []byte
	if err := rows.Scan(&d.N, &at, &d.Door, &body, &d.Handled, &answer, &keys); err != nil {
		return d, err
	}
	d.At = clockTime(at)
	if body != "" {
		d.Body = json.RawMessage(body)
	}
	if answer != "" {
		d.Answer = json.RawMessage(answer)
	}
	err := json.Unmarshal(keys, &d.Keys)
	return d, err
}

// Handled marks a delivery as handled, together with what it caused, and keeps
// the answer that a repeat gets. A delivery that was handled before is
// ErrHandled, and nothing of the call should be written then.
func (t *Tx) Handled(n int64, answer json.RawMessage) error {
	d, err := t.Delivery(n)
	if err != nil {
		return err
	}
	if d.Handled {
		return fmt.Errorf("delivery %d: %w", n, ErrHandled)
	}
	if !utf8.Valid(answer) {
		return fmt.Errorf("delivery %d: answer: not UTF-8", n)
	}
	if err := t.write("UPDATE delivery SET handled = 1, answer = ? WHERE n = ?", string(answer), n); err != nil {
		return fmt.Errorf("delivery %d: %w", n, err)
	}
	return nil
}
