package estate

import (
	"strings"
	"testing"
	"time"
)

func services(state string, names ...string) []Service {
	list := make([]Service, len(names))
	for i, name := range names {
		list[i] = Service{Name: name, State: state, Start: "Auto"}
	}
	return list
}

// TestQueueDoubts holds that a number of files is believed only where nothing else
// could be the reason for it.
func TestQueueDoubts(t *testing.T) {
	fine := func() QueueFiles {
		return QueueFiles{
			Path:     `D:\EventQueue`,
			Folders:  []QueueFolder{{Name: "EvtInbox", There: true, Files: 3}, {Name: "EvtQueue", There: true, Files: 4}},
			Services: services("Running", EventServices()...),
		}
	}
	for name, c := range map[string]struct {
		change func(*QueueFiles)
		want   string // of the one doubt; empty for none
	}{
		"fine":              {func(*QueueFiles) {}, ""},
		"other letter case": {func(q *QueueFiles) { q.Services[0].Name = "aexsvc" }, ""},
		"no folders":        {func(q *QueueFiles) { q.Folders = nil }, "no folder"},
		"folder missing":    {func(q *QueueFiles) { q.Folders[1].There = false }, `D:\EventQueue\EvtQueue`},
		"service stopped":   {func(q *QueueFiles) { q.Services[1].State = "Stopped" }, "AltirisClientMsgDispatcher is Stopped"},
		"service starting":  {func(q *QueueFiles) { q.Services[1].State = "Start Pending" }, "Start Pending"},
		"service missing":   {func(q *QueueFiles) { q.Services = q.Services[1:] }, "AeXSvc is not installed"},
		"flush":             {func(q *QueueFiles) { q.Flushes = true }, "FlushAgentEvents"},
		"paused":            {func(q *QueueFiles) { q.Paused = true }, "PauseActivities"},
	} {
		t.Run(name, func(t *testing.T) {
			q := fine()
			c.change(&q)
			got := q.Doubts()
			if c.want == "" && len(got) != 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("doubts = %q, want %q", got, c.want)
			}
		})
	}
	if q := fine(); q.Files() != 7 {
		t.Errorf("files = %d, want 7", q.Files())
	}
}

func TestLogsReached(t *testing.T) {
	now := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	at := func(hours time.Duration) *time.Time { v := now.Add(-hours * time.Hour); return &v }
	r := LogReview{Answer: Answer{Now: now}, Hours: 24}
	for name, c := range map[string]struct {
		source       LogSource
		last, before bool
	}{
		"both":        {LogSource{There: true, From: at(48)}, true, true},
		"last only":   {LogSource{There: true, From: at(47)}, true, false},
		"neither":     {LogSource{There: true, From: at(23)}, false, false},
		"nothing":     {LogSource{There: true}, false, false},
		"no such log": {LogSource{From: at(48)}, false, false},
	} {
		if last, before := r.Reached(c.source); last != c.last || before != c.before {
			t.Errorf("%s: reached %t %t, want %t %t", name, last, before, c.last, c.before)
		}
	}
}

func TestRebootReasonBlocks(t *testing.T) {
	files := func(items ...string) RebootReason {
		return RebootReason{Code: FileRename, Count: len(items), Items: items}
	}
	for name, c := range map[string]struct {
		reason RebootReason
		want   bool
	}{
		"servicing":         {RebootReason{Code: Servicing, Count: 1}, true},
		"unknown code":      {RebootReason{Code: "something new"}, true},
		"a printer's":       {files(`C:\Windows\System32\spool\V4Dirs\A.dll`), false},
		"a browser's":       {files(`C:\Program Files\Google\Chrome\old_chrome.exe`), false},
		"of ITMS":           {files(`C:\Temp\a.tmp`, `D:\Program Files\Altiris\Notification Server\Bin\a.dll`), true},
		"of an MSI":         {files(`C:\Config.Msi\1a2b3c.rbf`), true},
		"of Windows Update": {files(`C:\Windows\WinSxS\Temp\PendingRenames\a`), true},
		"more than shown":   {RebootReason{Code: FileRename, Count: 21, Items: make([]string, 20)}, true},
	} {
		if got := c.reason.Blocks(); got != c.want {
			t.Errorf("%s: blocks %t, want %t", name, got, c.want)
		}
	}
}

func TestRebootBusy(t *testing.T) {
	since := time.Date(2026, 11, 28, 6, 12, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		state RebootState
		want  []string // in the sentences, in order
	}{
		"idle":      {RebootState{}, nil},
		"installer": {RebootState{Installers: []Installer{{"msiexec.exe", 4, since}}, InProgress: true}, []string{"msiexec.exe runs since 06:12 UTC"}},
		"unseen":    {RebootState{InProgress: true}, []string{"Windows Installer"}},
		"schedules": {RebootState{Schedules: true}, []string{"schedules"}},
	} {
		got := c.state.Busy()
		if len(got) != len(c.want) {
			t.Errorf("%s: busy %q, want %q", name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) {
				t.Errorf("%s: busy %q, want %q", name, got, c.want)
			}
		}
	}
}
