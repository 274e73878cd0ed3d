package world

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WebLogs is what somebody logged on to a host can read of IIS and its logs.
type WebLogs struct {
	Machine, Name string
	Now           time.Time
	// Installed reports whether the host has IIS; without it there are no sites.
	Installed bool
	Own       []netip.Addr // the host's own addresses
	Sites     []WebSite
}

// WebSite is one site of IIS.
type WebSite struct {
	ID   int
	Name string
	// Format is how its log is written from now on, one of WebFormats.
	Format string
	Files  []LogFile // newest first; nil where there are none
}

// The ways in which a site can write its log.
const (
	WebW3C     = "W3C"     // as installed
	WebShuffle = "shuffle" // W3C with other columns in another order
	WebNoCIP   = "no-c-ip" // W3C without the column that says who called
	WebNCSA    = "NCSA"    // another format
	WebOff     = "off"     // not at all
)

// WebFormats are all of them.
func WebFormats() []string { return []string{WebW3C, WebShuffle, WebNoCIP, WebNCSA, WebOff} }

// What the callers ask for.
const (
	pathPolicies = "/Altiris/NS/Agent/GetClientPolicies.aspx"
	pathEvents   = "/Altiris/NS/Agent/PostEvent.asp"
	pathTasks    = "/Altiris/ClientTaskServer/Register.aspx"
	pathConsole  = "/Altiris/Console/default.aspx"
)

// Bounds of what is kept of a host's web log.
const (
	webHours = 3 * hour
	webCalls = 100_000
)

// web is the log of IIS on a host: who asked for what, added up by minute.
type web struct {
	calls  []webCall // by minute
	format string    // empty is WebW3C
	minute int64
	index  map[webKey]int // calls of this minute
}

// webCall is what one address asked for in one minute.
type webCall struct {
	webKey
	count int
	last  int64 // Unix
}

type webKey struct {
	port         int
	from         netip.Addr
	path, format string
}

// clone is a copy for a snapshot.
func (l web) clone() web {
	l.calls, l.index = slices.Clone(l.calls), nil
	return l
}

// hasIIS reports whether a host has IIS, which the roles with a web site bring.
func (h *host) hasIIS() bool { return h.service("W3SVC") != nil }

// siteOn is the site that listens on a port: the one for what comes through the
// gateway is apart.
func siteOn(port int) int {
	if port == cemPort {
		return 2
	}
	return 1
}

// asked writes requests into the log of IIS.
func (w *World) asked(h *host, port int, from netip.Addr, path string, count int) {
	l := &h.system.web
	if l.format == WebNCSA || l.format == WebOff {
		return
	}
	if minute := w.at / minute; l.index == nil || minute != l.minute {
		l.minute, l.index = minute, map[webKey]int{}
		l.forget(w.at - webHours)
	}
	key := webKey{port, from, path, l.format}
	i, ok := l.index[key]
	if !ok {
		i = len(l.calls)
		l.index[key] = i
		l.calls = append(l.calls, webCall{webKey: key})
	}
	l.calls[i].count += count
	l.calls[i].last = w.at
}

// forget drops what is older than a moment, and the oldest of too many.
func (l *web) forget(old int64) {
	n := 0
	for n < len(l.calls) && (l.calls[n].last < old || len(l.calls)-n > webCalls) {
		n++
	}
	l.calls = slices.Delete(l.calls, 0, n)
}

// logContact writes a computer's contact into the log of the SMP's IIS: it asks for its
// policies and sends what events it has. What comes through the gateway comes from there.
func (w *World) logContact(c *client, events int) {
	from, port := c.address, c.port
	if c.gateway {
		from, port = w.gw().address, cemPort
	}
	w.asked(w.smp(), port, from, pathPolicies, 1)
	if events > 0 {
		w.asked(w.smp(), port, from, pathEvents, 1)
	}
}

// logTask writes into the log of the task server's IIS that a computer has registered.
func (w *World) logTask(c *client) {
	if c.home.hasIIS() && c.home.admits(c.address, c.port) {
		w.asked(c.home, c.port, c.address, pathTasks, 1)
	}
}

// logConsole writes into the log of the SMP's IIS what an open console asks for each
// minute.
func (w *World) logConsole(v *visitor) {
	if v.link.open(w.at) && w.smp().admits(v.address, httpsPort) {
		w.asked(w.smp(), httpsPort, v.address, pathConsole, 1)
	}
}

// ReadWebLogs reads the logs of a host's IIS; those of a host that is not up cannot be
// read.
func (w *World) ReadWebLogs(name string) (WebLogs, error) {
	var v WebLogs
	err := w.onHost(name, func(h *host) error {
		v = WebLogs{Machine: h.machine, Name: h.name, Now: w.timeOf(h), Installed: h.hasIIS(), Own: []netip.Addr{h.address, netip.IPv6Loopback()}}
		if !v.Installed {
			return nil
		}
		v.Sites = []WebSite{{ID: 1, Name: "Default Web Site"}}
		if h.role == roleSMP {
			v.Sites = append(v.Sites, WebSite{ID: 2, Name: "Cloud-enabled Management Agent IIS Website"})
		}
		for i := range v.Sites {
			s := &v.Sites[i]
			s.Format = cmp.Or(h.system.web.format, WebW3C)
			s.Files = h.webFiles(s.ID)
		}
		return nil
	})
	return v, err
}

// webFiles writes the log of a site as its files, one for each day in UTC, the newest
// first.
func (h *host) webFiles(site int) []LogFile {
	var calls []webCall
	for _, c := range h.system.web.calls {
		if siteOn(c.port) == site {
			calls = append(calls, c)
		}
	}
	slices.SortStableFunc(calls, func(a, b webCall) int { return cmp.Compare(a.last, b.last) })
	var files []LogFile
	for len(calls) > 0 {
		today := calls[0].last / day
		n := slices.IndexFunc(calls, func(c webCall) bool { return c.last/day != today })
		if n < 0 {
			n = len(calls)
		}
		files = append(files, h.webFile(calls[:n]))
		calls = calls[n:]
	}
	slices.Reverse(files)
	return files
}

// webFile writes the calls of one day. The names of the columns stand above the lines,
// anew whenever they change.
func (h *host) webFile(calls []webCall) LogFile {
	var b strings.Builder
	for i, c := range calls {
		at := moment(c.last).Add(h.ahead())
		if i == 0 || calls[i-1].format != c.format {
			fmt.Fprintf(&b, "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: %s\r\n#Fields: %s\r\n",
				at.Format(time.DateTime), strings.Join(webColumns(c.format), " "))
		}
		words := make([]string, 0, 16)
		for _, column := range webColumns(c.format) {
			words = append(words, h.webWord(column, c, at))
		}
		line := strings.Join(words, " ") + "\r\n"
		for range c.count {
			b.WriteString(line)
		}
	}
	last := moment(calls[len(calls)-1].last).Add(h.ahead())
	return LogFile{Name: "u_ex" + last.Format("060102") + ".log", Modified: last, Text: b.String()}
}

// webColumns are the columns of a format of W3C, in their order.
func webColumns(format string) []string {
	switch format {
	case WebShuffle:
		return []string{"time", "date", "sc-status", "c-ip", "cs-method", "s-ip", "cs-uri-stem"}
	case WebNoCIP:
		return []string{"date", "time", "s-ip", "cs-method", "cs-uri-stem", "sc-status"}
	}
	return []string{"date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username",
		"c-ip", "cs(User-Agent)", "cs(Referer)", "sc-status", "sc-substatus", "sc-win32-status", "time-taken"}
}

func (h *host) webWord(column string, c webCall, at time.Time) string {
	switch column {
	case "date":
		return at.Format(time.DateOnly)
	case "time":
		return at.Format(time.TimeOnly)
	case "s-ip":
		return h.address.String()
	case "cs-method":
		return "GET"
	case "cs-uri-stem":
		return c.path
	case "s-port":
		return strconv.Itoa(c.port)
	case "c-ip":
		return c.from.String()
	case "sc-status":
		return "200"
	case "sc-substatus", "sc-win32-status":
		return "0"
	case "time-taken":
		return "31"
	}
	return "-"
}
