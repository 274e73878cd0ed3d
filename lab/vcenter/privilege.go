package vcenter

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// authorization answers what an account may do by the faults that refuse it: a call that
// would be refused for a lack of privilege is one for which there is none.
type authorization struct {
	Self   types.ManagedObjectReference
	server *Server
}

func (a *authorization) Reference() types.ManagedObjectReference { return a.Self }

// HasUserPrivilegeOnEntities is asked about machines.
func (a *authorization) HasUserPrivilegeOnEntities(_ *simulator.Context, req *types.HasUserPrivilegeOnEntities) soap.HasFault {
	res := &types.HasUserPrivilegeOnEntitiesResponse{}
	for _, e := range req.Entities {
		entity := types.EntityPrivilege{Entity: e}
		for _, id := range req.PrivId {
			entity.PrivAvailability = append(entity.PrivAvailability, types.PrivilegeAvailability{PrivId: id, IsGranted: !a.server.faults.refuses(a.server.nameOf(e), callsOf(id))})
		}
		res.Returnval = append(res.Returnval, entity)
	}
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: res}
}

// callsOf are the calls that a privilege allows.
func callsOf(privilege string) []string {
	last := privilege[strings.LastIndex(privilege, ".")+1:]
	switch last {
	case "PowerOn":
		return []string{"PowerOnVM_Task"}
	case "PowerOff":
		return []string{"PowerOffVM_Task", "ShutdownGuest"}
	}
	return []string{last + "_Task"}
}

// refuses reports whether a fault is armed that refuses one of the calls on a machine; it
// does not strike by that.
func (l *faultList) refuses(vm string, calls []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.armed, func(f Fault) bool {
		return f.Kind == FaultCall && f.Is == nil && (f.VM == "" || f.VM == vm) && (f.Method == "" || slices.Contains(calls, f.Method))
	})
}
