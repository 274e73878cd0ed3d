package world

import (
	"slices"
	"time"
)

// Task is the one-shot SYSTEM task that opens a host's doors again (DESIGN 13). It
// runs at Due if the host is up then, and at no later time; what it runs does
// nothing unless the host's marker names Key. It is gone after End.
type Task struct {
	Key   string
	Due   time.Time
	End   time.Time
	Names []string // the local rules it switches on

	ran bool // its start has come, whether the host was up or not
}

// RegisterTask puts the task on a host, in the place of one that is there.
func (w *World) RegisterTask(name string, t Task) error {
	t.Names = slices.Clone(t.Names)
	t.ran = false
	return w.onHost(name, func(h *host) error {
		h.task = &t
		return nil
	})
}

// RemoveTask takes the task from a host.
func (w *World) RemoveTask(name string) error {
	return w.onHost(name, func(h *host) error {
		h.task = nil
		return nil
	})
}

// SetMarker writes the key that arms the task; empty removes it.
func (w *World) SetMarker(name, key string) error {
	return w.onHost(name, func(h *host) error {
		h.marker = key
		return nil
	})
}

// runTask plays what the task scheduler of a host does in this second.
func (w *World) runTask(h *host) {
	t := h.task
	if t == nil {
		return
	}
	at := w.at + h.clock // it goes by the host's clock
	if !t.ran && at >= t.Due.Unix() {
		t.ran = true // a missed start is not made up for
		if h.up() && h.marker == t.Key {
			w.openAgain(h, t)
		}
	}
	if h.up() && at >= t.End.Unix() {
		h.task = nil
	}
}

// openAgain is the body of the task.
func (w *World) openAgain(h *host, t *Task) {
	for _, name := range t.Names {
		if r := h.rule(storeLocal, name); r != nil { // one removed meanwhile stays away
			r.Enabled = true
		}
	}
	w.firewallChanged(h)
	h.marker = ""
}

// armed reports whether the task will do something when it runs.
func (h *host) armed() bool {
	return h.task != nil && !h.task.ran && h.marker == h.task.Key
}
