package world

import (
	"slices"
	"strings"
)

// Dump is everything of the world that a back-out must bring back, in a fixed
// order, so that two of them can be compared field by field. Not in it is what
// goes on whatever anybody does: clock, logs, the self-restore, connections, the
// queue and the computers.
type Dump struct {
	Hosts []HostDump
}

// HostDump is one server in a Dump.
type HostDump struct {
	Name, Machine string
	Power         Power
	Version       string
	Profiles      []Profile
	Closings      []Closing
	Rules         []Rule // by store and name
	Services      []Service
}

// Dump copies it.
func (w *World) Dump() Dump {
	w.lock()
	defer w.mu.Unlock()
	var d Dump
	for _, h := range w.hosts {
		hd := HostDump{
			Name: h.name, Machine: h.machine, Power: h.power, Version: h.version,
			Profiles: slices.Clone(h.profiles), Rules: cloneRules(h.rules),
			Services: slices.Clone(h.services),
		}
		hd.Closings = cloneClosings(h.closings)
		sortRules(hd.Rules)
		slices.SortFunc(hd.Services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
		d.Hosts = append(d.Hosts, hd)
	}
	return d
}
