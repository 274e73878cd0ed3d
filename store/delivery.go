package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

// Receive writes a delivery and returns when it is on disk. If any of its keys
// is known it is a repeat: the first delivery is returned, with its answer if
// it was handled, and the keys that were new are kept with it.
//
// ctx bounds only the waiting. When it ends first the error is a *Late: the
// delivery may yet be written, and is found when it comes again.
func (s *Store) Receive(ctx context.Context, d Delivery) (stored Delivery, repeat bool, err error) {
	if err := receivable(d); err != nil {
		return Delivery{}, false, fmt.Errorf("delivery: %w", err)
	}
	// The result lives apart from the return values: when ctx ends first the
	// writer still writes to it.
	var got struct {
		d      Delivery
		repeat bool
	}
	err = s.w.submit(ctx, func(t *Tx) error {
		n, err := t.knownDelivery(d.Keys)
		switch {
		case err == nil:
			got.repeat = true
		case errors.Is(err, fs.ErrNotExist):
			n, err = t.saveDelivery(d)
		}
		if err != nil {
			return err
		}
		if err := t.saveKeys(n, d.Keys); err != nil {
			return err
		}
		got.d, err = t.Delivery(n)
		return err
	})
	if err != nil {
		return Delivery{}, false, fmt.Errorf("delivery: %w", err)
	}
	return got.d, got.repeat, nil
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

// knownDelivery finds the first delivery that has one of the keys.
func (t *Tx) knownDelivery(keys []string) (int64, error) {
	found := int64(0)
	for _, k := range keys {
		n, err := first(t, value[int64], "SELECT delivery FROM delivery_key WHERE key = ?", k)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if found == 0 || n < found {
			found = n
		}
	}
	if found == 0 {
		return 0, fs.ErrNotExist
	}
	return found, nil
}

func (t *Tx) saveDelivery(d Delivery) (int64, error) {
	at := d.At
	if at.IsZero() {
		at = t.now
	}
	return first(t, value[int64], "INSERT INTO delivery (at, door, body) VALUES (?, ?, ?) RETURNING n",
		millis(at), d.Door, string(d.Body))
}

func (t *Tx) saveKeys(n int64, keys []string) error {
	for _, k := range keys {
		if err := t.write("INSERT INTO delivery_key (key, delivery) VALUES (?, ?) ON CONFLICT DO NOTHING", k, n); err != nil {
			return err
		}
	}
	return nil
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
