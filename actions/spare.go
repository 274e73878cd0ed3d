package actions

import (
	"fmt"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// haveDoors refuses to spare a rule of a host on which no rule would be switched
// off: whoever names one means something else.
func (x exceptions) haveDoors(hosts []estate.Host) error {
	for _, l := range x {
		if l.Rule != "" && !slices.ContainsFunc(hosts, func(h estate.Host) bool { return h.Name == l.Host }) {
			return runbook.Refuse("Leave that exception out.", "No rule of %s is switched off, so the rule %q cannot be left on.", l.Host, l.Rule)
		}
	}
	return nil
}

// spare takes the rules that stay on out of the doors to close. A name that no such
// rule has is refused, with those that there are: a rule that is spared by a slip
// of the pen would be found open when clients come in.
func (p doorPlan) spare(except exceptions) (doorPlan, error) {
	local := slices.Concat(p.doors.Wide, p.doors.AnyPort)
	for _, l := range except.spared(p.host.Name) {
		rule, err := p.named(local, l.Rule)
		if err != nil {
			return p, err
		}
		if slices.ContainsFunc(p.spared, func(s sparedRule) bool { return s.Rule.Name == rule.Name }) {
			return p, runbook.Refuse("Name it once.", "The rule %q of %s is left on twice.", rule.Display, p.host.Name)
		}
		p.spared = append(p.spared, sparedRule{Rule: rule, Because: l.Because})
	}
	stays := func(r estate.Rule) bool {
		return slices.ContainsFunc(p.spared, func(s sparedRule) bool { return s.Rule.Name == r.Name })
	}
	p.doors.Wide = slices.DeleteFunc(slices.Clone(p.doors.Wide), stays)
	p.doors.AnyPort = slices.DeleteFunc(slices.Clone(p.doors.AnyPort), stays)
	return p, nil
}

// named finds a rule by its name, or by the name that people see if it is the only
// one of that name.
func (p doorPlan) named(rules []estate.Rule, name string) (estate.Rule, error) {
	if i := slices.IndexFunc(rules, func(r estate.Rule) bool { return strings.EqualFold(r.Name, name) }); i >= 0 {
		return rules[i], nil
	}
	var found []estate.Rule
	for _, r := range rules {
		if strings.EqualFold(r.Display, name) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if len(rules) == 0 {
			return estate.Rule{}, runbook.Refuse("Leave that exception out.", "No rule of %s lets clients in, so the rule %q cannot be left on.", p.host.Name, name)
		}
		return estate.Rule{}, runbook.Refuse("Those that do are "+ruleNames(rules)+".", "No rule %q of %s lets clients in.", name, p.host.Name)
	}
	return estate.Rule{}, runbook.Refuse("Name one of them: "+ruleNames(found)+".", "%d rules of %s are called %q.", len(found), p.host.Name, name)
}

// ruleNames lists rules by the names that tell them apart. All of them are listed:
// whoever reads it looks for one.
func ruleNames(rules []estate.Rule) string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = fmt.Sprintf("`%s` (%s)", strings.ReplaceAll(r.Name, "`", "'"), r.Display)
	}
	return strings.Join(names, ", ")
}
