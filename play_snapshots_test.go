package main

import (
	"context"
	"net/url"
	"regexp"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
)

// The lines of conversations about what others do to snapshots in vCenter.
var snapshotLines = []lineForm{
	{regexp.MustCompile(`^somebody removes the snapshot “(.+)” of (\S+)$`), func(p *player, m []string) {
		if err := p.lab.VCenter.RemoveBy(`LAB\svc-backup`, m[2], m[1]); err != nil {
			p.t.Fatal(err)
		}
	}},
	{regexp.MustCompile(`^somebody takes a snapshot “(.+)” of (\S+)$`), func(p *player, m []string) { p.takeByHand(m[2], m[1]) }},
}

// byHand gives a machine as somebody else's vSphere client has it.
func (s *stage) byHand(t testing.TB, ctx context.Context, machine string) (*object.VirtualMachine, func()) {
	t.Helper()
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
	vm, err := find.NewFinder(client.Client).VirtualMachine(ctx, "/*/vm/*/"+machine)
	if err != nil {
		t.Fatal(err)
	}
	return vm, func() { _ = client.Logout(ctx) }
}

func (p *player) takeByHand(machine, name string) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	vm, leave := p.byHand(p.t, ctx, machine)
	defer leave()
	task, err := vm.CreateSnapshot(ctx, name, "", false, false)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := task.Wait(ctx); err != nil {
		p.t.Fatal(err)
	}
}
