package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"itmsbot/runbook"
)

// sheet is the way back of a request in words.
func (w *wired) sheet(r runbook.Request) (string, error) { return w.engine.Sheet(r, w.people) }

// keepSheets writes the way-back sheet of every request that changes something
// beside the database, anew after each outcome, so that it lies there on the
// day the bot is gone. One that could not be written is written later.
func (w *wired) keepSheets(ctx context.Context) error {
	var seen int64
	missing := map[string]bool{}
	for {
		events, err := w.store.Events(seen, 200)
		if err != nil {
			return err
		}
		for _, e := range events {
			seen = e.N
			switch e.Kind {
			case runbook.Outcome, runbook.Waits, runbook.Finished, runbook.BackedOut:
				missing[e.Request] = true
			}
		}
		for id := range missing {
			if err := w.keepSheet(id); err != nil {
				// It must not stop a change; the thread has the sheet too.
				w.log.Error("a way-back sheet was not written", "request", id, "error", err)
				continue
			}
			delete(missing, id)
		}
		if len(events) > 0 {
			continue
		}
		if err := w.newsOr(ctx, seen, len(missing) > 0); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// sheetPause is between two attempts to write a sheet, in real time.
const sheetPause = 10 * time.Second

// newsOr waits for an event, or with retry for the time to try again.
func (w *wired) newsOr(ctx context.Context, seen int64, retry bool) error {
	waiting := ctx
	if retry {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, sheetPause)
		defer cancel()
	}
	_, err := w.store.Wait(waiting, seen)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// keepSheet replaces the file as a whole, so that a power cut leaves either the
// old one or the new one.
func (w *wired) keepSheet(id string) error {
	r, err := w.store.Request(id)
	if err != nil || r.Undoes != "" {
		return err
	}
	text, err := w.sheet(r)
	if err != nil {
		return err
	}
	path := filepath.Join(w.folder, fmt.Sprintf("way-back-%s-%s.txt", r.Upgrade, r.ID))
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
