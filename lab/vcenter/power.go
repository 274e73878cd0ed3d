package vcenter

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// machine carries out the methods of a virtual machine that are ours.
type machine struct {
	Self   types.ManagedObjectReference
	server *Server
}

func (m *machine) Reference() types.ManagedObjectReference { return m.Self }

// PowerOnVMTask begins a boot of the host.
func (m *machine) PowerOnVMTask(ctx *simulator.Context, _ *types.PowerOnVM_Task) soap.HasFault {
	task, fault := m.server.begin(ctx, m.Self, "PowerOnVM", m.server.switchTo(types.VirtualMachinePowerStatePoweredOn))
	if fault != nil {
		return &methods.PowerOnVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: task}}
}

// PowerOffVMTask takes the host's power.
func (m *machine) PowerOffVMTask(ctx *simulator.Context, _ *types.PowerOffVM_Task) soap.HasFault {
	task, fault := m.server.begin(ctx, m.Self, "PowerOffVM", m.server.switchTo(types.VirtualMachinePowerStatePoweredOff))
	if fault != nil {
		return &methods.PowerOffVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: task}}
}

// ResetVMTask takes the host's power and gives it back.
func (m *machine) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	task, fault := m.server.begin(ctx, m.Self, "ResetVM", func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		if _, fault := m.server.switchTo(types.VirtualMachinePowerStatePoweredOff)(ctx, vm); fault != nil {
			return nil, fault
		}
		return m.server.switchTo(types.VirtualMachinePowerStatePoweredOn)(ctx, vm)
	})
	if fault != nil {
		return &methods.ResetVM_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: task}}
}

// SuspendVMTask is refused: the world has no hosts that sleep.
func (m *machine) SuspendVMTask(*simulator.Context, *types.SuspendVM_Task) soap.HasFault {
	return &methods.SuspendVM_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
}

// ShutdownGuest asks the guest to shut down. There is no task that a client can see;
// the machine is off when the delay is over, unless the guest hangs.
func (m *machine) ShutdownGuest(ctx *simulator.Context, _ *types.ShutdownGuest) soap.HasFault {
	if fault := m.guestAnswers(); fault != nil {
		return &methods.ShutdownGuestBody{Fault_: simulator.Fault("", fault)}
	}
	if m.guestHangs() {
		return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
	}
	if fault := m.server.unseen(m.Self, m.server.switchTo(types.VirtualMachinePowerStatePoweredOff)); fault != nil {
		return &methods.ShutdownGuestBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
}

// RebootGuest asks the guest to restart; the machine stays on.
func (m *machine) RebootGuest(*simulator.Context, *types.RebootGuest) soap.HasFault {
	if fault := m.guestAnswers(); fault != nil {
		return &methods.RebootGuestBody{Fault_: simulator.Fault("", fault)}
	}
	if host, ok := m.server.bound[m.Self]; ok && !m.guestHangs() {
		if err := m.server.cfg.World.Restart(host); err != nil {
			return &methods.RebootGuestBody{Fault_: simulator.Fault("", &types.SystemError{Reason: err.Error()})}
		}
	}
	return &methods.RebootGuestBody{Res: &types.RebootGuestResponse{}}
}

// guestAnswers refuses what only a running guest with Tools can do. The simulator has
// locked the machine.
func (m *machine) guestAnswers() types.BaseMethodFault {
	vm, err := m.server.vm(m.Self)
	switch {
	case err != nil:
		return &types.ManagedObjectNotFound{Obj: m.Self}
	case vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn:
		return &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: vm.Runtime.PowerState}
	case !toolsRun(vm):
		return &types.ToolsUnavailable{}
	}
	return nil
}

// guestHangs reports whether the guest takes an order and does not carry it out, which
// vCenter does not learn.
func (m *machine) guestHangs() bool {
	return m.server.faults.holds(FaultGuest, m.server.nameOf(m.Self))
}

// unseen does work after the delay without a task.
func (s *Server) unseen(ref types.ManagedObjectReference, do work) types.BaseMethodFault {
	vm, err := s.vm(ref)
	if err != nil {
		return &types.ManagedObjectNotFound{Obj: ref}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return &types.HostCommunication{}
	}
	delay := s.delay
	s.running.Add(1)
	go func() { // Close waits for it
		defer s.running.Done()
		ctx := s.context()
		if s.pass(delay, func(int32) {}) == nil {
			ctx.WithLock(vm, func() { _, _ = do(ctx, vm) }) // a guest that was switched off meanwhile is off
		}
	}()
	return nil
}

// switchTo gives a machine, and the host that it is, another power state.
func (s *Server) switchTo(state types.VirtualMachinePowerState) work {
	return func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault) {
		if vm.Runtime.PowerState == state {
			return nil, &types.InvalidPowerState{RequestedState: state, ExistingState: vm.Runtime.PowerState}
		}
		on := state == types.VirtualMachinePowerStatePoweredOn
		if host, ok := s.bound[vm.Self]; ok {
			press := s.cfg.World.PowerOff
			if on {
				press = s.cfg.World.PowerOn
			}
			if err := press(host); err != nil {
				return nil, &types.SystemError{Reason: err.Error()}
			}
		}
		// Tools of a host that boots answer later; those of the others at once.
		_, boots := s.bound[vm.Self]
		ctx.Update(vm, powerChanges(on, on && !boots))
		return nil, nil
	}
}
