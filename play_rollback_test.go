package main

import (
	"bufio"
	"bytes"
	"regexp"
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
)

// The lines of conversations about the way back of the whole estate.
var rollbackLines = []lineForm{
	{regexp.MustCompile(`^somebody copies the snapshot of (\S+)$`), func(p *player, m []string) { p.copySnapshot(m[1]) }},
	{regexp.MustCompile(`^somebody reverts (\S+) to its snapshot$`), func(p *player, m []string) { p.revertByHand(m[1]) }},
	{regexp.MustCompile(`^vCenter has begun (\d+) (\w+) in all$`), func(p *player, m []string) { p.begun(m[2], atoi(p.t, m[1])) }},
	{regexp.MustCompile(`^(\S+) has no local account for the bot$`), func(p *player, m []string) { p.withoutRescue(m[1]) }},
}

// estateOf reads the line "estate: NAME" before the first part of a conversation, empty
// for the usual one.
func estateOf(comment []byte) string {
	for lines := bufio.NewScanner(bytes.NewReader(comment)); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "estate: "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// copySnapshot takes a snapshot with the name and the description of the only one of a
// machine: what a script does that makes a fresh one of each.
func (p *player) copySnapshot(machine string) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	vm, leave := p.byHand(p.t, ctx, machine)
	defer leave()
	var of mo.VirtualMachine
	if err := vm.Properties(ctx, vm.Reference(), []string{"snapshot"}, &of); err != nil {
		p.t.Fatal(err)
	}
	if of.Snapshot == nil || len(of.Snapshot.RootSnapshotList) != 1 {
		p.t.Fatalf("%s has not one snapshot to copy: %+v", machine, of.Snapshot)
	}
	first := of.Snapshot.RootSnapshotList[0]
	task, err := vm.CreateSnapshot(ctx, first.Name, first.Description, false, false)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := task.Wait(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// revertByHand brings a machine back to the snapshot that it runs on, which leaves it off.
func (p *player) revertByHand(machine string) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	vm, leave := p.byHand(p.t, ctx, machine)
	defer leave()
	task, err := vm.RevertToCurrentSnapshot(ctx, true)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := task.Wait(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// begun holds how many tasks of a sort vCenter has begun since it runs.
func (p *player) begun(method string, want int) {
	p.t.Helper()
	if tasks := p.lab.VCenter.Stats().Tasks; tasks[method] != want {
		p.t.Errorf("vCenter has begun %d %s, want %d: %v", tasks[method], method, want, tasks)
	}
}

// withoutRescue takes the host's own account out of the configuration of the next bot.
func (p *player) withoutRescue(host string) {
	p.t.Helper()
	for i, h := range p.plant.hosts {
		if h.Name == host && h.Rescue != nil {
			p.plant.hosts[i].Rescue = nil
			return
		}
	}
	p.t.Fatalf("no host %s with a local account", host)
}
