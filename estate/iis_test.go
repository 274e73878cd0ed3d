package estate

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStrangers(t *testing.T) {
	call := func(address string) IISCaller { return IISCaller{Address: address, Requests: 1} }
	log := IISLog{Own: []string{"10.20.0.10", "fe80::1", "::1"}, Callers: []IISCaller{
		call("10.31.0.7"), call("10.20.0.5"), call("10.20.1.3"), call("10.20.1.16"), call("10.20.0.10"), call("127.0.0.1"),
		call("::1"), call("::ffff:127.0.0.1"), call("::ffff:10.20.0.5"), call("::ffff:10.31.0.8"), call("fe80::1"), call("fe80::2"), call("-"),
	}}
	var got []string
	for _, c := range log.Strangers([]string{"10.20.0.5", "10.20.1.0/28"}) {
		got = append(got, c.Address)
	}
	if want := []string{"10.31.0.7", "10.20.1.16", "::ffff:10.31.0.8", "fe80::2", "-"}; !slices.Equal(got, want) {
		t.Errorf("strangers = %q, want %q", got, want)
	}
	if got := log.Strangers(nil); len(got) != 8 {
		t.Errorf("%d strangers without a keep list: %+v", len(got), got)
	}
}

// TestIISDoubts: a log that was not read, or not whole, never tells that nobody came.
func TestIISDoubts(t *testing.T) {
	since := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	late := since.Add(10 * time.Minute)
	read := IISSite{ID: 1, Name: "Default Web Site", State: IISRead, From: &since}
	with := func(change func(*IISSite)) IISLog {
		s := read
		change(&s)
		return IISLog{Since: since, Installed: true, Configured: true, Sites: []IISSite{s}}
	}
	state := func(state IISState) IISLog {
		return with(func(s *IISSite) { s.State, s.From, s.Trouble = state, nil, "Access is denied" })
	}
	whole := with(func(*IISSite) {})
	if d := whole.Doubts(); len(d) != 0 || !whole.Read() {
		t.Errorf("a log that was read whole has the doubts %q", d)
	}
	partial, guessed, more, two := whole, whole, whole, whole
	partial.Partial, guessed.Configured, more.More = true, false, 7
	two.Sites = append(slices.Clone(two.Sites), IISSite{ID: 2, Name: "CEM", State: IISNone})
	for name, c := range map[string]struct {
		log  IISLog
		want string
		read bool
	}{
		"no IIS":          {IISLog{}, "not installed", false},
		"no sites":        {IISLog{Installed: true, Configured: true}, "no web site", false},
		"off":             {state(IISOff), "writes no log", false},
		"format":          {state(IISFormat), "another format", false},
		"central":         {state(IISCentral), "central log", false},
		"remote":          {state(IISRemote), "another machine", false},
		"none":            {state(IISNone), "no log file", false},
		"columns":         {state(IISColumns), "c-ip", false},
		"failed":          {state(IISFailed), "Access is denied", false},
		"a state to come": {state("new"), "could not be read", false},
		"empty":           {with(func(s *IISSite) { s.From = nil }), "is empty", false},
		"bytes":           {with(func(s *IISSite) { s.Stopped, s.From = "bytes", &late }), "too long", true},
		"time":            {with(func(s *IISSite) { s.Stopped = "time" }), "in time", true},
		"late":            {with(func(s *IISSite) { s.From = &late }), "begins only at 07:10 UTC", true},
		"unreadable":      {with(func(s *IISSite) { s.Unreadable = 3 }), "could not be read: 3", true},
		"partial":         {partial, "leave some requests out", true},
		"guessed":         {guessed, "usual folder", true},
		"more":            {more, "7 more addresses", true},
		"one of two":      {two, `"CEM" has no log file`, true},
	} {
		if d := c.log.Doubts(); len(d) != 1 || !strings.Contains(d[0], c.want) || c.log.Read() != c.read {
			t.Errorf("%s: read %v, doubts %q, want %q", name, c.log.Read(), d, c.want)
		}
	}
}
