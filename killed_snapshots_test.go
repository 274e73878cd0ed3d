package main

import (
	"testing"

	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
)

// slowly lets the world go on at a pace at which people can read, and vCenter's tasks end
// at once.
func (s *stage) slowly(pace int) {
	s.t.Helper()
	s.lab.VCenter.SetDelay(vcenter.Delay{})
	if err := s.lab.World.Set(world.Condition{Field: "pace", Number: &pace}); err != nil {
		s.t.Fatal(err)
	}
}

// held has a task of vCenter begin on a machine and not end.
func (s *stage) held(machine, method string) {
	s.t.Helper()
	if err := s.lab.VCenter.Inject(vcenter.Fault{Kind: vcenter.FaultHeld, VM: machine, Method: method, Count: 1}); err != nil {
		s.t.Fatal(err)
	}
}

// TestKilledWhileASnapshotIsTaken takes the bot away while vCenter takes a snapshot. The
// next one, whose session is lost too, finds the task by its reference and waits for it:
// nothing is taken twice, and nothing is removed.
func TestKilledWhileASnapshotIsTaken(t *testing.T) {
	t.Parallel()
	s := openPractice(t)
	s.slowly(10)
	bot := s.child(t)
	s.say("Ana", "/itms snapshot SQL1")
	s.sees("approval needed", "R-1")
	s.held("SQL1", "CreateSnapshot_Task")
	s.press("Ana", "Approve", "R-1")
	s.sees("SQL1: vCenter carries it out as Task:")
	s.kill(bot)

	bot = s.child(t)
	s.sees("Take an extra snapshot of SQL1 (1.4 item 7): interrupted", "vCenter is still at what was begun for it.")
	if err := s.lab.VCenter.Inject(vcenter.Fault{Kind: vcenter.FaultSession, Method: "RetrievePropertiesEx", Count: 1}); err != nil {
		t.Fatal(err)
	}
	s.press("Ana", "Go on", "R-1")
	s.reads("Ana", "R-1 goes on.")
	if err := s.lab.VCenter.Clear(); err != nil {
		t.Fatal(err)
	}
	s.sees("Take an extra snapshot of SQL1 (1.4 item 7): done", "Snapshot itmsbot R-1, file systems at rest.")
	bot.leave(t)
	tasks := s.lab.VCenter.Stats().Tasks
	if n := len(s.lab.World.SnapshotsOf("SQL1")); n != 1 || tasks["CreateSnapshot_Task"] != 1 || tasks["RemoveSnapshot_Task"] != 0 {
		t.Errorf("%d snapshots after the tasks %v, want one of one", n, tasks)
	}
}

// TestKilledInTheMiddleOfACommit takes the bot away while the snapshot of the SMP is
// removed, the second of the set after those of gateway and site server. What is gone
// stays gone and is not removed again; the rest follows.
func TestKilledInTheMiddleOfACommit(t *testing.T) {
	t.Parallel()
	s := openPractice(t)
	bot := s.child(t)
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	s.slowly(10)
	for _, fact := range []string{"smp-verified", "client-tested", "gateway-upgraded", "testing-passed"} {
		s.say("Ana", "/itms sign "+fact+" looked at")
		s.reads("Ana", fact)
	}
	s.say("Ana", "/itms golive")
	s.press("Ben", "Approve", "R-2")
	s.sees("Go live (1.10): done")
	s.say("Ana", "/itms commit")
	s.press("Ben", "Approve", "R-3")
	s.reads("Ben", "It still needs Dora.")
	s.held("SMP1", "RemoveSnapshot_Task")
	s.press("Dora", "Approve", "R-3")
	s.press("Dora", "Start", "R-3")
	s.sees("SMP1: vCenter carries it out as Task:")
	s.kill(bot)
	s.left(0, "GW1", "SITE1")
	s.left(1, "SMP1", "SQL1")

	bot = s.child(t)
	s.sees("Commit the snapshot set (1.10 item 4): interrupted", "vCenter is still at what was begun for it.")
	s.press("Ana", "Go on", "R-3")
	s.reads("Ana", "R-3 goes on.")
	if err := s.lab.VCenter.Clear(); err != nil {
		t.Fatal(err)
	}
	s.sees("Commit the snapshot set (1.10 item 4): done")
	bot.leave(t)
	s.left(0, "GW1", "SITE1", "SMP1", "SQL1")
	if n := s.lab.VCenter.Stats().Tasks["RemoveSnapshot_Task"]; n != 4 {
		t.Errorf("%d removals of 4 snapshots", n)
	}
}

// left counts the snapshots of hosts.
func (s *stage) left(want int, hosts ...string) {
	s.t.Helper()
	for _, h := range hosts {
		if n := len(s.lab.World.SnapshotsOf(h)); n != want {
			s.t.Errorf("%s has %d snapshots, want %d", h, n, want)
		}
	}
}
