package main

import (
	"testing"

	"itmsbot/store"

	"github.com/google/go-cmp/cmp"
)

// TestQuiesceOnTheWire plays closing the doors and backing out, with every
// word over Slack's and every change over WinRM's wire.
func TestQuiesceOnTheWire(t *testing.T) {
	s := openStage(t)
	before := s.lab.World.Dump()
	s.say("Ana", "/itms quiesce")
	s.reads("Ana", "Asked, as R-1")
	s.sees("Quiesce the estate (1.4): approval needed", "R-1", "SMP1", "closed")
	s.press("Ana", "Approve", "R-1")
	s.reads("Ana", "You asked for R-1, so somebody else has to approve it. Ben or Dora can.")
	s.press("Ben", "Approve", "R-1")
	s.reads("Ben", "Approved.")
	s.sees("Quiesce the estate (1.4): done", "No client is connected")
	for _, h := range s.lab.World.Truth().Hosts {
		if h.Doors != "closed" && h.Doors != "none" {
			t.Errorf("%s: doors are %s", h.Name, h.Doors)
		}
		if h.Restore != nil {
			t.Errorf("%s: a self-restore is still armed", h.Name)
		}
	}
	s.press("Ana", "Back out", "R-1")
	s.sees("Back out of R-1", "approval needed")
	s.press("Dora", "Approve", "R-2")
	s.sees("Back out of R-1 (back out): done")
	s.sees("Quiesce the estate (1.4): backed out")
	if diff := cmp.Diff(before, s.lab.World.Dump()); diff != "" {
		t.Errorf("the world is not as before (-before +after):\n%s", diff)
	}
	nothingBypassedTheWire(t, s)
	s.stopBot()
	report, err := store.Verify(s.plant.database, s.plant.database+".anchors")
	if err != nil || !report.OK() {
		t.Errorf("trail: %v %+v", err, report)
	}
	s.startBot()
}

// nothingBypassedTheWire holds each server's own count of what it was sent
// against what the bot must have said to it.
func nothingBypassedTheWire(t *testing.T, s *stage) {
	t.Helper()
	for name, h := range s.lab.Hosts {
		n := h.Stats()
		if _, ours := practiceEstate().Host(name); !ours { // a test client
			if n.Requests != 0 {
				t.Errorf("%s is no server of the estate, and was asked: %+v", name, n)
			}
			continue
		}
		if n.Handshakes == 0 || n.Sealed == 0 || n.Commands == 0 || n.Plain != 0 || n.Basic != 0 {
			t.Errorf("%s: WinRM counts %+v", name, n)
		}
	}
	if n := s.lab.CMDB.Stats(); n.Logins == 0 || n.Statements == 0 || n.Plain != 0 || n.Unlisted != 0 || n.Refused != 0 {
		t.Errorf("SQL Server counts %+v", n)
	}
	vms := s.lab.VCenter.Stats()
	if vms.Tasks["CreateSnapshot_Task"] != 4 || vms.Tasks["RemoveSnapshot_Task"] != 4 || vms.Connections == 0 {
		t.Errorf("vCenter counts %+v", vms)
	}
	counts := s.lab.Slack.Counts()
	if counts["envelopes"] != counts["acks"] || counts["chat.postMessage"] == 0 || counts["chat.update"] == 0 || counts["unknown_method"] != 0 {
		t.Errorf("Slack counts %v", counts)
	}
}
