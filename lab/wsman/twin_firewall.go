package wsman

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"itmsbot/lab/world"
)

// botGroup is the group whose rules firewall-read always reports.
const botGroup = "itmsbot"

// firewallRead is the twin of firewall-read.ps1.
func firewallRead(m machine, args json.RawMessage) (object, error) {
	in, err := parseArgs(args)
	if err != nil {
		return nil, err
	}
	names, err := in.strings("names")
	if err != nil {
		return nil, err
	}
	ports, err := in.strings("ports")
	if err != nil {
		return nil, err
	}
	if _, err := property[float64](in, "winrm_port"); err != nil {
		return nil, err
	}
	v, err := m.world.Look(m.host)
	if err != nil {
		return nil, err
	}
	peers, err := peersOf(v, ports)
	if err != nil {
		return nil, err
	}
	callers := []string{}
	if v.Caller.IsValid() {
		callers = append(callers, v.Caller.String())
	}
	return object{
		"machine": v.Machine, "name": v.Name, "now": dotnetTime(v.Now),
		"profiles": profilesOf(v),
		"active":   rulesOf(v, func(r world.Rule) bool { return r.Enabled && r.Action == "Allow" }),
		"local":    rulesOf(v, reported(names)),
		"peers":    peers, "callers": callers, "restore": restoreOf(v), "closings": closingsOf(v),
	}, nil
}

// reported tells the local rules that firewall-read reports whatever their state.
func reported(names []string) func(world.Rule) bool {
	return func(r world.Rule) bool {
		return r.Store == "Local" && (strings.EqualFold(r.Group, botGroup) || contains(names, r.Name))
	}
}

func profilesOf(v world.View) []object {
	list := []object{}
	for _, p := range v.Profiles {
		list = append(list, object{
			"name": p.Name, "active": p.Active, "enabled": p.Enabled,
			"inbound": p.Inbound, "local_rules": p.LocalRules,
		})
	}
	return list
}

// rulesOf are the rules that somebody wants, as the script writes them.
func rulesOf(v world.View, wanted func(world.Rule) bool) []object {
	list := []object{}
	for _, r := range v.Rules {
		if wanted(r) {
			list = append(list, object{
				"name": r.Name, "display": r.Display, "group": r.Group, "enabled": r.Enabled,
				"action": r.Action, "store": r.Store, "source": r.Source, "profile": r.Profile,
				"protocol": r.Protocol, "ports": r.Ports, "remote": r.Remote, "program": r.Program,
			})
		}
	}
	return list
}

// peersOf are the connections to the ports asked for. The script leaves out the
// machine's own addresses; the world has no connection of a host to itself.
func peersOf(v world.View, ports []string) ([]object, error) {
	list := []object{}
	for _, c := range v.Connections {
		wanted, err := inPorts(c.Port, ports)
		if err != nil {
			return nil, err
		}
		if wanted {
			list = append(list, object{"address": c.Remote.String(), "port": c.Port, "count": c.Count})
		}
	}
	return list, nil
}

func inPorts(port int, ranges []string) (bool, error) {
	for _, s := range ranges {
		ends := strings.Split(s, "-")
		first, errFirst := strconv.Atoi(ends[0])
		last, errLast := strconv.Atoi(ends[len(ends)-1])
		if errFirst != nil || errLast != nil {
			return false, &exception{
				"System.Management.Automation.PSInvalidCastException",
				fmt.Sprintf("Cannot convert value \"%s\" to type \"System.Int32\".", s),
			}
		}
		if first <= port && port <= last {
			return true, nil
		}
	}
	return false, nil
}

// firewallAdd is the twin of firewall-add.ps1.
func firewallAdd(m machine, args json.RawMessage) (object, error) {
	in, v, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	group, err := property[string](in, "group")
	if err != nil {
		return nil, err
	}
	list, err := property[[]any](in, "rules")
	if err != nil {
		return nil, err
	}
	rules := make([]world.Rule, len(list))
	for i, x := range list {
		if rules[i], err = ruleOf(x, group); err != nil {
			return nil, err
		}
		if old := localRule(v, rules[i].Name); old != nil && !strings.EqualFold(old.Group, group) {
			return nil, &exception{
				"System.InvalidOperationException",
				fmt.Sprintf("rule %s exists and is not of the group %s", rules[i].Name, group),
			}
		}
	}
	for _, r := range rules {
		changed, err := m.put(v, r)
		if err != nil {
			return nil, err
		}
		if changed {
			out.changed = append(out.changed, r.Name)
		}
	}
	return out.object(), nil
}

// put makes one rule, in the place of one that differs.
func (m machine) put(v world.View, r world.Rule) (changed bool, err error) {
	if old := localRule(v, r.Name); old != nil {
		if sameRule(*old, r) {
			return false, nil
		}
		if err := m.world.RemoveRule(m.host, old.Name); err != nil {
			return false, err
		}
	}
	if err := m.world.AddRule(m.host, r); err != nil {
		return false, &exception{"Microsoft.Management.Infrastructure.CimException", err.Error()}
	}
	return true, nil
}

// ruleOf reads one entry of rules and makes of it what New-NetFirewallRule would.
func ruleOf(x any, group string) (world.Rule, error) {
	m, _ := x.(map[string]any)
	o := object(m)
	name, err := property[string](o, "name")
	if err != nil {
		return world.Rule{}, err
	}
	display, err := property[string](o, "display")
	if err != nil {
		return world.Rule{}, err
	}
	ports, err := o.strings("ports")
	if err != nil {
		return world.Rule{}, err
	}
	remote, err := o.strings("remote")
	if err != nil {
		return world.Rule{}, err
	}
	for i, a := range remote {
		remote[i] = strings.TrimSuffix(a, "/32")
	}
	return world.Rule{
		Name: name, Display: display, Group: group, Enabled: true, Action: "Allow",
		Store: "Local", Source: "PersistentStore", Profile: "Any", Protocol: "TCP",
		Ports: ports, Remote: remote, Program: "Any",
	}, nil
}

// sameRule compares as the script does: lists without regard to order, the text for
// people exactly, everything else without regard to letter case.
func sameRule(a, b world.Rule) bool {
	return a.Enabled == b.Enabled && a.Action == b.Action && a.Profile == b.Profile &&
		a.Protocol == b.Protocol && a.Program == b.Program && a.Display == b.Display &&
		sameList(a.Ports, b.Ports) && sameList(a.Remote, b.Remote)
}

func sameList(a, b []string) bool {
	key := func(list []string) []string {
		list = slices.Clone(list)
		for i, s := range list {
			list[i] = strings.ToLower(s)
		}
		sort.Strings(list)
		return slices.Compact(list)
	}
	return slices.Equal(key(a), key(b))
}

// firewallSwitch is the twin of firewall-switch.ps1.
func firewallSwitch(m machine, args json.RawMessage) (object, error) {
	in, _, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	names, err := in.strings("names")
	if err != nil {
		return nil, err
	}
	on, err := property[bool](in, "on")
	if err != nil {
		return nil, err
	}
	turn := m.world.DisableRule
	if on {
		turn = m.world.EnableRule
	}
	for _, name := range names {
		changed, err := turn(m.host, name)
		switch {
		case world.Missing(err):
			out.missing = append(out.missing, name)
		case err != nil:
			return nil, err
		case changed:
			out.changed = append(out.changed, name)
		}
	}
	return out.object(), nil
}

// firewallRemove is the twin of firewall-remove.ps1.
func firewallRemove(m machine, args json.RawMessage) (object, error) {
	in, v, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	names, err := in.strings("names")
	if err != nil {
		return nil, err
	}
	group, err := property[string](in, "group")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		old := localRule(v, name)
		if old == nil || !strings.EqualFold(old.Group, group) || contains(out.changed, name) {
			out.missing = append(out.missing, name)
			continue
		}
		if err := m.world.RemoveRule(m.host, name); err != nil {
			return nil, err
		}
		out.changed = append(out.changed, name)
	}
	return out.object(), nil
}

// localRule finds a rule of the local store; nil when there is none.
func localRule(v world.View, name string) *world.Rule {
	for i := range v.Rules {
		if r := &v.Rules[i]; r.Store == "Local" && strings.EqualFold(r.Name, name) {
			return r
		}
	}
	return nil
}

// contains is PowerShell's -contains.
func contains(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, word) })
}
