package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// The kinds of objects that callers name.
const (
	kindVM       = "VirtualMachine"
	kindSnapshot = "VirtualMachineSnapshot"
	kindTask     = "Task"
)

// reference reads what callers keep of an object. An object of another kind is
// refused before anything is sent.
func reference[R estate.VMRef | estate.SnapshotRef | estate.TaskRef](ref R) (types.ManagedObjectReference, error) {
	kind := kindVM
	switch any(ref).(type) {
	case estate.SnapshotRef:
		kind = kindSnapshot
	case estate.TaskRef:
		kind = kindTask
	}
	var r types.ManagedObjectReference
	if !r.FromString(string(ref)) || r.Type != kind || r.Value == "" {
		return r, &trouble{estate.Failed, fmt.Sprintf("%q is no reference of a %s", ref, kind), nil}
	}
	return r, nil
}
