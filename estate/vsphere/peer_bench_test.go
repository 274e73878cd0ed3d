package vsphere_test

import (
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"

	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
)

// BenchmarkBareSnapshots is what BenchmarkFiftySnapshots is to be held against:
// the vendor's library alone, with a goroutine and a waiter for each of fifty
// machines, and ten machines one after the other as a loop around a command
// line does it.
func BenchmarkBareSnapshots(b *testing.B) {
	for _, c := range []struct {
		name     string
		machines int
		together bool
	}{{"together=50", 50, true}, {"in-turn=10", 10, false}} {
		b.Run(c.name, func(b *testing.B) {
			client, vms := bareMachines(b, c.machines)
			n := 0
			for b.Loop() {
				n++
				take := func(vm mo.VirtualMachine) {
					task, err := object.NewVirtualMachine(client.Client, vm.Self).CreateSnapshot(b.Context(), "s", fmt.Sprint("bare ", n), false, true)
					if err == nil {
						err = task.Wait(b.Context())
					}
					if err != nil {
						b.Errorf("%s: %v", vm.Name, err)
					}
				}
				var all sync.WaitGroup
				for _, vm := range vms {
					if !c.together {
						take(vm)
						continue
					}
					all.Go(func() { take(vm) })
				}
				all.Wait()
			}
		})
	}
}

// bareMachines logs on as any client does, and lists machines that a snapshot
// can be taken of.
func bareMachines(b *testing.B, n int) (*govmomi.Client, []mo.VirtualMachine) {
	b.Helper()
	p := start(b, func(c *vcenter.Config, _ *vsphere.Config) {
		c.Neighbours, c.Delay = 60, vcenter.Delay{Real: 500 * time.Millisecond}
	})
	u, err := url.Parse(p.server.URL())
	if err != nil {
		b.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	client, err := govmomi.NewClient(b.Context(), u, true) // the practice vCenter's certificate is its own
	if err != nil {
		b.Fatal(err)
	}
	machines, err := view.NewManager(client.Client).CreateContainerView(b.Context(), client.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		b.Fatal(err)
	}
	var all, good []mo.VirtualMachine
	if err := machines.Retrieve(b.Context(), []string{"VirtualMachine"}, []string{"name"}, &all); err != nil {
		b.Fatal(err)
	}
	for _, vm := range all {
		if len(good) < n && len(p.named(b, vm.Name).Unsupported) == 0 {
			good = append(good, vm)
		}
	}
	if len(good) != n {
		b.Fatalf("%d machines, want %d", len(good), n)
	}
	return client, good
}
