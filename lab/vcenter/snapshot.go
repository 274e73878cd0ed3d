package vcenter

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// longestChain is how many snapshots the real product puts one on the other.
const longestChain = 32

// CreateSnapshotTask begins a snapshot.
func (m *machine) CreateSnapshotTask(ctx *simulator.Context, req *types.CreateSnapshot_Task) soap.HasFault {
	task, fault := m.create(ctx, types.VirtualMachineSnapshotTree{Name: req.Name, Description: req.Description, Quiesced: req.Quiesce}, req.Memory)
	if fault != nil {
		return &methods.CreateSnapshot_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{Returnval: task}}
}

// CreateSnapshotExTask begins a snapshot.
func (m *machine) CreateSnapshotExTask(ctx *simulator.Context, req *types.CreateSnapshotEx_Task) soap.HasFault {
	task, fault := m.create(ctx, types.VirtualMachineSnapshotTree{Name: req.Name, Description: req.Description, Quiesced: req.QuiesceSpec != nil}, req.Memory)
	if fault != nil {
		return &methods.CreateSnapshotEx_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.CreateSnapshotEx_TaskBody{Res: &types.CreateSnapshotEx_TaskResponse{Returnval: task}}
}

func (m *machine) create(ctx *simulator.Context, order types.VirtualMachineSnapshotTree, memory bool) (types.ManagedObjectReference, types.BaseMethodFault) {
	if order.Name == "" || len(order.Name) > 80 {
		return m.Self, &types.InvalidName{Name: order.Name}
	}
	return m.server.begin(ctx, m.Self, "CreateSnapshot", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		return m.server.create(ctx, vm, order, memory)
	})
}

// create makes a snapshot of a machine that is locked, and of the host that it is.
func (s *Server) create(ctx *simulator.Context, vm *simulator.VirtualMachine, node types.VirtualMachineSnapshotTree, memory bool) (types.AnyType, types.BaseMethodFault) {
	on := vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	node.Quiesced = node.Quiesced && on && toolsRun(vm) // ignored in silence otherwise
	if node.Quiesced {
		if f, fails := s.faults.strike(FaultQuiesce, vm.Name, ""); fails {
			if f.Is != nil {
				return nil, f.Is
			}
			return nil, &types.ApplicationQuiesceFault{}
		}
		if _, silent := s.faults.strike(FaultNotQuiesced, vm.Name, ""); silent {
			node.Quiesced = false
		}
	}
	if fault := s.hinders(vm); fault != nil {
		return nil, fault
	}
	s.mu.Lock()
	s.number++
	n := s.number
	s.mu.Unlock()
	o := &simulator.VirtualMachineSnapshot{}
	o.Self = types.ManagedObjectReference{Type: "VirtualMachineSnapshot", Value: fmt.Sprintf("snapshot-%d", 100+n)}
	o.Vm = vm.Self
	node.Snapshot, node.Vm, node.Id = o.Self, vm.Self, int32(n)
	node.CreateTime = s.cfg.World.Now()
	node.ReplaySupported = types.NewBool(false)
	node.State = types.VirtualMachinePowerStatePoweredOff
	if memory {
		node.State = vm.Runtime.PowerState
	}
	if host, ok := s.bound[vm.Self]; ok {
		if err := s.cfg.World.KeepHost(host, o.Self.Value, node.Name); err != nil {
			return nil, &types.SystemError{Reason: err.Error()}
		}
	}
	ctx.Map.Put(o)
	tree, current := treeOf(vm)
	setTree(ctx, vm, grown(tree, current, node), &o.Self)
	return o.Self, nil
}

// hinders says why a snapshot of a machine cannot be made.
func (s *Server) hinders(vm *simulator.VirtualMachine) types.BaseMethodFault {
	if f, full := s.faults.strike(FaultNoSpace, vm.Name, ""); full {
		if f.Is != nil {
			return f.Is
		}
		return &types.NoDiskSpace{Datastore: s.stores[vm.Datastore[0]].name}
	}
	if tree, current := treeOf(vm); depth(tree, current) >= longestChain {
		return &types.TooManySnapshotLevels{}
	}
	for _, d := range vm.Config.Hardware.Device {
		c, ok := d.(types.BaseVirtualSCSIController)
		if ok && c.GetVirtualSCSIController().SharedBus == types.VirtualSCSISharingPhysicalSharing {
			return &types.SnapshotIncompatibleDeviceInVm{Fault: types.LocalizedMethodFault{
				Fault: &types.NotSupported{}, LocalizedMessage: "The virtual machine is configured to use bus-sharing."}}
		}
	}
	return nil
}

// RevertToCurrentSnapshotTask goes back to the snapshot on which the machine runs.
func (m *machine) RevertToCurrentSnapshotTask(ctx *simulator.Context, _ *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	task, fault := m.server.begin(ctx, m.Self, "RevertToCurrentSnapshot", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		_, current := treeOf(vm)
		if current == nil {
			return nil, &types.NotFound{}
		}
		return nil, m.server.revert(ctx, vm, *current)
	})
	if fault != nil {
		return &methods.RevertToCurrentSnapshot_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.RevertToCurrentSnapshot_TaskBody{Res: &types.RevertToCurrentSnapshot_TaskResponse{Returnval: task}}
}

// RemoveAllSnapshotsTask removes every snapshot of the machine.
func (m *machine) RemoveAllSnapshotsTask(ctx *simulator.Context, _ *types.RemoveAllSnapshots_Task) soap.HasFault {
	task, fault := m.server.begin(ctx, m.Self, "RemoveAllSnapshots", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		tree, _ := treeOf(vm)
		for _, ref := range within(tree) {
			if fault := m.server.remove(ctx, vm, ref, false); fault != nil {
				return nil, fault
			}
		}
		return nil, nil
	})
	if fault != nil {
		return &methods.RemoveAllSnapshots_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{Returnval: task}}
}

// ConsolidateVMDisksTask merges the delta disks that a removal has left.
func (m *machine) ConsolidateVMDisksTask(ctx *simulator.Context, _ *types.ConsolidateVMDisks_Task) soap.HasFault {
	task, fault := m.server.begin(ctx, m.Self, "ConsolidateVMDisks", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		ctx.Update(vm, []types.PropertyChange{{Name: "runtime.consolidationNeeded", Val: false}, {Name: "summary.runtime.consolidationNeeded", Val: false}})
		return nil, nil
	})
	if fault != nil {
		return &methods.ConsolidateVMDisks_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{Returnval: task}}
}

// snapshot carries out the methods of a snapshot.
type snapshot struct {
	Self   types.ManagedObjectReference
	server *Server
}

func (n *snapshot) Reference() types.ManagedObjectReference { return n.Self }

// machine is whose snapshot it is.
func (n *snapshot) machine() types.ManagedObjectReference {
	if o, ok := n.server.registry().Get(n.Self).(*simulator.VirtualMachineSnapshot); ok {
		return o.Vm
	}
	return types.ManagedObjectReference{}
}

// begin is Server.begin for a method of a snapshot. The simulator has locked the
// snapshot and not its machine.
func (n *snapshot) begin(ctx *simulator.Context, name string, do work) (task types.ManagedObjectReference, fault types.BaseMethodFault) {
	vm := n.machine()
	if vm.Value == "" {
		return vm, &types.ManagedObjectNotFound{Obj: n.Self}
	}
	ctx.WithLock(vm, func() { task, fault = n.server.begin(ctx, vm, name, do) })
	return task, fault
}

// RevertToSnapshotTask goes back to the snapshot.
func (n *snapshot) RevertToSnapshotTask(ctx *simulator.Context, _ *types.RevertToSnapshot_Task) soap.HasFault {
	task, fault := n.begin(ctx, "RevertToSnapshot", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		return nil, n.server.revert(ctx, vm, n.Self)
	})
	if fault != nil {
		return &methods.RevertToSnapshot_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{Returnval: task}}
}

// RemoveSnapshotTask removes the snapshot, and its children where that is asked.
func (n *snapshot) RemoveSnapshotTask(ctx *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	task, fault := n.begin(ctx, "RemoveSnapshot", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		return nil, n.server.remove(ctx, vm, n.Self, req.RemoveChildren)
	})
	if fault != nil {
		return &methods.RemoveSnapshot_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.RemoveSnapshot_TaskBody{Res: &types.RemoveSnapshot_TaskResponse{Returnval: task}}
}

// revert brings a machine that is locked, and the host that it is, back to a
// snapshot. Every snapshot here is without memory as far as the world goes, so the
// machine is off.
func (s *Server) revert(ctx *simulator.Context, vm *simulator.VirtualMachine, ref types.ManagedObjectReference) types.BaseMethodFault {
	tree, _ := treeOf(vm)
	if !slices.Contains(within(tree), ref) {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	if _, ok := s.bound[vm.Self]; ok {
		if err := s.cfg.World.RevertHost(ref.Value); err != nil {
			return &types.SystemError{Reason: err.Error()}
		}
	}
	ctx.Update(vm, append(powerChanges(false, false), types.PropertyChange{Name: "snapshot.currentSnapshot", Val: ref}))
	return nil
}

// remove takes a snapshot, or it and all below it, from a machine that is locked.
func (s *Server) remove(ctx *simulator.Context, vm *simulator.VirtualMachine, ref types.ManagedObjectReference, below bool) types.BaseMethodFault {
	tree, current := treeOf(vm)
	if !slices.Contains(within(tree), ref) {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	left, parent := pruned(tree, ref, below)
	var gone []types.ManagedObjectReference
	for _, r := range within(tree) {
		if !slices.Contains(within(left), r) {
			gone = append(gone, r)
		}
	}
	if current != nil && slices.Contains(gone, *current) {
		current = parent
	}
	if _, host := s.bound[vm.Self]; host {
		for _, r := range gone {
			if err := s.cfg.World.ForgetHost(r.Value); err != nil {
				return &types.SystemError{Reason: err.Error()}
			}
		}
	}
	setTree(ctx, vm, left, current)
	for _, r := range gone {
		ctx.Map.Remove(ctx, r)
	}
	if _, leaves := s.faults.strike(FaultLeftover, vm.Name, ""); leaves {
		ctx.Update(vm, []types.PropertyChange{{Name: "runtime.consolidationNeeded", Val: true}, {Name: "summary.runtime.consolidationNeeded", Val: true}})
	}
	return nil
}
