package wsman

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"
)

// Command is one command of a shell, from the side of the process.
type Command struct {
	Line string   // the command line as sent
	Args []string // its arguments as sent, unquoted and unjoined

	ConsoleStdin bool   // WINRS_CONSOLEMODE_STDIN: stdin is a console, not a pipe
	SkipCmdShell bool   // WINRS_SKIP_CMD_SHELL: not run by cmd.exe
	NoProfile    bool   // WINRS_NOPROFILE of the shell
	CodePage     int    // WINRS_CODEPAGE of the shell; 437 where none was asked for
	User         string // who is logged on: DOMAIN\user, the name of the host for local accounts
	Shell, ID    string // the shell's and the command's id

	// Service is how the service is set that runs the command.
	Service Config

	mu       sync.Mutex
	changed  *sync.Cond // on mu: anything below has changed
	stdin    bytes.Buffer
	stdinEnd bool // the client has marked the end
	stdout   bytes.Buffer
	stderr   bytes.Buffer
	receiver int  // number of the newest Receive; older ones are void
	stopped  bool // interrupted or ended: stdin is at its end
	ended    bool // terminated, or its shell is gone: no operation works any more
	done     bool // Exit was called
	reported bool // the client has got the exit code
	code     uint32

	cancel context.CancelFunc // ends the context that Run was given
}

const (
	// pipeSize is what a process that does not read leaves a client to send.
	pipeSize = 64 << 10

	// exitInterrupted is the exit code after Ctrl-C: STATUS_CONTROL_C_EXIT.
	exitInterrupted = 0xC000013A
)

// newCommand makes a command that has not been started.
func newCommand(line string, args ...string) *Command {
	c := &Command{Line: line, Args: args, cancel: func() {}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// Stdin reads what the client sends. A read waits for more until the client marks
// the end or the command is ended; both are io.EOF.
func (c *Command) Stdin() io.Reader { return stdinReader{c} }

// Stdout writes to the command's output; the client gets it with its next Receive.
func (c *Command) Stdout() io.Writer { return outputWriter{c, &c.stdout} }

// Stderr is Stdout for errors.
func (c *Command) Stderr() io.Writer { return outputWriter{c, &c.stderr} }

// Exit says that the command has ended with this code, an unsigned 32-bit number as
// on Windows: -1 arrives as 4294967295. Only the first call counts, and what is
// written later is refused with io.ErrClosedPipe.
func (c *Command) Exit(code int) { c.exit(uint32(code)) }

func (c *Command) exit(code uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.done, c.code = true, code
		c.changed.Broadcast()
	}
}

// finish gives a command whose Run has returned an exit code if it has none.
func (c *Command) finish() {
	c.mu.Lock()
	stopped := c.stopped
	c.mu.Unlock()
	if stopped {
		c.exit(exitInterrupted)
	}
	c.exit(0)
}

// interrupt is Ctrl-C: Run's context ends, what it still writes is delivered.
func (c *Command) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.cancel()
	c.changed.Broadcast()
}

// end is the end of the process from outside; waiting operations are aborted.
func (c *Command) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped, c.ended = true, true
	c.cancel()
	c.changed.Broadcast()
}

// running reports whether the process counts against the shell's quota.
func (c *Command) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.done && !c.ended
}

// wake lets waiting operations look at their contexts. It is called when one of
// these ends, by a goroutine of the context package that does nothing else.
func (c *Command) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// send adds to stdin and waits until the process has read enough of it. When it
// does not within wait, the client is told so, the input stays, and another Send
// finds the command busy until the process reads on.
func (c *Command) send(ctx context.Context, data []byte, end bool, wait time.Duration) *soapFault {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	defer context.AfterFunc(ctx, c.wake)()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		return faultAborted()
	case c.done || c.stdinEnd:
		return nil // nobody reads it; what Windows says to it is not known
	case c.stdin.Len() > pipeSize:
		return faultBusy()
	}
	c.stdin.Write(data)
	c.stdinEnd = end
	c.changed.Broadcast()
	for c.stdin.Len() > pipeSize && !c.done {
		if c.ended {
			return faultAborted()
		}
		if ctx.Err() != nil {
			return faultTimeout()
		}
		c.changed.Wait()
	}
	return nil
}

// output is what one Receive takes away.
type output struct {
	stdout, stderr []byte
	done           bool // nothing is left, code is valid
	code           uint32
}

// desired says which streams a Receive asks for.
type desired struct{ stdout, stderr bool }

// receive waits for output or the end, at most for wait, and takes up to limit
// bytes. Nothing is taken when ctx ends: the client has gone. A newer Receive
// takes the place of an older one, which may belong to a lost connection.
func (c *Command) receive(ctx context.Context, want desired, wait time.Duration, limit int) (output, *soapFault) {
	timed, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	defer context.AfterFunc(timed, c.wake)()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receiver++
	turn := c.receiver
	c.changed.Broadcast()
	for {
		switch {
		case c.ended, c.receiver != turn, ctx.Err() != nil:
			return output{}, faultAborted()
		case c.reported:
			return output{}, faultCommandGone()
		case want.stdout && c.stdout.Len() > 0, want.stderr && c.stderr.Len() > 0, c.done:
			return c.take(want, limit), nil
		case timed.Err() != nil:
			return output{}, faultTimeout()
		}
		c.changed.Wait()
	}
}

// take removes up to limit bytes of output; the caller holds mu.
func (c *Command) take(want desired, limit int) output {
	var o output
	if want.stdout {
		o.stdout = append(o.stdout, c.stdout.Next(limit)...)
	}
	if want.stderr {
		o.stderr = append(o.stderr, c.stderr.Next(limit-len(o.stdout))...)
	}
	left := want.stdout && c.stdout.Len() > 0 || want.stderr && c.stderr.Len() > 0
	o.done, o.code = c.done && !left, c.code
	c.reported = o.done && c.stdout.Len()+c.stderr.Len() == 0
	return o
}

// inputWithin waits for something to read, or for the end of the input, at most for
// wait; n is 1 where a byte is there and 0 at the end, and ok is false where nothing
// came.
func (c *Command) inputWithin(wait time.Duration) (n int, ok bool) {
	until := time.Now().Add(wait)
	defer time.AfterFunc(wait, c.wake).Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.stdin.Len() == 0 && !c.stdinEnd && !c.stopped {
		if !time.Now().Before(until) {
			return 0, false
		}
		c.changed.Wait()
	}
	return min(c.stdin.Len(), 1), true
}

type stdinReader struct{ c *Command }

func (r stdinReader) Read(p []byte) (int, error) {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.stdin.Len() == 0 && !c.stdinEnd && !c.stopped {
		c.changed.Wait()
	}
	if c.stopped {
		return 0, io.EOF
	}
	defer c.changed.Broadcast() // a Send may wait for room
	return c.stdin.Read(p)
}

type outputWriter struct {
	c   *Command
	buf *bytes.Buffer
}

func (w outputWriter) Write(p []byte) (int, error) {
	c := w.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || c.ended {
		return 0, io.ErrClosedPipe
	}
	c.changed.Broadcast()
	return w.buf.Write(p)
}
