package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// nameLimit is the longest name of a snapshot that vCenter takes.
const nameLimit = 80

// CreateSnapshot starts a snapshot without memory and returns as soon as its task
// exists. Whether the guest came to rest is not in the task: Snapshot.Quiesced of
// the next look says it.
func (v *VCenter) CreateSnapshot(ctx context.Context, ref estate.VMRef, order estate.SnapshotOrder) (estate.TaskRef, error) {
	e := errand{doing: fmt.Sprintf("snapshot %s", ref), changes: true}
	switch {
	case order.Key == "":
		return "", v.errorOf(&trouble{estate.Failed, "the order has no key, so the snapshot could not be found again", nil}, e, false)
	case order.Name == "" || len(order.Name) > nameLimit:
		return "", v.errorOf(&trouble{estate.Failed, fmt.Sprintf("a snapshot's name has 1 to %d bytes", nameLimit), nil}, e, false)
	}
	return start(ctx, v, e, ref, func(ctx context.Context, c *vim25.Client, vm types.ManagedObjectReference) (types.ManagedObjectReference, error) {
		res, err := methods.CreateSnapshot_Task(ctx, c, &types.CreateSnapshot_Task{
			This: vm, Name: order.Name, Description: order.Key, Memory: false, Quiesce: order.Quiesce})
		if err != nil {
			return vm, err
		}
		return res.Returnval, nil
	})
}

// RemoveSnapshot starts the removal of one snapshot and the consolidation of its
// disks. Its children stay. What the machine has written stays too: only the way
// back goes.
func (v *VCenter) RemoveSnapshot(ctx context.Context, ref estate.SnapshotRef) (estate.TaskRef, error) {
	e := errand{doing: fmt.Sprintf("remove %s", ref), changes: true}
	return start(ctx, v, e, ref, func(ctx context.Context, c *vim25.Client, s types.ManagedObjectReference) (types.ManagedObjectReference, error) {
		res, err := methods.RemoveSnapshot_Task(ctx, c, &types.RemoveSnapshot_Task{
			This: s, RemoveChildren: false, Consolidate: types.NewBool(true)})
		if err != nil {
			return s, err
		}
		return res.Returnval, nil
	})
}

// Revert starts going back to a snapshot. What the machine has written since is
// lost, and the machine is off afterwards, also when somebody's snapshot holds
// memory of a running one.
func (v *VCenter) Revert(ctx context.Context, ref estate.SnapshotRef) (estate.TaskRef, error) {
	e := errand{doing: fmt.Sprintf("revert to %s", ref), changes: true}
	return start(ctx, v, e, ref, func(ctx context.Context, c *vim25.Client, s types.ManagedObjectReference) (types.ManagedObjectReference, error) {
		res, err := methods.RevertToSnapshot_Task(ctx, c, &types.RevertToSnapshot_Task{
			This: s, SuppressPowerOn: types.NewBool(true)})
		if err != nil {
			return s, err
		}
		return res.Returnval, nil
	})
}

// Consolidate starts merging the delta disks that no snapshot needs any more.
func (v *VCenter) Consolidate(ctx context.Context, ref estate.VMRef) (estate.TaskRef, error) {
	e := errand{doing: fmt.Sprintf("consolidate the disks of %s", ref), changes: true}
	return start(ctx, v, e, ref, func(ctx context.Context, c *vim25.Client, vm types.ManagedObjectReference) (types.ManagedObjectReference, error) {
		res, err := methods.ConsolidateVMDisks_Task(ctx, c, &types.ConsolidateVMDisks_Task{This: vm})
		if err != nil {
			return vm, err
		}
		return res.Returnval, nil
	})
}

// start makes one task and gives its reference.
func start[R estate.VMRef | estate.SnapshotRef](ctx context.Context, v *VCenter, e errand, ref R,
	f func(context.Context, *vim25.Client, types.ManagedObjectReference) (types.ManagedObjectReference, error),
) (estate.TaskRef, error) {
	object, err := reference(ref)
	if err != nil {
		return "", v.errorOf(err, e, false)
	}
	var task types.ManagedObjectReference
	err = v.call(ctx, e, func(ctx context.Context, c *vim25.Client) error {
		task, err = f(ctx, c, object)
		return err
	})
	if err != nil {
		return "", err
	}
	return estate.TaskRef(task.String()), nil
}
