package vcenter

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// handle is asked by the simulator before it carries out a call. It refuses what the
// real product refuses, and puts an object of ours in the place of the simulator's
// for the methods that are ours.
//
// The simulator ignores an object that is returned from here when there is a session,
// and asserts the types of those in its registry, so that a wrapper left there ends
// the process (reference/infra.md D1). What it does ask first is the session's own
// registry; this call's copy of the session gets one with our object in it, which is
// gone with the call.
func (s *Server) handle(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil {
		return nil, s.withoutSession(m)
	}
	if vm := s.nameOf(m.This); vm != "" {
		if f, ok := s.faults.strike(FaultCall, vm, m.Name); ok {
			if f.Is != nil {
				return nil, f.Is
			}
			return nil, &types.NoPermission{Object: &m.This, PrivilegeId: "VirtualMachine.State." + strings.TrimSuffix(m.Name, "_Task")}
		}
	}
	if ours := s.instead(m); ours != nil {
		ctx.Session.Registry = simulator.NewRegistry()
		ctx.Session.Registry.Put(ours)
	}
	return nil, nil
}

// withoutSession refuses to read, which the simulator allows to anybody. What a
// client needs to log on is left alone, unless it is to be refused.
func (s *Server) withoutSession(m *simulator.Method) types.BaseMethodFault {
	switch m.Name {
	case "Login":
		if _, refused := s.faults.strike(FaultRefused, "", m.Name); refused {
			return &types.InvalidLogin{}
		}
	case "RetrieveProperties", "RetrievePropertiesEx", "ContinueRetrievePropertiesEx", "Fetch":
		return &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &m.This, PrivilegeId: "System.View"}}
	}
	return nil
}

// instead is the object of ours that carries out a method, or nil for the
// simulator's own.
func (s *Server) instead(m *simulator.Method) mo.Reference {
	switch m.This.Type {
	case "VirtualMachine":
		switch m.Name {
		case "CreateSnapshot_Task", "CreateSnapshotEx_Task", "RevertToCurrentSnapshot_Task", "RemoveAllSnapshots_Task",
			"ConsolidateVMDisks_Task", "PowerOnVM_Task", "PowerOffVM_Task", "SuspendVM_Task", "ResetVM_Task", "ShutdownGuest", "RebootGuest":
			return &machine{Self: m.This, server: s}
		}
	case "VirtualMachineSnapshot":
		switch m.Name {
		case "RevertToSnapshot_Task", "RemoveSnapshot_Task":
			return &snapshot{Self: m.This, server: s}
		}
	case "AuthorizationManager":
		if m.Name == "HasUserPrivilegeOnEntities" {
			return &authorization{Self: m.This, server: s}
		}
	case "ServiceInstance":
		if m.Name == "CurrentTime" {
			return &clock{Self: m.This, server: s}
		}
	case "SearchIndex":
		if m.Name == "FindAllByUuid" {
			return &index{Self: m.This, server: s}
		}
	case "Task":
		if m.Name == "CancelTask" {
			return &fixedTask{Self: m.This}
		}
	case "PropertyCollector":
		if strings.HasPrefix(m.Name, "RetrieveProperties") {
			s.forget(m)
		}
	}
	return nil
}

// clock tells the world's time.
type clock struct {
	Self   types.ManagedObjectReference
	server *Server
}

func (c *clock) Reference() types.ManagedObjectReference { return c.Self }

// CurrentTime is the world's.
func (c *clock) CurrentTime(*types.CurrentTime) soap.HasFault {
	return &methods.CurrentTimeBody{Res: &types.CurrentTimeResponse{Returnval: c.server.cfg.World.Now()}}
}

// index looks machines up under their locks, which the simulator does not.
type index struct {
	Self   types.ManagedObjectReference
	server *Server
}

func (i *index) Reference() types.ManagedObjectReference { return i.Self }

// FindAllByUuid finds machines by BIOS or instance UUID, and no hosts.
func (i *index) FindAllByUuid(ctx *simulator.Context, req *types.FindAllByUuid) soap.HasFault {
	res := &types.FindAllByUuidResponse{}
	if req.VmSearch {
		for _, e := range i.server.registry().All("VirtualMachine") {
			vm, ok := e.(*simulator.VirtualMachine)
			if !ok {
				continue
			}
			ctx.WithLock(vm, func() {
				id := vm.Config.Uuid
				if req.InstanceUuid != nil && *req.InstanceUuid {
					id = vm.Config.InstanceUuid
				}
				if strings.EqualFold(id, req.Uuid) {
					res.Returnval = append(res.Returnval, vm.Self)
				}
			})
		}
	}
	return &methods.FindAllByUuidBody{Res: res}
}

// fixedTask is a task that cannot be cancelled, as none of ours can. The simulator
// says that it was and does the work all the same.
type fixedTask struct{ Self types.ManagedObjectReference }

func (t *fixedTask) Reference() types.ManagedObjectReference { return t.Self }

// CancelTask refuses.
func (t *fixedTask) CancelTask(*types.CancelTask) soap.HasFault {
	return &methods.CancelTaskBody{Fault_: simulator.Fault("The task is not cancelable.", &types.NotSupported{})}
}

// forget takes the tasks that are asked about from the registry, as vCenter does
// after a while or when it has been restarted.
func (s *Server) forget(m *simulator.Method) {
	var specs []types.PropertyFilterSpec
	switch req := m.Body.(type) {
	case *types.RetrieveProperties:
		specs = req.SpecSet
	case *types.RetrievePropertiesEx:
		specs = req.SpecSet
	}
	for _, spec := range specs {
		for _, o := range spec.ObjectSet {
			if o.Obj.Type != "Task" {
				continue
			}
			if _, gone := s.faults.strike(FaultForgotten, "", m.Name); gone {
				s.registry().Remove(s.context(), o.Obj)
			}
		}
	}
}
