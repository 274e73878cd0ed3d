package main

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
	"itmsbot/runbook"
	"itmsbot/store"
)

// TestKilledWhileAMachineGoesBack takes the bot away while vCenter brings the SMP back.
// The next one, whose session is lost too, finds the task by its reference and waits for
// it: no machine goes back twice, and none is powered on before all are back.
func TestKilledWhileAMachineGoesBack(t *testing.T) {
	t.Parallel()
	s, before := quiesced(t)
	bot := s.child(t)
	s.say("Ana", "/itms rollback")
	s.sees("Roll the estate back (back out): approval needed", "R-2")
	s.held("SMP1", "RevertToSnapshot_Task")
	s.press("Dora", "Approve", "R-2")
	// The others are back, and that is written down: only the SMP is open.
	s.sees("SMP1: vCenter carries it out as Task:", "SQL1: Back at", "SITE1: Back at", "GW1: Back at")
	s.kill(bot)

	bot = s.child(t)
	s.sees("Roll the estate back (back out): interrupted", "vCenter is still at what was begun for it.")
	if err := s.lab.VCenter.Inject(vcenter.Fault{Kind: vcenter.FaultSession, Method: "RetrievePropertiesEx", Count: 1}); err != nil {
		t.Fatal(err)
	}
	s.press("Ana", "Go on", "R-2")
	s.reads("Ana", "R-2 goes on.")
	if n := s.lab.VCenter.Stats().Tasks["PowerOnVM_Task"]; n != 0 {
		t.Errorf("%d machines were powered on before all were back", n)
	}
	if err := s.lab.VCenter.Clear(); err != nil {
		t.Fatal(err)
	}
	s.sees("Roll the estate back (back out): done")
	bot.leave(t)
	tasks := s.lab.VCenter.Stats().Tasks
	if tasks["RevertToSnapshot_Task"] != 4 || tasks["PowerOnVM_Task"] != 4 {
		t.Errorf("four machines went back with %v", tasks)
	}
	if diff := cmp.Diff(before, s.lab.World.Dump()); diff != "" {
		t.Errorf("the world is not as when the set was taken (-then +now):\n%s", diff)
	}
}

// TestKilledThroughoutARollback kills the bot again and again while it rolls the estate
// back, a dozen events after each start, and people let it go on; every run begins to at
// another event. Whatever the moments: the world ends as it was when the set was taken,
// nothing is powered on before all are back, and no machine goes back twice unless the
// bot died before it could write down that it had begun.
func TestKilledThroughoutARollback(t *testing.T) {
	first := []int64{3, 6}
	if os.Getenv("ITMSBOT_LONG") != "" {
		first = []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	}
	for _, n := range first {
		t.Run(fmt.Sprintf("from event %d", n), func(t *testing.T) {
			t.Parallel()
			killedThroughout(t, n)
		})
	}
}

func killedThroughout(t *testing.T, first int64) {
	const title, every = "Roll the estate back (back out)", 12
	s, before := quiesced(t)
	kills := 0
	for more := first; ; more = every {
		bot := startChild(t, s.dir, -more)
		alive, ended := s.within()
		go func() { // ends with the bot or with alive
			select {
			case <-bot.done:
				ended()
			case <-alive.Done():
			}
		}()
		_, done := s.drive(alive, "rollback", title)
		if done {
			// It may have been told to die after an event that never came.
			_ = bot.cmd.Process.Kill()
			<-bot.done
			break
		}
		if alive.Err() == context.DeadlineExceeded || kills > 40 {
			t.Fatalf("killed %d times, and the rollback does not end:\n%s", kills, s.channel("Cleo"))
		}
		kills++
		s.until("the dead bot's socket is gone", func() bool { return s.lab.Slack.Connections() == 0 })
	}
	if kills < 5 {
		t.Errorf("the bot was killed %d times only", kills)
	}
	events := s.trailOf("R-2")
	revertedBeforeOn(t, events)
	unwritten := revertsUnwritten(events)
	tasks := s.lab.VCenter.Stats().Tasks
	if n := tasks["RevertToSnapshot_Task"]; n < 4 || n > 4+unwritten {
		t.Errorf("four machines went back in %d tasks; %d may have begun without a word in the trail", n, unwritten)
	}
	if diff := cmp.Diff(before, s.lab.World.Dump()); diff != "" {
		t.Errorf("the world is not as when the set was taken (-then +now):\n%s", diff)
	}
	report, err := store.Verify(s.plant.database, s.plant.database+".anchors")
	if err != nil || !report.OK() {
		t.Errorf("the trail: %v %v", err, report.Findings)
	}
	oneCardEach(t, s)
}

// quiesced is a practice estate with a set of snapshots, on which an upgrade was begun.
// No bot runs. It gives the world as it was when the set was taken.
func quiesced(t *testing.T) (*stage, world.Dump) {
	t.Helper()
	s := openPractice(t)
	s.lab.VCenter.SetDelay(vcenter.Delay{})
	bot := s.child(t)
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	s.kill(bot)
	before := s.lab.World.Dump()
	for _, role := range []string{"smp", "site"} {
		if err := s.lab.World.Set(world.Condition{Field: "upgrade", Word: role}); err != nil {
			t.Fatal(err)
		}
	}
	return s, before
}

// revertsUnwritten counts the reverts that were ordered when the bot died, and of which
// the trail does not say whether vCenter has begun them.
func revertsUnwritten(events []runbook.Event) (n int) {
	open := map[string]bool{}
	for _, e := range events {
		switch e.Kind {
		case runbook.Intent:
			open[e.Step] = hasPrefix(e.Step, revertStage+".")
		case runbook.Progress, runbook.Outcome:
			delete(open, e.Step)
		case runbook.Interrupted:
			for _, revert := range open {
				if revert {
					n++
				}
			}
			clear(open)
		}
	}
	return n
}

// revertStage is the stage of a rollback of the usual estate in which all go back.
const revertStage = "7"

// revertedBeforeOn holds that every machine was back before the first was powered on.
func revertedBeforeOn(t *testing.T, events []runbook.Event) {
	t.Helper()
	back := map[string]bool{}
	for _, e := range events {
		var b runbook.OutcomeBody
		switch {
		case e.Kind == runbook.StageBegun:
			var stage runbook.StageBody
			if err := e.Read(&stage); err != nil {
				t.Fatal(err)
			}
			if stage.Stage == "8" && len(back) != 4 {
				t.Errorf("the first was powered on when %v were back", back)
			}
		case e.Kind == runbook.Outcome && hasPrefix(e.Step, revertStage+"."):
			if err := e.Read(&b); err != nil {
				t.Fatal(err)
			}
			if b.Result.Good() {
				back[e.Step] = true
			}
		}
	}
	if len(back) != 4 {
		t.Errorf("back were %v", back)
	}
}
