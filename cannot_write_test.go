package main

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // another program with the bot's database open

	"itmsbot/lab/slack"
	"itmsbot/lab/wsman"
	"itmsbot/runbook"
	"itmsbot/store"
)

// lockDatabase takes the database as another program would. It gives the last
// event that was written before, and the way to let go of it.
func (s *stage) lockDatabase() (head int64, release func()) {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+s.plant.database+"?_busy_timeout=20000")
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := db.Conn(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := c.ExecContext(s.ctx, "BEGIN IMMEDIATE"); err != nil {
		s.t.Fatal(err)
	}
	if err := c.QueryRowContext(s.ctx, "SELECT max(n) FROM event").Scan(&head); err != nil {
		s.t.Fatal(err)
	}
	return head, func() {
		if _, err := c.ExecContext(context.WithoutCancel(s.ctx), "ROLLBACK"); err != nil {
			s.t.Error(err)
		}
		_ = c.Close()
		_ = db.Close()
	}
}

// TestDatabaseLockedBefore: while another program holds the database nobody's
// word is taken, everybody is told so in time, and it goes on by itself.
func TestDatabaseLockedBefore(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.sees("approval needed", "R-1")
	head, release := s.lockDatabase()
	asked := time.Now()
	s.say("Ana", "/itms note while it is locked") // fails if it is not acknowledged within Slack's three seconds
	s.reads("Ana", "*Nothing was done.* Another program holds")
	if late := time.Since(asked); late > 3*time.Second {
		t.Errorf("Ana was told after %s", late)
	}
	// Slack delivers again what it thinks was not acknowledged.
	if err := s.lab.Slack.Inject(slack.Fault{Kind: "redeliver", Count: 1}); err != nil {
		t.Fatal(err)
	}
	s.press("Ben", "Approve", "R-1")
	s.reads("Ben", "*Nothing was done.*")
	s.sees("*Nothing can be recorded. Another program holds the bot's database.*", "commands and clicks are turned away", "LAB")
	if now, _ := s.bot.store.Head(); now != head {
		t.Errorf("event %d was written meanwhile, the last before was %d", now, head)
	}
	release()
	s.sees("so nothing could be recorded.~ Over.", "It went on by itself.")
	s.say("Ana", "/itms note after it")
	s.reads("Ana", "Noted")
	s.press("Dora", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	var notes []string
	for _, e := range s.events() {
		if e.Kind == runbook.Noted {
			notes = append(notes, string(e.Body))
		}
		if e.Kind == runbook.Approved && e.Actor.User != s.id("Dora") {
			t.Errorf("event %d: %s approved although they were told that nothing was done", e.N, e.Actor.User)
		}
	}
	if len(notes) != 2 || !strings.Contains(notes[0], "nothing could be recorded: another program holds") || !strings.Contains(notes[1], "after it") {
		t.Errorf("the notes in the trail: %q", notes)
	}
}

// TestDatabaseLockedInTheMiddle takes the database away when the first outcomes
// of the closing are on disk, and gives it back when the channel has been told.
// Every step is begun once and has one outcome.
func TestDatabaseLockedInTheMiddle(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	for seen := int64(0); s.count("R-1", runbook.Outcome) < 2; {
		n, err := s.bot.store.Wait(s.ctx, seen)
		if err != nil {
			t.Fatal(err)
		}
		seen = n
	}
	head, release := s.lockDatabase()
	s.sees("Nothing can be recorded.", "no further step starts")
	if now, _ := s.bot.store.Head(); now != head {
		t.Errorf("event %d was written meanwhile, the last before was %d", now, head)
	}
	release()
	s.sees("Quiesce the estate (1.4): done")
	begun := map[string]int{}
	for _, e := range s.events() {
		if e.Request == "R-1" && (e.Kind == runbook.Intent || e.Kind == runbook.Outcome) {
			begun[string(e.Kind)+" "+e.Step]++
		}
		if e.Kind == runbook.Waits || e.Kind == runbook.Interrupted {
			t.Errorf("event %d: %s %s", e.N, e.Kind, e.Body)
		}
	}
	for what, n := range begun {
		if n != 1 {
			t.Errorf("%s: %d times", what, n)
		}
	}
	if report, err := store.Verify(s.plant.database); err != nil || !report.OK() {
		t.Errorf("the trail: %v %v", report.Findings, err)
	}
}

// TestFormStaysOpen: who cannot be taken at their word keeps what they have filled in,
// and sends it again.
func TestFormStaysOpen(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.sees("approval needed", "R-1")
	if err := s.lab.Hosts["GW1"].Inject(wsman.Fault{Kind: "fault", On: "Create", Code: 2150859173, After: 7}); err != nil {
		t.Fatal(err)
	}
	s.press("Ben", "Approve", "R-1")
	s.press("Ben", "Leave it so", "R-1")
	p := player{stage: s}
	form := p.form("Ben")
	head, release := s.lockDatabase()
	send := func() error {
		ctx, cancel := s.within()
		defer cancel()
		return s.lab.Slack.Submit(ctx, s.id("Ben"), form, map[string]map[string]any{"rest": {"text": "closed by hand"}})
	}
	var kept *slack.ViewErrors
	if err := send(); !errors.As(err, &kept) || !strings.Contains(kept.Blocks["rest"], "Nothing was done. Another program holds") {
		t.Errorf("a form that cannot be written down: %v", err)
	}
	if now, _ := s.bot.store.Head(); now != head || p.form("Ben") != form {
		t.Errorf("event %d was written meanwhile, the last before was %d", now, head)
	}
	s.sees("*Nothing can be recorded.")
	release()
	s.sees("so nothing could be recorded.~ Over.")
	if err := send(); err != nil {
		t.Fatal(err)
	}
	s.sees("Quiesce the estate (1.4): left as it is", "closed by hand")
	p.noForm("Ben")
}

// TestTurnedAwayStaysUndone: who was told that nothing was done must not find it
// done because Slack delivers it once more when there is room again.
func TestTurnedAwayStaysUndone(t *testing.T) {
	s := openStage(t)
	_, release := s.lockDatabase()
	if err := s.lab.Slack.Inject(slack.Fault{Kind: "slow-ack", Count: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := s.within()
	defer cancel()
	var late *slack.NotAnswered
	if _, err := s.lab.Slack.Say(ctx, s.id("Ana"), s.plant.slack.Channel, "", "/itms note too late"); !errors.As(err, &late) {
		t.Fatalf("a late acknowledgement: %v", err)
	}
	release()
	// The second delivery, which is acknowledged in time.
	s.reads("Ana", "*Nothing was done.* Another program holds")
	s.say("Ana", "/itms note after it")
	s.reads("Ana", "Noted")
	for _, e := range s.events() {
		if e.Kind == runbook.Noted && strings.Contains(string(e.Body), "too late") {
			t.Errorf("event %d: %s", e.N, e.Body)
		}
	}
}

// TestLeavingWhileLocked: a bot that is asked to leave while it cannot write does
// not wait for ever; the next start asks the servers.
func TestLeavingWhileLocked(t *testing.T) {
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	for seen := int64(0); s.count("R-1", runbook.Intent) < 1; {
		n, err := s.bot.store.Wait(s.ctx, seen)
		if err != nil {
			t.Fatal(err)
		}
		seen = n
	}
	_, release := s.lockDatabase()
	s.sees("Nothing can be recorded.")
	s.leave()
	s.running.Wait()
	release()
	if err := s.bot.close(); err != nil {
		t.Fatal(err)
	}
	s.startBot()
	s.press("Ana", "Go on", "R-1")
	s.sees("Quiesce the estate (1.4): done")
}

func (s *stage) events() []runbook.Event {
	s.t.Helper()
	events, err := s.bot.store.Events(0, 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}

func (s *stage) count(request string, kind runbook.Kind) int {
	n := 0
	for _, e := range s.events() {
		if e.Request == request && e.Kind == kind {
			n++
		}
	}
	return n
}
