package store

import (
	"context"
	"fmt"
	"time"

	"itmsbot/runbook"
)

// outcomes are the events after which the trail is anchored at once: the ends
// of proposals and requests, the waits, and the bot's own end.
var outcomes = [...]runbook.Kind{
	runbook.Unplanned, runbook.Denied, runbook.Cancelled, runbook.Expired, runbook.Stale,
	runbook.Waits, runbook.Interrupted,
	runbook.Finished, runbook.LeftSo, runbook.Superseded, runbook.BackedOut,
	runbook.OpeningEnded, runbook.EndFailed, runbook.SetAged,
	runbook.BotStopped,
}

// everyDay is how often the trail is anchored when nothing else anchors it.
const everyDay = 24 * time.Hour

// isOutcome reports whether an event after n is one that is anchored at once.
func (c *conn) isOutcome(n int64) (bool, error) {
	kinds, err := all(c, value[string], "SELECT DISTINCT kind FROM event WHERE n > ?", n)
	if err != nil {
		return false, err
	}
	for _, k := range kinds {
		for _, o := range outcomes {
			if k == string(o) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (c *conn) saveAnchor(h head, at time.Time) error {
	return c.exec("INSERT INTO anchor (n, hash, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", h.n, h.hash, millis(at))
}

// Anchor puts number and hash of the last event into FILE.anchors and waits
// until they are on disk. The store does it by itself after every outcome, once
// a day, and at Close.
func (s *Store) Anchor() error {
	var h head
	err := s.w.submit(context.Background(), func(t *Tx) (err error) {
		if h, err = headOf(t); err != nil || h.n == 0 {
			return err
		}
		return t.c.saveAnchor(h, t.now)
	})
	if err == nil {
		err = s.anchors.add(h)
	}
	if err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	return nil
}

// anchor is Anchor for the writer itself.
func (w *writer) anchor() error {
	var h head
	c := &call{done: make(chan struct{}), decide: func(t *Tx) (err error) {
		if h, err = headOf(t); err != nil || h.n == 0 {
			return err
		}
		return t.c.saveAnchor(h, t.now)
	}}
	w.group([]*call{c})
	if c.err != nil {
		return c.err
	}
	return w.anchors.add(h)
}

// writeAnchor is for the anchors of outcomes. The outcome itself is committed,
// so a caller is not told; the operator is, and the next anchor covers it.
func (w *writer) writeAnchor(h head) {
	if err := w.anchors.add(h); err != nil {
		w.log.Error("anchor", "event", h.n, "err", err)
	}
}
