package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// size puts to each snapshot what its files take, as far as vCenter shows the files: its
// data, its memory, and the delta disks that were begun with it. Those are the next units
// in the chain of whatever was grown on its disks, a later snapshot or what runs now.
func size(snapshots []estate.Snapshot, l *types.VirtualMachineFileLayoutEx) {
	if l == nil {
		return
	}
	bytes := map[int32]int64{}
	for _, f := range l.File {
		bytes[f.Key] = f.Size
	}
	chains := slices.Clone(l.Disk)
	for _, s := range l.Snapshot {
		chains = append(chains, s.Disk...)
	}
	for i := range snapshots {
		s := &snapshots[i]
		at := slices.IndexFunc(l.Snapshot, func(k types.VirtualMachineFileLayoutExSnapshotLayout) bool {
			return estate.SnapshotRef(k.Key.String()) == s.Ref
		})
		if at < 0 {
			continue
		}
		s.Sized = true
		for _, key := range filesOf(l.Snapshot[at], chains) {
			n, shown := bytes[key]
			s.Bytes, s.Sized = s.Bytes+n, s.Sized && shown
		}
	}
}

// filesOf lists the keys of a snapshot's own files, each once.
func filesOf(s types.VirtualMachineFileLayoutExSnapshotLayout, chains []types.VirtualMachineFileLayoutExDiskLayout) []int32 {
	keys := []int32{s.DataKey}
	if s.MemoryKey >= 0 && s.MemoryKey != s.DataKey {
		keys = append(keys, s.MemoryKey)
	}
	for _, disk := range s.Disk {
		n := len(disk.Chain)
		for _, c := range chains {
			if n > 0 && c.Key == disk.Key && len(c.Chain) > n && slices.Equal(c.Chain[n-1].FileKey, disk.Chain[n-1].FileKey) {
				keys = append(keys, c.Chain[n].FileKey...)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
