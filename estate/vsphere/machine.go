package vsphere

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// surroundings are what machines share.
type surroundings struct {
	datastores map[types.ManagedObjectReference]types.DatastoreSummary
	tasks      []types.TaskInfo
}

// machineOf turns a machine as vCenter shows it, with all that is needed, into ours.
func machineOf(m mo.VirtualMachine, around surroundings, now time.Time) (estate.VM, error) {
	uuid, ok := estate.CanonicalUUID(m.Config.Uuid)
	if !ok {
		uuid = "" // binds nothing
	}
	vm := estate.VM{
		Ref: estate.VMRef(m.Self.String()), Name: m.Name, UUID: uuid,
		Power:               estate.VMPower(m.Runtime.PowerState),
		Connected:           m.Runtime.ConnectionState == types.VirtualMachineConnectionStateConnected,
		Template:            m.Config.Template,
		ConsolidationNeeded: m.Runtime.ConsolidationNeeded,
		Disks:               diskSize(m.Config.Hardware.Device),
		Unsupported:         unsupported(m.Config.Hardware.Device),
		Now:                 now,
	}
	if m.Guest != nil {
		vm.ToolsStatus, vm.HostName = m.Guest.ToolsRunningStatus, m.Guest.HostName
		vm.ToolsRunning = m.Guest.ToolsRunningStatus == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
	}
	if s := m.Summary.Storage; s != nil {
		vm.Committed, vm.Uncommitted = s.Committed, s.Uncommitted
	}
	if m.Snapshot != nil {
		vm.Snapshots = flatten(m.Snapshot.RootSnapshotList, "")
		size(vm.Snapshots, m.LayoutEx)
		if c := m.Snapshot.CurrentSnapshot; c != nil {
			vm.Current = estate.SnapshotRef(c.String())
		}
		vm.Chain = chainOf(vm)
	}
	if err := around.addTo(&vm, m); err != nil {
		return estate.VM{}, err
	}
	return vm, nil
}

// addTo puts a machine's datastores and its tasks that have not ended to it.
func (a surroundings) addTo(vm *estate.VM, m mo.VirtualMachine) error {
	for _, ref := range m.Datastore {
		d, ok := a.datastores[ref]
		if !ok {
			return &trouble{estate.Failed, fmt.Sprintf("vCenter did not show %s, on which %s is", ref, m.Name), nil}
		}
		vm.Datastores = append(vm.Datastores, datastoreOf(ref, d))
	}
	slices.SortFunc(vm.Datastores, func(a, b estate.Datastore) int { return strings.Compare(a.Name, b.Name) })
	for _, info := range a.tasks {
		if t := taskOf(info); t.VM == vm.Ref && !t.Ended() {
			vm.Tasks = append(vm.Tasks, t)
		}
	}
	return nil
}

// datastoreOf works out what is provisioned: what is used, and what thin disks may
// still grow by.
func datastoreOf(ref types.ManagedObjectReference, s types.DatastoreSummary) estate.Datastore {
	return estate.Datastore{Ref: ref.String(), Name: s.Name, Accessible: s.Accessible,
		Free: s.FreeSpace, Capacity: s.Capacity, Provisioned: s.Capacity - s.FreeSpace + s.Uncommitted}
}

// flatten lists a tree of snapshots, parents before children.
func flatten(tree []types.VirtualMachineSnapshotTree, parent estate.SnapshotRef) []estate.Snapshot {
	var list []estate.Snapshot
	for _, t := range tree {
		s := estate.Snapshot{
			Ref: estate.SnapshotRef(t.Snapshot.String()), Name: t.Name, Description: t.Description,
			Created: t.CreateTime.UTC(), Quiesced: t.Quiesced, State: estate.VMPower(t.State), Parent: parent,
		}
		list = append(list, s)
		list = append(list, flatten(t.ChildSnapshotList, s.Ref)...)
	}
	return list
}

// chainOf counts the snapshots from the root to the current one.
func chainOf(vm estate.VM) int {
	n := 0
	for at := vm.Current; at != "" && n <= len(vm.Snapshots); n++ {
		s, ok := vm.Snapshot(at)
		if !ok {
			return len(vm.Snapshots) // vCenter contradicts itself: count them all
		}
		at = s.Parent
	}
	return n
}
