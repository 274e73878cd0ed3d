package vcenter

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// RemoveBy lets somebody else remove a snapshot of a machine, by its name, as a backup
// product or an administrator does who tidies up. It is gone at once; the task that
// vCenter remembers of it names them. Of several with the name it is the one nearest to
// the root of the tree.
func (s *Server) RemoveBy(somebody, machine, name string) error {
	vm := s.machine(machine)
	if vm == nil {
		return fmt.Errorf("vcenter: there is no machine %q", machine)
	}
	s.mu.Lock()
	other, taken := s.busy[vm.Self]
	s.number++
	ref := types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", 1000+s.number)}
	if !taken {
		s.busy[vm.Self] = ref
	}
	s.mu.Unlock()
	if taken {
		return fmt.Errorf("vcenter: %s works on %s, so nobody else can", other.Value, machine)
	}
	defer func() {
		s.mu.Lock()
		delete(s.busy, vm.Self)
		s.mu.Unlock()
	}()
	ctx := s.context()
	var t *simulator.Task
	var fault types.BaseMethodFault
	ctx.WithLock(vm, func() {
		tree, _ := treeOf(vm)
		node := named(tree, name)
		if node == nil {
			return
		}
		t = s.newTask(ctx, ref, vm.Self, "RemoveSnapshot_Task", somebody)
		fault = s.remove(ctx, vm, node.Snapshot, false)
	})
	if t == nil {
		return fmt.Errorf("vcenter: %s has no snapshot %q", machine, name)
	}
	s.finish(ctx, t, nil, fault)
	if fault != nil {
		return fmt.Errorf("vcenter: snapshot %q of %s was not removed: %s", name, machine, words(fault))
	}
	return nil
}

// named finds a snapshot of a tree by its name, parents before children; nil when there
// is none.
func named(tree []types.VirtualMachineSnapshotTree, name string) *types.VirtualMachineSnapshotTree {
	for i := range tree {
		if tree[i].Name == name {
			return &tree[i]
		}
	}
	for i := range tree {
		if n := named(tree[i].ChildSnapshotList, name); n != nil {
			return n
		}
	}
	return nil
}
