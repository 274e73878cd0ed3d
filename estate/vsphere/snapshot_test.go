package vsphere_test

import (
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/vcenter"
)

const key = "itmsbot U-1 R-12 7.2"

func TestSnapshotIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	task := p.done(t, ref, err)
	if task.State != estate.TaskSuccess || task.Method != "CreateSnapshot_Task" || task.VM != vm.Ref || task.By != user || task.Error != "" {
		t.Errorf("task %+v", task)
	}
	p.world.Advance(49 * time.Hour)
	vm = p.again(t, vm)
	found := vm.Keyed(key)
	if len(found) != 1 || found[0].Ref != task.Result || !found[0].Quiesced || found[0].State != estate.VMOff || found[0].Name != "before the upgrade" {
		t.Fatalf("snapshots by the key: %+v", found)
	}
	if age := vm.Now.Sub(found[0].Created); age != 49*time.Hour {
		t.Errorf("age %v by vCenter's clock, want 49 h", age)
	}
	if vm.Chain != 1 || vm.Current != task.Result {
		t.Errorf("chain %d, current %q", vm.Chain, vm.Current)
	}
	if others := vm.Keyed("itmsbot U-1 R-12 7"); len(others) != 0 {
		t.Errorf("the beginning of a key found %+v", others)
	}
}

func TestTreeOfSnapshots(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	take := func(key string) estate.SnapshotRef {
		ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
		return p.done(t, ref, err).Result
	}
	first := take("k1")
	second := take("k2")
	ref, err := p.vc.Revert(soon(t), first)
	if task := p.done(t, ref, err); task.State != estate.TaskSuccess {
		t.Fatalf("revert: %+v", task)
	}
	third := take("k3")
	vm = p.again(t, vm)
	parents := map[estate.SnapshotRef]estate.SnapshotRef{first: "", second: first, third: first}
	for ref, parent := range parents {
		if s, ok := vm.Snapshot(ref); !ok || s.Parent != parent {
			t.Errorf("snapshot %s: %+v, want below %q", ref, s, parent)
		}
	}
	if vm.Chain != 2 || vm.Current != third || len(vm.Snapshots) != 3 {
		t.Errorf("chain %d, current %s of %d", vm.Chain, vm.Current, len(vm.Snapshots))
	}
	ref, err = p.vc.RemoveSnapshot(soon(t), first)
	p.done(t, ref, err)
	vm = p.again(t, vm)
	if _, there := vm.Snapshot(first); there || vm.Chain != 1 || len(vm.Snapshots) != 2 {
		t.Errorf("after removing the root: %+v", vm.Snapshots)
	}
}

// A snapshot that is not quiesced although it was ordered so is told by the look,
// never by the task.
func TestQuiesce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		fault    vcenter.Fault
		state    estate.TaskState
		says     string
		quiesced bool
	}{
		{"all is well", vcenter.Fault{}, estate.TaskSuccess, "", true},
		{"VSS does not come to rest", vcenter.Fault{Kind: vcenter.FaultQuiesce, Count: 1}, estate.TaskError, "did not come to rest (VSS)", false},
		{"vCenter leaves it out", vcenter.Fault{Kind: vcenter.FaultNotQuiesced, Count: 1}, estate.TaskSuccess, "", false},
		{"no Tools", vcenter.Fault{Kind: vcenter.FaultNoTools}, estate.TaskSuccess, "", false},
	}
	p := start(t)
	vm := p.host(t, "SITE1")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.fault.Kind != "" {
				if err := p.server.Inject(tt.fault); err != nil {
					t.Fatal(err)
				}
			}
			ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order("itmsbot "+tt.name))
			task := p.done(t, ref, err)
			if task.State != tt.state || !strings.Contains(task.Error, tt.says) {
				t.Errorf("task %+v", task)
			}
			found := p.again(t, vm).Keyed("itmsbot " + tt.name)
			if made := tt.state == estate.TaskSuccess; (len(found) == 1) != made || made && found[0].Quiesced != tt.quiesced {
				t.Errorf("snapshots %+v", found)
			}
			if err := p.server.Clear(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What is wrong with an order is said before anything is sent.
func TestOrdersThatCannotBeFoundAgain(t *testing.T) {
	t.Parallel()
	v := nowhere(t)
	for _, o := range []estate.SnapshotOrder{
		{Name: "no key"},
		{Key: "no name"},
		{Key: "long", Name: strings.Repeat("n", 81)},
	} {
		if _, err := v.CreateSnapshot(soon(t), "VirtualMachine:vm-1", o); estate.TroubleOf(err) != estate.Failed {
			t.Errorf("order %+v: %v", o, err)
		}
	}
}

func TestRevertSwitchesOff(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "GW1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	snapshot := p.done(t, ref, err).Result
	if changed, err := p.world.DisableRule("GW1", "SMP-Internet-Gateway"); err != nil || !changed {
		t.Fatal(changed, err)
	}
	ref, err = p.vc.Revert(soon(t), snapshot)
	if task := p.done(t, ref, err); task.State != estate.TaskSuccess {
		t.Fatalf("revert: %+v", task)
	}
	if vm = p.again(t, vm); vm.Power != estate.VMOff || vm.Current != snapshot || vm.CanQuiesce() {
		t.Errorf("after the revert: %s on %s", vm.Power, vm.Current)
	}
	ref, err = p.vc.PowerOn(soon(t), vm.Ref)
	if task := p.done(t, ref, err); task.State != estate.TaskSuccess {
		t.Fatalf("power on: %+v", task)
	}
	p.world.Advance(10 * time.Minute)
	if vm = p.again(t, vm); !vm.CanQuiesce() {
		t.Errorf("after the boot: %s, tools %s", vm.Power, vm.ToolsStatus)
	}
	for _, h := range p.world.Truth().Hosts {
		if h.Name == "GW1" && h.Doors != "open" {
			t.Errorf("the rule is back, but the doors are %s", h.Doors)
		}
	}
}

func TestConsolidation(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SQL1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	snapshot := p.done(t, ref, err).Result
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultLeftover, VM: "SQL1", Count: 1}); err != nil {
		t.Fatal(err)
	}
	ref, err = p.vc.RemoveSnapshot(soon(t), snapshot)
	p.done(t, ref, err)
	if vm = p.again(t, vm); !vm.ConsolidationNeeded || len(vm.Snapshots) != 0 {
		t.Fatalf("after the removal: consolidation %v, snapshots %v", vm.ConsolidationNeeded, vm.Snapshots)
	}
	ref, err = p.vc.Consolidate(soon(t), vm.Ref)
	if task := p.done(t, ref, err); task.State != estate.TaskSuccess || task.Method != "ConsolidateVMDisks_Task" {
		t.Errorf("task %+v", task)
	}
	if vm = p.again(t, vm); vm.ConsolidationNeeded {
		t.Error("consolidation is needed still")
	}
}

func TestPower(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SITE1")
	ref, err := p.vc.PowerOff(soon(t), vm.Ref)
	if task := p.done(t, ref, err); task.State != estate.TaskSuccess {
		t.Fatalf("power off: %+v", task)
	}
	if vm = p.again(t, vm); vm.Power != estate.VMOff {
		t.Errorf("after power off: %s", vm.Power)
	}
	ref, err = p.vc.PowerOff(soon(t), vm.Ref)
	if task := p.done(t, ref, err); task.State != estate.TaskError || !strings.Contains(task.Error, "the machine is off") {
		t.Errorf("power off twice: %+v", task)
	}
	if err := p.vc.ShutdownGuest(soon(t), vm.Ref); estate.TroubleOf(err) != estate.Failed {
		t.Errorf("shut down a machine that is off: %v", err)
	}
	ref, err = p.vc.PowerOn(soon(t), vm.Ref)
	p.done(t, ref, err)
	if err := p.vc.ShutdownGuest(soon(t), vm.Ref); estate.TroubleOf(err) != estate.Failed || !strings.Contains(err.Error(), "VMware Tools do not run") {
		t.Errorf("shut down a guest that boots: %v", err)
	}
	p.world.Advance(10 * time.Minute)
	if err := p.vc.ShutdownGuest(soon(t), vm.Ref); err != nil {
		t.Fatal(err)
	}
	version := p.world.Version()
	for p.again(t, vm).Power != estate.VMOff {
		if version, err = p.world.Wait(soon(t), version); err != nil {
			t.Fatal(err)
		}
	}
}
