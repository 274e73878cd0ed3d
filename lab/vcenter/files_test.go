package vcenter

import (
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// files reads how the files of a machine lie.
func (b bench) files(t testing.TB, name string) (mo.VirtualMachine, *types.VirtualMachineFileLayoutEx) {
	t.Helper()
	var o mo.VirtualMachine
	vm := b.vm(t, name)
	if err := vm.Properties(soon(t), vm.Reference(), []string{"snapshot", "layoutEx"}, &o); err != nil {
		t.Fatal(err)
	}
	return o, o.LayoutEx
}

// cost is what the snapshots of a machine take: their data, and the units of each disk
// above the first.
func cost(l *types.VirtualMachineFileLayoutEx) (bytes int64) {
	above := map[int32]bool{}
	units := func(disks []types.VirtualMachineFileLayoutExDiskLayout) {
		for _, d := range disks {
			for _, unit := range d.Chain[1:] {
				for _, key := range unit.FileKey {
					above[key] = true
				}
			}
		}
	}
	units(l.Disk)
	for _, s := range l.Snapshot {
		units(s.Disk)
		above[s.DataKey] = true
	}
	for _, f := range l.File {
		if above[f.Key] {
			bytes += f.Size
		}
	}
	return bytes
}

// TestSizeOfSnapshots: a client reads what the world says that snapshots take, by adding
// up the files and by govmomi's own reckoning.
func TestSizeOfSnapshots(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, before := b.files(t, "SQL1")
	if n := cost(before); n != 0 || len(before.Disk) != 2 {
		t.Fatalf("without a snapshot they take %d bytes on %d disks", n, len(before.Disk))
	}
	first := b.take(t, "SQL1", "first")
	b.world.Advance(3 * time.Hour)
	second := b.take(t, "SQL1", "second")
	b.world.Advance(2 * time.Hour)
	o, l := b.files(t, "SQL1")
	if !l.Timestamp.Equal(b.world.Now()) {
		t.Errorf("read at %v, want %v", l.Timestamp, b.world.Now())
	}
	var want int64
	for _, s := range b.world.SnapshotsOf("SQL1") {
		want += s.SizeMB << 20
	}
	if got := cost(l); got != want || want != (2*16+5*6144)<<20 {
		t.Errorf("the files take %d bytes, the world says %d", got, want)
	}
	current := *o.Snapshot.CurrentSnapshot
	if got := object.SnapshotSize(first, nil, l, current == first) + object.SnapshotSize(second, &first, l, current == second); int64(got) != want {
		t.Errorf("govmomi reckons %d, want %d", got, want)
	}
	for _, d := range l.Disk {
		if len(d.Chain) != 3 {
			t.Errorf("disk %d has %d units", d.Key, len(d.Chain))
		}
	}
	for _, name := range []string{"SQL1-Snapshot2.vmsn", "SQL1-000002.vmdk", "SQL1_1-000002-delta.vmdk"} {
		if !slices.ContainsFunc(l.File, func(f types.VirtualMachineFileLayoutExFileInfo) bool { return f.Name == "[LocalDS_0] SQL1/"+name }) {
			t.Errorf("there is no %s in %+v", name, l.File)
		}
	}

	task, err := b.vm(t, "SQL1").RevertToSnapshot(soon(t), first.Value, true)
	ended(t, task, err)
	if _, l := b.files(t, "SQL1"); len(l.Disk[0].Chain) != 2 {
		t.Errorf("on the first snapshot the disk has %d units", len(l.Disk[0].Chain))
	}
	task, err = b.vm(t, "SQL1").RemoveAllSnapshot(soon(t), nil)
	ended(t, task, err)
	if _, l := b.files(t, "SQL1"); cost(l) != 0 || len(l.File) != len(before.File) || len(l.Snapshot) != 0 {
		t.Errorf("after the removal: %+v", l)
	}
}
