package vsphere_test

import (
	"slices"
	"testing"

	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
)

// TestLacks: an account that may take a snapshot and not go back to it is found before
// anybody relies on the way back.
func TestLacks(t *testing.T) {
	t.Parallel()
	p := start(t)
	smp, sql := p.host(t, "SMP1"), p.host(t, "SQL1")
	if lacks, err := p.vc.Lacks(soon(t), smp.Ref); err != nil || len(lacks) != 0 {
		t.Errorf("an account that may do all lacks %q, %v", lacks, err)
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultCall, VM: "SMP1", Method: "RevertToSnapshot_Task"}); err != nil {
		t.Fatal(err)
	}
	lacks, err := p.vc.Lacks(soon(t), smp.Ref)
	if want := []string{"VirtualMachine.State.RevertToSnapshot"}; err != nil || !slices.Equal(lacks, want) {
		t.Errorf("it lacks %q, %v; want %q", lacks, err, want)
	}
	if lacks, err := p.vc.Lacks(soon(t), sql.Ref); err != nil || len(lacks) != 0 {
		t.Errorf("on another machine it lacks %q, %v", lacks, err)
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultCall, VM: "SQL1"}); err != nil {
		t.Fatal(err)
	}
	if lacks, err := p.vc.Lacks(soon(t), sql.Ref); err != nil || !slices.Equal(lacks, vsphere.Privileges()) {
		t.Errorf("an account that may do nothing lacks %q, %v", lacks, err)
	}
	// Asking takes nothing from the fault: it would refuse the call itself.
	if n := len(p.server.Faults()); n != 2 {
		t.Errorf("%d faults are armed, want 2", n)
	}
}
