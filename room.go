package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"itmsbot/actions"
	"itmsbot/bot"
	"itmsbot/runbook"
	"itmsbot/store"
)

// room knows whether the database takes what is written, and lets those wait
// who have to write what happened. Every write of the program passes through
// note.
type room struct {
	log *slog.Logger
	// leaving is closed when the bot is asked to leave: nobody waits any more.
	leaving chan struct{}
	leave   sync.Once

	mu      sync.Mutex       // protects the following
	trouble *bot.CannotWrite // nil while writing works
	changed chan struct{}    // closed when trouble changes, and replaced
}

func newRoom(log *slog.Logger) *room {
	return &room{log: log, leaving: make(chan struct{}), changed: make(chan struct{})}
}

// The pauses between two attempts to write, in real time. What is tried again
// is one small transaction.
const (
	roomPause    = 250 * time.Millisecond
	roomMaxPause = 5 * time.Second
)

// note takes how a write ended, and gives its error in the bot's words if it is
// one that passes. That it ended well says nothing: it may have had nothing to
// write.
func (r *room) note(err error) error {
	no := cannotWrite(err)
	if no == nil {
		return err // nil, somebody's decision, or the end
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var medium *store.Unwritable
	if r.trouble != nil && errors.As(err, &medium) && medium.Why() == store.Busy {
		// Who did not wait for the reason is given the one that is known.
		return &bot.CannotWrite{Why: r.trouble.Why, Then: r.trouble.Then, Err: err}
	}
	if r.trouble == nil || r.trouble.Why != no.Why {
		r.log.Error("nothing can be written; what has happened is kept until it can", "error", err)
		r.is(no)
	}
	return no
}

// wrote is note for what certainly writes: when it ends well there is room.
func (r *room) wrote(err error) error {
	if err != nil {
		return r.note(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble != nil {
		r.log.Info("what happens can be written again")
		r.is(nil)
	}
	return nil
}

// is changes what is so. mu is held.
func (r *room) is(no *bot.CannotWrite) {
	r.trouble = no
	close(r.changed)
	r.changed = make(chan struct{})
}

// cannotWrite says why nothing could be written, nil for any other error and
// for what does not pass by itself: the bot ends with that.
func cannotWrite(err error) *bot.CannotWrite {
	var medium *store.Unwritable
	if !errors.As(err, &medium) || !medium.Why().Passes() {
		return nil
	}
	no := &bot.CannotWrite{Why: "The bot's disk cannot be written", Then: "Look at its data disk and its log", Err: err}
	switch medium.Why() {
	case store.Full:
		no.Why, no.Then = "The bot's disk is full", "Free space on its data disk"
	case store.Locked:
		no.Why, no.Then = "Another program holds the bot's database", "End what has it open (a backup, a viewer)"
	case store.Busy:
		no.Why, no.Then = "The bot's database does not answer", "See what else uses its data disk"
	case store.ReadOnly:
		no.Why, no.Then = "The bot's disk is read-only", "Make its data disk writable"
	}
	return no
}

// stop ends all waiting.
func (r *room) stop() { r.leave.Do(func() { close(r.leaving) }) }

// patiently repeats what could not be written, until it can be or the bot is
// asked to leave. The error is then that of the last attempt.
func (r *room) patiently(try func() error) error {
	for pause := roomPause; ; pause = min(pause*2, roomMaxPause) {
		err := try()
		var no *bot.CannotWrite
		if !errors.As(err, &no) {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-r.leaving:
			t.Stop()
			return err
		case <-t.C:
		}
	}
}

// Trouble returns as soon as something could not be written, with the reason.
func (r *room) Trouble(ctx context.Context) (*bot.CannotWrite, error) {
	for {
		r.mu.Lock()
		no, changed := r.trouble, r.changed
		r.mu.Unlock()
		if no != nil {
			return no, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// medium is the room as the bot sees it.
type medium struct {
	*room
	store *store.Store
}

// Over puts an outage into the trail: that nothing is in it from that time has
// a reason, and the message about it becomes a line like any other.
func (m medium) Over(text string) error {
	return m.wrote(m.store.Append(func(t *store.Tx) error {
		u, err := t.Upgrade()
		if err != nil {
			return err
		}
		return record(t, u.ID, runbook.Noted, runbook.TextBody{Text: text})
	}))
}

// Append waits while nothing can be written: what has happened on a host is not
// dropped, and the engine need not know of disks.
func (j journal) Append(decide func(actions.Tx) error) error {
	return j.room.patiently(func() error { return j.AppendNow(decide) })
}

// AppendNow does not wait.
func (j journal) AppendNow(decide func(actions.Tx) error) error {
	return j.room.note(j.Store.Append(func(t *store.Tx) error { return decide(tx{t}) }))
}
