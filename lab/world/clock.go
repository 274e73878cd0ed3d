package world

import (
	"context"
	"fmt"
	"time"
)

// beat is how often, in real time, a running world plays what is due although
// nobody looks, and tells its watchers.
const beat = 200 * time.Millisecond

// Run lets time pass until ctx ends. The clock of a manual world stands still.
func (w *World) Run(ctx context.Context) {
	if w.manual {
		<-ctx.Done()
		return
	}
	w.mu.Lock()
	w.real = time.Now()
	w.mu.Unlock()
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			w.lock()
			w.real = time.Time{}
			w.mu.Unlock()
			return
		case <-t.C:
			w.lock()
			w.bump()
			w.mu.Unlock()
		}
	}
}

// lock takes the mutex and brings the world up to the present, so that whoever
// looks or changes something does so at exactly Now and not at the last beat.
func (w *World) lock() {
	w.mu.Lock()
	if w.real.IsZero() {
		return
	}
	t := time.Now()
	w.advance(t.Sub(w.real) * time.Duration(w.pace))
	w.real = t
}

// advance plays every whole second up to now+d.
func (w *World) advance(d time.Duration) {
	w.now = w.now.Add(d)
	for w.at < w.now.Unix() {
		w.at++
		w.tick()
	}
}

// tick plays one second. The order is part of what makes the world repeatable.
func (w *World) tick() {
	for _, h := range w.machines() {
		w.boot(h)
		w.runTask(h)
		w.runClosings(h)
		w.runRestart(h)
	}
	w.playClients()
	if w.at%60 == 0 {
		w.playConsole()
		w.playLogs()
		w.playNeighbours()
	}
	w.playQueue()
}

// Advance moves the clock by d, and everything with it. A negative d is nothing.
func (w *World) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	w.lock()
	defer w.mu.Unlock()
	w.advance(d)
	w.bump()
}

// Now is the world's time, UTC.
func (w *World) Now() time.Time {
	w.lock()
	defer w.mu.Unlock()
	return w.now
}

// Pace is how many world seconds pass in a real second.
func (w *World) Pace() int {
	w.lock()
	defer w.mu.Unlock()
	return w.pace
}

// SetPace changes the pace, or refuses one outside MinPace and MaxPace.
func (w *World) SetPace(pace int) error {
	w.lock()
	defer w.mu.Unlock()
	if err := w.pacing(pace); err != nil {
		return err
	}
	w.bump()
	return nil
}

func (w *World) pacing(pace int) error {
	if pace < MinPace || pace > MaxPace {
		return fmt.Errorf("a pace is a whole number from %d to %d, not %d", MinPace, MaxPace, pace)
	}
	w.pace = pace
	return nil
}

// Version counts the changes that a watcher should look at: each beat of a running
// clock, each Advance, each change from outside.
func (w *World) Version() uint64 {
	w.lock()
	defer w.mu.Unlock()
	return w.version
}

// Wait returns the version as soon as it is above since, or ctx's error.
func (w *World) Wait(ctx context.Context, since uint64) (uint64, error) {
	for {
		w.mu.Lock()
		version, changed := w.version, w.changed
		w.mu.Unlock()
		if version > since {
			return version, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return version, ctx.Err()
		}
	}
}

// bump makes a new version and wakes who waits.
func (w *World) bump() {
	w.version++
	close(w.changed)
	w.changed = make(chan struct{})
}

// moment is a played second as a time.
func moment(at int64) time.Time { return time.Unix(at, 0).UTC() }
