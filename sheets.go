package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"itmsbot/runbook"
)

// keepSheets writes the way-back sheet of every request that changes something
// beside the database, anew after each outcome, so that it lies there on the
// day the bot is gone.
func (w *wired) keepSheets(ctx context.Context) error {
	var seen int64
	for {
		events, err := w.store.Events(seen, 200)
		if err != nil {
			return err
		}
		latest := map[string]bool{}
		for _, e := range events {
			seen = e.N
			switch e.Kind {
			case runbook.Outcome, runbook.Waits, runbook.Finished, runbook.BackedOut:
				latest[e.Request] = true
			}
		}
		for id := range latest {
			if err := w.keepSheet(id); err != nil {
				// It must not stop a change; the thread has the sheet too.
				w.log.Error("a way-back sheet was not written", "request", id, "error", err)
			}
		}
		if len(events) > 0 {
			continue
		}
		if _, err := w.store.Wait(ctx, seen); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// keepSheet replaces the file as a whole, so that a power cut leaves either the
// old one or the new one.
func (w *wired) keepSheet(id string) error {
	r, err := w.store.Request(id)
	if err != nil || r.Undoes != "" {
		return err
	}
	text, err := w.engine.Sheet(r)
	if err != nil {
		return err
	}
	path := filepath.Join(w.folder, fmt.Sprintf("way-back-%s-%s.txt", r.Upgrade, r.ID))
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
