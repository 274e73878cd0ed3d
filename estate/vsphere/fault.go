package vsphere

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// faultOf finds the fault by which vCenter refused, or nil: decisions go by its
// type and never by its text.
func faultOf(err error) types.BaseMethodFault {
	var f interface{ Fault() types.BaseMethodFault }
	if errors.As(err, &f) {
		return f.Fault()
	}
	return nil
}

// wordsOf are vCenter's own words for a fault, in its own language.
func wordsOf(err error) string {
	if soap.IsSoapFault(err) {
		return soap.ToSoapFault(err).String
	}
	return ""
}

// sentenceOf turns a fault into a plain sentence, and adds vCenter's own words.
func sentenceOf(f types.BaseMethodFault, words string) string {
	s := plain(f)
	if s == "" {
		s = "vCenter refused with " + nameOf(f)
	}
	if words = strings.TrimSpace(words); words == "" || strings.Contains(words, nameOf(f)) {
		return s
	}
	return s + " (vCenter: " + strings.TrimSuffix(words, ".") + ")"
}

// nameOf is the fault's name in the vSphere API.
func nameOf(f types.BaseMethodFault) string {
	return reflect.Indirect(reflect.ValueOf(f)).Type().Name()
}

// plain is our sentence about a fault, empty for one that is not in the list
// (reference/infra.md D3).
func plain(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.NotAuthenticated:
		return "vCenter does not know the session"
	case *types.InvalidLogin:
		return "vCenter does not accept this user with this password"
	case *types.NoPermission:
		return noPermission(f)
	case *types.ManagedObjectNotFound:
		return fmt.Sprintf("vCenter has no %s any more", f.Obj)
	case *types.MethodNotFound:
		return fmt.Sprintf("this vCenter does not know %s", f.Method)
	case *types.MethodDisabled:
		return disabled(f)
	case *types.RequestCanceled:
		return "somebody cancelled the task"
	}
	for _, list := range []func(types.BaseMethodFault) string{plainState, plainSnapshot, plainStorage} {
		if s := list(f); s != "" {
			return s
		}
	}
	return ""
}

func noPermission(f *types.NoPermission) string {
	switch {
	case f.PrivilegeId != "" && f.Object != nil:
		return fmt.Sprintf("the bot's account lacks the privilege %s on %s", f.PrivilegeId, f.Object)
	case f.PrivilegeId != "":
		return "the bot's account lacks the privilege " + f.PrivilegeId
	}
	return "the bot's account is not allowed to do this"
}

func disabled(f *types.MethodDisabled) string {
	if f.Source != "" {
		return fmt.Sprintf("%s has disabled this operation for the machine, as a backup does while it runs", f.Source)
	}
	return "the operation is disabled for this machine, as a backup does while it runs"
}

// plainState is about the state in which a machine is.
func plainState(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.TaskInProgress:
		return fmt.Sprintf("another task (%s) works on the machine", f.Task)
	case *types.InvalidPowerState:
		if f.RequestedState == "" {
			return fmt.Sprintf("the machine is %s, so this cannot be done now", power(f.ExistingState))
		}
		return fmt.Sprintf("the machine is %s and would have to be %s", power(f.ExistingState), power(f.RequestedState))
	case *types.InvalidState:
		return "the machine is in no state to do this"
	case *types.ToolsUnavailable:
		return "VMware Tools do not run in the guest"
	case *types.HostNotConnected:
		return "vCenter does not reach the ESXi host of the machine"
	case *types.HostCommunication:
		return "vCenter lost the ESXi host of the machine meanwhile"
	case *types.GenericVmConfigFault:
		return "the machine's configuration does not allow it: " + f.Reason
	case *types.SystemError:
		return "an internal error of vCenter: " + f.Reason
	case *types.NotSupported:
		return "the machine does not support this"
	}
	return ""
}

func power(s types.VirtualMachinePowerState) string {
	switch s {
	case types.VirtualMachinePowerStatePoweredOn:
		return "on"
	case types.VirtualMachinePowerStatePoweredOff:
		return "off"
	}
	return string(s)
}

// plainSnapshot is about what hinders a snapshot.
func plainSnapshot(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.ApplicationQuiesceFault:
		return "the applications in the guest did not come to rest (VSS), so no quiesced snapshot was made"
	case *types.FilesystemQuiesceFault:
		return "the guest's file systems did not come to rest, so no quiesced snapshot was made"
	case *types.TooManySnapshotLevels:
		return "the chain of snapshots is already as long as it may be"
	case *types.SnapshotDisabled:
		return "snapshots are switched off for this machine"
	case *types.SnapshotIncompatibleDeviceInVm:
		s := "a device of the machine cannot be in a snapshot"
		if f.Fault.LocalizedMessage != "" {
			s += ": " + strings.TrimSuffix(f.Fault.LocalizedMessage, ".")
		}
		return s
	case *types.SnapshotLocked:
		return "the snapshot is in use by something else"
	case *types.MemorySnapshotOnIndependentDisk:
		return "the machine has an independent disk, of which no snapshot with memory can be made"
	case *types.MultipleSnapshotsNotSupported:
		return "the machine can have one snapshot only, and has it"
	case *types.SnapshotNoChange:
		return "nothing has changed since the last snapshot"
	case *types.SnapshotMoveFromNonHomeNotSupported, *types.SnapshotMoveNotSupported, *types.SnapshotMoveToNonHomeNotSupported, *types.SnapshotCloneNotSupported:
		return "the machine's snapshots do not allow it"
	case *types.SnapshotFault:
		return "vCenter could not make or use the snapshot"
	}
	return ""
}

// plainStorage is about disks and datastores.
func plainStorage(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.NoDiskSpace:
		return fmt.Sprintf("datastore %s is full", f.Datastore)
	case *types.InsufficientStorageSpace:
		return "the storage has not enough space"
	case *types.FileLocked:
		return fmt.Sprintf("the file %s is in use by something else, such as a backup", f.File)
	case *types.FileNotFound:
		return fmt.Sprintf("the file %s is missing", f.File)
	case *types.CannotAccessFile:
		return fmt.Sprintf("the file %s cannot be read", f.File)
	case *types.InaccessibleDatastore:
		return fmt.Sprintf("datastore %s cannot be reached", f.Name)
	}
	return ""
}
