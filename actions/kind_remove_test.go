package actions

import (
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/runbook"
)

const keyOfSet = "itmsbot U-1 R-2 11.1"

// TestCommittedSnapshot goes through what can be there when a snapshot of the set is to
// be removed for good.
func TestCommittedSnapshot(t *testing.T) {
	mine := estate.Snapshot{Ref: "VirtualMachineSnapshot:s-1", Name: "itmsbot R-2", Description: keyOfSet, Bytes: 3 << 30, Sized: true}
	extra := estate.Snapshot{Ref: "VirtualMachineSnapshot:s-2", Name: "itmsbot R-5", Description: "itmsbot U-1 R-5 2.1", Parent: mine.Ref}
	other := mine
	other.Ref = "VirtualMachineSnapshot:s-9"
	renamed := mine
	renamed.Description = "keep this"
	tests := []struct {
		name      string
		there     []estate.Snapshot
		leftover  bool // disks are left when it is looked at
		busy      bool
		unreached bool
		want      Standing
		words     string
	}{
		{"there", []estate.Snapshot{mine}, false, false, false, IsNotDone, "Snapshot itmsbot R-2 is there, 3\u00a0GB."},
		{"on an older one, which is no child", []estate.Snapshot{{Ref: "VirtualMachineSnapshot:s-0"}, mine}, false, false, false, IsNotDone, "is there"},
		{"gone", nil, false, false, false, IsDone, "no disk needs consolidation"},
		{"gone, with disks left", nil, true, false, false, IsPartly, "have to be consolidated"},
		{"another stands on it", []estate.Snapshot{mine, extra}, false, false, false, Otherwise, "on it stands “itmsbot R-5” (of R-5), which the set did not make"},
		{"its description was changed", []estate.Snapshot{renamed}, false, false, false, Otherwise, "does not carry the key of the set any more"},
		{"another carries its key", []estate.Snapshot{other}, false, false, false, Otherwise, "the plan names another"},
		{"two carry its key", []estate.Snapshot{mine, other}, false, false, false, Otherwise, "the plan names another"},
		{"a backup works on it", []estate.Snapshot{mine}, false, true, false, Otherwise, "CreateSnapshot_Task works on SITE1"},
		{"its host is away", []estate.Snapshot{mine}, false, false, true, Otherwise, "vCenter does not reach"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, vm := removeCase(t, mine.Ref)
			vm.Snapshots, vm.ConsolidationNeeded, vm.Connected = tt.there, tt.leftover, !tt.unreached
			if tt.busy {
				vm.Tasks = []estate.Task{{Ref: "Task:task-5", Method: "CreateSnapshot_Task"}}
			}
			f, err := lookAtCommitted(t.Context(), Env{VMs: &oneVM{vm: vm}, Upgrade: "U-1"}, s)
			if err != nil || f.Standing != tt.want || !strings.Contains(strings.ToLower(f.Text), strings.ToLower(tt.words)) {
				t.Errorf("got %s %q, %v, want %s %q", f.Standing, f.Text, err, tt.want, tt.words)
			}
		})
	}
}

// TestRemovedForGood: the snapshot goes, and what it leaves on the disks; one that is
// gone already is not removed again, and a child is never touched.
func TestRemovedForGood(t *testing.T) {
	mine := estate.Snapshot{Ref: "VirtualMachineSnapshot:s-1", Description: keyOfSet}
	tests := []struct {
		name     string
		there    []estate.Snapshot
		left     bool // disks are left before
		leftover bool // the removal leaves some
		began    string
	}{
		{"removed", []estate.Snapshot{mine}, false, false, "remove VirtualMachineSnapshot:s-1"},
		{"removed, and consolidated", []estate.Snapshot{mine}, false, true, "remove VirtualMachineSnapshot:s-1, consolidate"},
		{"gone, and consolidated", nil, true, false, "consolidate"},
		{"nothing left to do", nil, false, false, ""},
		{"an older one stays", []estate.Snapshot{{Ref: "VirtualMachineSnapshot:s-0"}, mine}, false, false, "remove VirtualMachineSnapshot:s-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, vm := removeCase(t, mine.Ref)
			vm.Snapshots, vm.ConsolidationNeeded = tt.there, tt.left
			v := &oneVM{vm: vm, leftover: tt.leftover}
			env := Env{VMs: v, Upgrade: "U-1", Progress: func(string) {}, Began: func(estate.TaskRef) error { return nil }}
			if err := removeForGood(t.Context(), env, s); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(v.began, ", "); got != tt.began {
				t.Errorf("began %q, want %q", got, tt.began)
			}
			f, err := lookAtCommitted(t.Context(), env, s)
			if err != nil || f.Standing != IsDone || f.Warn == "" {
				t.Errorf("afterwards, without a before: %+v, %v", f, err)
			}
			env.Before = []byte(`{"snapshot":{"ref":"VirtualMachineSnapshot:s-1"}}`)
			if f, err := lookAtCommitted(t.Context(), env, s); err != nil || f.Warn != "" {
				t.Errorf("the bot has removed it, and says %q, %v", f.Warn, err)
			}
		})
	}
	s, vm := removeCase(t, mine.Ref)
	vm.Snapshots = []estate.Snapshot{mine}
	v := &oneVM{vm: vm, fails: true}
	err := removeForGood(t.Context(), Env{VMs: v, Began: func(estate.TaskRef) error { return nil }}, s)
	if err == nil || !strings.Contains(err.Error(), "a file is locked") {
		t.Errorf("a task that failed: %v", err)
	}
}

func removeCase(t *testing.T, ref estate.SnapshotRef) (runbook.Step, estate.VM) {
	t.Helper()
	s, vm := powerCase(t, snapshotRemove, powerParams{})
	raw, err := runbook.Canonical(removeParams{VM: vm.Ref, UUID: vm.UUID, Snapshot: ref, Name: "itmsbot R-2", Key: keyOfSet})
	if err != nil {
		t.Fatal(err)
	}
	s.Params = raw
	return s, vm
}
