package vcenter

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
)

// follow brings the machines and datastores to what is so now in the world and in
// the faults that last. It runs before every call is carried out, so that no client
// can read anything older.
func (s *Server) follow(ctx *simulator.Context) error {
	hosts := map[string]world.Machine{}
	for _, m := range s.cfg.World.Machines() {
		hosts[m.Host] = m
	}
	for ref, name := range s.bound {
		vm, err := s.vm(ref)
		if err != nil {
			return err
		}
		deltas := s.cfg.World.DeltasOf(name)
		ctx.WithLock(vm, func() {
			s.followHost(ctx, vm, hosts[name])
			s.followFiles(ctx, vm, deltas)
		})
	}
	if err := s.followTwin(ctx); err != nil {
		return err
	}
	s.followStores(ctx)
	return s.followBackups(ctx)
}

// followHost gives a machine its host's power and Tools. Whoever calls has locked
// the machine.
func (s *Server) followHost(ctx *simulator.Context, vm *simulator.VirtualMachine, m world.Machine) {
	tools := m.Tools && !s.faults.holds(FaultNoTools, vm.Name)
	on := m.Power != world.PowerOff
	if (vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn) == on && toolsRun(vm) == tools {
		return
	}
	ctx.Update(vm, powerChanges(on, tools))
}

func toolsRun(vm *simulator.VirtualMachine) bool {
	return vm.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
}

// powerChanges are the properties that say whether a machine runs and its Tools
// answer.
func powerChanges(on, tools bool) []types.PropertyChange {
	power, state, running := types.VirtualMachinePowerStatePoweredOff, "notRunning", types.VirtualMachineToolsRunningStatusGuestToolsNotRunning
	status := types.VirtualMachineToolsStatusToolsNotRunning
	if on {
		power = types.VirtualMachinePowerStatePoweredOn
	}
	if tools {
		running, status, state = types.VirtualMachineToolsRunningStatusGuestToolsRunning, types.VirtualMachineToolsStatusToolsOk, "running"
	}
	return []types.PropertyChange{
		{Name: "runtime.powerState", Val: power},
		{Name: "summary.runtime.powerState", Val: power},
		{Name: "guest.toolsRunningStatus", Val: string(running)},
		{Name: "guest.toolsStatus", Val: status},
		{Name: "guest.guestState", Val: state},
		{Name: "summary.guest.toolsRunningStatus", Val: string(running)},
	}
}

// setPower gives a machine its first power state, before anybody can see it.
func setPower(vm *simulator.VirtualMachine, on bool) {
	mo.ApplyPropertyChange(&vm.VirtualMachine, powerChanges(on, on))
}

// followTwin gives the mirror copy a BIOS UUID of its own, as cloning does, or the
// SMP's, as copying the files by hand does.
func (s *Server) followTwin(ctx *simulator.Context) error {
	vm, err := s.vm(s.clone)
	if err != nil {
		return err
	}
	const smp = "SMP1"
	uuid := uuidOf(mirror)
	if s.faults.holds(FaultTwin, mirror) {
		for _, m := range s.cfg.World.Machines() {
			if m.Host == smp {
				uuid = m.BIOS
			}
		}
	}
	ctx.WithLock(vm, func() {
		if vm.Config.Uuid != uuid {
			ctx.Update(vm, []types.PropertyChange{{Name: "config.uuid", Val: uuid}, {Name: "summary.config.uuid", Val: uuid}})
		}
	})
	return nil
}

// followStores takes the space of the delta disks from their datastores.
func (s *Server) followStores(ctx *simulator.Context) {
	taken := map[types.ManagedObjectReference]int64{}
	for ref, name := range s.bound {
		vm, err := s.vm(ref)
		if err != nil || len(vm.Datastore) == 0 {
			continue
		}
		for _, snapshot := range s.cfg.World.SnapshotsOf(name) {
			taken[vm.Datastore[0]] += snapshot.SizeMB << 20
		}
	}
	for ref, st := range s.stores {
		d, ok := s.registry().Get(ref).(*simulator.Datastore)
		if !ok {
			continue
		}
		free := max(0, st.free-taken[ref])
		ctx.WithLock(d, func() {
			if d.Summary.FreeSpace == free && d.Summary.Capacity == st.capacity {
				return
			}
			ctx.Update(d, []types.PropertyChange{
				{Name: "summary.capacity", Val: st.capacity}, {Name: "summary.freeSpace", Val: free},
				{Name: "info", Val: sized(d.Info, free)},
			})
		})
	}
}

// sized is a datastore's info with its free space, which clients compare with the
// summary.
func sized(info types.BaseDatastoreInfo, free int64) types.BaseDatastoreInfo {
	if local, ok := info.(*types.LocalDatastoreInfo); ok {
		c := *local
		c.FreeSpace = free
		return &c
	}
	return info
}

// vm finds a machine.
func (s *Server) vm(ref types.ManagedObjectReference) (*simulator.VirtualMachine, error) {
	vm, ok := s.registry().Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return nil, fmt.Errorf("vcenter: there is no %s", ref)
	}
	return vm, nil
}

// machine finds a machine by name; nil when there is none.
func (s *Server) machine(name string) *simulator.VirtualMachine {
	for _, e := range s.registry().All("VirtualMachine") {
		if vm, ok := e.(*simulator.VirtualMachine); ok && vm.Name == name {
			return vm
		}
	}
	return nil
}

// UUID is the BIOS UUID of a machine by its name, or "".
func (s *Server) UUID(name string) string {
	vm := s.machine(name)
	if vm == nil {
		return ""
	}
	var uuid string
	s.registry().WithLock(s.context(), vm, func() { uuid = vm.Config.Uuid })
	return uuid
}

// Names lists the machines by name, in their order of making.
func (s *Server) Names() []string {
	var names []string
	for _, m := range s.machines() {
		names = append(names, m.name)
	}
	return names
}
