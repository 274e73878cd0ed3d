package vcenter

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// treeOf gives the snapshots of a machine that is locked, and the one it runs on.
func treeOf(vm *simulator.VirtualMachine) (tree []types.VirtualMachineSnapshotTree, current *types.ManagedObjectReference) {
	if vm.Snapshot == nil {
		return nil, nil
	}
	return vm.Snapshot.RootSnapshotList, vm.Snapshot.CurrentSnapshot
}

// setTree gives a machine other snapshots. A client may be reading the old tree, so
// that it is never changed in place.
func setTree(ctx *simulator.Context, vm *simulator.VirtualMachine, tree []types.VirtualMachineSnapshotTree, current *types.ManagedObjectReference) {
	if len(tree) == 0 {
		ctx.Update(vm, []types.PropertyChange{{Name: "snapshot", Val: nil}, {Name: "rootSnapshot", Val: nil}})
		return
	}
	var roots []types.ManagedObjectReference
	for _, t := range tree {
		roots = append(roots, t.Snapshot)
	}
	ctx.Update(vm, []types.PropertyChange{
		{Name: "snapshot", Val: types.VirtualMachineSnapshotInfo{RootSnapshotList: tree, CurrentSnapshot: current}},
		{Name: "rootSnapshot", Val: roots},
	})
}

// grown is a tree with one more snapshot: below parent, or as a root.
func grown(tree []types.VirtualMachineSnapshotTree, parent *types.ManagedObjectReference, node types.VirtualMachineSnapshotTree) []types.VirtualMachineSnapshotTree {
	list := make([]types.VirtualMachineSnapshotTree, 0, len(tree)+1)
	for _, t := range tree {
		if parent != nil {
			t.ChildSnapshotList = grown(t.ChildSnapshotList, parent, node)
			if t.Snapshot == *parent {
				t.ChildSnapshotList = append(t.ChildSnapshotList, node)
			}
		}
		list = append(list, t)
	}
	if parent == nil {
		list = append(list, node)
	}
	return list
}

// pruned is a tree without a snapshot, whose children move up unless they go too;
// parent is what was above it.
func pruned(tree []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference, below bool) (left []types.VirtualMachineSnapshotTree, parent *types.ManagedObjectReference) {
	for _, t := range tree {
		if t.Snapshot == ref {
			if !below {
				left = append(left, t.ChildSnapshotList...)
			}
			continue
		}
		before := t.ChildSnapshotList
		children, above := pruned(before, ref, below)
		t.ChildSnapshotList = children
		for _, c := range before {
			if c.Snapshot == ref {
				above = &t.Snapshot
			}
		}
		if above != nil {
			parent = above
		}
		left = append(left, t)
	}
	return left, parent
}

// within lists the snapshots of a tree, parents first.
func within(tree []types.VirtualMachineSnapshotTree) []types.ManagedObjectReference {
	var list []types.ManagedObjectReference
	for _, t := range tree {
		list = append(list, t.Snapshot)
		list = append(list, within(t.ChildSnapshotList)...)
	}
	return list
}

// depth counts the snapshots from a root to ref; 0 without one.
func depth(tree []types.VirtualMachineSnapshotTree, ref *types.ManagedObjectReference) int {
	if ref == nil {
		return 0
	}
	for _, t := range tree {
		if t.Snapshot == *ref {
			return 1
		}
		if n := depth(t.ChildSnapshotList, ref); n > 0 {
			return n + 1
		}
	}
	return 0
}
