package world

import (
	"fmt"
	"slices"
	"strings"
)

// StartModes are the ways in which a service can start.
func StartModes() []string { return []string{"Auto", "Manual", "Disabled"} }

// SwitchService starts or stops a service as somebody logged on to the host does, and
// reports whether it was in the other state and has come to this one: one that stays
// stopped does not. What is not there, and what is disabled, is Missing.
func (w *World) SwitchService(name, service string, on bool) (changed bool, err error) {
	word := "Stopped"
	if on {
		word = "Running"
	}
	err = w.onHost(name, func(h *host) error {
		s := h.service(service)
		switch {
		case s == nil || s.Start == "Disabled":
			return fmt.Errorf("service %q of %s %w", service, h.name, errNoSuch)
		case s.State == word || on && h.system.lame[strings.ToLower(s.Name)]:
			return nil
		}
		if err := setService(w, h, Condition{Name: service, Word: word}); err != nil {
			return err
		}
		changed = true
		return nil
	})
	return changed, err
}

// setStart says how a service starts from now on. Whether it runs is another matter, as
// it is on Windows.
func setStart(_ *World, h *host, c Condition) error {
	s := h.service(c.Name)
	switch {
	case s == nil:
		return fmt.Errorf("%s has no service %q", h.name, c.Name)
	case !slices.Contains(StartModes(), c.Word):
		return fmt.Errorf("a service starts in one of the ways %s, not %q", strings.Join(StartModes(), ", "), c.Word)
	}
	s.Start = c.Word
	return nil
}
