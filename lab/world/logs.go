package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The logs of a host.
const (
	SystemLog      = "System"
	ApplicationLog = "Application"
	SMPLog         = "SMP"
)

// The levels of Windows' event logs.
const (
	LevelCritical = 1
	LevelError    = 2
	LevelWarning  = 3
	LevelInfo     = 4
)

// LogEntry is one entry of a log.
type LogEntry struct {
	At     time.Time
	Log    string
	Source string
	ID     int // 0 in the SMP's own log
	Level  int
	Text   string
}

// LogFile is one file of the SMP's own log. The newest is a.log.
type LogFile struct {
	Name     string
	Modified time.Time
	Text     string
}

// Logs is what somebody logged on to a host can read of its logs.
type Logs struct {
	Machine, Name string
	Now           time.Time
	// Since is when each of Windows' own logs begins.
	Since   map[string]time.Time
	Entries []LogEntry // of System and Application, by time
	Files   []LogFile  // of the SMP's own log, newest first; nil where there is none
}

// logDays is how long entries are kept in the world.
const logDays = 4

// ReadLogs reads a host's logs; those of a host that is not up cannot be read.
func (w *World) ReadLogs(name string) (Logs, error) {
	var l Logs
	err := w.seeHost(name, func(h *host) error {
		l = Logs{Machine: h.machine, Name: h.name, Now: w.timeOf(h), Since: map[string]time.Time{
			SystemLog: w.logBegins(h, SystemLog), ApplicationLog: w.logBegins(h, ApplicationLog),
		}}
		var own []LogEntry
		for _, e := range h.system.logs {
			switch {
			case e.At.Before(w.logBegins(h, e.Log)):
			case e.Log == SMPLog:
				own = append(own, e)
			default:
				l.Entries = append(l.Entries, e)
			}
		}
		sortLog(own)
		sortLog(l.Entries)
		if h.role == roleSMP {
			l.Files = filesOf(own, h.name)
		}
		return nil
	})
	return l, err
}

func sortLog(entries []LogEntry) {
	slices.SortStableFunc(entries, func(a, b LogEntry) int { return a.At.Compare(b.At) })
}

// logBegins is when a log begins: when it was cleared, or some days ago.
func (w *World) logBegins(h *host, log string) time.Time {
	begins := w.timeOf(h).Add(-logDays * 24 * time.Hour)
	if cleared := h.system.since[log]; cleared.After(begins) {
		return cleared
	}
	return begins
}

// filesOf writes the SMP's own log as its files, the newest first.
func filesOf(entries []LogEntry, host string) []LogFile {
	const most = 128 << 10 // bytes of a file
	files := []LogFile{}
	var text strings.Builder
	flush := func(last time.Time) {
		files = append(files, LogFile{Modified: last, Text: text.String()})
		text.Reset()
	}
	for i, e := range entries {
		writeEvent(&text, e, host)
		if text.Len() > most || i == len(entries)-1 {
			flush(e.At)
		}
	}
	if len(files) == 0 {
		flush(time.Time{})
	}
	slices.Reverse(files)
	for i := range files {
		files[i].Name = "a.log"
		if i > 0 {
			files[i].Name = fmt.Sprintf("a%d.log", i)
		}
	}
	return files
}

// writeEvent writes one entry in the form of the Altiris log (reference/itms.md
// section 3): an element without a root around it, and no year in its date.
func writeEvent(b *strings.Builder, e LogEntry, host string) {
	severity := map[int]int{LevelCritical: 1, LevelError: 1, LevelWarning: 2}[e.Level]
	if severity == 0 {
		severity = 4
	}
	fmt.Fprintf(b, "<event date='%s' severity='%d' hostName='%s' source='%s' module='AeXSVC.exe' process='AeXSvc' pid='4212' thread='%d' tickCount='%d' ><![CDATA[%s]]></event>\r\n",
		e.At.UTC().Format("Jan 02 15:04:05 -07:00"), severity, host, e.Source, 20+e.At.Unix()%30,
		e.At.UnixMilli()%4294967296, strings.ReplaceAll(e.Text, "]]>", "]]]]><![CDATA[>"))
}

// note puts an entry into a host's log, which stamps it with the host's clock.
func (h *host) note(e LogEntry) {
	e.At = e.At.Add(h.ahead())
	h.system.logs = append(h.system.logs, e)
}

// playLogs writes what the hosts that are up have logged in the minute that has just
// ended.
func (w *World) playLogs() {
	for i, h := range w.machines() {
		if h.up() {
			w.chatter(h, i, w.at-minute)
		}
		w.forgetLogs(h)
	}
}

// chatter writes what a healthy host logs in the minute that begins at a time. It is
// the same from day to day, so that whatever is new or more than yesterday has a reason.
func (w *World) chatter(h *host, number int, begins int64) {
	for j, c := range habits(h.role) {
		x := mix(w.seed, uint64(number), uint64(begins%day/minute), uint64(j), saltLog)
		if int64(x%10_000) >= c.often {
			continue
		}
		e := c.entry
		e.At = moment(begins + int64(x>>32)%minute)
		if strings.Contains(e.Text, "%d") {
			e.Text = fmt.Sprintf(e.Text, 1+x%900)
		}
		h.note(e)
	}
}

// saltLog keeps the chances of the logs apart from those of the computers.
const saltLog = 1 << 20

// habitualEntry is something that a host logs again and again.
type habitualEntry struct {
	often int64 // minutes in ten thousand
	entry LogEntry
}

// habits are what a host of a role logs without anything being wrong.
func habits(role string) []habitualEntry {
	list := []habitualEntry{
		{6, LogEntry{Log: SystemLog, Source: "Microsoft-Windows-DistributedCOM", ID: 10016, Level: LevelError, Text: "The application-specific permission settings do not grant Local Activation permission for the COM Server application with APPID {9CA88EE3-ACB7-47C8-AFC4-AB702511C276}."}},
		{3, LogEntry{Log: SystemLog, Source: "Schannel", ID: 36887, Level: LevelError, Text: "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 46."}},
		{4, LogEntry{Log: ApplicationLog, Source: "Microsoft-Windows-CAPI2", ID: 513, Level: LevelError, Text: "Cryptographic Services failed while processing the OnIdentity() call in the System Writer Object."}},
		{60, LogEntry{Log: SystemLog, Source: "Service Control Manager", ID: 7036, Level: LevelInfo, Text: "The WMI Performance Adapter service entered the running state."}},
	}
	if role == roleSMP {
		list = append(list,
			habitualEntry{12, LogEntry{Log: SMPLog, Source: "Altiris.NS.ClientMessaging.EventQueue", Level: LevelError, Text: "Failed to load inventory. System.Xml.XmlException: '', hexadecimal value 0x1F, is an invalid character. Line %d, position 28."}},
			habitualEntry{8, LogEntry{Log: SMPLog, Source: "Altiris.PackageServer.PackageDelivery", Level: LevelError, Text: "Server is busy. Package sources request is backing off for %d seconds\r\nMaxConcurrentPackageInfoRequest reached"}},
			habitualEntry{30, LogEntry{Log: SMPLog, Source: "Altiris.NS.Scheduling", Level: LevelWarning, Text: "Schedule ran %d ms late"}},
			habitualEntry{4000, LogEntry{Log: SMPLog, Source: "Altiris.NS.StandardItems.Collection", Level: LevelInfo, Text: "Collection delta update finished in %d ms"}})
	}
	if role == roleSMP || role == roleSite {
		list = append(list, habitualEntry{2, LogEntry{Log: ApplicationLog, Source: "ASP.NET 4.0.30319.0", ID: 1309, Level: LevelWarning, Text: "Event code: 3005. An unhandled exception has occurred."}})
	}
	return list
}

// warmLogs writes the days before the world begins.
func (w *World) warmLogs() {
	for at := (w.at/minute)*minute - logDays*day; at+minute <= w.at; at += minute {
		for i, h := range w.machines() {
			w.chatter(h, i, at)
		}
	}
}

// forgetLogs drops what is too old for anybody, and the oldest of too many.
func (w *World) forgetLogs(h *host) {
	const most = 40_000
	logs := h.system.logs
	old := w.now.Add(-logDays * 24 * time.Hour)
	n := 0
	for n < len(logs) && (logs[n].At.Before(old) || len(logs)-n > most) {
		n++
	}
	h.system.logs = slices.Delete(logs, 0, n)
}
