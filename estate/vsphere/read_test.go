package vsphere_test

import (
	"slices"
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/lab/vcenter"
)

func TestMachineOfAHost(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SQL1")
	if vm.Name != "SQL1" || vm.HostName != "SQL1" || vm.Power != estate.VMOn || !vm.Connected || vm.Template || !vm.CanQuiesce() {
		t.Errorf("machine of SQL1: %+v", vm)
	}
	if want := int64(700) << 30; vm.Disks != want || vm.Committed+vm.Uncommitted != want {
		t.Errorf("disks %d, committed %d and %d more; want %d", vm.Disks, vm.Committed, vm.Uncommitted, want)
	}
	if len(vm.Datastores) != 1 || vm.Datastores[0].Name != "LocalDS_0" || !vm.Datastores[0].Accessible || vm.Datastores[0].Free <= 0 {
		t.Errorf("datastores %+v", vm.Datastores)
	}
	if !vm.Now.Equal(p.world.Now()) {
		t.Errorf("vCenter's clock is %v, the world's %v", vm.Now, p.world.Now())
	}
	if len(vm.Snapshots)+len(vm.Tasks)+len(vm.Unsupported)+vm.Chain != 0 || vm.Current != "" || vm.ConsolidationNeeded {
		t.Errorf("a fresh machine has %+v", vm)
	}
}

// The mirror copy that the method recommends must never be taken for the SMP.
func TestOnlyTheUUIDBinds(t *testing.T) {
	t.Parallel()
	p := start(t)
	smp := p.host(t, "SMP1")
	if smp.Name != "SMP1" {
		t.Fatalf("the UUID of SMP1 found %s", smp.Name)
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultTwin}); err != nil {
		t.Fatal(err)
	}
	found, err := p.vc.ByUUID(soon(t), smp.UUID)
	if err != nil || len(found) != 2 {
		t.Fatalf("with a copy made by hand: %d machines, %v", len(found), err)
	}
	if vm, why := estate.BoundVM(smp.UUID, found); why == "" || !strings.Contains(why, "SMP1-mirror") {
		t.Errorf("two machines with one UUID: bound %q, because %q", vm.Name, why)
	}
	if err := p.server.Clear(); err != nil {
		t.Fatal(err)
	}
	if vm := p.host(t, "SMP1"); vm.Ref != smp.Ref {
		t.Errorf("bound %s, want %s", vm.Ref, smp.Ref)
	}
}

func TestByUUID(t *testing.T) {
	t.Parallel()
	p := start(t)
	uuid := p.host(t, "SITE1").UUID
	tests := []struct {
		name, uuid string
		found      int
		refused    bool
	}{
		{"as vCenter has it", uuid, 1, false},
		{"as people paste it", " {" + strings.ToUpper(uuid) + "} ", 1, false},
		{"as older virtual hardware reports it", estate.SwappedUUID(uuid), 1, false},
		{"nobody's", "4211ffff-0000-1111-2222-333333333333", 0, false},
		{"no UUID", "SITE1", 0, true},
		{"the UUID of cheap boards", "00000000-0000-0000-0000-000000000000", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := p.vc.ByUUID(soon(t), tt.uuid)
			if (err != nil) != tt.refused || len(found) != tt.found {
				t.Errorf("%d machines, %v", len(found), err)
			}
			if vm, why := estate.BoundVM(tt.uuid, found); (why == "") != (tt.found == 1) {
				t.Errorf("bound %q, because %q", vm.Name, why)
			}
		})
	}
}

func TestManyMachinesInOneRead(t *testing.T) {
	t.Parallel()
	p := start(t)
	var refs []estate.VMRef
	for _, host := range []string{"GW1", "SMP1", "SQL1"} {
		refs = append(refs, p.host(t, host).Ref)
	}
	before := p.server.Stats().Calls["RetrievePropertiesEx"]
	vms, err := p.vc.VMs(soon(t), refs)
	if err != nil {
		t.Fatal(err)
	}
	var got []estate.VMRef
	for _, vm := range vms {
		got = append(got, vm.Ref)
	}
	if !slices.Equal(got, refs) {
		t.Errorf("order %v, want %v", got, refs)
	}
	if n := p.server.Stats().Calls["RetrievePropertiesEx"] - before; n != 1 {
		t.Errorf("%d reads for three machines", n)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	p := start(t)
	smp := p.host(t, "SMP1").Ref
	for _, refs := range [][]estate.VMRef{
		{smp, "VirtualMachine:vm-99999"},
		{"SMP1"}, {"Task:task-1"}, {"VirtualMachine:"}, {""},
	} {
		vms, err := p.vc.VMs(soon(t), refs)
		if err == nil || estate.TroubleOf(err) != estate.Failed || len(vms) != 0 {
			t.Errorf("VMs(%q) = %d machines, %v", refs, len(vms), err)
		}
	}
	if vms, err := p.vc.VMs(soon(t), nil); err != nil || len(vms) != 0 {
		t.Errorf("no machines: %v, %v", vms, err)
	}
}

func TestClusterNodeIsUnsupported(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.named(t, "CLUSQL1")
	if len(vm.Unsupported) != 1 || !strings.Contains(vm.Unsupported[0], "failover cluster") {
		t.Errorf("unsupported: %q", vm.Unsupported)
	}
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order("itmsbot U-1 R-1 1"))
	task := p.done(t, ref, err)
	if task.State != estate.TaskError || !strings.Contains(task.Error, "a device of the machine cannot be in a snapshot") {
		t.Errorf("task %+v", task)
	}
}

func TestToolsAndPowerFollowTheGuest(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SITE1")
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultNoTools, VM: "SITE1"}); err != nil {
		t.Fatal(err)
	}
	if vm = p.again(t, vm); vm.ToolsRunning || vm.CanQuiesce() || vm.ToolsStatus != "guestToolsNotRunning" || vm.Power != estate.VMOn {
		t.Errorf("without Tools: %+v", vm)
	}
	if err := p.server.Clear(); err != nil {
		t.Fatal(err)
	}
	if err := p.world.Restart("SITE1"); err != nil {
		t.Fatal(err)
	}
	if vm = p.again(t, vm); vm.Power != estate.VMOn || vm.ToolsRunning {
		t.Errorf("while Windows restarts: %s, tools %v; the machine stays on", vm.Power, vm.ToolsRunning)
	}
}

func TestRunningBackup(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SMP1")
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultBackup, VM: "SMP1"}); err != nil {
		t.Fatal(err)
	}
	vm = p.again(t, vm)
	if len(vm.Tasks) != 1 || vm.Tasks[0].By != "svc-backup" || vm.Tasks[0].Method != "BackupVM_Task" || vm.Tasks[0].VM != vm.Ref {
		t.Fatalf("tasks %+v", vm.Tasks)
	}
	_, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order("itmsbot U-1 R-1 1"))
	if estate.TroubleOf(err) != estate.Failed || !strings.Contains(err.Error(), "another task") {
		t.Errorf("a snapshot beside a backup: %v", err)
	}
	if sql := p.host(t, "SQL1"); len(sql.Tasks) != 0 {
		t.Errorf("tasks of another machine: %+v", sql.Tasks)
	}
	if err := p.server.Clear(); err != nil {
		t.Fatal(err)
	}
	if vm = p.again(t, vm); len(vm.Tasks) != 0 {
		t.Errorf("after the backup: %+v", vm.Tasks)
	}
}
