package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// unsupported says in sentences which devices a snapshot would not hold, or not
// allow (infra.md D3). What the guest reaches by itself, such as iSCSI from inside
// Windows, cannot be seen here.
func unsupported(devices []types.BaseVirtualDevice) []string {
	var why []string
	for _, d := range devices {
		if s := hindrance(d); s != "" {
			why = append(why, fmt.Sprintf("%s %s", label(d), s))
		}
	}
	return why
}

// label is the device as vCenter's own pages call it.
func label(d types.BaseVirtualDevice) string {
	if info := d.GetVirtualDevice().DeviceInfo; info != nil && info.GetDescription().Label != "" {
		return info.GetDescription().Label
	}
	return fmt.Sprintf("device %d", d.GetVirtualDevice().Key)
}

func hindrance(d types.BaseVirtualDevice) string {
	switch d := d.(type) {
	case *types.VirtualDisk:
		return diskHindrance(d)
	case *types.VirtualPCIPassthrough:
		return "is passed through from the ESXi host"
	case *types.VirtualSriovEthernetCard:
		return "is a network card passed through from the ESXi host"
	case *types.VirtualNVDIMM:
		return "is persistent memory"
	}
	if c, ok := d.(types.BaseVirtualSCSIController); ok {
		if s := c.GetVirtualSCSIController().SharedBus; s != "" && s != types.VirtualSCSISharingNoSharing {
			return "shares its bus with other machines, as the nodes of a failover cluster do"
		}
	}
	return ""
}

// diskHindrance is about how a disk is backed.
func diskHindrance(d *types.VirtualDisk) string {
	const independent = "is independent, so a snapshot leaves it out"
	mode, sharing := "", ""
	switch b := d.Backing.(type) {
	case *types.VirtualDiskFlatVer2BackingInfo:
		mode, sharing = b.DiskMode, b.Sharing
	case *types.VirtualDiskSeSparseBackingInfo:
		mode = b.DiskMode
	case *types.VirtualDiskSparseVer2BackingInfo:
		mode = b.DiskMode
	case *types.VirtualDiskRawDiskMappingVer1BackingInfo:
		if b.CompatibilityMode != string(types.VirtualDiskCompatibilityModeVirtualMode) {
			return "is a raw disk in physical mode, so a snapshot leaves it out"
		}
		mode, sharing = b.DiskMode, b.Sharing
	case *types.VirtualDiskRawDiskVer2BackingInfo, *types.VirtualDiskPartitionedRawDiskVer2BackingInfo:
		return "is a raw disk, so a snapshot leaves it out"
	default:
		return fmt.Sprintf("is backed by something unknown (%T)", d.Backing)
	}
	switch mode {
	case string(types.VirtualDiskModeIndependent_persistent), string(types.VirtualDiskModeIndependent_nonpersistent):
		return independent
	}
	if sharing == string(types.VirtualDiskSharingSharingMultiWriter) {
		return "is written to by several machines"
	}
	return ""
}

// diskSize is the sum of the virtual disks in bytes.
func diskSize(devices []types.BaseVirtualDevice) int64 {
	var sum int64
	for _, d := range devices {
		if disk, ok := d.(*types.VirtualDisk); ok {
			sum += max(disk.CapacityInBytes, disk.CapacityInKB*1024)
		}
	}
	return sum
}
