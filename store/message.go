package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Message is what is known of one message in the channel. It is bookkeeping of
// the way out and no part of the trail (DESIGN §10).
type Message struct {
	Purpose string // "card:R-12"; there is one message for a purpose
	Channel string
	TS      string // empty while it is not known to be posted
	Thread  string
	Hash    string // of what was last drawn
	Fate    string // a word of the caller: posted, unknown …
	Shown   int64  // the last event that is drawn in it
	// UpdatedAt is set by the store when it is zero.
	UpdatedAt time.Time
}

// Message gives the message for a purpose; found is false if there is none.
func (t tables) Message(purpose string) (m Message, found bool, err error) {
	m, err = first(t.q, scanMessage, "SELECT "+messageColumns+" FROM message WHERE purpose = ?", purpose)
	if errors.Is(err, fs.ErrNotExist) {
		return Message{}, false, nil
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("message %s: %w", purpose, err)
	}
	return m, true, nil
}

// Messages gives the messages of any of the fates, all if none is named, by
// purpose.
func (t tables) Messages(fates ...string) ([]Message, error) {
	query, args := "SELECT "+messageColumns+" FROM message", make([]any, len(fates))
	for i, f := range fates {
		args[i] = f
	}
	if len(fates) > 0 {
		query += " WHERE fate IN (?" + strings.Repeat(", ?", len(fates)-1) + ")"
	}
	list, err := all(t.q, scanMessage, query+" ORDER BY purpose", args...)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return list, nil
}

const messageColumns = "purpose, channel, ts, thread, hash, fate, shown, updated_at"

func scanMessage(rows *sql.Rows) (Message, error) {
	var m Message
	var at int64
	err := rows.Scan(&m.Purpose, &m.Channel, &m.TS, &m.Thread, &m.Hash, &m.Fate, &m.Shown, &at)
	m.UpdatedAt = clockTime(at)
	return m, err
}

// SaveMessage keeps what is known of a message, in place of what was known
// before under the same purpose.
func (s *Store) SaveMessage(m Message) error {
	if m.Purpose == "" {
		return errors.New("message: it has no purpose")
	}
	err := s.w.submit(context.Background(), func(t *Tx) error {
		if m.UpdatedAt.IsZero() {
			m.UpdatedAt = t.now
		}
		return t.write("INSERT OR REPLACE INTO message ("+messageColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			m.Purpose, m.Channel, m.TS, m.Thread, m.Hash, m.Fate, m.Shown, millis(m.UpdatedAt))
	})
	if err != nil {
		return fmt.Errorf("message %s: %w", m.Purpose, err)
	}
	return nil
}
