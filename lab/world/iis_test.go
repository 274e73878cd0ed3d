package world

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func (l lab) web(name string) WebLogs {
	l.Helper()
	v, err := l.ReadWebLogs(name)
	if err != nil {
		l.Fatal(err)
	}
	return v
}

// lines are those of the log of a site that hold all of the words.
func (l lab) lines(s WebSite, words ...string) []string {
	var list []string
	for _, f := range s.Files {
		for line := range strings.SplitSeq(f.Text, "\r\n") {
			all := line != "" && line[0] != '#'
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				list = append(list, line)
			}
		}
	}
	return list
}

// TestWebLogsAreOfArrivals: who is let in is in the log of who let him in, and nobody
// else.
func TestWebLogsAreOfArrivals(t *testing.T) {
	l := newLab(t)
	smp, site := l.web("SMP1"), l.web("SITE1")
	if len(smp.Sites) != 2 || len(site.Sites) != 1 || l.web("SQL1").Installed || l.web("GW1").Installed {
		t.Fatalf("sites: %+v %+v", smp.Sites, site.Sites)
	}
	if n := len(l.lines(smp.Sites[0], " 10.21.", pathPolicies)); n < 100 {
		t.Errorf("%d lines of workstations on SMP1", n)
	}
	if all, through := l.lines(smp.Sites[1]), l.lines(smp.Sites[1], " 4726 ", " 10.20.0.13 "); len(all) == 0 || len(all) != len(through) {
		t.Errorf("%d lines of the gateway's site, %d of the gateway", len(all), len(through))
	}
	if all, tasks := l.lines(site.Sites[0]), l.lines(site.Sites[0], pathTasks); len(all) == 0 || len(all) != len(tasks) {
		t.Errorf("%d lines on SITE1, %d of tasks", len(all), len(tasks))
	}
	l.closeDoors()
	from := l.Now().Format(" 15:04:05")
	l.Advance(20 * time.Minute)
	for _, name := range []string{"SMP1", "SITE1"} {
		for _, s := range l.web(name).Sites {
			for _, line := range l.lines(s) {
				if line[10:19] > from {
					t.Fatalf("%s, %s: %s after the doors were closed at%s", name, s.Name, line, from)
				}
			}
		}
	}
}

// TestWebLogsAreBounded: what is old goes, however long the world runs.
func TestWebLogsAreBounded(t *testing.T) {
	l := newSmall(t)
	l.Advance(7 * time.Hour)
	smp := l.web("SMP1")
	old := l.Now().Add(-3*time.Hour - time.Minute).Format("2006-01-02 15:04:05")
	for _, line := range l.lines(smp.Sites[0]) {
		if line[:19] < old {
			t.Fatalf("%s is still there at %s", line, l.Now())
		}
	}
	l.Advance(13 * time.Hour) // past midnight
	if files := l.web("SMP1").Sites[0].Files; len(files) != 2 || files[0].Name != "u_ex261129.log" || files[1].Name != "u_ex261128.log" || !files[0].Modified.After(files[1].Modified) {
		t.Errorf("files after midnight: %d", len(files))
	}
	web := &l.World.hosts[0].system.web
	for i := range webCalls + 1000 {
		web.calls = append(web.calls, webCall{webKey: webKey{port: httpsPort, path: fmt.Sprint("/", i)}, count: 1, last: l.Now().Unix()})
	}
	l.Advance(2 * time.Minute)
	if n := len(web.calls); n > webCalls+100 {
		t.Errorf("%d calls are kept", n)
	}
}

// TestWebLogsGoBackWithTheHost: the log is on the disk of the host.
func TestWebLogsGoBackWithTheHost(t *testing.T) {
	l := newSmall(t)
	if err := l.KeepHost("SMP1", "s-1", "before"); err != nil {
		t.Fatal(err)
	}
	l.set(Condition{Field: "iis", Host: "SMP1", Name: "10.31.0.7", Number: number(2)})
	if n := len(l.lines(l.web("SMP1").Sites[0], "10.31.0.7")); n != 2 {
		t.Fatalf("%d lines of the stranger", n)
	}
	if err := l.RevertHost("s-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ReadWebLogs("SMP1"); err == nil {
		t.Error("the log of a host that is off was read")
	}
	l.set(Condition{Field: "power", Host: "SMP1", On: on(true)})
	l.Advance(5 * time.Minute)
	if n := len(l.lines(l.web("SMP1").Sites[0], "10.31.0.7")); n != 0 {
		t.Errorf("%d lines of the stranger after the revert", n)
	}
}

func TestWebConditionsAreRefused(t *testing.T) {
	for name, c := range map[string]Condition{
		"no IIS":        {Field: "iis", Host: "SQL1", Name: "10.31.0.7", Number: number(1)},
		"no log either": {Field: "iis-log", Host: "GW1", Word: WebOff},
		"no address":    {Field: "iis", Host: "SMP1", Name: "WS-0001", Number: number(1)},
		"no number":     {Field: "iis", Host: "SMP1", Name: "10.31.0.7"},
		"none":          {Field: "iis", Host: "SMP1", Name: "10.31.0.7", Number: number(0)},
		"too many":      {Field: "iis", Host: "SMP1", Name: "10.31.0.7", Number: number(10_001)},
		"two lines":     {Field: "iis", Host: "SMP1", Name: "10.31.0.7", Number: number(1), Word: "/a\r\nb"},
		"no such form":  {Field: "iis-log", Host: "SMP1", Word: "binary"},
	} {
		l := newSmall(t)
		before := len(l.lines(l.web("SMP1").Sites[0]))
		if err := l.Set(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if after := len(l.lines(l.web("SMP1").Sites[0])); after != before {
			t.Errorf("%s: refused, but the log has %d lines more", name, after-before)
		}
	}
}
