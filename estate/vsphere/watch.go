package vsphere

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// watch is everybody who waits for a task. One of them at a time reads for all, in
// one call however many tasks there are, so that no goroutine of ours is needed and
// none has to be ended.
type watch struct {
	turn  chan struct{} // holds one token; who has it reads
	fresh chan struct{} // holds a token after somebody has joined
	poll  time.Duration // the longest pause

	mu      sync.Mutex // guards all below
	waiting map[*waiter]bool
	joined  time.Time // when somebody joined last
}

// waiter is one call of Task.
type waiter struct {
	ref   types.ManagedObjectReference
	ended chan sighting // holds one
	seen  sighting      // the last; guarded by watch.mu
}

// sighting is one look at a task, or why there was none.
type sighting struct {
	task estate.Task
	err  error
}

func newWatch(poll time.Duration) *watch {
	w := &watch{turn: make(chan struct{}, 1), fresh: make(chan struct{}, 1), poll: poll, waiting: map[*waiter]bool{}}
	w.turn <- struct{}{}
	return w
}

func (w *watch) join(ref types.ManagedObjectReference) *waiter {
	one := &waiter{ref: ref, ended: make(chan sighting, 1)}
	one.seen.task.Ref = estate.TaskRef(ref.String())
	w.mu.Lock()
	w.waiting[one] = true
	w.joined = time.Now()
	w.mu.Unlock()
	select {
	case w.fresh <- struct{}{}:
	default:
	}
	return one
}

func (w *watch) leave(one *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, one)
}

func (w *watch) last(one *waiter) sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	return one.seen
}

// wanted lists the tasks, each once.
func (w *watch) wanted() []types.ManagedObjectReference {
	w.mu.Lock()
	defer w.mu.Unlock()
	once := map[types.ManagedObjectReference]bool{}
	var refs []types.ManagedObjectReference
	for one := range w.waiting {
		if !once[one.ref] {
			once[one.ref] = true
			refs = append(refs, one.ref)
		}
	}
	return refs
}

// saw hands out what one read found.
func (w *watch) saw(infos []types.TaskInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, info := range infos {
		t := taskOf(info)
		for one := range w.waiting {
			if one.ref == info.Task {
				one.seen = sighting{task: t}
				if t.Ended() {
					w.end(one)
				}
			}
		}
	}
}

// lost ends the waiting for a task that vCenter does not have.
func (w *watch) lost(ref types.ManagedObjectReference) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.waiting {
		if one.ref == ref {
			one.seen.err = &trouble{estate.Unknown, fmt.Sprintf("vCenter has no %s any more; the machine has to be looked at", ref), nil}
			w.end(one)
		}
	}
}

// failed notes that a read did not succeed. A refused log-on or a wrong certificate
// ends the waiting, because waiting does not heal it; the outcome is unknown in any
// case, for the tasks go on.
func (w *watch) failed(err error) {
	kind, detail := estate.TroubleOf(err), err.Error()
	var e *estate.Error
	if errors.As(err, &e) {
		detail = e.Detail
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.waiting {
		one.seen.err = &trouble{estate.Unknown, "the task cannot be seen: " + detail, err}
		if kind == estate.Refused || kind == estate.Parked || kind == estate.Untrusted {
			w.end(one)
		}
	}
}

// end tells one who waits. Whoever calls holds the mutex.
func (w *watch) end(one *waiter) {
	select {
	case one.ended <- one.seen:
	default:
	}
}

// rest is the pause between two reads: short after somebody joined, then longer. It
// ends early when the reader's own task has ended, when somebody joins, and with
// ctx.
func (w *watch) rest(ctx context.Context, one *waiter) {
	const first, young = 100 * time.Millisecond, 4
	w.mu.Lock()
	pause := min(max(time.Since(w.joined)/young, first), w.poll)
	w.mu.Unlock()
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case s := <-one.ended:
		one.ended <- s
	case <-w.fresh:
	case <-ctx.Done():
	}
}
