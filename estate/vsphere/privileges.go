package vsphere

import (
	"context"
	"fmt"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// Privileges lists what the bot's account needs on the virtual machines (infra.md D2):
// to take the set, to commit it, and to go back to it.
func Privileges() []string {
	return []string{
		"VirtualMachine.State.CreateSnapshot", "VirtualMachine.State.RemoveSnapshot", "VirtualMachine.State.RevertToSnapshot",
		"VirtualMachine.Interact.PowerOn", "VirtualMachine.Interact.PowerOff",
	}
}

// Lacks lists the privileges of Privileges that the account does not have on a machine.
// That the way back is not allowed has to be known before it is needed.
func (v *VCenter) Lacks(ctx context.Context, ref estate.VMRef) ([]string, error) {
	e := errand{doing: fmt.Sprintf("read what the account may do with %s", ref)}
	vm, err := reference(ref)
	if err != nil {
		return nil, v.errorOf(err, e, false)
	}
	var lacks []string
	err = v.call(ctx, e, func(ctx context.Context, c *vim25.Client) error {
		lacks = nil
		if c.ServiceContent.AuthorizationManager == nil || c.ServiceContent.SessionManager == nil {
			return &trouble{estate.Unavailable, "it is no vCenter: it has no authorization manager", nil}
		}
		var sessions mo.SessionManager
		if err := mo.RetrieveProperties(ctx, c, c.ServiceContent.PropertyCollector, *c.ServiceContent.SessionManager, &sessions); err != nil {
			return err
		}
		if sessions.CurrentSession == nil {
			return &trouble{estate.Unavailable, "vCenter does not say as whom the bot is logged on", nil}
		}
		res, err := methods.HasUserPrivilegeOnEntities(ctx, c, &types.HasUserPrivilegeOnEntities{This: *c.ServiceContent.AuthorizationManager,
			Entities: []types.ManagedObjectReference{vm}, UserName: sessions.CurrentSession.UserName, PrivId: Privileges()})
		if err != nil {
			return err
		}
		said := map[string]bool{}
		for _, entity := range res.Returnval {
			for _, p := range entity.PrivAvailability {
				said[p.PrivId] = p.IsGranted
			}
		}
		for _, id := range Privileges() {
			if !said[id] { // what it says nothing of, it does not grant
				lacks = append(lacks, id)
			}
		}
		return nil
	})
	return lacks, err
}
