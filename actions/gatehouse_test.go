package actions

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
)

// gatehouse is the firewalls of some hosts, kept in memory: rules are made and removed,
// closings armed and disarmed, and a host may answer nobody. No time passes in it.
type gatehouse struct {
	Firewalls
	clock *stepClock
	gates map[string]*gate
}

type gate struct {
	rules    []estate.Rule
	closings map[string]estate.Closing
	profiles []estate.Profile
	away     bool
}

func newGatehouse(clock *stepClock, hosts ...string) *gatehouse {
	g := &gatehouse{clock: clock, gates: map[string]*gate{}}
	for _, h := range hosts {
		g.gates[h] = &gate{closings: map[string]estate.Closing{}, profiles: []estate.Profile{{Name: "Domain", Active: true, Enabled: true, Inbound: "Block", LocalRules: true}}}
	}
	return g
}

func (g *gatehouse) at(host string) (*gate, error) {
	if h := g.gates[host]; !h.away {
		return h, nil
	}
	return nil, &estate.Error{Kind: estate.Unreachable, Host: host, Op: "reach the host"}
}

func (g *gatehouse) Firewall(_ context.Context, host string, _ estate.Lane, q estate.FirewallQuery) (estate.Firewall, error) {
	h, err := g.at(host)
	if err != nil {
		return estate.Firewall{}, err
	}
	fw := estate.Firewall{Answer: estate.Answer{Machine: "guid-" + host, Name: host, Now: g.clock.now}, Profiles: h.profiles}
	for _, r := range h.rules {
		if r.Enabled {
			fw.Active = append(fw.Active, r)
		}
		if r.Group == estate.RuleGroup || slices.Contains(q.Names, r.Name) {
			fw.Local = append(fw.Local, r)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(h.closings)) {
		fw.Closings = append(fw.Closings, h.closings[key])
	}
	return fw, nil
}

func (g *gatehouse) AddRules(_ context.Context, host, _ string, rules []estate.NewRule) (estate.Changed, error) {
	h, err := g.at(host)
	if err != nil {
		return estate.Changed{}, err
	}
	for _, r := range rules {
		h.rules = append(h.rules, asMade(r))
	}
	return estate.Changed{}, nil
}

// asMade is a rule as the script makes it.
func asMade(r estate.NewRule) estate.Rule {
	return estate.Rule{Name: r.Name, Display: r.Display, Group: estate.RuleGroup, Enabled: true, Action: "Allow", Store: "Local",
		Profile: "Any", Protocol: "TCP", Ports: r.Ports, Remote: r.Remote, Program: "Any"}
}

func (g *gatehouse) RemoveRules(_ context.Context, host, _ string, names []string) (estate.Changed, error) {
	h, err := g.at(host)
	if err != nil {
		return estate.Changed{}, err
	}
	h.rules = slices.DeleteFunc(h.rules, func(r estate.Rule) bool { return r.Group == estate.RuleGroup && slices.Contains(names, r.Name) })
	return estate.Changed{}, nil
}

func (g *gatehouse) ArmClosing(_ context.Context, host, _ string, o estate.ClosingOrder) (estate.Changed, error) {
	h, err := g.at(host)
	if err != nil {
		return estate.Changed{}, err
	}
	h.closings[o.Key] = estate.Closing{Key: o.Key, Due: g.clock.now.Add(time.Duration(o.Seconds) * time.Second), Enabled: true}
	return estate.Changed{}, nil
}

func (g *gatehouse) DisarmClosing(_ context.Context, host, _, key string) (estate.Changed, error) {
	h, err := g.at(host)
	if err != nil {
		return estate.Changed{}, err
	}
	delete(h.closings, key)
	return estate.Changed{}, nil
}

// rules names the rules of a host.
func (g *gatehouse) names(host string) string {
	var names []string
	for _, r := range g.gates[host].rules {
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

// roll is a CMDB that knows computers by name and by address, or does not answer.
type roll struct {
	CMDB
	computers []estate.Computer
	err       error
}

func (r roll) ComputersNamed(_ context.Context, name string) (estate.Computers, error) {
	return r.find(func(c estate.Computer) bool { return strings.EqualFold(c.Name, name) })
}

func (r roll) ComputersAt(_ context.Context, address string) (estate.Computers, error) {
	return r.find(func(c estate.Computer) bool { return slices.Contains(c.Addresses, address) })
}

func (r roll) find(wanted func(estate.Computer) bool) (estate.Computers, error) {
	found := estate.Computers{Now: dawn}
	for _, c := range r.computers {
		if wanted(c) {
			found.List = append(found.List, c)
		}
	}
	return found, r.err
}
