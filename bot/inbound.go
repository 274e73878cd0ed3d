package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"itmsbot/actions"
	"itmsbot/commands"
	"itmsbot/runbook"
)

// tooOld is how long a delivery that was acknowledged may wait for a bot that
// was dead; after that its sender is told instead (DESIGN §9).
const tooOld = 10 * time.Minute

// decide takes deliveries in the order in which they came, one at a time, and
// only decides and records. What needs a machine is done elsewhere.
func (b *Bot) decide(ctx context.Context) error {
	select {
	case <-b.greeted:
	case <-ctx.Done():
		return nil
	}
	retry := newPause(time.Second, 5*time.Second)
	for {
		err := b.drain(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			b.d.Log.Error("deliveries wait", "error", err)
			if !retry.wait(ctx) {
				return nil
			}
			continue
		}
		retry = newPause(time.Second, 5*time.Second)
		select {
		case <-ctx.Done():
			return nil
		case <-b.poke:
		}
	}
}

// drain decides everything that is waiting.
func (b *Bot) drain(ctx context.Context) error {
	for {
		waiting, err := b.d.Intake.Unhandled()
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, d := range waiting {
			b.arriving.Lock()
			b.arriving.Unlock() //nolint:staticcheck // only waits
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := b.handle(ctx, d); err != nil {
				return fmt.Errorf("delivery %d: %w", d.N, err)
			}
		}
	}
}

// handle decides one delivery. The error is one of the medium: the delivery
// stays where it is and is tried again.
func (b *Bot) handle(ctx context.Context, d Delivery) error {
	var s said
	if err := s.read(d); err != nil {
		return b.giveUp(d, fmt.Errorf("stored body: %w", err))
	}
	var reply commands.Reply
	err := b.d.Intake.Decide(d.N, func(tx actions.Tx) (answer json.RawMessage, err error) {
		defer func() {
			// One line that trips the program must not stop all others.
			if p := recover(); p != nil {
				err = &broken{fmt.Errorf("deciding %q: %v", s.Line, p)}
			}
		}()
		call := commands.Call{By: runbook.Person{Team: s.Team, User: s.User}, Door: "slack", Delivery: d.N, Line: s.Line, Pressed: s.Click}
		if no := b.foreign(s, d); no != nil {
			reply, err = b.d.Router.Refuse(tx, call, no)
		} else {
			reply, err = b.d.Router.Do(tx, call)
		}
		if err != nil {
			return nil, err
		}
		return json.Marshal(reply)
	})
	var bug *broken
	var no *CannotWrite
	switch {
	case errors.As(err, &bug):
		return b.giveUp(d, bug)
	case errors.As(err, &no):
		b.putOff(ctx, d, s, no)
		return err
	case err != nil:
		return err
	}
	b.answer(ctx, d, s, reply)
	return nil
}

// broken is a mistake of ours while one line was decided.
type broken struct{ err error }

func (b *broken) Error() string { return b.err.Error() }

// giveUp marks a delivery handled that this program cannot decide, so that it
// does not hold up the others, and logs it whole.
func (b *Bot) giveUp(d Delivery, cause error) error {
	b.takeURL(d.Keys)
	b.d.Log.Error("a delivery cannot be decided", "delivery", d.N, "error", cause)
	return b.d.Intake.Decide(d.N, func(actions.Tx) (json.RawMessage, error) {
		return json.RawMessage(`{"text":"not decided: see the log"}`), nil
	})
}

// foreign refuses what is not of this upgrade's place: another workspace or
// channel, another app's message, a button that is not on its card, and what
// was said too long ago.
func (b *Bot) foreign(s said, d Delivery) *runbook.Refusal {
	switch {
	case s.Team != b.cfg.Team:
		return runbook.Refuse("", "This upgrade is run from another workspace.")
	case s.Channel != b.cfg.Channel:
		return runbook.Refuse("Say it in the upgrade's channel.", "This upgrade is run in another channel.")
	case time.Since(d.At) > tooOld:
		return &runbook.Refusal{Lead: "Not done", Reason: "You asked more than ten minutes ago, and the bot was away. That is too long to act on.",
			Hint: "Ask again if you still want it."}
	}
	b.mu.Lock()
	app := b.app
	b.mu.Unlock()
	if s.App != app {
		return runbook.Refuse("", "That message is of another app.")
	}
	if !s.Click || s.Ephemeral {
		return nil
	}
	messages, err := b.d.Shown.Messages()
	if err == nil {
		for _, m := range messages {
			// A click can be faster than the answer to the post that it is
			// on; what it may do is decided by its line all the same.
			if m.TS == s.Message && m.Channel == s.Channel || m.Fate == Posting || m.Fate == Unknown {
				return nil
			}
		}
	}
	return runbook.Refuse("Type `/itms status` for what is open.", "That button is on a message that this bot does not know.")
}

// answer tells the caller, and only the caller, what became of their line.
// What has to look at a machine first gets two and a half seconds before it is
// said that it is looking.
func (b *Bot) answer(ctx context.Context, d Delivery, s said, reply commands.Reply) {
	url := b.takeURL(d.Keys)
	b.answers.Go(func() { // Run waits for it
		defer func() {
			if p := recover(); p != nil {
				b.d.Log.Error("an answer was not sent", "delivery", d.N, "panic", p)
			}
		}()
		select {
		case b.slots <- struct{}{}:
			defer func() { <-b.slots }()
		case <-ctx.Done():
			return
		}
		if reply.Form != nil {
			b.ask(ctx, d, s, url, reply)
			return
		}
		if reply.Later == nil {
			b.tell(ctx, s, url, reply)
			return
		}
		done := make(chan commands.Reply, 1)
		b.answers.Go(func() { // bounded by the look's own limit
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			done <- reply.Later(ctx)
		})
		soon := time.NewTimer(2500 * time.Millisecond)
		defer soon.Stop()
		select {
		case later := <-done:
			b.tell(ctx, s, url, later)
		case <-soon.C:
			b.tell(ctx, s, url, reply)
			select {
			case later := <-done:
				b.tell(ctx, s, url, later)
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
	})
}
