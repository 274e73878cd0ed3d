package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"itmsbot/lab"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
	"itmsbot/runbook"
	"itmsbot/store"
)

// differently gives a plant another configuration: thresholds, keep list and
// digest, so that every plan that it makes differs.
func differently(p *plant) {
	p.limits.QueueEmpty += 5000
	p.limits.FreeBytes *= 2
	p.limits.Linger *= 2
	p.estate.Keep = p.estate.Keep[:1]
	p.digest = configDigest(*p)
}

// openPractice is a lab at worldSpeed without a bot. The bot is a child.
func openPractice(t testing.TB) *stage {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	dir := t.TempDir()
	l, err := lab.Start(lab.Options{Listen: "127.0.0.1:0", Pace: worldSpeed, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, lab: l, dir: dir, ctx: ctx, ids: map[string]string{}, heard: map[string]int{}, gate: &gate{}}
	s.plant = plantOf(l.Document(), filepath.Join(dir, "itmsbot.db"), slog.New(slog.DiscardHandler))
	s.plant.clock = labClock{l.World}
	for _, m := range lab.Members() {
		s.ids[m.Name] = m.ID
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = l.Run(ctx) })
	t.Cleanup(func() {
		stop()
		serving.Wait()
	})
	return s
}

// child starts a bot and waits until Slack has greeted it.
func (s *stage) child(t *testing.T, more ...string) *process {
	t.Helper()
	p := startChild(t, s.dir, 0, more...)
	s.until("the bot is connected", func() bool { return s.lab.Slack.Connections() > 0 })
	return p
}

// kill takes the bot away as a power cut would.
func (s *stage) kill(p *process) {
	s.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-p.done
	s.until("the dead bot's socket is gone", func() bool { return s.lab.Slack.Connections() == 0 })
}

// untilHost waits until something is so on a host.
func (s *stage) untilHost(name, what string, ok func(world.HostTruth) bool) {
	s.t.Helper()
	ctx, cancel := s.within()
	defer cancel()
	for {
		seen := s.lab.World.Version()
		for _, h := range s.lab.World.Truth().Hosts {
			if h.Name == name && ok(h) {
				return
			}
		}
		if _, err := s.lab.World.Wait(ctx, seen); err != nil {
			s.t.Fatalf("%s: %s never was so\n%s", name, what, s.channel("Cleo"))
		}
	}
}

// intents counts how often a step of R-1 was begun, read past a running bot.
func (s *stage) intents(step string) (n int) {
	s.t.Helper()
	for _, e := range s.trail() {
		if e.Kind == runbook.Intent && e.Step == step {
			n++
		}
	}
	return n
}

// trail is all events of R-1; no bot runs.
func (s *stage) trail() []runbook.Event {
	s.t.Helper()
	db, err := store.Open(s.plant.database, store.Options{Clock: s.plant.clock.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	events, err := db.EventsOf("R-1")
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}

// TestKilledBetweenArmingAndDisarming takes the bot away after SITE1 was armed
// and its doors closed, before it was disarmed. The host opens itself again; a
// bot that comes back before finds the restore armed and does not call that
// done, one that comes back after finds the doors open.
func TestKilledBetweenArmingAndDisarming(t *testing.T) {
	for name, after := range map[string]bool{"back before it fires": false, "back after it has fired": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openPractice(t)
			bot := s.child(t)
			s.say("Ana", "/itms quiesce")
			s.sees("approval needed")
			// Three scripts change SITE1 in the second stage: arm, switch
			// off, disarm. The disarming logs on anew, and gets no answer.
			armed := func(h world.HostTruth) bool { return h.Restore != nil }
			closed := func(h world.HostTruth) bool { return h.Restore != nil && h.Doors == world.DoorsClosed }
			s.press("Ben", "Approve", "R-1")
			s.untilHost("SITE1", "armed", armed)
			s.untilHost("SITE1", "closed and armed", closed)
			if err := s.lab.Hosts["SITE1"].Inject(wsman.Fault{Kind: wsman.FaultHang}); err != nil {
				t.Fatal(err)
			}
			s.kill(bot)
			s.untilHost("SITE1", "still armed", closed)
			s.lab.Hosts["SITE1"].Clear()
			// The database is the dead bot's no more.
			before := s.trail()
			if last := before[len(before)-1]; last.Kind != runbook.Intent && last.Kind != runbook.Outcome {
				t.Errorf("the last it wrote was %s", last.Kind)
			}
			if after {
				s.untilHost("SITE1", "open again by itself", func(h world.HostTruth) bool { return h.Restore == nil && h.Doors == world.DoorsOpen })
			}
			bot = s.child(t)
			// A second bot says so and ends, from another process too.
			if _, err := s.plant.wire(); !errors.Is(err, store.ErrInUse) {
				t.Errorf("a second bot on the database: %v", err)
			}
			s.sees("R-1: it was interrupted: the bot was started again.", "Decide on the card.")
			if after {
				s.sees("Quiesce the estate (1.4): interrupted", "SITE1: 3 rules on.")
			} else {
				s.sees("Quiesce the estate (1.4): interrupted", "SITE1: 3 rules off, but the self-restore", "is still armed")
			}
			s.finish("quiesce", "Quiesce the estate (1.4)")
			for _, h := range s.lab.World.Truth().Hosts {
				if h.Restore != nil || h.Doors != world.DoorsClosed && h.Doors != world.DoorsNone {
					t.Errorf("%s: doors %s, self-restore %v", h.Name, h.Doors, h.Restore)
				}
			}
			bot.leave(t)
			if n := s.intents("2.2"); n != 2 {
				t.Errorf("closing SITE1 was begun %d times, want once before the kill and once after", n)
			}
		})
	}
}

// TestReplacedInTheMiddleOfStage3 takes the bot away while it waits for the
// queue, and starts one whose plan would differ: it would take a queue of 5000
// for empty. The stored steps go on: the queue is waited for as it was agreed.
func TestReplacedInTheMiddleOfStage3(t *testing.T) {
	t.Parallel()
	s := openPractice(t)
	bot := s.child(t)
	if err := s.lab.World.Set(world.Condition{Field: "queue", Number: new(900)}); err != nil {
		t.Fatal(err)
	}
	if err := s.lab.World.Set(world.Condition{Field: "stuck", On: new(true)}); err != nil {
		t.Fatal(err)
	}
	s.say("Ana", "/itms quiesce")
	s.sees("approval needed")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): running", "events left")
	s.kill(bot)
	before := s.trail()
	bot = s.child(t, childDiffers+"=1")
	s.sees("Quiesce the estate (1.4): interrupted")
	// It would plan otherwise, and says so to whoever asks.
	s.say("Cleo", "/itms plan quiesce")
	s.reads("Cleo", "SMP1 | Keep list | None | 2 rules")
	s.press("Ana", "Go on", "R-1")
	s.reads("Ana", "R-1 goes on.")
	// 900 are left, which the new one would take for none: it waits on, and asks.
	s.sees("Quiesce the estate (1.4): needs a person", "The queue stands still")
	if err := s.lab.World.Set(world.Condition{Field: "stuck", On: new(false)}); err != nil {
		t.Fatal(err)
	}
	s.press("Ana", "Keep waiting", "R-1")
	s.finish("quiesce", "Quiesce the estate (1.4)")
	bot.leave(t)

	events := s.trail()
	counts := map[runbook.Kind]int{}
	began := map[string]int{}
	for i, e := range events {
		counts[e.Kind]++
		if e.Kind == runbook.Intent && i >= len(before) {
			began[e.Step]++
		}
	}
	if counts[runbook.Proposed] != 1 || counts[runbook.Approved] != 1 || counts[runbook.Started] != 1 || counts[runbook.Stale] != 0 {
		t.Errorf("one plan was agreed to once and begun once; the trail has %v", counts)
	}
	for _, step := range []string{"1.1", "1.2", "1.3", "2.1", "2.2", "2.3"} {
		if began[step] != 0 {
			t.Errorf("step %s was done and is begun again", step)
		}
	}
	if q := s.lab.World.Truth().Queue; q.Total != 0 {
		t.Errorf("it went on with %d events in the queue", q.Total)
	}
	// The keep list is the one that was agreed to, with the console testers.
	s.untilHost("SMP1", "its keep list of three", func(h world.HostTruth) bool {
		n := 0
		for _, r := range h.Rules {
			if r.Group == "itmsbot" {
				n++
			}
		}
		return n == 3
	})
	report, err := store.Verify(s.plant.database, s.plant.database+".anchors")
	if err != nil || !report.OK() {
		t.Errorf("the trail: %v %v", err, report.Findings)
	}
}
