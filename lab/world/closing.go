package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Closing is the SYSTEM task with which an opening ends on a host (DESIGN 7). It runs
// at Due, or as soon afterwards as the host is up, removes what it names of the bot's
// own rules, and itself.
type Closing struct {
	Key   string
	Due   time.Time // by the host's clock
	Names []string  // of local rules
	Off   bool      // somebody has switched the task off: it does not run
}

// botGroup is the group of the rules that the bot makes.
const botGroup = "itmsbot"

// RegisterClosing puts a closing on a host, in the place of one of the same key.
func (w *World) RegisterClosing(name string, c Closing) error {
	return w.onHost(name, func(h *host) error {
		h.removeClosing(c.Key)
		c.Names = slices.Clone(c.Names)
		h.closings = append(h.closings, c)
		slices.SortFunc(h.closings, func(a, b Closing) int { return strings.Compare(a.Key, b.Key) })
		return nil
	})
}

// RemoveClosing takes the closing of a key from a host, and reports whether there was
// one.
func (w *World) RemoveClosing(name, key string) (removed bool, err error) {
	err = w.onHost(name, func(h *host) error {
		removed = h.removeClosing(key)
		return nil
	})
	return removed, err
}

func (h *host) removeClosing(key string) bool {
	n := len(h.closings)
	h.closings = slices.DeleteFunc(h.closings, func(c Closing) bool { return equalFold(c.Key, key) })
	return len(h.closings) < n
}

// runClosings plays what the task scheduler of a host does in this second.
func (w *World) runClosings(h *host) {
	if !h.up() {
		return
	}
	h.closings = slices.DeleteFunc(h.closings, func(c Closing) bool {
		if c.Off || w.at+h.clock < c.Due.Unix() {
			return false
		}
		w.closeAgain(h, c)
		return true
	})
}

// setClosing switches the task of a closing on or off by hand.
func setClosing(_ *World, h *host, c Condition) error {
	i := slices.IndexFunc(h.closings, func(have Closing) bool { return equalFold(have.Key, c.Name) })
	if i < 0 {
		return fmt.Errorf("closing %q of %s %w", c.Name, h.name, errNoSuch)
	}
	h.closings[i].Off = !*c.On
	return nil
}

// closeAgain is the body of the task.
func (w *World) closeAgain(h *host, c Closing) {
	n := len(h.rules)
	h.rules = slices.DeleteFunc(h.rules, func(r Rule) bool {
		return r.Store == storeLocal && equalFold(r.Group, botGroup) &&
			slices.ContainsFunc(c.Names, func(name string) bool { return equalFold(name, r.Name) })
	})
	if len(h.rules) < n {
		w.firewallChanged(h)
	}
}

// cloneClosings is never nil, so that a host that never had one is like one that has
// none any more.
func cloneClosings(list []Closing) []Closing {
	c := make([]Closing, len(list))
	for i := range list {
		c[i] = list[i]
		c[i].Names = slices.Clone(c[i].Names)
	}
	return c
}
