package vsphere

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// ByUUID reads the virtual machines that have a BIOS UUID, in either of the two
// byte orders in which Windows may report it; estate.BoundVM says which of them,
// if any, is the host's. None is no error. A machine that the account may not see is
// not found, so a twin is noticed only by an account that may read the whole vCenter.
func (v *VCenter) ByUUID(ctx context.Context, uuid string) ([]estate.VM, error) {
	e := errand{doing: "find the virtual machine with the BIOS UUID " + uuid}
	canonical, ok := estate.CanonicalUUID(uuid)
	if !ok {
		return nil, v.errorOf(&trouble{estate.Failed, "it is no UUID that tells machines apart", nil}, e, false)
	}
	var found []types.ManagedObjectReference
	err := v.call(ctx, e, func(ctx context.Context, c *vim25.Client) error {
		found = nil
		for _, id := range bothOrders(canonical) {
			res, err := methods.FindAllByUuid(ctx, c, &types.FindAllByUuid{
				This: *c.ServiceContent.SearchIndex, Uuid: id, VmSearch: true, InstanceUuid: types.NewBool(false)})
			if err != nil {
				return err
			}
			found = append(found, res.Returnval...)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	slices.SortFunc(found, byRef) // vCenter says nothing about the order
	return v.read(ctx, slices.Compact(found), e)
}

// bothOrders are the ways in which vCenter may write what Windows reported. Most
// machines have one way only.
func bothOrders(uuid string) []string {
	if other := estate.SwappedUUID(uuid); other != uuid {
		return []string{uuid, other}
	}
	return []string{uuid}
}

// VM reads one virtual machine.
func (v *VCenter) VM(ctx context.Context, ref estate.VMRef) (estate.VM, error) {
	vms, err := v.VMs(ctx, []estate.VMRef{ref})
	if err != nil {
		return estate.VM{}, err
	}
	return vms[0], nil
}

// VMs reads many virtual machines in one read, in the order of refs. One that is
// gone or cannot be read whole fails it: what is not known must not look fine.
func (v *VCenter) VMs(ctx context.Context, refs []estate.VMRef) ([]estate.VM, error) {
	e := errand{doing: "read " + names(refs)}
	if len(refs) == 0 {
		return nil, nil
	}
	objects := make([]types.ManagedObjectReference, len(refs))
	for i, r := range refs {
		o, err := reference(r)
		if err != nil {
			return nil, v.errorOf(err, e, false)
		}
		objects[i] = o
	}
	return v.read(ctx, objects, e)
}

// names joins references for a sentence.
func names[R ~string](refs []R) string {
	words := make([]string, len(refs))
	for i, r := range refs {
		words[i] = string(r)
	}
	return estate.Join(words)
}

// read is one property read of machines with their datastores and tasks, and
// vCenter's own time before it.
func (v *VCenter) read(ctx context.Context, refs []types.ManagedObjectReference, e errand) ([]estate.VM, error) {
	var now time.Time
	var content []types.ObjectContent
	err := v.call(ctx, e, func(ctx context.Context, c *vim25.Client) error {
		t, err := methods.GetCurrentTime(ctx, c)
		if err != nil {
			return err
		}
		now = t.UTC()
		res, err := property.DefaultCollector(c).RetrieveProperties(ctx, machinesAndAround(refs))
		if err != nil {
			return err
		}
		content = res.Returnval
		return nil
	})
	if err != nil {
		return nil, err
	}
	vms, err := assemble(refs, content, now)
	if err != nil {
		return nil, v.errorOf(err, e, false)
	}
	return vms, nil
}

// machinesAndAround is what is read of machines, and of the datastores and recent
// tasks that hang on them.
func machinesAndAround(refs []types.ManagedObjectReference) types.RetrieveProperties {
	follow := []types.BaseSelectionSpec{
		&types.TraversalSpec{Type: kindVM, Path: "datastore"},
		&types.TraversalSpec{Type: kindVM, Path: "recentTask"},
	}
	spec := types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{
			{Type: kindVM, PathSet: append(needed(), "config.template", "guest.toolsRunningStatus", "guest.hostName",
				"snapshot", "layoutEx", "datastore", "summary.storage.committed", "summary.storage.uncommitted")},
			{Type: "Datastore", PathSet: []string{"summary"}},
			{Type: kindTask, PathSet: []string{"info"}},
		},
	}
	for _, r := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: r, SelectSet: follow})
	}
	return types.RetrieveProperties{SpecSet: []types.PropertyFilterSpec{spec}}
}

// needed are the properties that every machine has. Where vCenter does not show one,
// the machine is inaccessible or orphaned, and the zero value would look fine.
func needed() []string {
	return []string{"name", "config.uuid", "config.hardware.device",
		"runtime.powerState", "runtime.connectionState", "runtime.consolidationNeeded"}
}

// lacking names the first needed property that vCenter did not show, or is empty.
func lacking(c types.ObjectContent) string {
	if c.Obj.Type != kindVM {
		return ""
	}
	for _, path := range needed() {
		if !slices.ContainsFunc(c.PropSet, func(p types.DynamicProperty) bool { return p.Name == path }) {
			return path
		}
	}
	return ""
}

// assemble puts what was read together, in the order of refs.
func assemble(refs []types.ManagedObjectReference, content []types.ObjectContent, now time.Time) ([]estate.VM, error) {
	machines := map[types.ManagedObjectReference]mo.VirtualMachine{}
	around := surroundings{datastores: map[types.ManagedObjectReference]types.DatastoreSummary{}}
	for _, c := range content {
		o, err := mo.ObjectContentToType(c)
		if err != nil {
			return nil, &trouble{estate.Failed, fmt.Sprintf("%s could not be read whole: %s", c.Obj, detailOf(err)), err}
		}
		if path := lacking(c); path != "" {
			return nil, &trouble{estate.Failed, fmt.Sprintf("vCenter does not show %s of %s, so the machine is inaccessible or orphaned", path, c.Obj), nil}
		}
		switch o := o.(type) {
		case mo.VirtualMachine:
			machines[c.Obj] = o
		case mo.Datastore:
			around.datastores[c.Obj] = o.Summary
		case mo.Task:
			around.tasks = append(around.tasks, o.Info)
		}
	}
	vms := make([]estate.VM, 0, len(refs))
	for _, r := range refs {
		m, ok := machines[r]
		if !ok {
			return nil, &trouble{estate.Failed, fmt.Sprintf("vCenter did not show %s", r), nil}
		}
		vm, err := machineOf(m, around, now)
		if err != nil {
			return nil, err
		}
		vms = append(vms, vm)
	}
	return vms, nil
}

func byRef(a, b types.ManagedObjectReference) int {
	switch {
	case a.Value < b.Value:
		return -1
	case a.Value > b.Value:
		return 1
	}
	return 0
}
