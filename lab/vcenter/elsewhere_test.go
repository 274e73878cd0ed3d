package vcenter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// TestSomebodyElseRemovesASnapshot: it is gone here and in the world, what stood on it
// stays, and the task names who did it.
func TestSomebodyElseRemovesASnapshot(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.take(t, "SITE1", "before")
	later := b.take(t, "SITE1", "later")
	if err := b.RemoveBy(`LAB\svc-backup`, "SITE1", "before"); err != nil {
		t.Fatal(err)
	}
	o := b.look(t, "SITE1")
	if got := within(o.Snapshot.RootSnapshotList); len(got) != 1 || got[0] != later || *o.Snapshot.CurrentSnapshot != later {
		t.Errorf("left: %v on %v", got, o.Snapshot.CurrentSnapshot)
	}
	if got := b.world.SnapshotsOf("SITE1"); len(got) != 1 || got[0].Name != "later" {
		t.Errorf("the world has %+v", got)
	}
	last := types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", 1000+b.number)}
	done, ok := b.registry().Get(last).(*simulator.Task)
	if !ok || done.Info.State != types.TaskInfoStateSuccess || done.Info.Reason.(*types.TaskReasonUser).UserName != `LAB\svc-backup` {
		t.Errorf("the task: %+v", done)
	}
	for name, tt := range map[string]struct{ machine, snapshot, says string }{
		"no machine":   {"SMP9", "later", "no machine"},
		"no snapshot":  {"SITE1", "before", "no snapshot"},
		"no snapshots": {"GW1", "before", "no snapshot"},
	} {
		if err := b.RemoveBy("x", tt.machine, tt.snapshot); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.SetDelay(Delay{World: time.Hour})
	task := must(t, b.vm(t, "SITE1"), "under way")
	if err := b.RemoveBy("x", "SITE1", "later"); err == nil || !strings.Contains(err.Error(), task.Reference().Value) {
		t.Errorf("while another task runs: %v", err)
	}
	b.world.Advance(time.Hour)
	ended(t, task, nil)
}

// TestOneMachineFails: a fault of a method and a machine strikes that and nothing else.
func TestOneMachineFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, method, fails string }{
		{FaultTask, "RevertToSnapshot_Task", "RevertToSnapshot_Task"},
		{FaultRevert, "", "RevertToSnapshot_Task"},
		{FaultTask, "PowerOnVM_Task", "PowerOnVM_Task"},
		{FaultPowerOn, "", "PowerOnVM_Task"},
	} {
		b := start(t)
		refs := map[string]string{}
		for _, name := range []string{"SMP1", "SQL1"} {
			refs[name] = b.take(t, name, "before").Value
		}
		if err := b.Inject(Fault{Kind: tt.kind, VM: "SQL1", Method: tt.method, Count: 1}); err != nil {
			t.Fatal(err)
		}
		failed := map[string]string{} // the first task of a machine that did
		for name, ref := range refs {
			for step := range 2 {
				task, err := b.vm(t, name).RevertToSnapshot(soon(t), ref, true)
				if step == 1 {
					task, err = b.vm(t, name).PowerOn(soon(t))
				}
				if info := ended(t, task, err); info.Error != nil && failed[name] == "" {
					failed[name] = info.Name
				}
			}
		}
		if len(failed) != 1 || failed["SQL1"] != tt.fails {
			t.Errorf("%s of %q: failed %v, want %s of SQL1", tt.kind, tt.method, failed, tt.fails)
		}
	}
}

// TestColdSnapshot: one of a machine that is off goes back to a machine that is off and
// boots.
func TestColdSnapshot(t *testing.T) {
	t.Parallel()
	b := start(t)
	vm := b.vm(t, "GW1")
	off, err := vm.PowerOff(soon(t))
	ended(t, off, err)
	ref := b.take(t, "GW1", "cold")
	on, err := vm.PowerOn(soon(t))
	ended(t, on, err)
	b.world.Advance(5 * time.Minute)
	if _, err := b.world.DisableRule("GW1", "SMP-Internet-Gateway"); err != nil {
		t.Fatal(err)
	}
	task, err := vm.RevertToSnapshot(soon(t), ref.Value, true)
	ended(t, task, err)
	if o := b.look(t, "GW1"); o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff || *o.Snapshot.CurrentSnapshot != ref {
		t.Errorf("after the revert it is %s on %v", o.Runtime.PowerState, o.Snapshot.CurrentSnapshot)
	}
	on, err = vm.PowerOn(soon(t))
	ended(t, on, err)
	if o := b.look(t, "GW1"); o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn || toolsOf(o) {
		t.Errorf("at the beginning of the boot it is %s and its Tools answer: %t", o.Runtime.PowerState, toolsOf(o))
	}
	b.world.Advance(5 * time.Minute)
	if o := b.look(t, "GW1"); !toolsOf(o) || b.world.Truth().Hosts[3].Doors != "open" {
		t.Errorf("after the boot the Tools answer: %t, the doors are %s", toolsOf(o), b.world.Truth().Hosts[3].Doors)
	}
}

func toolsOf(o mo.VirtualMachine) bool {
	return o.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
}
