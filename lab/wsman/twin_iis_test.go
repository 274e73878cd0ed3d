package wsman

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

func (h estateHost) iis(age time.Duration) estate.IISLog {
	h.Helper()
	var l estate.IISLog
	h.call("iis-read", estate.IISQuery{Seconds: int64(age.Seconds()), MaxCallers: 1000}, &l)
	return l
}

func (h estateHost) site(l estate.IISLog, name string) estate.IISSite {
	h.Helper()
	for _, s := range l.Sites {
		if s.Name == name {
			return s
		}
	}
	h.Fatalf("no site %q in %+v", name, l.Sites)
	return estate.IISSite{}
}

// keepList is that of the world.
func keepList() []string { return []string{world.BotAddress, world.JumpAddress, world.TestersNetwork} }

func TestIISReadOfAnOpenHost(t *testing.T) {
	h := newHost(t, "SMP1")
	l := h.iis(time.Hour)
	if !l.Installed || !l.Configured || !l.Read() || len(l.Doubts()) != 0 {
		t.Fatalf("doubts %q of %+v", l.Doubts(), l.Sites)
	}
	if !l.Since.Equal(h.world.Now().Add(-time.Hour)) || len(l.Sites) != 2 {
		t.Errorf("since %s, sites %+v", l.Since, l.Sites)
	}
	strangers := l.Strangers(keepList())
	if len(strangers) < 100 || len(strangers) != len(l.Callers)-3 {
		t.Errorf("%d strangers of %d, want all but the consoles", len(strangers), len(l.Callers))
	}
	requests, counted := 0, 0
	for i, c := range l.Callers {
		counted += c.Requests
		if c.Last.Before(l.Since) || c.Last.After(l.Now) || i > 0 && c.Requests > l.Callers[i-1].Requests {
			t.Errorf("caller %+v after %+v", c, l.Callers[max(0, i-1)])
		}
		if console := estate.Inside(c.Address, keepList()); console && c.Agents != 0 || !console && c.Agents != c.Requests {
			t.Errorf("%+v: agents", c)
		}
	}
	for _, s := range l.Sites {
		requests += s.Requests
	}
	if requests != counted || h.site(l, "Cloud-enabled Management Agent IIS Website").Requests == 0 {
		t.Errorf("%d requests, %d of the callers: %+v", requests, counted, l.Sites)
	}
	var few estate.IISLog
	h.call("iis-read", estate.IISQuery{Seconds: 3600, MaxCallers: 2}, &few)
	if len(few.Callers) != 2 || few.More != len(l.Callers)-2 || few.Callers[0] != l.Callers[0] {
		t.Errorf("%+v and %d more", few.Callers, few.More)
	}
}

func TestIISReadOfAHostWithoutIIS(t *testing.T) {
	for _, name := range []string{"SQL1", "GW1"} {
		if l := newSmallHost(t, name).iis(time.Hour); l.Installed || l.Read() || len(l.Sites) != 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
	l := newHost(t, "SITE1").iis(time.Hour)
	if len(l.Sites) != 1 || l.Sites[0].Requests == 0 || len(l.Doubts()) != 0 {
		t.Errorf("SITE1: %+v", l.Sites)
	}
}

// TestIISReadSinceClosing: what was logged before the moment asked about is nobody's,
// what comes after it is found whichever way it came.
func TestIISReadSinceClosing(t *testing.T) {
	h := newHost(t, "SMP1")
	for _, rule := range []string{"IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP", "ITMS-CEM-4726", "ITMS-Tasks-50120-50124"} {
		if _, err := h.world.DisableRule("SMP1", rule); err != nil {
			t.Fatal(err)
		}
	}
	jump := world.Rule{Name: "jump", Ports: []string{"443"}, Remote: []string{world.JumpAddress}}
	h.set(world.Condition{Field: "rule-add", Host: "SMP1", Rule: &jump})
	h.world.Advance(10 * time.Minute)
	l := h.iis(10*time.Minute - time.Second)
	if s := l.Strangers(keepList()); len(s) != 0 || len(l.Doubts()) != 0 {
		t.Errorf("strangers %+v, doubts %q", s, l.Doubts())
	}
	if len(l.Callers) == 0 {
		t.Error("the consoles of the keep list are not there either")
	}
	h.set(world.Condition{Field: "iis", Host: "SMP1", Name: "10.31.0.7", Number: number(12)})
	hole := world.Rule{Name: "hole", Ports: []string{"443"}, Remote: []string{"10.21.1.0/24"}}
	h.set(world.Condition{Field: "rule-add", Host: "SMP1", Rule: &hole})
	h.world.Advance(20 * time.Minute)
	strangers := h.iis(30 * time.Minute).Strangers(keepList())
	i := slices.IndexFunc(strangers, func(c estate.IISCaller) bool { return c.Address == "10.31.0.7" })
	if i < 0 || strangers[i].Requests != 12 || strangers[i].Agents != 12 || len(strangers) < 3 {
		t.Errorf("strangers = %+v", strangers)
	}
	for _, c := range strangers {
		if c.Address != "10.31.0.7" && !estate.Inside(c.Address, []string{"10.21.1.0/24"}) {
			t.Errorf("%+v came through no hole", c)
		}
	}
}

// TestIISReadMindsTheColumns changes the form of the log in the middle of a file.
func TestIISReadMindsTheColumns(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	ask := func(address string, n int) {
		h.set(world.Condition{Field: "iis", Host: "SMP1", Name: address, Number: number(n)})
		h.world.Advance(2 * time.Minute)
	}
	ask("10.31.0.1", 3)
	h.set(world.Condition{Field: "iis-log", Host: "SMP1", Word: world.WebShuffle})
	ask("10.31.0.1", 4)
	ask("10.31.0.2", 1)
	h.set(world.Condition{Field: "iis-log", Host: "SMP1", Word: world.WebW3C})
	ask("10.31.0.1", 5)
	l := h.iis(time.Hour)
	i := slices.IndexFunc(l.Callers, func(c estate.IISCaller) bool { return c.Address == "10.31.0.1" })
	if s := h.site(l, "Default Web Site"); i < 0 || l.Callers[i].Requests != 12 || s.State != estate.IISRead || s.Unreadable != 0 {
		t.Errorf("callers = %+v, site %+v", l.Callers, s)
	}
	h.set(world.Condition{Field: "iis-log", Host: "SMP1", Word: world.WebNoCIP})
	ask("10.31.0.1", 1)
	if s := h.site(h.iis(time.Hour), "Default Web Site"); s.State != estate.IISColumns || s.Requests == 0 {
		t.Errorf("without c-ip: %+v", s)
	}
	h.set(world.Condition{Field: "iis-log", Host: "SMP1", Word: world.WebW3C})
	h.world.Advance(3 * time.Minute)
	if s := h.site(h.iis(2*time.Minute), "Default Web Site"); s.State != estate.IISRead {
		t.Errorf("when c-ip is there again: %+v", s)
	}
}

func TestIISReadSaysWhatItDidNotRead(t *testing.T) {
	for word, want := range map[string]estate.IISState{
		world.WebOff: estate.IISOff, world.WebNCSA: estate.IISFormat, "gone": estate.IISNone,
	} {
		h := newSmallHost(t, "SITE1")
		h.set(world.Condition{Field: "iis-log", Host: "SITE1", Word: word})
		l := h.iis(time.Hour)
		if s := h.site(l, "Default Web Site"); s.State != want || l.Read() || len(l.Doubts()) != 1 {
			t.Errorf("%s: %+v, doubts %q", word, s, l.Doubts())
		}
	}
	h := newSmallHost(t, "SMP1")
	h.set(world.Condition{Field: "iis-log", Host: "SMP1", Word: "gone"})
	h.world.Advance(10 * time.Minute)
	l := h.iis(time.Hour)
	if s := h.site(l, "Default Web Site"); s.State != estate.IISRead || s.From == nil || !s.From.After(l.Since) || len(l.Doubts()) == 0 {
		t.Errorf("a log that begins later: %+v, doubts %q", s, l.Doubts())
	}
}

func TestIISReadRefuses(t *testing.T) {
	h := newSmallHost(t, "SMP1")
	for _, q := range []estate.IISQuery{
		{Seconds: -1, MaxCallers: 1}, {Seconds: estate.IISLongest + 1, MaxCallers: 1}, {MaxCallers: 0}, {MaxCallers: 1001},
	} {
		err := h.try("iis-read", q, new(estate.IISLog))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("%+v: err = %v, want an ArgumentException", q, err)
		}
	}
}

// fields is the line of the columns that are usual.
const fields = "#Fields: date time s-ip cs-uri-stem c-ip sc-status"

// TestWebPiece holds the reader to what is not certain of a file: headers in the middle,
// other columns, lines cut at either end, what is no line at all.
func TestWebPiece(t *testing.T) {
	const (
		one   = "2026-11-28 07:00:01 10.20.0.10 /a 10.31.0.1 200\r\n"
		two   = "2026-11-28 07:00:02 10.20.0.10 /ALTIRIS/ns/agent/b 10.31.0.2 200\r\n"
		early = "2026-11-28 06:59:59 10.20.0.10 /a 10.31.0.3 200\r\n"
		other = "#Fields: time date c-ip\r\n"
		three = "07:00:03 2026-11-28 10.31.0.4\r\n"
	)
	for name, c := range map[string]struct {
		text       string
		cut        int // bytes at the beginning that are not read
		callers    string
		unreadable int
		state      string
		from       string
	}{
		"whole":                   {text: fields + "\r\n" + early + one + two, callers: "10.31.0.1 10.31.0.2/1", state: "read", from: "06:59:59"},
		"other in the middle":     {text: fields + "\r\n" + one + "#Software: x\r\n" + other + three, callers: "10.31.0.1 10.31.0.4", state: "read", from: "07:00:01"},
		"header again":            {text: fields + "\r\n" + one + fields + "\r\n" + two, callers: "10.31.0.1 10.31.0.2/1", state: "read", from: "07:00:01"},
		"last line not written":   {text: fields + "\r\n" + one + strings.TrimSuffix(two, "\r\n"), callers: "10.31.0.1", state: "read", from: "07:00:01"},
		"zeros behind a crash":    {text: fields + "\r\n" + one + "\x00\x00\x00\r\n\x00\x00" + two + "\x00\x00", callers: "10.31.0.1 10.31.0.2/1", state: "read", from: "07:00:01"},
		"no header":               {text: one + two, unreadable: 2, state: "read"},
		"too few columns":         {text: fields + "\r\n" + one + "2026-11-28 07:00:01\r\n", callers: "10.31.0.1", unreadable: 1, state: "read", from: "07:00:01"},
		"no moment":               {text: fields + "\r\n" + strings.Replace(one, ":", ".", 2) + two, callers: "10.31.0.2/1", unreadable: 1, state: "read", from: "07:00:02"},
		"no address":              {text: fields + "\r\n" + strings.Replace(one, "10.31.0.1", "-", 1), unreadable: 1, state: "read", from: "07:00:01"},
		"a number is no address":  {text: fields + "\r\n" + strings.Replace(one, "10.31.0.1", "200", 1), unreadable: 1, state: "read", from: "07:00:01"},
		"no c-ip":                 {text: "#Fields: date time\r\n2026-11-28 07:00:01\r\n", state: "columns", from: "07:00:01"},
		"no c-ip, long ago":       {text: "#Fields: date time\r\n2026-11-28 06:00:01\r\n" + fields + "\r\n" + one, callers: "10.31.0.1", state: "read", from: "06:00:01"},
		"no date":                 {text: "#Fields: time c-ip\r\n07:00:01 10.31.0.1\r\n", state: "columns"},
		"mapped and scoped":       {text: fields + "\r\n" + strings.Replace(one, "10.31.0.1", "::ffff:10.31.0.1", 1) + strings.Replace(one, "10.31.0.1", "fe80::1%12", 1), callers: "10.31.0.1 fe80::1", state: "read", from: "07:00:01"},
		"cut in a line":           {text: fields + "\r\n" + one + two, cut: len(fields) + 2 + 10, callers: "10.31.0.2/1", state: "read", from: "07:00:02"},
		"cut under other columns": {text: fields + "\r\n" + one + other + three + three + fields + "\r\n" + two, cut: len(fields) + 2 + len(one) + len(other) + 3, callers: "10.31.0.2/1", state: "read", from: "07:00:02"},
	} {
		r := webReview{since: "2026-11-28 07:00:00", longest: webLongest, callers: map[string]*webCaller{}}
		s := webSite{state: "read"}
		_, from := r.read(&s, topColumns(c.text), c.text[c.cut:], c.cut == 0)
		var callers []string
		for a, call := range r.callers {
			if call.agents > 0 {
				a = fmt.Sprint(a, "/", call.agents)
			}
			callers = append(callers, a)
		}
		slices.Sort(callers)
		if got := strings.Join(callers, " "); got != c.callers || s.unreadable != c.unreadable || s.state != c.state || !strings.HasSuffix(from, c.from) || (from == "") != (c.from == "") {
			t.Errorf("%s: callers %q, unreadable %d, state %s, from %q; want %+v", name, got, s.unreadable, s.state, from, c)
		}
	}
}

// TestWebSiteReadsTheFilesThatMatter: the newest file always, older ones while the
// moment is not behind or they were written to since.
func TestWebSiteReadsTheFilesThatMatter(t *testing.T) {
	after := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	file := func(written time.Time, clock, address string) world.LogFile {
		return world.LogFile{Modified: written, Text: fmt.Sprintf("%s\r\n2026-11-28 %s 10.20.0.10 /a %s 200\r\n", fields, clock, address)}
	}
	for name, c := range map[string]struct {
		files   []world.LogFile
		budget  int
		callers int
		from    string
		stopped string
	}{
		"none":                {budget: 1000},
		"one that reaches":    {[]world.LogFile{file(after, "06:00:00", "10.31.0.1"), file(after.Add(-time.Hour), "07:30:00", "10.31.0.2")}, 1000, 0, "06:00:00", ""},
		"two to reach":        {[]world.LogFile{file(after, "07:30:00", "10.31.0.1"), file(after.Add(-time.Hour), "06:30:00", "10.31.0.2")}, 1000, 1, "06:30:00", ""},
		"an older one in use": {[]world.LogFile{file(after, "06:00:00", "10.31.0.1"), file(after.Add(time.Hour), "07:30:00", "10.31.0.2")}, 1000, 1, "06:00:00", ""},
		"not enough":          {[]world.LogFile{file(after, "07:30:00", "10.31.0.1"), file(after, "06:30:00", "10.31.0.2")}, 110, 1, "07:30:00", "bytes"},
	} {
		r := webReview{after: after, since: after.Format(time.DateTime), budget: c.budget, piece: webPiece, longest: webLongest, callers: map[string]*webCaller{}}
		s := webSite{state: "none"}
		r.site(&s, c.files)
		if len(r.callers) != c.callers || !strings.HasSuffix(s.from, c.from) || s.stopped != c.stopped || (s.state == "none") != (len(c.files) == 0) {
			t.Errorf("%s: %d callers, %+v", name, len(r.callers), s)
		}
	}
}

// TestPiecesMakeAWhole reads files in pieces of all sizes. Columns that change between
// two pieces, whose names stand in an earlier one, change nothing.
func TestPiecesMakeAWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		forms := []string{"date time s-ip cs-uri-stem c-ip sc-status", "time date c-ip", "date time sc-status c-ip", "c-ip time date cs-uri-stem x y"}
		var text strings.Builder
		form, want, asked := "", map[string]int{}, 0
		for i := range rapid.IntRange(1, 60).Draw(t, "lines") {
			if form == "" || rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				form = rapid.SampledFrom(forms).Draw(t, "form")
				fmt.Fprintf(&text, "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: %s\r\n", form)
			}
			caller := fmt.Sprintf("10.31.0.%d", rapid.IntRange(1, 9).Draw(t, "caller"))
			at := fmt.Sprintf("06:59:%02d", i)
			if i >= 10 {
				at = fmt.Sprintf("07:00:%02d", i-10)
				want[caller]++
				asked++
			}
			line := form
			for name, word := range map[string]string{"date": "2026-11-28", "time": at, "s-ip": "10.20.0.10", "cs-uri-stem": "/" + strings.Repeat("a", i), "c-ip": caller, "sc-status": "200"} {
				words := strings.Split(line, " ")
				if j := slices.Index(words, name); j >= 0 {
					words[j] = word
				}
				line = strings.Join(words, " ")
			}
			text.WriteString(line + "\r\n")
		}
		r := webReview{since: "2026-11-28 07:00:00", budget: webBudget, piece: rapid.IntRange(1, 700).Draw(t, "piece"), longest: webLongest, callers: map[string]*webCaller{}}
		s := webSite{state: "read"}
		from := r.file(&s, text.String())
		got := map[string]int{}
		for a, c := range r.callers {
			got[a] = c.requests
		}
		if !maps.Equal(got, want) || s.requests != asked || s.unreadable != 0 || s.state != "read" || s.stopped != "" || from == "" {
			t.Fatalf("pieces of %d: %v from %q, %+v; want %v of\n%s", r.piece, got, from, s, want, text.String())
		}
	})
}

func FuzzWebPiece(f *testing.F) {
	w := world.New(world.Options{Manual: true, Managed: 100})
	logs, err := w.ReadWebLogs("SMP1")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(logs.Sites[0].Files[0].Text[:2000], 0)
	f.Add(fields+"\r\n2026-11-28 07:00:01 a /b 10.31.0.1 200\r\n#Fields: \n", 3)
	f.Add("#Fields: date time\n\n", 1)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		cut = min(max(cut, 0), len(text))
		r := webReview{since: "2026-11-28 00:00:00", longest: webLongest, callers: map[string]*webCaller{}}
		s := webSite{state: "read"}
		_, from := r.read(&s, topColumns(text), text[cut:], cut == 0)
		counted := 0
		for a, c := range r.callers {
			counted += c.requests
			if addressOf(a) != a || c.last < r.since || c.agents > c.requests {
				t.Errorf("%s: %+v", a, c)
			}
		}
		if counted > s.requests || s.requests > 0 && from == "" || s.state == "read" && counted+s.unreadable < s.requests {
			t.Errorf("%d requests, %d counted, %d unreadable, from %q", s.requests, counted, s.unreadable, from)
		}
	})
}
