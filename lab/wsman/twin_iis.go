package wsman

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"itmsbot/lab/world"
)

// Bytes: of the logs of IIS that are read at most, all sites together; of one piece; and
// of what is given back to the piece before at most.
const (
	webBudget  = 64 << 20
	webPiece   = 4 << 20
	webLongest = 16 << 20
)

// iisRead is the twin of iis-read.ps1.
func iisRead(m machine, args json.RawMessage) (object, error) {
	in, err := parseArgs(args)
	if err != nil {
		return nil, err
	}
	seconds, err := property[float64](in, "seconds")
	if err != nil {
		return nil, err
	}
	wanted, err := property[float64](in, "callers")
	if err != nil {
		return nil, err
	}
	if seconds < 0 || seconds > 604800 || wanted < 1 || wanted > 1000 {
		return nil, &exception{"System.ArgumentException", "a look is about 0 to 604800 seconds and 1 to 1000 callers"}
	}
	logs, err := m.world.ReadWebLogs(m.host)
	if err != nil {
		return nil, err
	}
	since := logs.Now.Add(-time.Duration(seconds) * time.Second)
	r := webReview{after: since, since: since.UTC().Format(time.DateTime), budget: webBudget, piece: webPiece, longest: webLongest, callers: map[string]*webCaller{}}
	sites := []object{}
	for _, s := range logs.Sites {
		site := webSite{id: s.ID, name: s.Name, state: "none"}
		switch s.Format {
		case world.WebOff:
			site.state = "off"
		case world.WebNCSA:
			site.state = "format"
		default:
			r.site(&site, s.Files)
		}
		sites = append(sites, site.object(r.since))
	}
	own := []string{}
	for _, a := range logs.Own {
		own = append(own, a.String())
	}
	callers, more := r.top(int(wanted))
	return object{
		"machine": logs.Machine, "name": logs.Name, "now": dotnetTime(logs.Now), "since": dotnetTime(since),
		"installed": logs.Installed, "configured": logs.Installed, "partial": false,
		"sites": sites, "own": own, "callers": callers, "more": more,
	}, nil
}

// webReview is the script's own record of what it has read. Moments are compared as the
// words that they are in a log.
type webReview struct {
	after   time.Time
	since   string // the same moment
	budget  int
	piece   int
	longest int
	callers map[string]*webCaller
}

type webCaller struct {
	address, last    string
	requests, agents int
}

// webSite is what was read of the log of one site.
type webSite struct {
	id                         int
	name, state, stopped, from string // from is empty for null
	requests, unreadable       int
}

func (s *webSite) object(since string) object {
	o := object{
		"id": s.id, "name": s.name, "state": s.state, "requests": s.requests,
		"unreadable": s.unreadable, "from": nil, "stopped": s.stopped, "trouble": "",
	}
	if s.from != "" {
		o["from"] = momentOf(max(s.from, since))
	}
	return o
}

// momentOf writes a moment of a log as the scripts write times.
func momentOf(stamp string) string { return strings.Replace(stamp, " ", "T", 1) + "Z" }

// earlier is the first of two moments; one that is empty does not count.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// behind reports whether a moment is there and lies before the one asked about.
func (r *webReview) behind(stamp string) bool { return stamp != "" && stamp < r.since }

// site reads the log of one site, the newest file first.
func (r *webReview) site(s *webSite, files []world.LogFile) {
	for _, f := range files {
		switch {
		case s.stopped != "":
			return
		case r.behind(s.from) && f.Modified.Before(r.after):
			continue
		}
		if s.state == "none" {
			s.state = "read"
		}
		s.from = earlier(s.from, r.file(s, f.Text))
	}
}

// file reads one file from its end, in pieces, and gives where the time begins that was
// read.
func (r *webReview) file(s *webSite, text string) (from string) {
	columns, end, rest := topColumns(text), len(text), ""
	for end > 0 && !r.behind(from) {
		if r.budget <= 0 {
			s.stopped = "bytes"
			break
		}
		size := min(end, r.piece, r.budget)
		end -= size
		r.budget -= size
		var first string
		rest, first = r.read(s, columns, text[end:end+size]+rest, end == 0)
		from = earlier(from, first)
	}
	return from
}

// topColumns are those at the top of a file.
func topColumns(text string) *webColumns {
	for line := range strings.SplitSeq(text[:min(len(text), 65536)], "\n") {
		if c := columnsOf(line); c != nil {
			return c
		}
	}
	return nil
}

// webColumns says where the columns stand that count; -1 for none, and nil where no
// line says.
type webColumns struct{ width, date, time, caller, path int }

// columnsOf reads a line #Fields; nil for another line.
func columnsOf(line string) *webColumns {
	fields, ok := strings.CutPrefix(line, "#Fields:")
	if !ok {
		return nil
	}
	names := strings.Split(strings.TrimSpace(fields), " ")
	at := func(name string) int { return slices.Index(names, name) }
	return &webColumns{len(names), at("date"), at("time"), at("c-ip"), at("cs-uri-stem")}
}

// webLine is a line as its columns have it: when, who and for what. The moment is empty
// when they do not fit it.
type webLine struct{ stamp, caller, path string }

var webStamp = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$`)

func (c *webColumns) read(line string) webLine {
	words := strings.Split(line, " ")
	if len(words) != c.width {
		return webLine{}
	}
	l := webLine{stamp: words[c.date] + " " + words[c.time]}
	if !webStamp.MatchString(l.stamp) {
		return webLine{}
	}
	if c.caller >= 0 {
		l.caller = words[c.caller]
	}
	if c.path >= 0 {
		l.path = words[c.path]
	}
	return l
}

// fits reports whether a line has a moment and an address where the columns say so.
func (c *webColumns) fits(line string) bool {
	if c == nil || c.date < 0 || c.time < 0 {
		return false
	}
	l := c.read(line)
	return l.stamp != "" && (c.caller < 0 || addressOf(l.caller) != "")
}

// blank is what may stand around a line.
const blank = "\x00 \r"

// read reads a piece of a file and gives where the time begins that was read. What
// belongs to the piece before is given back: the end of a line, or all the lines that
// the columns at the top of the file do not fit, because others are in force whose names
// stand further up.
func (r *webReview) read(s *webSite, columns *webColumns, text string, top bool) (rest, from string) {
	if !top {
		begin := strings.IndexByte(text, '\n') + 1
		if begin == 0 || begin == len(text) {
			return text, ""
		}
		fields := strings.Index(text[begin-1:], "\n#Fields:")
		if line, _, ended := strings.Cut(text[begin:], "\n"); ended && !strings.HasPrefix(line, "#") && !columns.fits(strings.Trim(line, blank)) {
			switch {
			case fields >= 0:
				begin += fields
			case len(text) < r.longest:
				return text, ""
			}
		}
		rest, text = text[:begin], text[begin:]
	}
	// Behind the last end of a line is one that is still being written.
	for line := range strings.SplitSeq(text[:strings.LastIndexByte(text, '\n')+1], "\n") {
		line = strings.Trim(line, blank)
		switch {
		case line == "":
		case line[0] == '#':
			if c := columnsOf(line); c != nil {
				columns = c
			}
		case columns == nil:
			s.unreadable++
		case columns.date < 0 || columns.time < 0:
			s.state = "columns"
		default:
			l := columns.read(line)
			if l.stamp == "" {
				s.unreadable++
				continue
			}
			if from == "" {
				from = l.stamp
			}
			if l.stamp >= r.since {
				s.requests++
				r.call(s, columns, l)
			}
		}
	}
	return rest, from
}

// call counts a request.
func (r *webReview) call(s *webSite, columns *webColumns, l webLine) {
	if columns.caller < 0 {
		s.state = "columns"
		return
	}
	address := addressOf(l.caller)
	if address == "" {
		s.unreadable++
		return
	}
	c := r.callers[address]
	if c == nil {
		c = &webCaller{address: address}
		r.callers[address] = c
	}
	c.requests++
	c.last = max(c.last, l.stamp)
	if path := strings.ToLower(l.path); strings.Contains(path, "/altiris/ns/agent/") || strings.Contains(path, "clienttaskserver") {
		c.agents++
	}
}

// addressOf gives an address without scope, and one that came through an IPv6 socket as
// IPv4; empty when it is none.
func addressOf(word string) string {
	word, _, _ = strings.Cut(word, "%")
	a, err := netip.ParseAddr(word)
	if err != nil {
		return ""
	}
	return a.Unmap().String()
}

// top are the callers, the most frequent first, then the latest.
func (r *webReview) top(most int) (list []object, more int) {
	var callers []*webCaller
	for _, c := range r.callers {
		callers = append(callers, c)
	}
	slices.SortFunc(callers, func(a, b *webCaller) int {
		return cmp.Or(cmp.Compare(b.requests, a.requests), cmp.Compare(b.last, a.last), cmp.Compare(b.address, a.address))
	})
	list = []object{}
	for _, c := range callers[:min(most, len(callers))] {
		list = append(list, object{"address": c.address, "requests": c.requests, "agents": c.agents, "last": momentOf(c.last)})
	}
	return list, len(callers) - len(list)
}
