package wsman

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ruleCopy is one entry of copies.
type ruleCopy struct {
	name, display, from, protocol string
	ports                         []string
}

// firewallCopy is the twin of firewall-copy.ps1.
func firewallCopy(m machine, args json.RawMessage) (object, error) {
	in, v, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	group, err := property[string](in, "group")
	if err != nil {
		return nil, err
	}
	list, err := property[[]any](in, "copies")
	if err != nil {
		return nil, err
	}
	copies := make([]ruleCopy, len(list))
	for i, x := range list {
		if copies[i], err = copyOf(x); err != nil {
			return nil, err
		}
		from, there := localRule(v, copies[i].from), localRule(v, copies[i].name)
		switch {
		case there != nil && !strings.EqualFold(there.Group, group) && (from == nil || !strings.EqualFold(there.Group, from.Group)):
			return nil, &exception{
				"System.InvalidOperationException",
				fmt.Sprintf("rule %s exists and is no copy of %s", copies[i].name, copies[i].from),
			}
		case there == nil && from == nil:
			out.missing = append(out.missing, copies[i].from)
		}
	}
	if len(out.missing) > 0 {
		return out.object(), nil
	}
	for _, c := range copies {
		if localRule(v, c.name) == nil {
			wide := *localRule(v, c.from)
			wide.Name = c.name
			if err := m.world.AddRule(m.host, wide); err != nil {
				return nil, &exception{"Microsoft.Management.Infrastructure.CimException", err.Error()}
			}
		}
	}
	return m.narrow(copies, group, out)
}

// narrow is the second half of the script: the copies are there now, wide or not.
func (m machine) narrow(copies []ruleCopy, group string, out report) (object, error) {
	v, err := m.world.Look(m.host)
	if err != nil {
		return nil, err
	}
	for _, c := range copies {
		r := *localRule(v, c.name)
		if strings.EqualFold(r.Group, group) && r.Enabled && strings.EqualFold(r.Protocol, c.protocol) && (len(c.ports) == 0 || sameList(r.Ports, c.ports)) {
			continue
		}
		r.Group, r.Display, r.Enabled, r.Protocol = group, c.display, true, c.protocol
		if len(c.ports) > 0 {
			r.Ports = slices.Clone(c.ports)
		}
		if err := m.world.ReplaceRule(m.host, r); err != nil {
			return nil, &exception{"Microsoft.Management.Infrastructure.CimException", err.Error()}
		}
		out.changed = append(out.changed, c.name)
	}
	for _, c := range copies {
		r, from := localRule(v, c.name), localRule(v, c.from)
		if from != nil && (r.Action != from.Action || r.Profile != from.Profile || r.Program != from.Program || !sameList(r.Remote, from.Remote)) {
			return nil, &exception{
				"System.InvalidOperationException",
				fmt.Sprintf("rule %s does not read back like %s", c.name, c.from),
			}
		}
	}
	return out.object(), nil
}

// copyOf reads one entry of copies.
func copyOf(x any) (c ruleCopy, err error) {
	m, _ := x.(map[string]any)
	o := object(m)
	for _, f := range []struct {
		into *string
		name string
	}{{&c.name, "name"}, {&c.from, "from"}, {&c.display, "display"}, {&c.protocol, "protocol"}} {
		if *f.into, err = property[string](o, f.name); err != nil {
			return c, err
		}
	}
	c.ports, err = o.strings("ports")
	return c, err
}
