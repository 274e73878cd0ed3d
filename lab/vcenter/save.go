package vcenter

import (
	"encoding/json"
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// savedMachine is what of a machine changes and is not the world's: its snapshots and
// its disks. Power and Tools of a host follow the world; tasks are not kept, as by a
// vCenter that was restarted.
type savedMachine struct {
	Name          string
	Ref           types.ManagedObjectReference
	On            bool
	Consolidation bool
	Current       *types.ManagedObjectReference
	Tree          []types.VirtualMachineSnapshotTree
}

type savedServer struct {
	Number   int
	Machines []savedMachine
}

// Save puts away what Resume needs beside the world. A task that is under way is not
// in it.
func (s *Server) Save() ([]byte, error) {
	s.mu.Lock()
	state := savedServer{Number: s.number}
	s.mu.Unlock()
	ctx := s.context()
	for _, vm := range s.vms() {
		ctx.WithLock(vm, func() {
			tree, current := treeOf(vm)
			state.Machines = append(state.Machines, savedMachine{vm.Name, vm.Self, vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn,
				vm.Runtime.ConsolidationNeeded, current, tree})
		})
	}
	b, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("vcenter: save the snapshots: %w", err)
	}
	return b, nil
}

// Resume gives the machines the snapshots that Save has put away, before anybody is
// served. The world's own snapshots have to be those of the same moment.
func (s *Server) Resume(saved []byte) error {
	var state savedServer
	if err := json.Unmarshal(saved, &state); err != nil {
		return fmt.Errorf("vcenter: the saved snapshots cannot be read: %w", err)
	}
	s.mu.Lock()
	s.number = state.Number
	s.mu.Unlock()
	ctx := s.context()
	for _, m := range state.Machines {
		vm, err := s.vm(m.Ref)
		if err != nil || vm.Name != m.Name {
			return fmt.Errorf("vcenter: the saved machine %s was %s, which is another one here", m.Name, m.Ref.Value)
		}
		ctx.WithLock(vm, func() { s.resume(ctx, vm, m) })
	}
	return s.follow(ctx)
}

// resume is Resume for a machine that is locked.
func (s *Server) resume(ctx *simulator.Context, vm *simulator.VirtualMachine, m savedMachine) {
	for _, ref := range within(m.Tree) {
		o := &simulator.VirtualMachineSnapshot{}
		o.Self, o.Vm = ref, vm.Self
		ctx.Map.Put(o)
	}
	if len(m.Tree) > 0 {
		setTree(ctx, vm, m.Tree, m.Current)
	}
	if _, host := s.bound[vm.Self]; !host {
		ctx.Update(vm, powerChanges(m.On, m.On))
	}
	if m.Consolidation {
		ctx.Update(vm, []types.PropertyChange{{Name: "runtime.consolidationNeeded", Val: true}, {Name: "summary.runtime.consolidationNeeded", Val: true}})
	}
}

// vms are all machines, in the order of their references.
func (s *Server) vms() []*simulator.VirtualMachine {
	var list []*simulator.VirtualMachine
	for _, e := range s.registry().All("VirtualMachine") {
		if vm, ok := e.(*simulator.VirtualMachine); ok {
			list = append(list, vm)
		}
	}
	return list
}
