package wsman

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

func (h estateHost) review(q estate.LogQuery) estate.LogReview {
	h.Helper()
	var r estate.LogReview
	h.call("log-read", q, &r)
	return r
}

func TestLogReadOfAHealthyHost(t *testing.T) {
	r := newSmallHost(t, "SMP1").review(estate.LogQuery{Hours: 24, MaxGroups: 50})
	if len(r.Sources) != 3 || r.Hours != 24 {
		t.Fatalf("review = %+v", r)
	}
	for _, s := range r.Sources {
		if last, before := r.Reached(s); !last || !before || s.Unreadable != 0 || s.Stopped != "" {
			t.Errorf("%s: %+v, want both windows read", s.Name, s)
		}
	}
	if s, _ := r.Source(estate.SMPLog); s.Errors == 0 || s.Before == 0 {
		t.Errorf("SMP log: %+v; a healthy SMP logs errors", s)
	}
	counted := 0
	for i, g := range r.Groups {
		counted += g.Count
		if g.Count == 0 || g.Last.After(r.Now) || g.Last.Before(r.Now.Add(-24*time.Hour)) {
			t.Errorf("group %+v is not of the last day", g)
		}
		if i > 0 && r.Groups[i-1].Before > 0 && g.Before == 0 {
			t.Errorf("%+v is new and comes late", g)
		}
	}
	all := 0
	for _, s := range r.Sources {
		all += s.Errors
	}
	if counted != all || r.More != 0 {
		t.Errorf("groups count %d of %d errors", counted, all)
	}
}

func TestLogReadPutsNewErrorsFirst(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	h.set(world.Condition{Field: "log", Host: "SMP1", Name: "SMP", Number: number(300), Word: "DatabaseContext finalizer called ]]> after 17 s\r\nby thread 4"})
	r := h.review(estate.LogQuery{Hours: 24, MaxGroups: 1})
	if len(r.Groups) != 1 || r.More == 0 {
		t.Fatalf("%d groups and %d more, want one and the rest counted", len(r.Groups), r.More)
	}
	g := r.Groups[0]
	if g.Count != 300 || g.Before != 0 || g.Log != estate.SMPLog || g.Text != "DatabaseContext finalizer called ]]> after # s by thread #" {
		t.Errorf("first group = %+v", g)
	}
}

func TestLogReadSaysWhatItDidNotReach(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	for _, log := range []string{"System", "SMP"} {
		h.set(world.Condition{Field: "log-cleared", Host: "SMP1", Name: log})
	}
	h.world.Advance(30 * time.Minute)
	r := h.review(estate.LogQuery{Hours: 1, MaxGroups: 50})
	for name, want := range map[string]bool{"System": false, "SMP": false, "Application": true} {
		s, ok := r.Source(name)
		if last, before := r.Reached(s); !ok || last != want || before != want {
			t.Errorf("%s: %+v, want reached %t", name, s, want)
		}
	}
	if s, _ := newSmallHost(t, "SQL1").review(estate.LogQuery{Hours: 1, MaxGroups: 50}).Source("SMP"); s.There {
		t.Error("SQL1 has a log of the SMP")
	}
}

func TestLogReadRefuses(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	for _, q := range []estate.LogQuery{{Hours: 0, MaxGroups: 1}, {Hours: 169, MaxGroups: 1}, {Hours: 1, MaxGroups: 0}, {Hours: 1, MaxGroups: 201}} {
		err := h.try("log-read", q, new(estate.LogReview))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("%+v: err = %v, want an ArgumentException", q, err)
		}
	}
}

// TestParseEvents holds the parser to what is not certain of the log's form: order and
// quotes of attributes, lines in a message, entries cut by the beginning of a piece.
func TestParseEvents(t *testing.T) {
	text := "of one cut in two]]></event>\r\n" +
		`<event severity="1" source='Altiris.NS' date="Nov  2 08:00:00 +02:00" ><![CDATA[two` + "\nlines and ]]]]><![CDATA[> an end]]></event>\r\n" +
		`<event date='Nov 12 08:00:01 -01:00' severity='4' source='x'><![CDATA[an <event> in a message]]></event>` + "\r\n" +
		`<Event  Date = 'Nov 12 08:00:02 +00:00'  Severity = ' 1 ' >a &lt;b&gt; without CDATA</Event>` + "\r\n" +
		`<event date='soon' severity='1' source='y'><![CDATA[no date]]></event>` +
		`<event date='Nov 12 08:00:03' severity='error'><![CDATA[no severity]]></event>`
	events, rest := parseEvents(text)
	if rest != "of one cut in two]]></event>\r\n" || len(events) != 5 {
		t.Fatalf("%d events after %q", len(events), rest)
	}
	if got := events[0].message(); got != "two\nlines and ]]> an end" {
		t.Errorf("message = %q", got)
	}
	if got := events[2].message(); !strings.HasPrefix(got, "a <b> without CDATA") {
		t.Errorf("message = %q", got)
	}
	now := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	r := review{now: now, start: now.AddDate(0, 0, -30), first: now.AddDate(0, 0, -60), groups: map[string]*failures{}}
	s := &logSource{name: "SMP"}
	r.piece(s, text)
	if s.errors != 2 || s.unreadable != 2 || !s.from.Equal(time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("source = %+v, want two errors and two entries that cannot be read", s)
	}
}

func TestParseLogDate(t *testing.T) {
	for _, c := range []struct{ date, now, want string }{
		{"Jan 02 03:04:05 +00:00", "2026-11-28T07:00:00Z", "2026-01-02T03:04:05Z"},
		{"Dec 31 23:59:59 +00:00", "2027-01-01T00:10:00Z", "2026-12-31T23:59:59Z"},
		{"Jan 1 00:30:00 +02:00", "2026-12-31T22:40:00Z", "2026-12-31T22:30:00Z"},
		{"Nov 28 07:05:00 +00:00", "2026-11-28T07:00:00Z", "2026-11-28T07:05:00Z"}, // a clock that is ahead
		{"Nov 30 07:05:00 +00:00", "2026-11-28T07:00:00Z", "2025-11-30T07:05:00Z"},
		{"Feb 29 12:00:00 +00:00", "2028-03-01T00:00:00Z", "2028-02-29T12:00:00Z"},
		{"Feb 29 12:00:00 +00:00", "2029-01-01T00:00:00Z", "2028-02-29T12:00:00Z"},
		{"Feb 29 12:00:00 +00:00", "2026-11-28T00:00:00Z", ""},
		{"28.11.2026 07:00", "2026-11-28T07:00:00Z", ""},
		{"", "2026-11-28T07:00:00Z", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		at, ok := parseLogDate(c.date, now)
		if got := dotnetTime(at); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q at %s = %s %t, want %s", c.date, c.now, got, ok, c.want)
		}
	}
}

func TestPatternOf(t *testing.T) {
	for text, want := range map[string]string{
		"task 5 of 10 took 12ms":                           "task # of # took #ms",
		"Unable to process client request, 0x80056007":     "Unable to process client request, 0x80056007",
		"item {4754ff9c-6b26-4fc4-b1fd-0ab6ee70dd29} gone": "item {#} gone",
		"item 4754FF9C-6B26-4FC4-B1FD-0AB6EE70DD29 gone":   "item {#} gone",
		"AeX2 v8 on\r\n\t host  10.20.0.9":                 "AeX2 v8 on host #.#.#.#",
		"5x 55x":                                           "5x 55x",
		"":                                                 "",
		strings.Repeat("a", 300):                           strings.Repeat("a", 240),
	} {
		if got := patternOf(text); got != want {
			t.Errorf("%q = %q, want %q", text, got, want)
		}
	}
	if a, b := patternOf("ran for 3 s"), patternOf("ran for 4711 s"); a != b {
		t.Errorf("%q and %q, want one pattern", a, b)
	}
}

func FuzzParseEvents(f *testing.F) {
	now := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	w := world.New(world.Options{Manual: true, Managed: 100})
	logs, err := w.ReadLogs("SMP1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(logs.Files[0].Text[:2000])
	f.Add(`<event date="Jan 1 00:00:00 +00:00" severity='1'><![CDATA[a]]>`)
	f.Add(`<event a=''<event b="`)
	f.Fuzz(func(t *testing.T, text string) {
		events, rest := parseEvents(text)
		whole := rest
		for _, e := range events {
			whole += e.head + e.body
			if p := patternOf(e.message()); len(p) > 4*240 || utf8.ValidString(text) && !utf8.ValidString(p) {
				t.Errorf("pattern %q of %q", p, e.body)
			}
			if at, ok := parseLogDate(e.attribute("date"), now); ok && at.After(now.AddDate(0, 0, 1)) {
				t.Errorf("%q is in the future", at)
			}
		}
		if whole != text {
			t.Errorf("pieces of %q make %q", text, whole)
		}
		if slices.ContainsFunc(events, func(e logEvent) bool { return !strings.HasPrefix(strings.ToLower(e.head), "<event") }) {
			t.Errorf("heads of %q: %+v", text, events)
		}
	})
}
