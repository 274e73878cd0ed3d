package vcenter

import (
	"crypto/x509"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
)

func TestFaultsThatCannotBe(t *testing.T) {
	t.Parallel()
	b := start(t)
	tests := []struct {
		fault Fault
		says  string
	}{
		{Fault{Kind: "gremlins"}, "no fault"},
		{Fault{Kind: FaultSlow, Count: -1}, "negative"},
		{Fault{Kind: FaultSlow, Delay: -time.Second}, "negative"},
		{Fault{Kind: FaultDown, Count: 1}, "lasts"},
		{Fault{Kind: FaultTwin, After: 1}, "lasts"},
		{Fault{Kind: FaultTask, VM: "SMP9"}, "no machine"},
		{Fault{Kind: FaultForgotten, VM: "SMP1"}, "as a whole"},
	}
	for _, tt := range tests {
		if err := b.Inject(tt.fault); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: %v", tt.fault, err)
		}
	}
	if left := b.Faults(); len(left) != 0 {
		t.Errorf("armed: %+v", left)
	}
}

// Each kind of fault does what its sentence says, and is over when cleared.
func TestFaults(t *testing.T) {
	t.Parallel()
	b := start(t)
	vm := b.vm(t, "SMP1")
	inject := func(f Fault) {
		t.Helper()
		if err := b.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
	taskFails := func(f types.BaseMethodFault) func() bool {
		return func() bool {
			info := ended(t, must(t, vm, "s"), nil)
			return info.Error != nil && fault.Is(info.Error.Fault, f)
		}
	}
	quiesced := func() bool {
		ended(t, must(t, vm, "s"), nil)
		o := b.look(t, "SMP1")
		for _, s := range walk(o.Snapshot.RootSnapshotList) {
			if s.Snapshot == *o.Snapshot.CurrentSnapshot {
				return s.Quiesced
			}
		}
		return false
	}
	now := func() error { _, err := methods.GetCurrentTime(soon(t), b.c); return err }
	tests := []struct {
		kind   string
		count  int
		strike func() bool
	}{
		{FaultTask, 1, taskFails(&types.SystemError{})},
		{FaultQuiesce, 1, taskFails(&types.ApplicationQuiesceFault{})},
		{FaultNoSpace, 1, taskFails(&types.NoDiskSpace{})},
		{FaultNotQuiesced, 1, func() bool { return !quiesced() }},
		{FaultNoTools, 0, func() bool { return !quiesced() }},
		{FaultLeftover, 1, func() bool {
			task, err := vm.RemoveAllSnapshot(soon(t), nil)
			ended(t, task, err)
			needed := b.look(t, "SMP1").Runtime.ConsolidationNeeded
			res, err := methods.ConsolidateVMDisks_Task(soon(t), b.c, &types.ConsolidateVMDisks_Task{This: vm.Reference()})
			if err != nil {
				t.Fatal(err)
			}
			ended(t, object.NewTask(b.c, res.Returnval), nil)
			return needed && !b.look(t, "SMP1").Runtime.ConsolidationNeeded
		}},
		{FaultGuest, 0, func() bool {
			shut, restarted := vm.ShutdownGuest(soon(t)), vm.RebootGuest(soon(t))
			boot := b.world.Truth().Hosts[0].Boot
			b.world.Advance(time.Hour)
			smp := b.world.Truth().Hosts[0]
			return shut == nil && restarted == nil && smp.Power == world.PowerOn && smp.Boot.Equal(boot)
		}},
		{FaultPowerOn, 1, func() bool {
			off, err := vm.PowerOff(soon(t))
			ended(t, off, err)
			tries := []types.TaskInfo{}
			for range 2 {
				on, err := vm.PowerOn(soon(t))
				tries = append(tries, ended(t, on, err))
			}
			b.world.Advance(time.Hour) // it boots
			return tries[0].Error != nil && fault.Is(tries[0].Error.Fault, &types.FileLocked{}) && tries[1].Error == nil
		}},
		{FaultRevert, 1, func() bool {
			ref := b.take(t, "GW1", "s")
			task, err := b.vm(t, "GW1").RevertToSnapshot(soon(t), ref.Value, true)
			info := ended(t, task, err)
			return info.Error != nil && fault.Is(info.Error.Fault, &types.FileNotFound{}) && b.world.Truth().Hosts[3].Power == world.PowerOn
		}},
		{FaultHeld, 1, func() bool {
			held := must(t, b.vm(t, "SITE1"), "held")
			free := ended(t, must(t, b.vm(t, "GW1"), "free"), nil)
			before := len(b.world.SnapshotsOf("SITE1"))
			if err := b.Clear(); err != nil {
				t.Fatal(err)
			}
			info := ended(t, held, nil)
			return free.Error == nil && before == 0 && info.Error == nil && len(b.world.SnapshotsOf("SITE1")) == 1
		}},
		{FaultBackup, 0, func() bool {
			_, err := vm.CreateSnapshot(soon(t), "s", "", false, true)
			return fault.Is(err, &types.TaskInProgress{})
		}},
		{FaultTwin, 0, func() bool { return b.UUID(mirror) == b.UUID("SMP1") }},
		{FaultCall, 1, func() bool {
			_, err := vm.PowerOff(soon(t))
			return fault.Is(err, &types.NoPermission{})
		}},
		{FaultAnswer, 1, func() bool { return now() != nil && now() == nil }},
		{FaultDown, 0, func() bool { return now() != nil }},
		{FaultRefused, 1, func() bool {
			err := session.NewManager(dial(t, b.Server)).Login(soon(t), url.UserPassword(user, password))
			return fault.Is(err, &types.InvalidLogin{})
		}},
		{FaultAnotherCertificate, 1, func() bool {
			u, err := url.Parse(b.URL())
			if err != nil {
				t.Fatal(err)
			}
			c := soap.NewClient(u, false)
			c.DefaultTransport().TLSClientConfig.RootCAs = b.Roots()
			t.Cleanup(c.CloseIdleConnections)
			_, err = vim25.NewClient(soon(t), c)
			var unknown x509.UnknownAuthorityError
			return errors.As(err, &unknown)
		}},
		{FaultSession, 1, func() bool { return fault.Is(now(), &types.NotAuthenticated{}) }},
	}
	struck := map[string]bool{FaultSlow: true, FaultForgotten: true} // tested with the adapter, which minds them
	for _, tt := range tests {
		struck[tt.kind] = true
		inject(Fault{Kind: tt.kind, Count: tt.count})
		if !tt.strike() {
			t.Errorf("%s: it did not strike", tt.kind)
		}
		if left := b.Faults(); (len(left) == 0) != (tt.count == 1) {
			t.Errorf("%s: armed %+v", tt.kind, left)
		}
		if err := b.Clear(); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range FaultKinds() {
		if !struck[k.Kind] || k.Text == "" {
			t.Errorf("%s is not tested or says nothing", k.Kind)
		}
	}
	b.c = logOn(t, b.Server)
	if power := b.look(t, "SMP1").Runtime.PowerState; power != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("afterwards SMP1 is %s", power)
	}
}

// walk lists a tree of snapshots.
func walk(tree []types.VirtualMachineSnapshotTree) []types.VirtualMachineSnapshotTree {
	var list []types.VirtualMachineSnapshotTree
	for _, t := range tree {
		list = append(append(list, t), walk(t.ChildSnapshotList)...)
	}
	return list
}

func TestFaultAfterOthers(t *testing.T) {
	t.Parallel()
	var l faultList
	l.armed = []Fault{{Kind: FaultTask, VM: "SMP1", Method: "CreateSnapshot_Task", After: 1, Count: 2}}
	strikes := func(vm, method string) bool { _, ok := l.strike(FaultTask, vm, method); return ok }
	for i, want := range []bool{false, true, true, false} {
		if strikes("SQL1", "CreateSnapshot_Task") || strikes("SMP1", "RemoveSnapshot_Task") {
			t.Fatal("it struck what it was not meant for")
		}
		if got := strikes("SMP1", "CreateSnapshot_Task"); got != want {
			t.Errorf("occasion %d: struck %v, want %v", i+1, got, want)
		}
	}
}

func FuzzOperationOf(f *testing.F) {
	f.Add([]byte(`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><PowerOffVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-42</_this></PowerOffVM_Task></Body></Envelope>`))
	f.Add([]byte(`<a><Body/></a>`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, b []byte) {
		op := operationOf(b)
		if strings.TrimSpace(op.object.Value) != op.object.Value {
			t.Errorf("%q", op.object)
		}
	})
}

func TestOperationOf(t *testing.T) {
	t.Parallel()
	got := operationOf([]byte(`<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><operationID>1</operationID></s:Header><s:Body>
		<CreateSnapshot_Task xmlns="urn:vim25"><_this type="VirtualMachine"> vm-42 </_this><name>n</name></CreateSnapshot_Task></s:Body></s:Envelope>`))
	if got.method != "CreateSnapshot_Task" || got.object.Type != "VirtualMachine" || got.object.Value != "vm-42" {
		t.Errorf("%+v", got)
	}
	if got := operationOf([]byte("<not XML")); got.method != "" {
		t.Errorf("%+v", got)
	}
}
