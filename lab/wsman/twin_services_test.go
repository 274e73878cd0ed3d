package wsman

import (
	"slices"
	"testing"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

func TestServiceSwitch(t *testing.T) {
	h := newHost(t, "SMP1")
	names := []string{"AeXSvc", "eventengine", "NoSuch", "EventReceiver"}
	h.set(world.Condition{Field: "service-start", Host: "SMP1", Name: "EventReceiver", Word: "Disabled"})
	var c estate.Changed
	h.call("service-switch", switchOrder{smpGUID, names, false}, &c)
	if !slices.Equal(c.Changed, []string{"eventengine", "AeXSvc"}) || !slices.Equal(c.Missing, []string{"EventReceiver", "NoSuch"}) {
		t.Errorf("stopping: changed %q missing %q, want two in the reverse order", c.Changed, c.Missing)
	}
	h.call("service-switch", switchOrder{smpGUID, names, false}, &c)
	if len(c.Changed) != 0 {
		t.Errorf("stopping again: changed %q, want nothing", c.Changed)
	}
	h.set(world.Condition{Field: "stays-stopped", Host: "SMP1", Name: "EventEngine", On: yes()})
	h.call("service-switch", switchOrder{smpGUID, names, true}, &c)
	if !slices.Equal(c.Changed, []string{"AeXSvc"}) || !slices.Equal(c.Missing, []string{"NoSuch", "EventReceiver"}) {
		t.Errorf("starting: changed %q missing %q, want the one that starts", c.Changed, c.Missing)
	}
	states := map[string]string{}
	for _, s := range h.inside().Services {
		states[s.Name] = s.State
	}
	if states["AeXSvc"] != "Running" || states["EventEngine"] != "Stopped" || states["EventReceiver"] != "Running" {
		t.Errorf("states = %v", states)
	}
	for _, name := range []string{"winrm", "MpsSvc"} {
		err := h.try("service-switch", switchOrder{smpGUID, []string{"AeXSvc", name}, false}, new(estate.Changed))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("stopping %s: err = %v, want an ArgumentException", name, err)
		}
	}
	if got := h.inside().Services; !slices.ContainsFunc(got, func(s world.Service) bool { return s.Name == "AeXSvc" && s.State == "Running" }) {
		t.Error("something was stopped beside what is not stopped")
	}
}
