package vsphere_test

import (
	"testing"
	"time"
)

// A snapshot has the delta disks that were begun with it, so that the sizes of all add
// up to what the world says that each takes.
func TestSizeOfEachSnapshot(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SQL1")
	for _, key := range []string{"k1", "k2", "k3"} {
		ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
		p.done(t, ref, err)
		p.world.Advance(3 * time.Hour)
	}
	vm = p.again(t, vm)
	truth := p.world.SnapshotsOf("SQL1")
	if len(vm.Snapshots) != 3 || len(truth) != 3 {
		t.Fatalf("%d snapshots, %d in the world", len(vm.Snapshots), len(truth))
	}
	for i, s := range vm.Snapshots {
		if !s.Sized || s.Bytes>>20 != truth[i].SizeMB || s.Bytes < 1<<30 {
			t.Errorf("%s: %d MB (known: %v), the world says %d MB", s.Description, s.Bytes>>20, s.Sized, truth[i].SizeMB)
		}
	}
	ref, err := p.vc.RemoveSnapshot(soon(t), vm.Snapshots[1].Ref)
	p.done(t, ref, err)
	for _, s := range p.again(t, vm).Snapshots {
		if !s.Sized || s.Bytes < 1<<30 {
			t.Errorf("beside one that was removed, %s takes %d MB (known: %v)", s.Description, s.Bytes>>20, s.Sized)
		}
	}
}
