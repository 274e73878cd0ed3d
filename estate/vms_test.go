package estate

import (
	"slices"
	"strings"
	"testing"
)

const smpUUID = "42114d56-9c0f-1e7a-5b3d-60c1a2e4f101"

func TestCanonicalUUID(t *testing.T) {
	tests := []struct {
		in, want string
		ok       bool
	}{
		{smpUUID, smpUUID, true},
		{" {" + strings.ToUpper(smpUUID) + "}\r\n", smpUUID, true},
		{"", "", false},
		{"42114d56-9c0f-1e7a-5b3d-60c1a2e4f10", "", false},
		{"42114d56-9c0f-1e7a-5b3d-60c1a2e4f1011", "", false},
		{"42114d569-c0f-1e7a-5b3d-60c1a2e4f101", "", false},
		{"42114d56-9c0f-1e7a-5b3d-60c1a2e4f10g", "", false},
		{"VMware-42 11 4d 56 9c 0f 1e 7a-5b 3d", "", false},
		{"00000000-0000-0000-0000-000000000000", "", false},
		{"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "", false},
	}
	for _, tt := range tests {
		if got, ok := CanonicalUUID(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("CanonicalUUID(%q) = %q, %v", tt.in, got, ok)
		}
	}
}

func FuzzCanonicalUUID(f *testing.F) {
	for _, s := range []string{smpUUID, "{" + smpUUID + "}", "-", "00000000-0000-0000-0000-000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, ok := CanonicalUUID(s)
		if !ok {
			return
		}
		if again, ok := CanonicalUUID(u); !ok || again != u {
			t.Errorf("CanonicalUUID(%q) = %q, whose own is %q", s, u, again)
		}
		if twice := SwappedUUID(SwappedUUID(u)); twice != u {
			t.Errorf("%q swapped twice is %q", u, twice)
		}
	})
}

func TestSwappedUUID(t *testing.T) {
	if got, want := SwappedUUID(smpUUID), "564d1142-0f9c-7a1e-5b3d-60c1a2e4f101"; got != want {
		t.Errorf("SwappedUUID(%q) = %q, want %q", smpUUID, got, want)
	}
	if got := SwappedUUID("short"); got != "short" {
		t.Errorf("SwappedUUID of no UUID is %q", got)
	}
}

func TestBoundVM(t *testing.T) {
	smp := VM{Ref: "VirtualMachine:vm-1", Name: "SMP1", UUID: smpUUID, Power: VMOn}
	off := VM{Ref: "VirtualMachine:vm-2", Name: "SMP1-mirror", UUID: smpUUID, Power: VMOff}
	clone := VM{Ref: "VirtualMachine:vm-3", Name: "SMP1", UUID: "42114d56-9c0f-1e7a-5b3d-60c1a2e4f102", Power: VMOn}
	swapped := VM{Ref: "VirtualMachine:vm-4", Name: "SMP1", UUID: SwappedUUID(smpUUID), Power: VMOn}
	template := VM{Ref: "VirtualMachine:vm-5", Name: "SMP1", UUID: smpUUID, Template: true}
	tests := []struct {
		name  string
		uuid  string
		found []VM
		want  VMRef
		why   string
	}{
		{"the one", smpUUID, []VM{smp}, smp.Ref, ""},
		{"as Windows writes it", strings.ToUpper(smpUUID), []VM{smp}, smp.Ref, ""},
		{"in the other byte order", SwappedUUID(smpUUID), []VM{smp}, smp.Ref, ""},
		{"none", smpUUID, nil, "", "no virtual machine"},
		{"a clone of the same name", smpUUID, []VM{clone}, "", "no virtual machine"},
		{"beside a clone", smpUUID, []VM{clone, smp}, smp.Ref, ""},
		{"a copy made by hand, off", smpUUID, []VM{smp, off}, "", "2 virtual machines"},
		{"one in each byte order", smpUUID, []VM{smp, swapped}, "", "2 virtual machines"},
		{"a template", smpUUID, []VM{template}, "", "a template"},
		{"a host without a UUID", "", []VM{{Name: "x"}}, "", "no BIOS UUID"},
		{"a host with the UUID of cheap boards", "00000000-0000-0000-0000-000000000000", []VM{{UUID: "00000000-0000-0000-0000-000000000000"}}, "", "no BIOS UUID"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vm, why := BoundVM(tt.uuid, tt.found)
			if vm.Ref != tt.want || (why == "") != (tt.why == "") || !strings.Contains(why, tt.why) {
				t.Errorf("bound %q, because %q", vm.Ref, why)
			}
		})
	}
}

func TestSnapshotFaults(t *testing.T) {
	ready := func(change func(*VM)) VM {
		v := VM{Name: "SMP1", Power: VMOn, Connected: true, ToolsRunning: true, Chain: MaxChain, Datastores: []Datastore{{Name: "SAN"}}}
		change(&v)
		return v
	}
	tests := []struct {
		name string
		vm   VM
		want []string
	}{
		{"ready", ready(func(*VM) {}), nil},
		{"chain", ready(func(v *VM) { v.Chain++ }), []string{"chain of 3"}},
		{"off", ready(func(v *VM) { v.Power = VMOff; v.ToolsRunning = false }), []string{"not on (poweredOff)"}},
		{"power unknown", ready(func(v *VM) { v.Power = "" }), []string{"not on"}},
		{"no Tools", ready(func(v *VM) { v.ToolsRunning = false }), []string{"Tools"}},
		{"ESXi host gone", ready(func(v *VM) { v.Connected = false }), []string{"ESXi"}},
		{"consolidation", ready(func(v *VM) { v.ConsolidationNeeded = true }), []string{"consolidation"}},
		{"backup and migration", ready(func(v *VM) {
			v.Tasks = []Task{{Method: "BackupVM_Task", By: "svc-backup"}, {Method: "RelocateVM_Task"}}
		}), []string{"BackupVM_Task of svc-backup works on SMP1", "RelocateVM_Task works on SMP1"}},
		{"devices", ready(func(v *VM) { v.Unsupported = []string{"Hard disk 2 is a raw disk"} }), []string{"Hard disk 2"}},
		{"nowhere", ready(func(v *VM) { v.Datastores = nil }), []string{"no datastore"}},
		{"nothing known", VM{Name: "SMP1"}, []string{"ESXi", "not on", "no datastore"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.vm.SnapshotFaults()
			if !slices.EqualFunc(got, tt.want, strings.Contains) {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSpaceFaults(t *testing.T) {
	const gb = int64(1) << 30
	san := Datastore{Ref: "Datastore:1", Name: "SAN", Accessible: true, Free: 100 * gb}
	nas := Datastore{Ref: "Datastore:2", Name: "NAS", Accessible: true, Free: 1000 * gb}
	gone := Datastore{Ref: "Datastore:3", Name: "OLD", Free: 1000 * gb}
	tests := []struct {
		name    string
		set     []VM
		percent int
		want    []string
	}{
		{"nobody", nil, 100, nil},
		{"enough", []VM{{Disks: 100 * gb, Datastores: []Datastore{san}}}, 100, nil},
		{"one byte short of a percent", []VM{{Disks: 101 * gb, Datastores: []Datastore{san}}}, 100, []string{"SAN has 100 GB free; the snapshots may need 101 GB"}},
		{"each alone, not together", []VM{{Disks: 60 * gb, Datastores: []Datastore{san}}, {Disks: 60 * gb, Datastores: []Datastore{san}}}, 100, []string{"need 120 GB"}},
		{"a share is enough", []VM{{Disks: 300 * gb, Datastores: []Datastore{san}}}, 30, nil},
		{"counted on each", []VM{{Disks: 200 * gb, Datastores: []Datastore{san, nas}}}, 100, []string{"SAN"}},
		{"unreachable", []VM{{Disks: gb, Datastores: []Datastore{gone}}}, 10, []string{"OLD cannot be reached"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := SpaceFaults(tt.set, tt.percent)
			if !slices.EqualFunc(got, tt.want, strings.Contains) {
				t.Errorf("faults %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKeyed(t *testing.T) {
	vm := VM{Snapshots: []Snapshot{{Ref: "a", Description: "itmsbot U-1 R-1 7.2"}, {Ref: "b"}, {Ref: "c", Description: "itmsbot U-1 R-1 7.20"}}}
	if got := vm.Keyed("itmsbot U-1 R-1 7.2"); len(got) != 1 || got[0].Ref != "a" {
		t.Errorf("found %+v", got)
	}
	if got := vm.Keyed(""); len(got) != 0 {
		t.Errorf("no key found %+v", got)
	}
	if _, ok := vm.Snapshot("d"); ok {
		t.Error("a snapshot that is not there was found")
	}
}
