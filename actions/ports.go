package actions

import (
	"context"
	"encoding/json"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Firewalls is what actions need of a Windows firewall. machine is the
// MachineGuid that the plan names: another machine changes nothing and is
// estate.WrongMachine. Every call is harmless when repeated.
type Firewalls interface {
	// Firewall looks and changes nothing.
	Firewall(ctx context.Context, host string, lane estate.Lane, q estate.FirewallQuery) (estate.Firewall, error)
	// AddRules makes allow rules of the bot; one that is there already and
	// the same is left alone, one of the same name that differs is replaced.
	AddRules(ctx context.Context, host, machine string, rules []estate.NewRule) (estate.Changed, error)
	// SwitchRules switches local rules on or off, by their names.
	SwitchRules(ctx context.Context, host, machine string, names []string, on bool) (estate.Changed, error)
	// CopyRules makes narrow copies of local rules in the bot's group; one that
	// is there already and as narrow is left alone, one that was not finished
	// is narrowed.
	CopyRules(ctx context.Context, host, machine string, copies []estate.RuleCopy) (estate.Changed, error)
	// RemoveRules removes rules of the bot's own group, by their names.
	RemoveRules(ctx context.Context, host, machine string, names []string) (estate.Changed, error)
}

// Restores is what closing needs so that a host opens again by itself when the
// bot has locked itself out.
type Restores interface {
	ArmRestore(ctx context.Context, host, machine string, order estate.RestoreOrder) (estate.Changed, error)
	// DisarmRestore removes task and marker of key over a connection made
	// anew, which proves that the bot still gets in.
	DisarmRestore(ctx context.Context, host, machine, key string) (estate.Changed, error)
}

// Closings is what an opening with an end needs on the host itself: a SYSTEM task that
// removes exactly its rules at their time, whatever has become of the bot. key names
// upgrade and request.
type Closings interface {
	ArmClosing(ctx context.Context, host, machine string, order estate.ClosingOrder) (estate.Changed, error)
	DisarmClosing(ctx context.Context, host, machine, key string) (estate.Changed, error)
}

// Services switches services of a host on or off, by their key names, and waits until
// they are.
type Services interface {
	SwitchServices(ctx context.Context, host, machine string, names []string, on bool) (estate.Changed, error)
}

// Rescues reads a host with an account of its own, for the day on which its domain does
// not know it any more.
type Rescues interface {
	HasRescue(host string) bool
	RescueRecord(ctx context.Context, host string) (estate.HostRecord, error)
}

// Evidences reads what a revert will erase. What cannot be read is in the answer.
type Evidences interface {
	Evidence(ctx context.Context, host string, lane estate.Lane, q estate.EvidenceQuery) (estate.Evidence, error)
}

// Hosts is what actions read of a Windows host beside its firewall. Every call
// only looks.
type Hosts interface {
	QueueFiles(ctx context.Context, host string, lane estate.Lane) (estate.QueueFiles, error)
	ReadLogs(ctx context.Context, host string, lane estate.Lane, q estate.LogQuery) (estate.LogReview, error)
	Disks(ctx context.Context, host string, lane estate.Lane) (estate.Disks, error)
	// NewestFile finds the newest file below a folder of a local drive.
	NewestFile(ctx context.Context, host string, lane estate.Lane, path string) (estate.NewestFile, error)
	ReadIIS(ctx context.Context, host string, lane estate.Lane, q estate.IISQuery) (estate.IISLog, error)
}

// Reboots is what restarting a host needs. key names upgrade, request and step:
// the order is given once for it, however often it is asked for.
type Reboots interface {
	RebootState(ctx context.Context, host string, lane estate.Lane, key string) (estate.RebootState, error)
	LayBootKey(ctx context.Context, host, machine, key string) (estate.Changed, error)
	OrderReboot(ctx context.Context, host, machine, key string) (estate.Changed, error)
	// Record reads what is to be compared with afterwards.
	Record(ctx context.Context, host string, lane estate.Lane) (estate.HostRecord, error)
}

// VMs is what a set of snapshots needs of vCenter. Machines and snapshots are
// acted on by reference, never by name.
type VMs interface {
	// ByUUID lists every virtual machine with this BIOS UUID.
	ByUUID(ctx context.Context, uuid string) ([]estate.VM, error)
	CreateSnapshot(ctx context.Context, vm estate.VMRef, order estate.SnapshotOrder) (estate.TaskRef, error)
	RemoveSnapshot(ctx context.Context, snapshot estate.SnapshotRef) (estate.TaskRef, error)
	// Revert goes back to a snapshot; the machine is off afterwards.
	Revert(ctx context.Context, snapshot estate.SnapshotRef) (estate.TaskRef, error)
	Consolidate(ctx context.Context, vm estate.VMRef) (estate.TaskRef, error)
	PowerOn(ctx context.Context, vm estate.VMRef) (estate.TaskRef, error)
	PowerOff(ctx context.Context, vm estate.VMRef) (estate.TaskRef, error)
	// ShutdownGuest asks the guest and returns at once.
	ShutdownGuest(ctx context.Context, vm estate.VMRef) error
	// Task waits until a task has ended or ctx has.
	Task(ctx context.Context, task estate.TaskRef) (estate.Task, error)
}

// CMDB is what actions need of the SQL Server. Every call only looks.
type CMDB interface {
	Probe(ctx context.Context) (estate.CMDB, error)
	Queue(ctx context.Context) (estate.Queue, error)
	Backups(ctx context.Context) (estate.Backups, error)
	Neighbours(ctx context.Context) (estate.Neighbours, error)
	SiteServers(ctx context.Context) (estate.SiteServers, error)
	// ComputersNamed and ComputersAt find computers by name, alone or with the
	// domain, and by address.
	ComputersNamed(ctx context.Context, name string) (estate.Computers, error)
	ComputersAt(ctx context.Context, address string) (estate.Computers, error)
	// ClientsSince lists who asked for their configuration in the last so many
	// seconds.
	ClientsSince(ctx context.Context, seconds int64) (estate.Contacts, error)
}

// Clock is the domain clock: the real one, or the lab's with its pace.
// Protocol times never come from it.
type Clock interface {
	Now() time.Time
	// Sleep waits for d of this clock or until ctx ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Journal is the trail as the engine sees it. Append runs decide inside one
// write transaction: what it adds is committed as a whole or not at all. It
// waits, and runs decide again, while nothing can be written and nobody has
// asked the bot to leave: what has happened on a host is never dropped.
type Journal interface {
	Append(decide func(Tx) error) error
	// AppendNow does not wait. It is for what is true only now, such as the
	// look after which a step may begin.
	AppendNow(decide func(Tx) error) error
	Past
	// Before is what the first intent of a step recorded, nil if none did.
	Before(request, step string) (json.RawMessage, error)
}

// Past is what has happened.
type Past interface {
	Request(id string) (runbook.Request, error)
	// Live lists the requests that have not ended, oldest first.
	Live() ([]runbook.Request, error)
	// Recent lists the newest n requests, ended ones too.
	Recent(n int) ([]runbook.Request, error)
	// EventsOf lists the events of a request, in order.
	EventsOf(request string) ([]runbook.Event, error)
	// Whole is what people have said of the open upgrade.
	Whole() (runbook.Upgrade, error)
	Plan(digest string) ([]byte, error)
}

// Tx is the inside of a write transaction.
type Tx interface {
	Facts
	// Add writes an event into the trail and moves its request on.
	Add(runbook.Event) (runbook.Event, error)
	// NewRequestID gives the next number of the open upgrade.
	NewRequestID() (string, error)
	SavePlan(bytes []byte) (digest string, err error)
	// SaveArtifact keeps bytes beside the trail, without what looks like a
	// secret in them, and gives SHA-256 and size of what it kept.
	SaveArtifact(bytes []byte) (sha string, size int64, err error)
}

// Facts is what a decision may read while it is being made.
type Facts interface {
	Now() time.Time
	// Upgrade is the id of the open upgrade.
	Upgrade() (string, error)
	// Whole is what people have said of it.
	Whole() (runbook.Upgrade, error)
	Request(id string) (runbook.Request, error)
	Live() ([]runbook.Request, error)
}
