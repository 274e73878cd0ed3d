package vsphere_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
)

// A change whose answer is lost is unknown, is never sent twice, and is found by its
// key.
func TestLostAnswerOfAChange(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultAnswer, Method: "CreateSnapshot_Task", Count: 1}); err != nil {
		t.Fatal(err)
	}
	_, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	if estate.TroubleOf(err) != estate.Unknown {
		t.Fatalf("error %v", err)
	}
	if n := p.server.Stats().Calls["CreateSnapshot_Task"]; n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	vm = p.again(t, vm)
	for _, task := range vm.Tasks {
		p.done(t, task.Ref, nil)
	}
	if n := len(p.again(t, vm).Keyed(key)); n != 1 {
		t.Errorf("%d snapshots by the key", n)
	}
}

func TestLostAnswerOfALook(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultAnswer, Count: 1}); err != nil {
		t.Fatal(err)
	}
	p.again(t, vm)
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultAnswer}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.vc.VM(soon(t), vm.Ref); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("a look that is never answered: %v", err)
	}
}

func TestSlowVCenter(t *testing.T) {
	t.Parallel()
	p := start(t, func(_ *vcenter.Config, c *vsphere.Config) { c.Call = 300 * time.Millisecond })
	vm := p.host(t, "SMP1")
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultSlow}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.vc.VM(soon(t), vm.Ref); estate.TroubleOf(err) != estate.Unreachable || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("a look: %v", err)
	}
	if _, err := p.vc.PowerOff(soon(t), vm.Ref); estate.TroubleOf(err) != estate.Unknown {
		t.Errorf("a change: %v", err)
	}
	if n := p.server.Stats().Calls["PowerOffVM_Task"]; n != 1 {
		t.Errorf("the change was sent %d times", n)
	}
}

// Before a connection stands nothing can have been started.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	_ = closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // never speaks TLS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	p := start(t)
	for name, address := range map[string]string{"closed": gone, "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			v := dial(t, p.server, vsphere.Config{URL: "https://" + address, Options: vsphere.Options{Dial: 200 * time.Millisecond}})
			began := time.Now()
			_, err := v.CreateSnapshot(soon(t), "VirtualMachine:vm-1", order(key))
			if estate.TroubleOf(err) != estate.Unreachable || time.Since(began) > 5*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	}
}

// Every fault of infra.md D3 arrives over the wire as a plain sentence.
func TestFaultsAreSentences(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault types.BaseMethodFault
		want  string
	}{
		{&types.TaskInProgress{Task: types.ManagedObjectReference{Type: "Task", Value: "task-7"}}, "another task (Task:task-7) works on the machine"},
		{&types.InvalidPowerState{RequestedState: "poweredOn", ExistingState: "poweredOff"}, "the machine is off and would have to be on"},
		{&types.InvalidPowerState{ExistingState: "suspended"}, "the machine is suspended, so this cannot be done now"},
		{&types.ApplicationQuiesceFault{}, "the applications in the guest did not come to rest"},
		{&types.FilesystemQuiesceFault{}, "the guest's file systems did not come to rest"},
		{&types.TooManySnapshotLevels{}, "the chain of snapshots is already as long"},
		{&types.SnapshotDisabled{}, "snapshots are switched off"},
		{&types.SnapshotIncompatibleDeviceInVm{Fault: types.LocalizedMethodFault{Fault: &types.NotSupported{}, LocalizedMessage: "Bus sharing."}}, "cannot be in a snapshot: Bus sharing"},
		{&types.SnapshotLocked{}, "the snapshot is in use by something else"},
		{&types.MemorySnapshotOnIndependentDisk{}, "the machine has an independent disk"},
		{&types.NoDiskSpace{Datastore: "SAN-4"}, "datastore SAN-4 is full"},
		{&types.InsufficientStorageSpace{}, "the storage has not enough space"},
		{&types.NoPermission{PrivilegeId: "VirtualMachine.State.CreateSnapshot"}, "lacks the privilege VirtualMachine.State.CreateSnapshot"},
		{&types.ManagedObjectNotFound{Obj: types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-9"}}, "vCenter has no VirtualMachine:vm-9 any more"},
		{&types.FileLocked{FileFault: types.FileFault{File: "[SAN] SMP1/SMP1.vmdk"}}, "SMP1/SMP1.vmdk is in use by something else"},
		{&types.SystemError{Reason: "out of handles"}, "an internal error of vCenter: out of handles"},
		{&types.GenericVmConfigFault{Reason: "disk chain is broken"}, "does not allow it: disk chain is broken"},
		{&types.HostNotConnected{}, "does not reach the ESXi host"},
		{&types.RequestCanceled{}, "somebody cancelled the task"},
		{&types.SwapDatastoreUnset{}, "vCenter refused with SwapDatastoreUnset"},
	}
	p := start(t)
	vm := p.host(t, "SITE1")
	for _, kind := range []string{vcenter.FaultTask, vcenter.FaultCall} {
		for _, tt := range tests {
			if err := p.server.Inject(vcenter.Fault{Kind: kind, VM: "SITE1", Method: "CreateSnapshot_Task", Is: tt.fault, Count: 1}); err != nil {
				t.Fatal(err)
			}
			ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
			if kind == vcenter.FaultCall {
				if estate.TroubleOf(err) != estate.Failed || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("call refused with %T: %v", tt.fault, err)
				}
				continue
			}
			task := p.done(t, ref, err)
			if task.State != estate.TaskError || !strings.Contains(task.Error, tt.want) {
				t.Errorf("task ended with %T: %+v", tt.fault, task)
			}
		}
	}
	if n := len(p.again(t, vm).Snapshots); n != 0 {
		t.Errorf("%d snapshots were made all the same", n)
	}
}

func TestEveryChangeCanBeRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SITE1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	snapshot := p.done(t, ref, err).Result
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultCall, VM: "SITE1"}); err != nil {
		t.Fatal(err)
	}
	changes := map[string]func() (estate.TaskRef, error){
		"CreateSnapshot": func() (estate.TaskRef, error) { return p.vc.CreateSnapshot(soon(t), vm.Ref, order(key)) },
		"RemoveSnapshot": func() (estate.TaskRef, error) { return p.vc.RemoveSnapshot(soon(t), snapshot) },
		"Revert":         func() (estate.TaskRef, error) { return p.vc.Revert(soon(t), snapshot) },
		"Consolidate":    func() (estate.TaskRef, error) { return p.vc.Consolidate(soon(t), vm.Ref) },
		"PowerOn":        func() (estate.TaskRef, error) { return p.vc.PowerOn(soon(t), vm.Ref) },
		"PowerOff":       func() (estate.TaskRef, error) { return p.vc.PowerOff(soon(t), vm.Ref) },
		"ShutdownGuest":  func() (estate.TaskRef, error) { return "", p.vc.ShutdownGuest(soon(t), vm.Ref) },
	}
	for name, change := range changes {
		if ref, err := change(); ref != "" || estate.TroubleOf(err) != estate.Failed || !strings.Contains(err.Error(), "lacks the privilege") {
			t.Errorf("%s: %q, %v", name, ref, err)
		}
	}
	for _, wrong := range []estate.SnapshotRef{"", "snapshot-1", "VirtualMachine:vm-1"} {
		if _, err := p.vc.Revert(soon(t), wrong); estate.TroubleOf(err) != estate.Failed {
			t.Errorf("Revert(%q): %v", wrong, err)
		}
	}
}
