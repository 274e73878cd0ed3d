package winrm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"itmsbot/estate"
)

const (
	// inputSize is how much stdin goes into one message: 96 KiB are 128 KiB in
	// base64, and with the envelope less than envelopeSize.
	inputSize = 96 << 10
	// busyTries is how often a host is offered input that is too busy to take it.
	busyTries = 3
)

// command is one command in a shell of its own. A shell is never used twice: ending
// a command does not give its place in the host's quota of operations back, only
// deleting its shell does ([MS-WSMV] note 118).
type command struct {
	shell string // the shell's id; empty before the host has made one
	id    string
	// started reports whether the whole input may have arrived, which is when
	// the bootstrap begins to do something.
	started bool

	pause          time.Duration // before a busy host is offered input once more
	limit          int           // of stdout and stderr together, in bytes
	stdout, stderr []byte
	exitCode       uint32
}

// run runs line with input and reads until it has ended. c.shell and c.started say
// how far it came, whatever it returns.
func (c *command) run(ctx context.Context, s *session, line string, input []byte) error {
	if err := c.create(ctx, s); err != nil {
		return err
	}
	r, err := s.exchange(ctx, startCommand(c.shell, line))
	if err != nil {
		return err
	}
	if c.id = r.commandID; c.id == "" {
		return &trouble{kind: estate.Unreachable, detail: "the host named no command"}
	}
	if err := c.send(ctx, s, input); err != nil {
		return err
	}
	return c.receive(ctx, s)
}

// create makes the shell. A kept connection may turn out dead only now; then it is
// tried once more, which leaves at worst an empty shell to end by itself.
func (c *command) create(ctx context.Context, s *session) error {
	kept := s.loggedOn()
	r, err := s.exchange(ctx, createShell())
	var t *trouble
	if kept && errors.As(err, &t) && t.kind == estate.Unreachable && ctx.Err() == nil {
		r, err = s.exchange(ctx, createShell())
	}
	if err != nil {
		return err
	}
	if c.shell = r.shellID; c.shell == "" {
		return &trouble{kind: estate.Unreachable, detail: "the host named no shell"}
	}
	return nil
}

func (c *command) send(ctx context.Context, s *session, input []byte) error {
	for {
		n := min(len(input), inputSize)
		last := n == len(input)
		c.started = last
		if err := c.sendPart(ctx, s, input[:n], last); err != nil || last {
			return err
		}
		input = input[n:]
	}
}

func (c *command) sendPart(ctx context.Context, s *session, data []byte, last bool) error {
	for try := 1; ; try++ {
		_, err := s.exchange(ctx, sendInput(c.shell, c.id, data, last))
		var f *fault
		if !errors.As(err, &f) || f.code != codeBusy || try == busyTries {
			return err
		}
		select {
		case <-time.After(c.pause):
		case <-ctx.Done():
			return lost(ctx, ctx.Err())
		}
	}
}

func (c *command) receive(ctx context.Context, s *session) error {
	for {
		r, err := s.exchange(ctx, receiveOutput(c.shell, c.id))
		var f *fault
		if errors.As(err, &f) && f.code == codeTimedOut {
			if ctx.Err() != nil { // a host that says so without waiting
				return lost(ctx, ctx.Err())
			}
			continue
		}
		if err != nil {
			return err
		}
		c.stdout, c.stderr = append(c.stdout, r.stdout...), append(c.stderr, r.stderr...)
		if len(c.stdout)+len(c.stderr) > c.limit {
			return &trouble{kind: estate.Failed, detail: fmt.Sprintf("the script wrote more than %d bytes", c.limit)}
		}
		if r.done {
			c.exitCode = r.exitCode
			return nil
		}
	}
}
