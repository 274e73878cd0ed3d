package vsphere

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

func TestUnsupportedDevices(t *testing.T) {
	disk := func(backing types.BaseVirtualDeviceBackingInfo) types.BaseVirtualDevice {
		d := &types.VirtualDisk{}
		d.DeviceInfo = &types.Description{Label: "Hard disk 1"}
		d.Backing = backing
		return d
	}
	scsi := func(bus types.VirtualSCSISharing) types.BaseVirtualDevice {
		c := &types.VirtualLsiLogicSASController{}
		c.SharedBus = bus
		return c
	}
	tests := []struct {
		name   string
		device types.BaseVirtualDevice
		want   string
	}{
		{"a thin disk", disk(&types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent", Sharing: "sharingNone"}), ""},
		{"an older thin disk", disk(&types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent"}), ""},
		{"a sparse disk", disk(&types.VirtualDiskSeSparseBackingInfo{DiskMode: "persistent"}), ""},
		{"an independent disk", disk(&types.VirtualDiskFlatVer2BackingInfo{DiskMode: "independent_persistent"}), "Hard disk 1 is independent"},
		{"one that forgets", disk(&types.VirtualDiskSparseVer2BackingInfo{DiskMode: "independent_nonpersistent"}), "is independent"},
		{"a shared disk", disk(&types.VirtualDiskFlatVer2BackingInfo{DiskMode: "persistent", Sharing: "sharingMultiWriter"}), "several machines"},
		{"a raw disk in virtual mode", disk(&types.VirtualDiskRawDiskMappingVer1BackingInfo{CompatibilityMode: "virtualMode", DiskMode: "persistent"}), ""},
		{"an independent one", disk(&types.VirtualDiskRawDiskMappingVer1BackingInfo{CompatibilityMode: "virtualMode", DiskMode: "independent_persistent"}), "is independent"},
		{"a raw disk in physical mode", disk(&types.VirtualDiskRawDiskMappingVer1BackingInfo{CompatibilityMode: "physicalMode"}), "raw disk in physical mode"},
		{"a raw disk in no known mode", disk(&types.VirtualDiskRawDiskMappingVer1BackingInfo{}), "raw disk in physical mode"},
		{"a whole raw disk", disk(&types.VirtualDiskRawDiskVer2BackingInfo{}), "is a raw disk"},
		{"a disk behind something new", disk(nil), "something unknown"},
		{"a controller", scsi(types.VirtualSCSISharingNoSharing), ""},
		{"a controller that says nothing", scsi(""), ""},
		{"a shared bus", scsi(types.VirtualSCSISharingVirtualSharing), "failover cluster"},
		{"a passed-through card", &types.VirtualPCIPassthrough{}, "passed through"},
		{"a passed-through network card", &types.VirtualSriovEthernetCard{}, "passed through"},
		{"persistent memory", &types.VirtualNVDIMM{}, "persistent memory"},
		{"a network card", &types.VirtualVmxnet3{}, ""},
		{"a CD drive", &types.VirtualCdrom{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := unsupported([]types.BaseVirtualDevice{tt.device})
			if (len(got) == 0) != (tt.want == "") || !strings.Contains(strings.Join(got, "\n"), tt.want) {
				t.Errorf("%q, want one about %q", got, tt.want)
			}
		})
	}
}

// Backups and datastores that vCenter does not show must not look like none.
func TestMachineThatIsNotShownWhole(t *testing.T) {
	content := types.ObjectContent{Obj: types.ManagedObjectReference{Type: kindVM, Value: "vm-1"}}
	for _, path := range needed() {
		if got := lacking(content); got != path {
			t.Errorf("lacking %q, want %q", got, path)
		}
		content.PropSet = append(content.PropSet, types.DynamicProperty{Name: path})
	}
	if got := lacking(content); got != "" {
		t.Errorf("lacking %q of a whole machine", got)
	}
}

// vCenter may contradict itself while somebody removes snapshots.
func TestChain(t *testing.T) {
	list := []estate.Snapshot{{Ref: "a"}, {Ref: "b", Parent: "a"}, {Ref: "c", Parent: "b"}, {Ref: "x", Parent: "a"}}
	tests := []struct {
		name    string
		current estate.SnapshotRef
		list    []estate.Snapshot
		want    int
	}{
		{"none", "", nil, 0},
		{"a root", "a", list, 1},
		{"the third", "c", list, 3},
		{"a branch", "x", list, 2},
		{"one that is not there", "z", list, 4},
		{"a circle", "a", []estate.Snapshot{{Ref: "a", Parent: "b"}, {Ref: "b", Parent: "a"}}, 3},
	}
	for _, tt := range tests {
		if got := chainOf(estate.VM{Current: tt.current, Snapshots: slices.Clone(tt.list)}); got != tt.want {
			t.Errorf("%s: chain of %d, want %d", tt.name, got, tt.want)
		}
	}
}
