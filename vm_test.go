package main

import (
	"context"
	"net/url"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
)

// giveUUID gives a machine another BIOS UUID, as a copy or a move to another
// cluster does, with somebody else's vSphere client.
func giveUUID(t *testing.T, s *stage, machine, uuid string) (was string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	doc := s.lab.Document().VCenter
	u, err := url.Parse(doc.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(doc.User, doc.Password)
	client, err := govmomi.NewClient(ctx, u, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Logout(ctx) }()
	vm, err := find.NewFinder(client.Client).VirtualMachine(ctx, "/*/vm/*/"+machine)
	if err != nil {
		t.Fatal(err)
	}
	was = vm.UUID(ctx)
	task, err := vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{Uuid: uuid})
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	return was
}

// TestMachineThatIsNotFound: a host whose BIOS UUID no machine in vCenter has is
// not guessed at by its name, neither before the plan nor directly before the
// set.
func TestMachineThatIsNotFound(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	p := &player{stage: s}
	const nobodys = "00000000-1111-2222-3333-444444444444"
	was := giveUUID(t, s, "GW1", nobodys)
	s.say("Ana", "/itms quiesce")
	s.sees("no plan", "Which virtual machine GW1 is cannot be told, so no snapshot is planned: vCenter has no virtual machine with the BIOS UUID", "R-1")
	giveUUID(t, s, "GW1", was)

	// Gone between the plan and the set.
	if err := s.lab.World.Set(world.Condition{Field: "log", Host: "SMP1", Name: "SMP", Number: new(40), Word: "A transport-level error has occurred"}); err != nil {
		t.Fatal(err)
	}
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-2")
	s.sees("needs a person", "was 0, now 40", "R-2")
	giveUUID(t, s, "GW1", nobodys)
	s.press("Ben", "Continue", "R-2")
	s.sees("R-2", "failed", "could not find the virtual machine", "(wrong machine): vCenter has no virtual machine with the BIOS UUID")
	p.snapshots("SMP1", 0)
	p.snapshots("GW1", 0)
	giveUUID(t, s, "GW1", was)
	s.press("Ana", "Try again", "R-2")
	s.sees("Quiesce the estate (1.4): done", "R-2")
	p.snapshots("SMP1", 1)
	p.snapshots("GW1", 1)
}
