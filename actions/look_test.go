package actions

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"itmsbot/estate"
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
