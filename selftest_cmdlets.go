package main

import (
	"encoding/json"
	"strings"
	"time"

	"itmsbot/estate"
)

// commandFacts is what selftest/cmdlets.ps1 answers.
type commandFacts struct {
	estate.Answer
	Stops     bool            `json:"stops"`
	FindsNone bool            `json:"finds_none"`
	Repeats   bool            `json:"repeats"`
	Empty     json.RawMessage `json:"empty"` // as it came: whether it is a list is the question
	One       json.RawMessage `json:"one"`

	Rules       int      `json:"rules"`
	Enabled     int      `json:"enabled"`
	Unjoined    int      `json:"unjoined"`
	Untraced    int      `json:"untraced"`
	Unlimited   int      `json:"unlimited"`
	Local       int      `json:"local"`
	Connections int      `json:"connections"`
	Networks    []string `json:"networks"`

	RulesMS       int `json:"rules_ms"`
	FiltersMS     int `json:"filters_ms"`
	LocalMS       int `json:"local_ms"`
	ConnectionsMS int `json:"connections_ms"`
	TasksMS       int `json:"tasks_ms"`
}

// A look has 20 s (DESIGN §8); PowerShell needs some of it to start.
const (
	lookIsLong  = 8 * time.Second
	lookTooLong = 16 * time.Second
)

// commands asks what the scripts take for granted of Windows' own commands, and what
// no practice estate can answer.
func (t *selfTester) commands() {
	var f commandFacts
	if err := t.look("cmdlets", struct{}{}, &f); err != nil {
		t.add("commands", bad, "%s", advice(err))
		return
	}
	t.add("an error of a command", when(f.Stops), "ends a script: %t; a change that went on after one could not be believed", f.Stops)
	t.add("no such task", when(f.FindsNone), "is no error: %t; the self-restore is looked for in this way", f.FindsNone)
	t.add("a task without end", when(f.Repeats), "repeats without end: %t; an opening that has an end is closed by such a task, which makes up for a missed start", f.Repeats)
	lists := string(f.Empty) == "[]" && string(f.One) == `["one"]`
	t.add("lists", when(lists), "of none and of one come back as lists: %t", lists)
	t.add("networks", when(len(f.Networks) > 0), "%d connected: %s", len(f.Networks), strings.Join(f.Networks, ", "))
	t.rules(f)
	t.speed(f)
}

func (t *selfTester) rules(f commandFacts) {
	t.add("rules", when(f.Rules > 0 && f.Enabled == f.Rules), "%d let somebody in; %d of them say that they are enabled and allow. %d in the local store, %d connections", f.Rules, f.Enabled, f.Local, f.Connections)
	if f.Unjoined > 0 {
		t.add("rules", bad, "%d have no filter of their own for ports, addresses or programs; each counts as open to everybody", f.Unjoined)
	}
	if f.Untraced > 0 {
		t.add("rules", bad, "%d do not say where they come from; each counts as group policy's, which cannot be switched off", f.Untraced)
	}
	if f.Unlimited > 0 {
		t.add("rules", note, "%d filters name no protocol or no port; each counts as any", f.Unlimited)
	}
}

// speed adds up what a look at the firewall waits for when it reads the filters of two
// stores, as every look does once the doors were closed.
func (t *selfTester) speed(f commandFacts) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	look := ms(f.RulesMS) + ms(f.LocalMS) + 2*ms(f.FiltersMS) + ms(f.ConnectionsMS) + ms(f.TasksMS)
	stands := good
	switch {
	case look > lookTooLong:
		stands = bad
	case look > lookIsLong:
		stands = note
	}
	t.add("speed", stands, "a look at the firewall takes about %.1f s: rules %.1f s, local rules %.1f s, filters twice %.1f s, connections %.1f s, tasks %.1f s; it has 20 s",
		look.Seconds(), ms(f.RulesMS).Seconds(), ms(f.LocalMS).Seconds(), ms(f.FiltersMS).Seconds(), ms(f.ConnectionsMS).Seconds(), ms(f.TasksMS).Seconds())
}
