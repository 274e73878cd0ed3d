package wsman

import (
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

func TestClosing(t *testing.T) {
	h := newHost(t, "SMP1")
	h.call("firewall-add", addOrder{smpGUID, "itmsbot", []estate.NewRule{
		{Name: "itmsbot-pilot", Display: "pilot", Ports: []string{"443"}, Remote: []string{"10.20.0.77"}},
		{Name: "itmsbot-jump", Display: "jump host", Ports: []string{"443"}, Remote: []string{"10.20.0.5"}},
	}}, new(estate.Changed))
	order := closeOrder{smpGUID, estate.ClosingOrder{Key: "U-1 R-12", Seconds: 7200, Names: []string{"itmsbot-pilot", "ITMS-CEM-4726"}}}
	var c estate.Changed
	for _, hours := range []int{2, 1} { // the second replaces the first
		order.Seconds = int64(hours * 3600)
		h.call("closing-arm", order, &c)
		if !slices.Equal(c.Changed, []string{"itmsbot-close U-1 R-12"}) || len(c.Missing) != 0 {
			t.Fatalf("arming: changed %q missing %q, want the task", c.Changed, c.Missing)
		}
		want := []estate.Closing{{Key: "U-1 R-12", Due: h.world.Now().Add(time.Duration(hours) * time.Hour), Enabled: true}}
		if got := h.read().Closings; !slices.Equal(got, want) {
			t.Errorf("closings = %+v, want %+v", got, want)
		}
	}
	other := order
	other.Key = "U-1 R-13"
	h.call("closing-arm", other, &c)
	fw := h.read()
	if got, ok := fw.Closing("U-1 R-13"); !ok || got.Key != "U-1 R-13" || len(fw.Closings) != 2 {
		t.Errorf("closings = %+v, want one for each key", fw.Closings)
	}
	h.call("closing-disarm", disarmOrder{smpGUID, "U-1 R-13"}, &c)
	if !slices.Equal(c.Changed, []string{"itmsbot-close U-1 R-13"}) {
		t.Errorf("disarming: changed %q, want the task of that key", c.Changed)
	}
	h.call("closing-disarm", disarmOrder{smpGUID, "U-1 R-13"}, &c)
	if _, ok := h.read().Closing("U-1 R-13"); ok || len(c.Changed)+len(c.Missing) != 0 {
		t.Errorf("disarming again: changed %q missing %q", c.Changed, c.Missing)
	}

	h.set(world.Condition{Field: "closing", Host: "SMP1", Name: "U-1 R-12", On: no()})
	if got, ok := h.read().Closing("U-1 R-12"); !ok || got.Enabled {
		t.Errorf("closing = %+v, %t, want it switched off", got, ok)
	}
	h.call("closing-arm", order, &c) // which mends it
	h.world.Advance(time.Hour)
	fw = h.read("ITMS-CEM-4726")
	var names []string
	for _, r := range fw.Local {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"ITMS-CEM-4726", "itmsbot-jump"}) || len(fw.Closings) != 0 {
		t.Errorf("after the time there are %q and %+v, want only the opening's own rule gone", names, fw.Closings)
	}
}

func TestClosingRefuses(t *testing.T) {
	h := newHost(t, "SMP1")
	for name, order := range map[string]estate.ClosingOrder{
		"no key":         {Seconds: 600, Names: []string{"a"}},
		"a folder":       {Key: `a\b`, Seconds: 600, Names: []string{"a"}},
		"a pattern":      {Key: "U-1 R-*", Seconds: 600, Names: []string{"a"}},
		"a blank last":   {Key: "U-1 ", Seconds: 600, Names: []string{"a"}},
		"a line's end":   {Key: "U-1\n", Seconds: 600, Names: []string{"a"}},
		"a foreign sign": {Key: "U-1 \u212A", Seconds: 600, Names: []string{"a"}},
		"too long":       {Key: strings.Repeat("k", 101), Seconds: 600, Names: []string{"a"}},
		"too soon":       {Key: "k", Seconds: estate.ClosingShortest - 1, Names: []string{"a"}},
		"too late":       {Key: "k", Seconds: estate.ClosingLongest + 1, Names: []string{"a"}},
		"no names":       {Key: "k", Seconds: 600, Names: []string{}},
	} {
		err := h.try("closing-arm", closeOrder{smpGUID, order}, new(estate.Changed))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("%s: err = %v, want an ArgumentException", name, err)
		}
	}
	err := h.try("closing-disarm", disarmOrder{smpGUID, "U-1 R-*"}, new(estate.Changed))
	if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
		t.Errorf("disarming a pattern: err = %v, want an ArgumentException", err)
	}
	longest := closeOrder{smpGUID, estate.ClosingOrder{Key: strings.Repeat("k", 100), Seconds: estate.ClosingLongest, Names: []string{"a"}}}
	h.call("closing-arm", longest, new(estate.Changed))
	if got := h.read().Closings; len(got) != 1 {
		t.Errorf("closings = %+v, want only the one that is within the limits", got)
	}
}

// TestClosingComesWhenTheHostIsBack: a host that is off at the time closes when it has
// booted, and without the bot.
func TestClosingComesWhenTheHostIsBack(t *testing.T) {
	h := newHost(t, "SMP1")
	h.call("firewall-add", addOrder{smpGUID, "itmsbot", []estate.NewRule{
		{Name: "itmsbot-pilot", Display: "pilot", Ports: []string{"443"}, Remote: []string{"10.20.0.77"}},
	}}, new(estate.Changed))
	h.call("closing-arm", closeOrder{smpGUID, estate.ClosingOrder{Key: "k", Seconds: 600, Names: []string{"itmsbot-pilot"}}}, new(estate.Changed))
	h.set(world.Condition{Field: "power", Host: "SMP1", On: no()})
	h.world.Advance(time.Hour)
	h.set(world.Condition{Field: "power", Host: "SMP1", On: yes()})
	h.world.Advance(5 * time.Minute)
	if fw := h.read(); len(fw.Local)+len(fw.Closings) != 0 {
		t.Errorf("there are %+v and %+v, want neither rule nor task", fw.Local, fw.Closings)
	}
}
