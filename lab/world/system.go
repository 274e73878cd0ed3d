package world

import (
	"maps"
	"slices"
	"time"
)

// system is what Windows keeps on a host beside firewall, services and disks.
type system struct {
	logs  []LogEntry           // by time, but for a minute
	since map[string]time.Time // by log: what is older is gone
	web   web                  // the log of IIS

	// The volatile part of the registry, by key; the power takes it along.
	laid    map[string]time.Time
	ordered map[string]time.Time
	restart int64 // Unix: when an ordered restart takes the power; 0 for none

	pending    []Pending
	installers []Process
	installing bool // Installer\InProgress
	action     *PowerAction
	schedules  bool // RecreateAllSchedulesPostUpgrade

	flush, paused bool // FlushAgentEvents, PauseActivities

	constrained bool // application control holds PowerShell to constrained language

	lame     map[string]bool // services that do not start, by name in lower case
	noReturn bool            // a boot does not end
}

// Pending is a reason for a reboot, by the codes that the bot uses too.
type Pending struct {
	Code  string
	Items []string // files, where the reason is files to be renamed
}

// Process is a program that installs something.
type Process struct {
	Name  string
	PID   int
	Since time.Time
}

// PowerAction is a restart that the management agent has armed.
type PowerAction struct{ Action, Deadline string }

func newSystem() system {
	return system{since: map[string]time.Time{}, laid: map[string]time.Time{}, ordered: map[string]time.Time{}, lame: map[string]bool{}}
}

// clone is a copy for a snapshot: without what the power takes along, because a
// snapshot holds no memory.
func (s system) clone() system {
	c := s
	c.logs, c.web = slices.Clone(s.logs), s.web.clone()
	c.since, c.lame = maps.Clone(s.since), maps.Clone(s.lame)
	c.pending = clonePending(s.pending)
	c.powerLost()
	return c
}

func clonePending(list []Pending) []Pending {
	c := slices.Clone(list)
	for i := range c {
		c[i].Items = slices.Clone(c[i].Items)
	}
	return c
}

// powerLost forgets what does not survive the power.
func (s *system) powerLost() {
	s.laid, s.ordered = map[string]time.Time{}, map[string]time.Time{}
	s.restart = 0
	s.installers, s.installing = nil, false
}

// booted is what a boot does away with.
func (s *system) booted() {
	s.pending = nil
	s.action = nil
}

// OnPowerLoss has f called whenever a host loses its power, by the host's name. It is
// called with the world locked: it must not wait, and not ask the world anything.
func (w *World) OnPowerLoss(f func(host string)) {
	w.lock()
	defer w.mu.Unlock()
	w.powerLoss = append(w.powerLoss, f)
}

// LayBootKey makes the volatile key of a host say key, and reports whether it did not
// before.
func (w *World) LayBootKey(name, key string) (changed bool, err error) {
	err = w.onHost(name, func(h *host) error {
		if _, ok := h.system.laid[key]; ok {
			return nil
		}
		changed = true
		h.system.laid[key] = w.timeOf(h)
		return nil
	})
	return changed, err
}

// OrderRestart has a host restart as shutdown.exe does: the power goes a few seconds
// later, and at least one real second, so that whoever ordered it gets an answer. It
// reports false and orders nothing where a restart is under way already.
func (w *World) OrderRestart(name, key string) (ordered bool, err error) {
	const after = 5 // seconds
	err = w.onHost(name, func(h *host) error {
		if h.system.restart != 0 {
			return nil
		}
		ordered = true
		h.system.ordered[key] = w.timeOf(h)
		h.system.restart = w.at + int64(max(after, w.pace))
		return nil
	})
	return ordered, err
}

// runRestart restarts a host whose time has come.
func (w *World) runRestart(h *host) {
	if h.system.restart == 0 || w.at < h.system.restart {
		return
	}
	w.switchPower(h, false)
	w.switchPower(h, true)
}
