package actions

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// slowDisks answers when it is let go, and counts how often it was asked.
type slowDisks struct {
	Hosts
	asked atomic.Int32
	let   chan struct{}
	err   error
}

func (d *slowDisks) Disks(context.Context, string, estate.Lane) (estate.Disks, error) {
	d.asked.Add(1)
	<-d.let
	return estate.Disks{Disks: []estate.Disk{{Name: "C:", Free: 20 << 30, Size: 100 << 30}}}, d.err
}

// Twenty people who ask at once are one look; an event in the trail ends sharing,
// and so does trouble.
func TestLooksAreShared(t *testing.T) {
	disks := &slowDisks{let: make(chan struct{})}
	env := Env{Hosts: disks, Limits: DefaultLimits(), Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}, {Name: "SQL1", Role: estate.SQL}}}}
	l := NewLooks(env, nil)
	ask := func(head int64) []Glance {
		found, err := l.Glance(t.Context(), "disk", nil, head)
		if err != nil || len(found) != 2 {
			t.Errorf("%v, %v", found, err)
		}
		return found
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { ask(7) })
	}
	close(disks.let)
	all.Wait()
	if n := disks.asked.Load(); n != 2 { // one for each server
		t.Errorf("%d looks for twenty people, want 2", n)
	}
	ask(8)
	if n := disks.asked.Load(); n != 4 {
		t.Errorf("%d looks after an event, want 4", n)
	}
	if _, err := l.Glance(t.Context(), "weather", nil, 8); err == nil {
		t.Error("a look that nobody knows was made")
	}
	disks.err = &estate.Error{Kind: estate.Unreachable, Host: "SMP1", Op: "read the disks"}
	for _, g := range append(ask(9), ask(9)...) {
		if !g.Unknown {
			t.Errorf("%s: %q is not unknown", g.Host, g.Text)
		}
	}
	if n := disks.asked.Load(); n != 8 {
		t.Errorf("%d looks after trouble, want 8: trouble is not shared afterwards", n)
	}
}

// sideDoor is a host on which a rule of the bot is in force.
type sideDoor struct {
	Firewalls
	rules []estate.Rule
}

func (d sideDoor) Firewall(context.Context, string, estate.Lane, estate.FirewallQuery) (estate.Firewall, error) {
	return estate.Firewall{Local: d.rules, Active: d.rules}, nil
}

// onlyPast is a journal of which nothing but the past is asked.
type onlyPast struct{ *history }

func (onlyPast) Append(func(Tx) error) error                    { return errors.ErrUnsupported }
func (onlyPast) AppendNow(func(Tx) error) error                 { return errors.ErrUnsupported }
func (onlyPast) Before(string, string) (json.RawMessage, error) { return nil, errors.ErrUnsupported }

// While an opening is made, its rules are not nobody's, and people are not asked to remove
// them; those of no request are.
func TestLookWhileItIsOpened(t *testing.T) {
	h := &history{}
	step := left(t, "R-1", "1.1", kindOpen, openParams{}).Step
	step.Touches = []string{"SMP1 rule open-1"}
	h.add(t, "allow client", []runbook.Stage{{ID: "1", Steps: []runbook.Step{step}}}, func(r *runbook.Request) {
		r.State, r.Steps = runbook.Running, []runbook.StepLife{{ID: "1.1", Attempts: 1, Open: true}}
	})
	smp := estate.Host{Name: "SMP1", ClientPorts: []string{"443"}}
	rule := func(name string) estate.Rule {
		return estate.Rule{Name: name, Group: estate.RuleGroup, Enabled: true, Action: "Allow", Protocol: "TCP", Profile: "Any", Store: "Local", Ports: []string{"443"}, Remote: []string{"10.1.2.3"}}
	}
	env := Env{Firewalls: sideDoor{rules: []estate.Rule{rule("open-1"), rule("open-9")}}, Clock: &stepClock{}}
	look := NewLooks(env, onlyPast{h}).Doors(t.Context(), []estate.Host{smp}, 1)[0]
	if d := look.Report.Differs; look.Err != nil || look.Unread != nil || len(d) != 1 || d[0].Rule.Name != "open-9" {
		t.Errorf("differs %+v, %v, %v", d, look.Err, look.Unread)
	}
}
