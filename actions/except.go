package actions

import (
	"maps"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// exceptions are what a plan leaves out on somebody's word: a whole host, or one
// rule of a host that stays on. Each has a reason; all of it is part of the
// plan, so that it is approved with it, and stands on the card until the end.
type exceptions []runbook.LeftOut

// The words of an exception: `except SITE1 "why"`, `except SMP1 rule NAME "why"`.
const (
	wordExcept = "except"
	wordRule   = "rule"
)

// parseExceptions reads the words after the action into arguments, one for each
// exception, with the reason as its value.
func parseExceptions(words []string) (map[string]string, *runbook.Refusal) {
	args := map[string]string{}
	for len(words) > 0 {
		if !strings.EqualFold(words[0], wordExcept) {
			return nil, runbook.Refuse("Write `/itms quiesce`, or `/itms quiesce except SITE1 \"why\"`.", "`%s` is not known there.", strings.ReplaceAll(words[0], "`", "'"))
		}
		end := 1 + slices.IndexFunc(words[1:], func(w string) bool { return strings.EqualFold(w, wordExcept) })
		if end == 0 {
			end = len(words)
		}
		one := words[1:end]
		words = words[end:]
		key := wordExcept
		if len(one) > 2 && strings.EqualFold(one[1], wordRule) {
			key += " " + one[0] + " " + wordRule + " " + one[2]
			one = one[3:]
		} else if len(one) > 0 {
			key += " " + one[0]
			one = one[1:]
		}
		because := strings.TrimSpace(strings.Join(one, " "))
		if because == "" {
			return nil, runbook.Refuse("For example `/itms quiesce except SITE1 \"is rebuilt next week\"`, or `except SMP1 rule NAME \"why\"`.", "An exception needs a server and a reason.")
		}
		args[key] = because
	}
	if len(args) == 0 {
		return nil, nil
	}
	return args, nil
}

// LeftOut reads the exceptions of a request from its arguments, as they were typed.
func LeftOut(args map[string]string) []runbook.LeftOut {
	var out []runbook.LeftOut
	for _, key := range slices.Sorted(maps.Keys(args)) {
		words := strings.SplitN(key, " ", 4)
		if words[0] != wordExcept || len(words) < 2 {
			continue
		}
		left := runbook.LeftOut{Host: words[1], Because: args[key]}
		if len(words) == 4 {
			left.Rule = words[3]
		}
		out = append(out, left)
	}
	return out
}

// exceptionsOf reads the arguments against the estate. SMP and SQL Server are
// never left out: without them nothing would be quiet and nothing could go back.
func exceptionsOf(e estate.Estate, args map[string]string) (exceptions, error) {
	out := exceptions{}
	for _, left := range LeftOut(args) {
		h, ok := e.Host(left.Host)
		switch {
		case !ok:
			return nil, runbook.Refuse("The servers are "+estate.Names(e.Hosts)+".", "There is no server %s that could be left out.", left.Host)
		case left.Rule == "" && (h.Role == estate.SMP || h.Role == estate.SQL):
			return nil, runbook.Refuse("Leave the "+h.Role.String()+" in.", "%s cannot be left out: it is the %s, and without it there is no way back.", h.Name, h.Role)
		}
		left.Host = h.Name
		out = append(out, left)
	}
	return out, nil
}

// without gives the estate without the hosts that are left out.
func (x exceptions) without(e estate.Estate) estate.Estate {
	e.Hosts = slices.DeleteFunc(slices.Clone(e.Hosts), func(h estate.Host) bool {
		return slices.ContainsFunc(x, func(l runbook.LeftOut) bool { return l.Rule == "" && l.Host == h.Name })
	})
	return e
}

// spared lists what is said of a host's rules that stay on.
func (x exceptions) spared(host string) []runbook.LeftOut {
	var rules []runbook.LeftOut
	for _, l := range x {
		if l.Host == host && l.Rule != "" {
			rules = append(rules, l)
		}
	}
	return rules
}
