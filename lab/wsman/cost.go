package wsman

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"itmsbot/lab/world"
)

// Costs is how long Windows takes for what a script asks of it, in real time. What it is
// on a real host the self-test measures.
type Costs struct {
	Call time.Duration // of a cmdlet that asks Windows
	Rule time.Duration // of each firewall rule, or filter of one, in a list
}

// CostlyPowerShell is PowerShell where each script takes as long as the cmdlets that it
// calls, whether their work is needed or not.
func CostlyPowerShell(w *world.World, host string, c Costs) func(context.Context, *Command) {
	return newPowerShell(w, host, costly(w, host, c))
}

// costly is how long a script takes on a host as it is now.
func costly(w *world.World, host string, c Costs) func(script string, args json.RawMessage) time.Duration {
	return func(script string, args json.RawMessage) time.Duration {
		v, err := w.Look(host)
		if err != nil {
			return 0 // the twin says why
		}
		s := costs()[script]
		if !reportsLocal(v, args) {
			s.once, s.lists = s.once-s.local, s.lists-s.localLists
		}
		calls := s.once + s.item*items(args) + s.rule*len(v.Rules)
		return time.Duration(calls)*c.Call + time.Duration(s.lists*len(v.Rules))*c.Rule
	}
}

// reportsLocal says whether a look has local rules to report on a host as it is now.
func reportsLocal(v world.View, args json.RawMessage) bool {
	in, err := parseArgs(args)
	if err != nil {
		return true // the twin says why
	}
	names, err := in.strings("names")
	return err != nil || slices.ContainsFunc(v.Rules, reported(names))
}

// cost is how often a script calls cmdlets that ask Windows. A test derives it from the
// script's text, with everything in it that an if may pass over. What the one if passes
// over that is there to save time is counted apart.
type cost struct {
	once  int // however much there is
	item  int // for each thing that the caller has named
	rule  int // for each thing that Windows has
	lists int // of the first, those that give all rules of a store, or their filters

	local      int // of once, those that are made only if there are local rules to report
	localLists int // of lists, the same
}

// costs are those of the scripts that ask Windows anything, by name.
func costs() map[string]cost {
	return map[string]cost{
		"firewall-read":   {once: 13, lists: 8, local: 3, localLists: 3},
		"firewall-add":    {once: 1, item: 5, lists: 1},
		"firewall-copy":   {once: 3, item: 17, lists: 3},
		"firewall-switch": {once: 1, item: 2, lists: 1},
		"firewall-remove": {once: 1, item: 1, lists: 1},
		"restore-arm":     {once: 7},
		"restore-disarm":  {once: 2},
		"closing-arm":     {once: 6},
		"closing-disarm":  {once: 2},
		"service-switch":  {once: 1, item: 2},

		"host-record":  {once: 6},
		"queue-read":   {once: 1},
		"iis-read":     {once: 1},
		"disk-read":    {once: 1},
		"reboot-read":  {once: 3},
		"reboot-order": {once: 1},
	}
}

// items is how much a caller has named: the length of the longest list.
func items(args json.RawMessage) int {
	in, err := parseArgs(args)
	if err != nil {
		return 0
	}
	most := 0
	for _, v := range in {
		if list, ok := v.([]any); ok {
			most = max(most, len(list))
		}
	}
	return most
}
