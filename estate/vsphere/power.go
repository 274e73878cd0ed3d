package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// PowerOn starts switching a machine on. The task ends when the machine runs,
// which is long before Windows answers.
func (v *VCenter) PowerOn(ctx context.Context, ref estate.VMRef) (estate.TaskRef, error) {
	e := errand{doing: fmt.Sprintf("power on %s", ref), changes: true}
	return start(ctx, v, e, ref, func(ctx context.Context, c *vim25.Client, vm types.ManagedObjectReference) (types.ManagedObjectReference, error) {
		res, err := methods.PowerOnVM_Task(ctx, c, &types.PowerOnVM_Task{This: vm})
		if err != nil {
			return vm, err
		}
		return res.Returnval, nil
	})
}

// PowerOff starts pulling a machine's plug; ShutdownGuest is the gentle way.
func (v *VCenter) PowerOff(ctx context.Context, ref estate.VMRef) (estate.TaskRef, error) {
	e := errand{doing: fmt.Sprintf("power off %s", ref), changes: true}
	return start(ctx, v, e, ref, func(ctx context.Context, c *vim25.Client, vm types.ManagedObjectReference) (types.ManagedObjectReference, error) {
		res, err := methods.PowerOffVM_Task(ctx, c, &types.PowerOffVM_Task{This: vm})
		if err != nil {
			return vm, err
		}
		return res.Returnval, nil
	})
}

// ShutdownGuest asks the guest to shut down. vCenter makes no task of it: the call
// returns at once, and a later look says whether the machine is off.
func (v *VCenter) ShutdownGuest(ctx context.Context, ref estate.VMRef) error {
	e := errand{doing: fmt.Sprintf("shut down the guest of %s", ref), changes: true}
	vm, err := reference(ref)
	if err != nil {
		return v.errorOf(err, e, false)
	}
	return v.call(ctx, e, func(ctx context.Context, c *vim25.Client) error {
		_, err := methods.ShutdownGuest(ctx, c, &types.ShutdownGuest{This: vm})
		return err
	})
}
