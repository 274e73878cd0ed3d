package vcenter

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// firstFile is the key of the first file that a snapshot brings; the simulator counts
// the files of a machine from 0.
const firstFile = 1000

// followFiles gives a machine that is locked the files of its snapshots, with the sizes
// of this moment, as vCenter shows them in layoutEx: for each snapshot a file of its
// data and the disks as they were when it was taken, and the disks on which the machine
// runs now. A disk is a chain of units, the base disk first and then one delta disk for
// each snapshot on the way. What snapshots cost is therefore the sum of the data files
// and of all units but the first.
func (s *Server) followFiles(ctx *simulator.Context, vm *simulator.VirtualMachine, deltas map[string]int64) {
	base := s.files[vm.Self]
	b := layout{base: base, deltas: deltas, now: types.VirtualMachineFileLayoutEx{File: slices.Clone(base.File), Disk: base.Disk, Timestamp: vm.LayoutEx.Timestamp}}
	tree, current := treeOf(vm)
	b.add(tree, current, base.Disk)
	if reflect.DeepEqual(*vm.LayoutEx, b.now) {
		return
	}
	b.now.Timestamp = s.cfg.World.Now()
	ctx.Update(vm, []types.PropertyChange{{Name: "layoutEx", Val: b.now}})
}

// layout is the files of a machine while they are put together.
type layout struct {
	base   types.VirtualMachineFileLayoutEx
	deltas map[string]int64 // megabytes by snapshot
	now    types.VirtualMachineFileLayoutEx
}

// dataBytes is the part of a snapshot's size that is not on its delta disks.
const dataBytes = 1 << 20

// add puts the files of a tree in, which was grown on these disks.
func (l *layout) add(tree []types.VirtualMachineSnapshotTree, current *types.ManagedObjectReference, on []types.VirtualMachineFileLayoutExDiskLayout) {
	for _, n := range tree {
		size := l.deltas[n.Snapshot.Value] << 20
		data := l.file(fmt.Sprintf("-Snapshot%d.vmsn", n.Id), 0, types.VirtualMachineFileLayoutExFileTypeSnapshotData, min(dataBytes, size))
		l.now.Snapshot = append(l.now.Snapshot, types.VirtualMachineFileLayoutExSnapshotLayout{Key: n.Snapshot, DataKey: data, MemoryKey: -1, Disk: on})
		grown := l.grow(n.Id, on, max(0, size-dataBytes))
		if current != nil && *current == n.Snapshot {
			l.now.Disk = grown
		}
		l.add(n.ChildSnapshotList, current, grown)
	}
}

// grow puts a delta disk on each disk; together they have a size.
func (l *layout) grow(id int32, on []types.VirtualMachineFileLayoutExDiskLayout, size int64) []types.VirtualMachineFileLayoutExDiskLayout {
	grown := slices.Clone(on)
	for i := range grown {
		share := size / int64(len(grown))
		if i == 0 {
			share += size % int64(len(grown))
		}
		unit := types.VirtualMachineFileLayoutExDiskUnit{FileKey: []int32{
			l.file(fmt.Sprintf("-%06d.vmdk", id), i, types.VirtualMachineFileLayoutExFileTypeDiskDescriptor, 0),
			l.file(fmt.Sprintf("-%06d-delta.vmdk", id), i, types.VirtualMachineFileLayoutExFileTypeDiskExtent, share),
		}}
		grown[i].Chain = append(slices.Clone(grown[i].Chain), unit)
	}
	return grown
}

// file puts one file in, named after a disk, and gives its key.
func (l *layout) file(ending string, disk int, kind types.VirtualMachineFileLayoutExFileType, size int64) int32 {
	key := int32(firstFile + len(l.now.File))
	l.now.File = append(l.now.File, types.VirtualMachineFileLayoutExFileInfo{
		Key: key, Name: strings.TrimSuffix(l.diskFile(disk), ".vmdk") + ending, Type: string(kind),
		Size: size, UniqueSize: size, Accessible: types.NewBool(true),
	})
	return key
}

// diskFile is the name of the descriptor of a base disk.
func (l *layout) diskFile(disk int) string {
	unit := l.base.Disk[disk].Chain[0]
	for _, f := range l.base.File {
		if slices.Contains(unit.FileKey, f.Key) && f.Type == string(types.VirtualMachineFileLayoutExFileTypeDiskDescriptor) {
			return f.Name
		}
	}
	return ""
}
