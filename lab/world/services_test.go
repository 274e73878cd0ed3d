package world

import (
	"testing"
	"time"
)

func TestSwitchService(t *testing.T) {
	for name, c := range map[string]struct {
		service string
		on      bool
		before  []Condition
		changed bool
		missing bool
		state   string
	}{
		"stopped":               {service: "aexsvc", changed: true, state: "Stopped"},
		"already running":       {service: "AeXSvc", on: true, state: "Running"},
		"started":               {service: "AeXSvc", on: true, before: []Condition{{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Stopped"}}, changed: true, state: "Running"},
		"one that does not run": {service: "AeXSvc", on: true, before: []Condition{{Field: "stays-stopped", Host: "SMP1", Name: "AeXSvc", On: on(true)}}, state: "Stopped"},
		"disabled":              {service: "AeXSvc", before: []Condition{{Field: "service-start", Host: "SMP1", Name: "AeXSvc", Word: "Disabled"}}, missing: true, state: "Running"},
		"none of that name":     {service: "NoSuch", missing: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newSmall(t)
			for _, b := range c.before {
				l.set(b)
			}
			changed, err := l.SwitchService("SMP1", c.service, c.on)
			if changed != c.changed || Missing(err) != c.missing || err != nil && !c.missing {
				t.Errorf("changed %t, %v; want %t, missing %t", changed, err, c.changed, c.missing)
			}
			for _, s := range l.host("SMP1").Services {
				if equalFold(s.Name, c.service) && s.State != c.state {
					t.Errorf("it is %s, want %s", s.State, c.state)
				}
			}
		})
	}
	l := newSmall(t)
	if _, err := l.SwitchService("SMP1", "MpsSvc", false); err == nil || Missing(err) {
		t.Errorf("stopping the firewall: %v", err)
	}
}

// TestDisabledServiceDoesNotStart: neither by hand nor with a boot.
func TestDisabledServiceDoesNotStart(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "service-start", Host: "SMP1", Name: "EventEngine", Word: "Disabled"})
	l.must(l.Restart("SMP1"))
	l.Advance(bootSeconds * time.Second)
	if l.World.smp().running("EventEngine") {
		t.Error("it started with the boot")
	}
	if err := l.Set(Condition{Field: "service", Host: "SMP1", Name: "EventEngine", Word: "Running"}); err == nil {
		t.Error("it was started by hand")
	}
	if err := l.Set(Condition{Field: "service-start", Host: "SMP1", Name: "EventEngine", Word: "Sometimes"}); err == nil {
		t.Error("there is no such way to start")
	}
}
