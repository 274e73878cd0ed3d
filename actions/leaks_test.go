package actions

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// standing is an SMP whose queue stands still, with the log of its IIS.
type standing struct {
	Hosts
	CMDB
	log   estate.IISLog
	err   error
	asked []estate.IISQuery
}

func (s *standing) ReadIIS(_ context.Context, _ string, _ estate.Lane, q estate.IISQuery) (estate.IISLog, error) {
	s.asked = append(s.asked, q)
	return s.log, s.err
}

func (s *standing) QueueFiles(context.Context, string, estate.Lane) (estate.QueueFiles, error) {
	q := estate.QueueFiles{Folders: []estate.QueueFolder{{Name: "EvtQueue", There: true, Files: 3}}}
	for _, name := range estate.EventServices() {
		q.Services = append(q.Services, estate.Service{Name: name, State: "Running"})
	}
	return q, nil
}

func (s *standing) Queue(context.Context) (estate.Queue, error) {
	return estate.Queue{Depth: 900, Oldest: 17, Newest: 916}, nil
}

// stepClock is a clock that only sleeping moves.
type stepClock struct{ now time.Time }

func (c *stepClock) Now() time.Time { return c.now }
func (c *stepClock) Sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}

// closedAt is a request whose step 2.1 closed the doors.
func closedAt(at time.Time) runbook.Request {
	return runbook.Request{Steps: []runbook.StepLife{{ID: "2.1", Result: runbook.StepDone, Ended: at}}}
}

var leaksBegan = time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)

// readLog is a log that was read whole, with these callers.
func readLog(callers ...estate.IISCaller) estate.IISLog {
	since := leaksBegan.Add(2 * time.Hour) // the host's clock is two hours ahead
	return estate.IISLog{Since: since, Installed: true, Configured: true, Own: []string{"10.20.0.10"}, Callers: callers,
		Sites: []estate.IISSite{{ID: 1, Name: "Default Web Site", State: estate.IISRead, From: &since}}}
}

func caller(address string, n int) estate.IISCaller {
	return estate.IISCaller{Address: address, Requests: n, Agents: n, Last: leaksBegan.Add(2*time.Hour + 41*time.Minute)}
}

// TestLookForLeaks: the host is given an age by the bot's clock alone, and what cannot be
// known is said and is never "nobody".
func TestLookForLeaks(t *testing.T) {
	const quarter = 15 * time.Minute
	open := closedAt(leaksBegan)
	open.Steps[0].Open = true
	for name, c := range map[string]struct {
		request runbook.Request
		now     time.Time
		err     error
		asked   int64 // seconds; -1 for not asked
		want    string
	}{
		"closed":         {closedAt(leaksBegan), leaksBegan.Add(quarter + time.Millisecond), nil, 900, "nobody but the keep list reached IIS on SMP1"},
		"never closed":   {runbook.Request{}, leaksBegan, nil, -1, "could not be read: it is not known when they were closed."},
		"not yet closed": {open, leaksBegan.Add(quarter), nil, -1, "it is not known when they were closed."},
		"clock back":     {closedAt(leaksBegan), leaksBegan.Add(-quarter), nil, -1, "the bot's clock has gone back"},
		"long ago":       {closedAt(leaksBegan), leaksBegan.Add(8 * 24 * time.Hour), nil, -1, "more than a week ago"},
		"unreachable": {closedAt(leaksBegan), leaksBegan.Add(quarter), &estate.Error{Kind: estate.Unreachable, Host: "SMP1", Op: "read the logs of IIS"}, 900,
			"Whether the doors leak could not be read: the bot could not read the logs of IIS (unreachable)."},
	} {
		smp := &standing{log: readLog(), err: c.err}
		l := lookForLeaks(t.Context(), Env{Hosts: smp, Request: c.request, Clock: &stepClock{c.now}}, "SMP1", "2.1", nil)
		asked := int64(-1)
		if len(smp.asked) > 0 {
			asked = smp.asked[0].Seconds
		}
		if !strings.Contains(l.text, c.want) || asked != c.asked || (l.facts.Unread == "") != (name == "closed") {
			t.Errorf("%s: asked about %d s, %q (%+v), want %d s, %q", name, asked, l.text, l.facts, c.asked, c.want)
		}
	}
}

func TestJudgeLeak(t *testing.T) {
	kept := []string{"10.20.0.5", "10.20.1.0/28"}
	quiet := readLog(caller("10.20.0.5", 9), caller("10.20.0.10", 4), caller("127.0.0.1", 4))
	one := readLog(caller("10.20.0.5", 90), caller("10.31.0.7", 12))
	var crowd []estate.IISCaller
	for i := range 30 {
		crowd = append(crowd, caller(fmt.Sprintf("10.31.0.%d", i+1), 40-i))
	}
	dim, blind, dimAndOne := readLog(), readLog(), one
	dim.Sites = append(dim.Sites, estate.IISSite{ID: 2, Name: "CEM", State: estate.IISNone})
	blind.Sites = []estate.IISSite{{ID: 1, Name: "Default Web Site", State: estate.IISOff}}
	dimAndOne.Sites = dim.Sites
	for name, c := range map[string]struct {
		log       estate.IISLog
		want      string
		strangers int
		more      int
		files     int
	}{
		"quiet":   {quiet, "Since the doors were closed nobody but the keep list reached IIS on SMP1, whose log may be a minute late.", 0, 0, 1},
		"one":     {one, "Since the doors were closed 1 address that is not on the keep list reached IIS on SMP1: 10.31.0.7 (12\u00a0requests, last 09:41 UTC).", 1, 0, 1},
		"crowd":   {readLog(crowd...), "30 addresses that are not on the keep list reached IIS on SMP1: 10.31.0.1 (40\u00a0requests, last 09:41 UTC), 10.31.0.2 (39\u00a0requests, last 09:41 UTC), 10.31.0.3 (38\u00a0requests, last 09:41 UTC), and 27 more.", 20, 10, 1},
		"dim":     {dim, "nobody but the keep list is seen in the log of IIS on SMP1, but the log does not tell everything. The site \"CEM\" has no log file.", 0, 0, 1},
		"both":    {dimAndOne, "10.31.0.7 (12\u00a0requests, last 09:41 UTC). The site \"CEM\" has no log file.", 1, 0, 1},
		"blind":   {blind, "Whether the doors leak could not be read: the site \"Default Web Site\" writes no log.", 0, 0, 0},
		"nothing": {estate.IISLog{}, "Whether the doors leak could not be read: IIS is not installed.", 0, 0, 0},
	} {
		l := judgeLeak("SMP1", c.log, kept)
		if !strings.Contains(l.text, c.want) || len(l.facts.Strangers) != c.strangers || l.facts.More != c.more || len(l.files) != c.files {
			t.Errorf("%s: %q, %+v, %d files; want %q", name, l.text, l.facts, len(l.files), c.want)
		}
	}
}

func TestCallerListHasEverybody(t *testing.T) {
	log := readLog(caller("10.31.0.7", 12), caller("10.20.0.5", 9))
	log.More = 4
	f := callerList("SMP1", log, []string{"10.20.0.5"})
	rows, err := csv.NewReader(strings.NewReader(string(f.Bytes))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows[1:] {
		got = append(got, strings.Join(r[:4], " "))
	}
	want := "Default Web Site  0 |10.31.0.7 no 12 12|10.20.0.5 yes 9 9|   "
	if strings.Join(got, "|") != want || !strings.Contains(rows[len(rows)-1][5], "4 more") || f.Name != "callers-SMP1.csv" {
		t.Errorf("%s has %q, want %q", f.Name, strings.Join(got, "|"), want)
	}
}

// TestStallSaysWhoCame: a wait that asks has the last twenty samples, who came in, and
// the list of them.
func TestStallSaysWhoCame(t *testing.T) {
	smp := &standing{log: readLog(caller("10.31.0.7", 12))}
	doors := runbook.Stage{Steps: []runbook.Step{
		{ID: "2.1", Kind: firewallDisable.Name, Host: "SMP1", Params: []byte(`{"kept":["10.20.0.5"]}`)},
		{ID: "2.2", Kind: firewallDisable.Name, Host: "SITE1", Params: []byte(`{"kept":["10.20.0.6"]}`)},
	}}
	env := Env{Hosts: smp, CMDB: smp, Clock: &stepClock{leaksBegan.Add(time.Minute)}, Request: closedAt(leaksBegan), Limits: DefaultLimits(), Progress: func(string) {},
		Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}}}}
	stage, err := drainSince(doors)(env, "3")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := params[queueParams](stage.Steps[0].Params, "3.1"); err != nil || p.SinceStep != "2.1" || len(p.Kept) != 1 || p.Kept[0] != "10.20.0.5" {
		t.Fatalf("params %+v, %v", p, err)
	}
	var v *verdict
	if err := queueWait.Do(t.Context(), env, stage.Steps[0]); !errors.As(err, &v) {
		t.Fatalf("did not ask: %v", err)
	}
	raw, err := json.Marshal(v.Facts)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := params[queueFacts](raw, "facts")
	if err != nil || len(facts.Samples) != 20 || facts.Leak == nil || len(facts.Leak.Strangers) != 1 {
		t.Errorf("facts %+v, %v", facts, err)
	}
	if !strings.Contains(v.Text, "stands still") || !strings.Contains(v.Text, "10.31.0.7") || len(v.Files) != 1 || len(v.Ask) != 2 {
		t.Errorf("asks %q with %d files and %d answers", v.Text, len(v.Files), len(v.Ask))
	}
	if want := int64(11 * 60); len(smp.asked) != 1 || smp.asked[0].Seconds != want { // a minute and 20 pauses
		t.Errorf("asked %+v, want once about %d s", smp.asked, want)
	}
}

// TestLookingAtTheQueueNeedsNoDoors: a look for somebody who asks is about the queue
// alone.
func TestLookingAtTheQueueNeedsNoDoors(t *testing.T) {
	stage, err := drain(Env{Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}}}, Limits: DefaultLimits()}, "1")
	if err != nil || string(stage.Steps[0].Params) != `{"empty":0,"limit_seconds":1800}` {
		t.Errorf("%s, %v", stage.Steps[0].Params, err)
	}
}
