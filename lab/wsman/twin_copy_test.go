package wsman

import (
	"reflect"
	"slices"
	"testing"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

type copyOrder struct {
	Machine string            `json:"machine"`
	Group   string            `json:"group"`
	Copies  []estate.RuleCopy `json:"copies"`
}

// anyPort is a host with a rule for any port, and the order to copy it.
func anyPort(t *testing.T, protocol string) (estateHost, copyOrder) {
	h := newHost(t, "SMP1")
	on := true
	if err := h.world.Set(world.Condition{Field: "any-port", Host: "SMP1", On: &on, Word: protocol}); err != nil {
		t.Fatal(err)
	}
	host := estate.Host{Name: "SMP1", ClientPorts: []string{"80", "443", "4726", "50120-50124"}}
	wide := h.read("Old-Monitoring").Local
	if len(wide) != 1 || !wide[0].Lets(host) {
		t.Fatalf("local = %+v, want the rule for any port", wide)
	}
	return h, copyOrder{smpGUID, "itmsbot", estate.CopiesOf(host, wide[0], "itmsbot-U-1-R-1-copy-", "copy", 1)}
}

func (o copyOrder) names() []string {
	var names []string
	for _, c := range o.Copies {
		names = append(names, c.Name)
	}
	return names
}

func TestFirewallCopy(t *testing.T) {
	for _, protocol := range []string{"TCP", "Any"} {
		h, order := anyPort(t, protocol)
		var c estate.Changed
		h.call("firewall-copy", order, &c)
		if !slices.Equal(c.Changed, order.names()) {
			t.Errorf("%s: changed %q, want every copy", protocol, c.Changed)
		}
		local := h.read().Local
		if len(local) != len(order.Copies) {
			t.Fatalf("%s: %d rules of the group, want %d", protocol, len(local), len(order.Copies))
		}
		for i, r := range local {
			want := order.Copies[i]
			if r.Name != want.Name || r.Protocol != want.Protocol || !r.Enabled || len(want.Ports) > 0 && !slices.Equal(r.Ports, want.Ports) {
				t.Errorf("%s: copy %+v, want %+v", protocol, r, want)
			}
		}
		h.call("firewall-copy", order, &c)
		if len(c.Changed) != 0 {
			t.Errorf("%s: changed %q the second time, want nothing", protocol, c.Changed)
		}
	}
}

// TestFirewallCopyAfterItsDeath: a run that ended between copying and narrowing has
// left a wide copy in the group of its original, which the next run narrows.
func TestFirewallCopyAfterItsDeath(t *testing.T) {
	h, order := anyPort(t, "TCP")
	h.leave(order.Copies[0].Name, func(r *world.Rule) {})
	var c estate.Changed
	h.call("firewall-copy", order, &c)
	if !slices.Equal(c.Changed, order.names()) {
		t.Errorf("changed %q, want the copy that was narrowed", c.Changed)
	}
	if got := h.read().Local; len(got) != 1 || !slices.Equal(got[0].Ports, order.Copies[0].Ports) || got[0].Group != "itmsbot" {
		t.Errorf("local = %+v, want it narrow", got)
	}
	// The original may be gone by then: what is there is narrowed all the same.
	h, order = anyPort(t, "TCP")
	h.leave(order.Copies[0].Name, func(r *world.Rule) { r.Group = "itmsbot" })
	if err := h.world.RemoveRule("SMP1", "Old-Monitoring"); err != nil {
		t.Fatal(err)
	}
	h.call("firewall-copy", order, &c)
	if !slices.Equal(c.Changed, order.names()) || len(c.Missing) != 0 {
		t.Errorf("changed %q missing %q without the original, want the copy narrowed", c.Changed, c.Missing)
	}
}

// leave puts a wide rule there under a name.
func (h estateHost) leave(name string, change func(*world.Rule)) {
	h.Helper()
	r := world.Rule{Name: name, Display: "Old monitoring", Enabled: true, Action: "Allow", Profile: "Any", Protocol: "TCP",
		Ports: []string{"Any"}, Remote: []string{"Any"}, Program: "Any"}
	change(&r)
	if err := h.world.AddRule(h.name, r); err != nil {
		h.Fatal(err)
	}
}

func TestFirewallCopyLeavesOthersAlone(t *testing.T) {
	h, order := anyPort(t, "Any")
	h.leave(order.Copies[1].Name, func(r *world.Rule) { r.Group = "somebody else's" })
	before := h.world.Dump()
	err := h.try("firewall-copy", order, new(estate.Changed))
	if e, ok := err.(*exception); !ok || e.class != "System.InvalidOperationException" {
		t.Errorf("err = %v, want an InvalidOperationException", err)
	}
	if !reflect.DeepEqual(before, h.world.Dump()) {
		t.Error("a rule was changed although one of them is somebody else's")
	}

	h, order = anyPort(t, "Any")
	order.Copies[2].From = "nobody"
	before = h.world.Dump()
	var c estate.Changed
	h.call("firewall-copy", order, &c)
	if !slices.Equal(c.Missing, []string{"nobody"}) || len(c.Changed) != 0 || !reflect.DeepEqual(before, h.world.Dump()) {
		t.Errorf("changed %q missing %q, want nothing done", c.Changed, c.Missing)
	}

	// A copy that somebody made to let in others does not read back like the original.
	h, order = anyPort(t, "TCP")
	h.leave(order.Copies[0].Name, func(r *world.Rule) { r.Remote = []string{"10.0.0.0/8"} })
	if err := h.try("firewall-copy", order, new(estate.Changed)); err == nil {
		t.Error("a copy that differs from its original passed")
	}
}
