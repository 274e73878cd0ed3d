package vcenter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
)

// TestSavedSnapshots: a vCenter that is taken up has the same machines with the same
// snapshots by the same references, and can revert to them and remove them.
func TestSavedSnapshots(t *testing.T) {
	t.Parallel()
	b := start(t)
	first := b.take(t, "SMP1", "before")
	b.take(t, "SMP1", "later")
	b.take(t, "SQL1", "before")
	if err := b.Inject(Fault{Kind: FaultLeftover, VM: "SQL1", Count: 1}); err != nil {
		t.Fatal(err)
	}
	task, err := b.vm(t, "SQL1").RemoveAllSnapshot(soon(t), nil)
	ended(t, task, err)
	saved, err := b.Save()
	if err != nil {
		t.Fatal(err)
	}
	savedWorld, err := b.world.Save()
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Resume(world.Options{Manual: true}, savedWorld)
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, func(c *Config) { c.World = w })
	if err := again.Resume(saved); err != nil {
		t.Fatal(err)
	}
	again.world = w
	for _, name := range []string{"SMP1", "SQL1", "SITE1", mirror} {
		was, is := b.look(t, name), again.look(t, name)
		if diff := cmp.Diff(was.Snapshot, is.Snapshot); diff != "" || was.Self != is.Self || was.Runtime.PowerState != is.Runtime.PowerState ||
			was.Runtime.ConsolidationNeeded != is.Runtime.ConsolidationNeeded {
			t.Errorf("%s was %s %+v, is %s %+v:\n%s", name, was.Self, was.Runtime, is.Self, is.Runtime, diff)
		}
	}
	vm := again.vm(t, "SMP1")
	task, err = vm.RevertToSnapshot(soon(t), first.Value, true)
	if info := ended(t, task, err); info.State != types.TaskInfoStateSuccess || w.Truth().Hosts[0].Power != world.PowerOff {
		t.Errorf("revert: %+v", info.Error)
	}
	third := again.take(t, "SMP1", "third")
	task, err = vm.RemoveAllSnapshot(soon(t), nil)
	if info := ended(t, task, err); info.State != types.TaskInfoStateSuccess || len(w.Truth().Snapshots) != 0 {
		t.Errorf("remove: %+v, the world has %+v", info.Error, w.Truth().Snapshots)
	}
	for _, s := range within(b.look(t, "SMP1").Snapshot.RootSnapshotList) {
		if s == third {
			t.Errorf("%s was given out twice", third)
		}
	}
	if err := again.Resume([]byte(`{"Machines":[{"Name":"SMP1","Ref":{"type":"VirtualMachine","value":"vm-9"}}]}`)); err == nil {
		t.Error("another inventory was taken up")
	}
}
