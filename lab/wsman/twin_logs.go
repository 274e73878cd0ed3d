package wsman

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"itmsbot/lab/world"
)

// logBudget is the most bytes of the SMP's log that are read.
const logBudget = 64 << 20

// logRead is the twin of log-read.ps1.
func logRead(m machine, args json.RawMessage) (object, error) {
	in, err := parseArgs(args)
	if err != nil {
		return nil, err
	}
	hours, err := property[float64](in, "hours")
	if err != nil {
		return nil, err
	}
	wanted, err := property[float64](in, "groups")
	if err != nil {
		return nil, err
	}
	if hours < 1 || hours > 168 || wanted < 1 || wanted > 200 {
		return nil, &exception{"System.ArgumentException", "a review is about 1 to 168 hours and 1 to 200 groups"}
	}
	logs, err := m.world.ReadLogs(m.host)
	if err != nil {
		return nil, err
	}
	window := time.Duration(hours) * time.Hour
	r := review{now: logs.Now, start: logs.Now.Add(-window), first: logs.Now.Add(-2 * window), groups: map[string]*failures{}}
	sources := []object{
		r.windowsLog(logs, world.SystemLog).object(),
		r.windowsLog(logs, world.ApplicationLog).object(),
		r.smpLog(logs.Files).object(),
	}
	groups, more := r.top(int(wanted))
	return object{
		"machine": logs.Machine, "name": logs.Name, "now": dotnetTime(logs.Now), "hours": int(hours),
		"sources": sources, "groups": groups, "more": more,
	}, nil
}

// review is the script's own record of what it has read.
type review struct {
	now, start, first time.Time
	groups            map[string]*failures
}

// failures are the errors of one group.
type failures struct {
	log, source   string
	id            int
	text          string
	count, before int
	last          time.Time
}

// logSource is what was read of one log.
type logSource struct {
	name                       string
	there                      bool
	errors, before, unreadable int
	from                       time.Time // zero for null
	stopped                    string
}

func (s *logSource) object() object {
	o := object{
		"name": s.name, "there": s.there, "errors": s.errors, "before": s.before,
		"unreadable": s.unreadable, "from": nil, "stopped": s.stopped, "trouble": "",
	}
	if !s.from.IsZero() {
		o["from"] = dotnetTime(s.from)
	}
	return o
}

func (r *review) windowsLog(logs world.Logs, name string) *logSource {
	s := &logSource{name: name, there: true, from: later(logs.Since[name], r.first)}
	for _, e := range logs.Entries {
		if e.Log == name && e.Level <= world.LevelError && !e.At.Before(r.first) {
			r.add(s, e.Source, e.ID, e.Text, e.At)
		}
	}
	return s
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// smpLog reads the SMP's own log, the newest file first. The world's files are small,
// so that each is one piece.
func (r *review) smpLog(files []world.LogFile) *logSource {
	s := &logSource{name: world.SMPLog}
	if files == nil {
		return s
	}
	s.there = true
	budget := logBudget
	for _, f := range files {
		if !s.from.IsZero() && !s.from.After(r.first) {
			break
		}
		if budget <= 0 {
			s.stopped = "bytes"
			break
		}
		text := f.Text[max(0, len(f.Text)-budget):]
		budget -= len(text)
		if rest := r.piece(s, text); len(text) == len(f.Text) && strings.Trim(rest, "\uFEFF \r\n") != "" {
			s.unreadable++
		}
	}
	if !s.from.IsZero() {
		s.from = later(s.from, r.first)
	}
	return s
}

// piece reads a piece of the SMP's log and gives back what is before its first entry.
func (r *review) piece(s *logSource, text string) (rest string) {
	events, rest := parseEvents(text)
	dated := false
	for _, e := range events {
		severity := strings.TrimSpace(e.attribute("severity"))
		if severity == "" || strings.Trim(severity, "0123456789") != "" {
			s.unreadable++
		}
		if severity != "1" && dated {
			continue
		}
		at, ok := parseLogDate(strings.TrimSpace(e.attribute("date")), r.now)
		if ok && !dated {
			dated = true
			if s.from.IsZero() || at.Before(s.from) {
				s.from = at
			}
		}
		switch {
		case severity != "1":
		case !ok:
			s.unreadable++
		case !at.Before(r.first):
			r.add(s, e.attribute("source"), 0, e.message(), at)
		}
	}
	return rest
}

// add counts an error.
func (r *review) add(s *logSource, source string, id int, text string, at time.Time) {
	pattern := patternOf(text)
	key := strings.ToLower(s.name + "|" + source + "|" + strconv.Itoa(id) + "|" + pattern)
	g := r.groups[key]
	if g == nil {
		g = &failures{log: s.name, source: source, id: id, text: pattern, last: at}
		r.groups[key] = g
	}
	g.last = later(at, g.last)
	if at.Before(r.start) {
		g.before++
		s.before++
	} else {
		g.count++
		s.errors++
	}
}

// top are the groups of the last hours: new ones first, then the most frequent, then
// the latest.
func (r *review) top(most int) (list []object, more int) {
	var groups []*failures
	for _, g := range r.groups {
		if g.count > 0 {
			groups = append(groups, g)
		}
	}
	slices.SortFunc(groups, func(a, b *failures) int {
		return cmp.Or(
			compareBool(b.before == 0, a.before == 0), cmp.Compare(b.count, a.count), b.last.Compare(a.last),
			cmp.Compare(b.log, a.log), cmp.Compare(b.source, a.source), cmp.Compare(b.id, a.id), cmp.Compare(b.text, a.text))
	})
	list = []object{}
	for _, g := range groups[:min(most, len(groups))] {
		list = append(list, object{
			"log": g.log, "source": g.source, "id": g.id, "text": g.text,
			"count": g.count, "before": g.before, "last": dotnetTime(g.last),
		})
	}
	return list, len(groups) - len(list)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
