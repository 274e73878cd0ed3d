package estate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The references below are managed object references as vCenter writes them:
// "VirtualMachine:vm-42", "VirtualMachineSnapshot:snapshot-7", "Task:task-9".
// They stay the same while the object lives and are never given again, so that
// a plan and the trail name objects by them and never by a name that another
// object may bear too.
type (
	VMRef       string
	SnapshotRef string
	TaskRef     string
)

// MaxChain is the longest chain of snapshots that a new one may be put on
// (infra.md D3: two or three are recommended, 32 are possible).
const MaxChain = 2

// VMPower is whether a virtual machine runs.
type VMPower string

// The power states of a virtual machine, as vCenter names them.
const (
	VMOn        VMPower = "poweredOn"
	VMOff       VMPower = "poweredOff"
	VMSuspended VMPower = "suspended"
)

// VM is one look at a virtual machine.
type VM struct {
	Ref  VMRef  `json:"ref"`
	Name string `json:"name"`
	// UUID is the BIOS UUID in the form of CanonicalUUID. Only a UUID binds a
	// virtual machine to a host; its name says nothing.
	UUID  string  `json:"uuid"`
	Power VMPower `json:"power"`
	// Connected reports whether vCenter reaches the ESXi host that has the
	// machine; what a machine that is not connected says is old.
	Connected bool `json:"connected"`
	// Template reports whether it is a template, which never runs.
	Template bool `json:"template"`
	// ToolsRunning reports whether VMware Tools answer; without them quiesce
	// is ignored in silence.
	ToolsRunning bool `json:"tools_running"`
	// ToolsStatus is vCenter's own word: guestToolsRunning,
	// guestToolsNotRunning, guestToolsExecutingScripts.
	ToolsStatus string `json:"tools_status"`
	// HostName is what the guest says its name is; empty without Tools.
	HostName string `json:"host_name"`

	// Snapshots are all of the machine's, parents before children.
	Snapshots []Snapshot `json:"snapshots"`
	// Current is the snapshot on which the machine runs, empty for none.
	Current SnapshotRef `json:"current"`
	// Chain is the number of snapshots from the root to Current: the length
	// of the chain of delta disks that each read may walk.
	Chain int `json:"chain"`
	// ConsolidationNeeded reports that delta disks are left of snapshots that
	// are gone.
	ConsolidationNeeded bool `json:"consolidation_needed"`

	Datastores []Datastore `json:"datastores"`
	// Committed and Uncommitted are bytes: what the machine's files take now,
	// and what its thin disks may still grow by.
	Committed   int64 `json:"committed"`
	Uncommitted int64 `json:"uncommitted"`
	// Disks is the sum of the virtual disks' sizes in bytes: the most that a
	// snapshot's delta disks grow to.
	Disks int64 `json:"disks"`
	// Unsupported says in sentences why a snapshot would not hold the whole
	// machine: a physical raw disk, bus sharing, passthrough, independent
	// disks (infra.md D3). Empty is what a snapshot needs.
	Unsupported []string `json:"unsupported"`
	// Tasks are those of vCenter that run on the machine or wait to: a
	// backup, a migration.
	Tasks []Task `json:"tasks"`
	// Now is vCenter's own clock at this look. A snapshot's age is the
	// difference of the two.
	Now time.Time `json:"now"`
}

// CanQuiesce reports whether a quiesced snapshot can be asked for: the machine
// is on and its Tools answer.
func (v VM) CanQuiesce() bool { return v.Power == VMOn && v.ToolsRunning }

// Snapshot finds one of the machine's snapshots by its reference.
func (v VM) Snapshot(ref SnapshotRef) (Snapshot, bool) {
	for _, s := range v.Snapshots {
		if s.Ref == ref {
			return s, true
		}
	}
	return Snapshot{}, false
}

// Children lists the snapshots that were taken directly upon one.
func (v VM) Children(ref SnapshotRef) []Snapshot {
	var list []Snapshot
	for _, s := range v.Snapshots {
		if s.Parent == ref {
			list = append(list, s)
		}
	}
	return list
}

// Works reports whether a task runs on the machine.
func (v VM) Works(task TaskRef) bool {
	return task != "" && slices.ContainsFunc(v.Tasks, func(t Task) bool { return t.Ref == task })
}

// Keyed lists the snapshots whose description holds exactly this key. More than
// one means that a step was carried out twice.
func (v VM) Keyed(key string) []Snapshot {
	var found []Snapshot
	for _, s := range v.Snapshots {
		if key != "" && s.Description == key {
			found = append(found, s)
		}
	}
	return found
}

// Snapshot is one snapshot of a virtual machine.
type Snapshot struct {
	Ref  SnapshotRef `json:"ref"`
	Name string      `json:"name"`
	// Description is free text; the bot's snapshots have their key in it and
	// nothing else.
	Description string    `json:"description"`
	Created     time.Time `json:"created"` // by vCenter's clock
	// Quiesced reports whether the guest's file systems were at rest. False
	// after a quiesced one was ordered counts as a failure.
	Quiesced bool `json:"quiesced"`
	// State is the power after a revert: off unless memory was taken.
	State VMPower `json:"state"`
	// Parent is empty for a root.
	Parent SnapshotRef `json:"parent"`
	// Bytes is what its files take: its own, and the delta disks that were begun
	// with it and have grown since. It means something where Sized is set; vCenter
	// does not always say.
	Bytes int64 `json:"bytes,omitempty"`
	Sized bool  `json:"sized,omitempty"`
}

// SnapshotOrder is what a new snapshot needs. Memory is never taken: it is
// slow and stuns the machine.
type SnapshotOrder struct {
	// Name is for people who look into vCenter; it need not be unique.
	Name string `json:"name"`
	// Key goes into the description, whole and alone: "itmsbot U-1 R-12 7.2".
	// By it the snapshot is found again when the answer was lost.
	Key string `json:"key"`
	// Quiesce asks the guest to bring its file systems to rest. The outcome
	// is in Snapshot.Quiesced and not in the task.
	Quiesce bool `json:"quiesce"`
}

// Datastore is where a virtual machine's files are.
type Datastore struct {
	Ref  string `json:"ref"`
	Name string `json:"name"`
	// Accessible is false when no host reaches it; the numbers are then old.
	Accessible bool `json:"accessible"`
	// Bytes. Provisioned is what all its machines may take in the end, more
	// than Capacity where disks are thin.
	Free        int64 `json:"free"`
	Capacity    int64 `json:"capacity"`
	Provisioned int64 `json:"provisioned"`
}

// TaskState is how far vCenter is with a task.
type TaskState string

// The states of a task, as vCenter names them.
const (
	TaskQueued  TaskState = "queued"
	TaskRunning TaskState = "running"
	TaskSuccess TaskState = "success"
	TaskError   TaskState = "error"
)

// Task is something vCenter does and takes its time for.
type Task struct {
	Ref   TaskRef   `json:"ref"`
	State TaskState `json:"state"`
	// Method is vCenter's name for what is done: "CreateSnapshot_Task".
	Method string `json:"method"`
	// VM is what it is done to, empty when it is no virtual machine.
	VM VMRef `json:"vm"`
	// Progress is in percent; 0 where vCenter does not say.
	Progress int `json:"progress"`
	// Error is a sentence about why it ended in TaskError.
	Error string `json:"error,omitempty"`
	// Result is the snapshot that a successful creation made.
	Result SnapshotRef `json:"result,omitempty"`
	// By is the account, as vCenter names it.
	By      string    `json:"by,omitempty"`
	Started time.Time `json:"started"` // zero while it is queued
}

// Ended reports whether the task is over, one way or the other.
func (t Task) Ended() bool { return t.State == TaskSuccess || t.State == TaskError }

// CanonicalUUID brings a UUID as Windows, vCenter or a person writes it into
// one form: lower case, 8-4-4-4-12. What is no UUID, and the two that some
// boards give to every machine (all 0, all F), is not ok and binds nothing.
func CanonicalUUID(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	if len(s) != 36 {
		return "", false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdef", rune(c)) {
			return "", false
		}
	}
	if digits := strings.ReplaceAll(s, "-", ""); strings.Trim(digits, "0") == "" || strings.Trim(digits, "f") == "" {
		return "", false
	}
	return s, true
}

// SwappedUUID gives a canonical UUID with the bytes of its first three groups in
// the other order. Windows reports a BIOS UUID in one order or the other, by the
// version of the virtual hardware (VMware KB 53609), while vCenter always shows
// the same.
func SwappedUUID(uuid string) string {
	if len(uuid) != 36 {
		return uuid
	}
	b := []byte(uuid)
	for _, group := range [][2]int{{0, 8}, {9, 13}, {14, 18}} {
		for i, j := group[0], group[1]-2; i < j; i, j = i+2, j-2 {
			b[i], b[i+1], b[j], b[j+1] = b[j], b[j+1], b[i], b[i+1]
		}
	}
	return string(b)
}

// BoundVM decides which of the machines with a host's BIOS UUID is that host, or
// says why none is. The method recommends a mirror copy of the SMP in the same
// vCenter: a machine that is bound by guessing would be the wrong twin one day, so
// two with one UUID bind nothing, whatever their names and power states are.
func BoundVM(uuid string, found []VM) (vm VM, why string) {
	uuid, ok := CanonicalUUID(uuid)
	if !ok {
		return VM{}, "the host reports no BIOS UUID that tells machines apart"
	}
	var bound []VM
	var names []string
	for _, m := range found {
		if m.UUID == uuid || m.UUID == SwappedUUID(uuid) {
			bound = append(bound, m)
			names = append(names, fmt.Sprintf("%s (%s)", m.Name, m.Ref))
		}
	}
	switch {
	case len(bound) == 0:
		return VM{}, fmt.Sprintf("vCenter has no virtual machine with the BIOS UUID %s", uuid)
	case len(bound) > 1:
		return VM{}, fmt.Sprintf("%d virtual machines have the BIOS UUID %s: %s", len(bound), uuid, Join(names))
	case bound[0].Template:
		return VM{}, fmt.Sprintf("%s is a template, so it is not the host", names[0])
	}
	return bound[0], ""
}
