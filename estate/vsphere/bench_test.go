package vsphere_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
)

// BenchmarkFiftySnapshots takes snapshots of fifty machines at once, each with a task
// of half a second, over one session. One operation is one set; a chain takes thirty-two
// of them.
func BenchmarkFiftySnapshots(b *testing.B) {
	p := start(b, func(c *vcenter.Config, _ *vsphere.Config) {
		c.Neighbours, c.Delay = 60, vcenter.Delay{Real: 500 * time.Millisecond}
	})
	var refs []estate.VMRef
	for _, m := range p.server.Names() {
		vm := p.named(b, m)
		if len(refs) < 50 && len(vm.Unsupported) == 0 {
			refs = append(refs, vm.Ref)
		}
	}
	n := 0
	for b.Loop() {
		n++
		var g sync.WaitGroup
		for _, ref := range refs {
			g.Go(func() {
				task, err := p.vc.CreateSnapshot(b.Context(), ref, estate.SnapshotOrder{Name: "s", Key: fmt.Sprintf("itmsbot U-1 R-%d 7.2", n), Quiesce: true})
				if err != nil {
					b.Error(err)
					return
				}
				if end, err := p.vc.Task(b.Context(), task); err != nil || end.State != estate.TaskSuccess {
					b.Errorf("%+v, %v", end, err)
				}
			})
		}
		g.Wait()
	}
	b.ReportMetric(float64(p.server.Stats().Connections), "connections")
}
