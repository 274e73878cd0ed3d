package actions

import (
	"errors"
	"strings"
	"testing"

	"itmsbot/runbook"
)

// TestUndoDoesNotGiveTheWayBackUp: one approver takes a quiesce back, but not any more the
// set of an upgrade that has begun. That is for commit, with its two people and its rules.
func TestUndoDoesNotGiveTheWayBackUp(t *testing.T) {
	set := stageOf("1", snapshotCreate.Name, "SMP1")
	signed := func(n int64) runbook.Upgrade {
		return runbook.Upgrade{Signed: []runbook.Signature{{Fact: smpUpgraded, N: n}}}
	}
	ours := &SnapshotSet{Request: "R-1", Took: 10}
	live := []runbook.Request{{ID: "R-2", Action: golive.Name, State: runbook.WasDone, Started: 20}}
	for _, tt := range []struct {
		name   string
		ledger Ledger
		stage  runbook.Stage
		no     string
	}{
		{"nothing has begun", Ledger{Set: ours}, back("R-1", set), ""},
		{"signed before the set", Ledger{Set: ours, Whole: signed(5)}, back("R-1", set), ""},
		{"signed since", Ledger{Set: ours, Whole: signed(15)}, back("R-1", set), "smp-upgraded is signed"},
		{"signed, and gone back since", Ledger{Set: ours, Whole: signed(15), Reverted: 30}, back("R-1", set), ""},
		{"gone live since", Ledger{Set: ours, Done: live}, back("R-1", set), "opened to all since (R-2)"},
		{"the set of another", Ledger{Set: &SnapshotSet{Request: "R-3", Took: 12}, Whole: signed(15)}, back("R-1", set), ""},
		{"its snapshots are gone already", Ledger{Set: ours, Whole: signed(15)}, back("R-1", stageOf("1", firewallDisable.Name, "SMP1")), ""},
	} {
		err := givesUp(tt.ledger, "R-1", Draft{Stages: []runbook.Stage{tt.stage}})
		var no *runbook.Refusal
		if errors.As(err, &no) != (tt.no != "") || no != nil && !strings.Contains(no.Reason, tt.no) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.no)
		}
	}
}
