package bot

import (
	"context"
	"encoding/json"
	"time"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// CannotWrite is the error of a port whose medium takes nothing now and may
// later: a full disk, a lock of another program. Nothing of the call remains.
type CannotWrite struct {
	// Why is the first half of a sentence ("The bot's disk is full"), Then
	// what to do about it ("Free space on its data disk").
	Why, Then string
	Err       error
}

func (c *CannotWrite) Error() string { return c.Err.Error() }

// Unwrap gives the cause.
func (c *CannotWrite) Unwrap() error { return c.Err }

// Medium is what everything is written to.
type Medium interface {
	// Trouble returns as soon as something could not be written.
	Trouble(ctx context.Context) (*CannotWrite, error)
	// Over writes down that for a time nothing could be.
	Over(text string) error
}

// Intake is where deliveries are kept before they are acknowledged.
type Intake interface {
	// Receive writes deliveries in their order, each under all its keys, and
	// returns when they are on disk, with a receipt for each. ctx bounds the
	// waiting only.
	Receive(ctx context.Context, list []Delivery) []Receipt
	// Unhandled lists what was not decided yet, in order of arrival.
	Unhandled() ([]Delivery, error)
	// Decide runs decide in one write transaction and marks the delivery
	// handled in it, with the answer that a repeat gets.
	Decide(n int64, decide func(actions.Tx) (answer json.RawMessage, err error)) error
}

// Delivery is a command, a click or a form as it is on disk: what was said, by
// whom and where. Secrets of the envelope (response_url) are not in it; the
// trigger id is among its keys, and worth nothing after three seconds.
type Delivery struct {
	N    int64
	Keys []string
	At   time.Time // real time of arrival
	Body json.RawMessage
}

// Receipt says what became of a delivery that was to be written. Repeat reports
// that it had come before.
type Receipt struct {
	Repeat bool
	Err    error
}

// Trail is what the channel is drawn from.
type Trail interface {
	Wait(ctx context.Context, after int64) (int64, error)
	Events(after int64, limit int) ([]runbook.Event, error)
	Request(id string) (runbook.Request, error)
	Plan(digest string) ([]byte, error)
	// Artifact gives the bytes that an outcome names; fs.ErrNotExist if they
	// are not there.
	Artifact(sha string) ([]byte, error)
	HashOf(n int64) (string, error)
}

// Shown is what is known of the messages in the channel.
type Shown interface {
	Message(purpose string) (Message, bool, error)
	Messages() ([]Message, error)
	SaveMessage(Message) error
}

// Message is one message by its purpose: "card:R-12", "line:412".
type Message struct {
	Purpose, Channel, TS, Thread, Hash string
	Fate                               Fate
	// Shown is the last event that is drawn in it.
	Shown int64
}

// Fate is what became of a post.
type Fate string

// The fates. Posting and Unknown mean that it may have arrived: the channel's
// history is asked before it is posted again.
const (
	NotPosted Fate = ""
	Posting   Fate = "posting"
	Unknown   Fate = "unknown"
	Posted    Fate = "posted"
)
