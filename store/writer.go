package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// writer owns the one connection that writes. Its goroutine takes the calls
// that are waiting, carries them out in one transaction, and commits them with
// one fsync. Close waits for it.
type writer struct {
	open  func() (*conn, error)
	c     *conn // nil after an error that left the connection in doubt
	fence int64
	clock func() time.Time
	log   *slog.Logger

	calls   chan *call
	closing chan struct{} // closed by Close: take what waits, then end
	gone    chan struct{} // closed when the goroutine has ended
	daily   <-chan time.Time

	anchors *anchorFile
	news    func(head) // told after each commit that moved the head
	last    head       // of the last commit
}

// call is one function to be carried out within a group.
type call struct {
	decide func(*Tx) error
	err    error
	done   chan struct{} // closed when err is final
	// claim is set by the writer when it begins with the call, or by a caller
	// who stops waiting before; whoever is first has it.
	claim atomic.Bool
}

// late is what a caller gets who stops waiting. A call that was not begun is
// withdrawn, so that what its caller says of it ("nothing was done") stays true.
func (c *call) late(err error) error {
	if c.claim.CompareAndSwap(false, true) {
		return &Unwritable{Err: fmt.Errorf("%w: %w", ErrBusy, err)}
	}
	return &Late{Err: err}
}

// maxGroup bounds how many calls share one transaction, and so how long the
// first of them waits for the others.
const maxGroup = 64

// submit hands a function to the writer and waits until it is committed or
// refused. ctx bounds only the waiting.
func (w *writer) submit(ctx context.Context, decide func(*Tx) error) error {
	c := &call{decide: decide, done: make(chan struct{})}
	select {
	case w.calls <- c:
	case <-w.closing:
		return ErrClosed
	case <-w.gone:
		return ErrClosed
	case <-ctx.Done():
		return c.late(ctx.Err())
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return c.late(ctx.Err())
	case <-w.gone:
	}
	select {
	case <-c.done:
		return c.err
	default:
		return ErrClosed
	}
}

// run is the writer's goroutine.
func (w *writer) run() {
	// Also when a decide function ends the goroutine (runtime.Goexit, which
	// is what testing.T.FailNow does): whoever waits is told.
	defer close(w.gone)
	for {
		select {
		case c := <-w.calls:
			w.group(w.gather(c))
		case <-w.daily:
			if err := w.anchor(); err != nil {
				w.log.Error("daily anchor", "err", err)
			}
		case <-w.closing:
			if calls := w.gather(); len(calls) > 0 {
				w.group(calls)
				continue
			}
			return
		}
	}
}

// gather takes the calls that are waiting now.
func (w *writer) gather(calls ...*call) []*call {
	for len(calls) < maxGroup {
		select {
		case c := <-w.calls:
			calls = append(calls, c)
		default:
			return calls
		}
	}
	return calls
}

// group carries out calls in one transaction and tells each how it ended. When
// the transaction is lost, it is lost for all of them, and nothing remains.
func (w *writer) group(calls []*call) {
	calls, h, anchored, err := w.transact(calls)
	if err != nil {
		w.rollback()
		for _, c := range calls {
			c.err = asUnwritable(err)
		}
	} else if h != w.last {
		w.last = h
		if anchored {
			w.writeAnchor(h)
		}
		w.news(h)
	}
	for _, c := range calls {
		close(c.done)
	}
}

// asUnwritable is for errors of the transaction itself, which are the same to
// a caller whatever their cause.
func asUnwritable(err error) error {
	var typed *Unwritable
	if errors.As(err, &typed) {
		return err
	}
	return &Unwritable{Err: err}
}

// transact gives the calls that were carried out, the head after the commit,
// and whether an anchor of it was written. Who comes while others are carried
// out is taken along: waiting for the disk is the longest part, and they would
// have to wait for it twice.
func (w *writer) transact(calls []*call) (all []*call, h head, anchored bool, err error) {
	if err := w.begin(); err != nil {
		return calls, h, false, err
	}
	for i := 0; i < len(calls); i++ {
		if err := w.carryOut(calls[i]); err != nil {
			return calls, h, false, err
		}
		calls = w.gather(calls...)
	}
	h, anchored, err = w.commit()
	return calls, h, anchored, err
}

func (w *writer) commit() (h head, anchored bool, err error) {
	if h, err = headOf(w.c); err != nil {
		return h, false, err
	}
	anchored, err = w.c.isOutcome(w.last.n)
	if err != nil {
		return h, false, err
	}
	if anchored {
		if err := w.c.saveAnchor(h, w.clock()); err != nil {
			return h, false, err
		}
	}
	return h, anchored, w.c.exec("COMMIT")
}

// begin opens the transaction of a group and checks that the file is still
// ours to write.
func (w *writer) begin() error {
	if w.c == nil {
		c, err := w.open()
		if err != nil {
			return err
		}
		w.c = c
	}
	if err := w.c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	fence, err := first(w.c, value[int64], "SELECT fence FROM writer")
	if err != nil {
		return err
	}
	if fence != w.fence {
		return fmt.Errorf("%w (fence %d, ours is %d)", ErrFenced, fence, w.fence)
	}
	return nil
}

// carryOut runs one call within its own savepoint. The error is that of the
// transaction; the call's own error is in the call.
func (w *writer) carryOut(c *call) error {
	if !c.claim.CompareAndSwap(false, true) {
		return nil // withdrawn
	}
	if err := w.c.exec("SAVEPOINT call"); err != nil {
		return err
	}
	c.err = unwritable(w.decide(c.decide))
	if !w.c.inTransaction() {
		if c.err != nil {
			return c.err
		}
		return errors.New("the database ended the transaction")
	}
	if c.err != nil {
		if err := w.c.exec("ROLLBACK TO call"); err != nil {
			return err
		}
	}
	return w.c.exec("RELEASE call")
}

// decide runs a caller's function. A panic is an error of that caller.
func (w *writer) decide(f func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("panic while deciding", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic while deciding: %v", p)
		}
	}()
	t := newTx(w.c, w.clock())
	defer func() { t.over = true }()
	return f(t)
}

// rollback leaves nothing of a group. A connection that cannot even do that is
// given up; the next group opens another.
func (w *writer) rollback() {
	if w.c == nil || !w.c.inTransaction() {
		return
	}
	if err := w.c.exec("ROLLBACK"); err != nil {
		w.log.Error("rollback; the connection is opened anew", "err", err)
		w.c.close() // what it held is rolled back by SQLite
		w.c = nil
	}
}
