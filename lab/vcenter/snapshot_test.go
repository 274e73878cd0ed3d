package vcenter

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
)

// take makes a snapshot and gives its reference.
func (b bench) take(t testing.TB, name, title string) types.ManagedObjectReference {
	t.Helper()
	task, err := b.vm(t, name).CreateSnapshot(soon(t), title, "", false, true)
	info := ended(t, task, err)
	ref, ok := info.Result.(types.ManagedObjectReference)
	if !ok {
		t.Fatalf("snapshot of %s: %+v", name, info.Error)
	}
	return ref
}

func TestRevertReachesTheWorld(t *testing.T) {
	t.Parallel()
	b := start(t)
	vm := b.vm(t, "SMP1")
	ref := b.take(t, "SMP1", "before")
	if got := b.world.Truth().Snapshots; len(got) != 1 || got[0].Host != "SMP1" || got[0].Name != "before" {
		t.Errorf("the world's snapshots: %+v", got)
	}
	if _, err := b.world.DisableRule("SMP1", "ITMS-CEM-4726"); err != nil {
		t.Fatal(err)
	}
	task, err := vm.RevertToCurrentSnapshot(soon(t), false)
	if info := ended(t, task, err); info.State != types.TaskInfoStateSuccess {
		t.Fatalf("revert: %+v", info.Error)
	}
	smp := b.world.Truth().Hosts[0]
	i := slices.IndexFunc(smp.Rules, func(r world.Rule) bool { return r.Name == "ITMS-CEM-4726" })
	if smp.Power != world.PowerOff || !smp.Rules[i].Enabled {
		t.Errorf("the host is %s, its rule on: %v", smp.Power, smp.Rules[i].Enabled)
	}
	if o := b.look(t, "SMP1"); o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff || *o.Snapshot.CurrentSnapshot != ref {
		t.Errorf("the machine is %s on %s", o.Runtime.PowerState, o.Snapshot.CurrentSnapshot)
	}
	task, err = vm.RemoveAllSnapshot(soon(t), nil)
	ended(t, task, err)
	if o := b.look(t, "SMP1"); o.Snapshot != nil || len(b.world.Truth().Snapshots) != 0 {
		t.Errorf("after removing all: %+v, in the world %+v", o.Snapshot, b.world.Truth().Snapshots)
	}
	task, err = vm.RevertToCurrentSnapshot(soon(t), false)
	if info := ended(t, task, err); info.Error == nil || !fault.Is(info.Error.Fault, &types.NotFound{}) {
		t.Errorf("revert without a snapshot: %+v", info)
	}
}

// A machine that is no host of the world has snapshots all the same.
func TestSnapshotOfANeighbour(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Neighbours = 4 })
	ref := b.take(t, "DC1", "before")
	task, err := b.vm(t, "DC1").RevertToSnapshot(soon(t), ref.Value, true)
	if info := ended(t, task, err); info.State != types.TaskInfoStateSuccess {
		t.Errorf("revert: %+v", info.Error)
	}
	if o := b.look(t, "DC1"); o.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("the machine is %s", o.Runtime.PowerState)
	}
	if n := len(b.world.Truth().Snapshots); n != 0 {
		t.Errorf("%d snapshots in the world", n)
	}
}

func TestDeltaDisksTakeSpace(t *testing.T) {
	t.Parallel()
	b := start(t)
	store := b.look(t, "SQL1").Datastore[0]
	free := func() int64 {
		var d mo.Datastore
		if err := b.vm(t, "SQL1").Common.Properties(soon(t), store, []string{"summary"}, &d); err != nil {
			t.Fatal(err)
		}
		return d.Summary.FreeSpace
	}
	before := free()
	ref := b.take(t, "SQL1", "before")
	b.world.Advance(10 * time.Hour)
	if got, want := before-free(), int64(16+10*6144)<<20; got != want {
		t.Errorf("after ten hours %d bytes are taken, want %d", got, want)
	}
	task, err := b.vm(t, "SQL1").RemoveSnapshot(soon(t), ref.Value, false, nil)
	ended(t, task, err)
	if got := free(); got != before {
		t.Errorf("after the removal %d bytes are free, want %d", got, before)
	}
}

func TestOneTaskAtATime(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Delay = Delay{World: time.Minute} })
	vm := b.vm(t, "SMP1")
	first, err := vm.CreateSnapshot(soon(t), "first", "", false, true)
	if err != nil {
		t.Fatal(err)
	}
	_, err = vm.CreateSnapshot(soon(t), "second", "", false, true)
	var busy *types.TaskInProgress
	if _, is := fault.As(err, &busy); !is || busy.Task != first.Reference() {
		t.Errorf("a second task: %v", err)
	}
	if err := first.Cancel(soon(t)); !fault.Is(err, &types.NotSupported{}) {
		t.Errorf("cancel: %v", err)
	}
	b.world.Advance(time.Minute)
	if info := ended(t, first, nil); info.State != types.TaskInfoStateSuccess || info.CompleteTime.Sub(*info.StartTime) != time.Minute {
		t.Errorf("first: %s from %v to %v", info.State, info.StartTime, info.CompleteTime)
	}
	b.SetDelay(Delay{Real: 40 * time.Millisecond})
	if info := ended(t, must(t, vm, "second"), nil); info.Progress != 100 {
		t.Errorf("second: %+v", info)
	}
}

func must(t testing.TB, vm *object.VirtualMachine, name string) *object.Task {
	t.Helper()
	task, err := vm.CreateSnapshot(soon(t), name, "", false, true)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestSnapshotsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t)
	if _, err := b.vm(t, "SMP1").CreateSnapshot(soon(t), "", "", false, true); !fault.Is(err, &types.InvalidName{}) {
		t.Errorf("without a name: %v", err)
	}
	ref := b.take(t, "SMP1", "before")
	gone := types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: "snapshot-9999"}
	for _, r := range []types.ManagedObjectReference{gone} {
		_, err := methods.RevertToSnapshot_Task(soon(t), b.c, &types.RevertToSnapshot_Task{This: r})
		if !fault.Is(err, &types.ManagedObjectNotFound{}) {
			t.Errorf("revert to %s: %v", r, err)
		}
	}
	smp, err := b.Server.vm(b.vmRef("SMP1"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < longestChain; i++ {
		ctx := b.context()
		ctx.WithLock(smp, func() {
			if _, fault := b.create(ctx, smp, types.VirtualMachineSnapshotTree{Name: "more"}, false); fault != nil {
				t.Fatalf("number %d: %#v", i+1, fault)
			}
		})
	}
	info := ended(t, must(t, b.vm(t, "SMP1"), "one too many"), nil)
	if info.Error == nil || !fault.Is(info.Error.Fault, &types.TooManySnapshotLevels{}) {
		t.Errorf("number %d: %+v", longestChain+1, info)
	}
	task, err := b.vm(t, "SMP1").RemoveSnapshot(soon(t), ref.Value, true, nil) // and all below it
	ended(t, task, err)
	if o := b.look(t, "SMP1"); o.Snapshot != nil {
		t.Errorf("left: %+v", o.Snapshot)
	}
}

func TestSnapshotIsCrashConsistentWhenOff(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.world.PowerOff("GW1"); err != nil {
		t.Fatal(err)
	}
	b.take(t, "GW1", "cold")
	if tree := b.look(t, "GW1").Snapshot.RootSnapshotList; tree[0].Quiesced || tree[0].State != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("%+v", tree[0])
	}
}

// Clients, the world and the tasks at once; the race detector looks on.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Delay = Delay{Real: time.Millisecond} })
	var g sync.WaitGroup
	for _, m := range b.world.Machines() {
		vm := b.vm(t, m.Host)
		g.Go(func() {
			for range 3 {
				task, err := vm.CreateSnapshot(soon(t), "s", "", false, true)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := task.WaitForResult(soon(t), nil); err != nil {
					t.Error(err)
				}
			}
			task, err := vm.RevertToCurrentSnapshot(soon(t), true)
			if err != nil {
				t.Error(err)
				return
			}
			if err := task.Wait(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
	g.Go(func() {
		for range 20 {
			b.world.Advance(time.Minute)
			_ = b.Faults()
		}
	})
	g.Go(func() {
		for range 10 {
			if err := b.Inject(Fault{Kind: FaultTwin}); err != nil {
				t.Error(err)
			}
			b.look(t, "CLUSQL1")
			if err := b.Clear(); err != nil {
				t.Error(err)
			}
		}
	})
	g.Wait()
	if n := len(b.world.Truth().Snapshots); n != 12 {
		t.Errorf("%d snapshots, want 12", n)
	}
	if n := b.Stats().Tasks["CreateSnapshot_Task"]; n != 12 {
		t.Errorf("%d tasks, want 12", n)
	}
}

func TestTree(t *testing.T) {
	t.Parallel()
	ref := func(s string) types.ManagedObjectReference {
		return types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: s}
	}
	at := func(s string) *types.ManagedObjectReference {
		if s == "" {
			return nil
		}
		r := ref(s)
		return &r
	}
	var tree []types.VirtualMachineSnapshotTree
	for _, step := range [][2]string{{"", "a"}, {"a", "b"}, {"b", "c"}, {"a", "x"}} { // parent, child
		before := within(tree)
		grownTree := grown(tree, at(step[0]), types.VirtualMachineSnapshotTree{Snapshot: ref(step[1])})
		if !slices.Equal(within(tree), before) {
			t.Fatalf("adding %s changed the tree that clients read", step[1])
		}
		tree = grownTree
	}
	for s, want := range map[string]int{"": 0, "a": 1, "b": 2, "c": 3, "x": 2, "z": 0} {
		if got := depth(tree, at(s)); got != want {
			t.Errorf("depth of %q is %d, want %d", s, got, want)
		}
	}
	tests := []struct {
		remove string
		below  bool
		left   []types.ManagedObjectReference
		parent *types.ManagedObjectReference
	}{
		{"a", false, []types.ManagedObjectReference{ref("b"), ref("c"), ref("x")}, nil},
		{"a", true, nil, nil},
		{"b", false, []types.ManagedObjectReference{ref("a"), ref("c"), ref("x")}, at("a")},
		{"b", true, []types.ManagedObjectReference{ref("a"), ref("x")}, at("a")},
		{"c", false, []types.ManagedObjectReference{ref("a"), ref("b"), ref("x")}, at("b")},
	}
	for _, tt := range tests {
		left, parent := pruned(tree, ref(tt.remove), tt.below)
		if !slices.Equal(within(left), tt.left) || (parent == nil) != (tt.parent == nil) || parent != nil && *parent != *tt.parent {
			t.Errorf("without %s: %v below %v, want %v below %v", tt.remove, within(left), parent, tt.left, tt.parent)
		}
		if got := within(tree); len(got) != 4 {
			t.Fatalf("removing changed the tree that clients read: %v", got)
		}
	}
}
