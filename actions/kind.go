package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Env is what plans and steps are made with.
type Env struct {
	Estate  estate.Estate
	Upgrade string
	// Lane is where looks go: estate.Look while planning, estate.Change
	// while carrying out, so that a plan never waits for a running step.
	Lane      estate.Lane
	Firewalls Firewalls
	Restores  Restores
	Closings  Closings
	Services  Services
	Evidences Evidences
	// Rescues is nil where no host has a local account for the bot.
	Rescues Rescues
	Hosts   Hosts
	Reboots Reboots
	CMDB    CMDB
	// VMs is nil where no vCenter is configured.
	VMs VMs
	// Retake is set while a set is taken again: what an earlier attempt made
	// does not count.
	Retake bool
	Clock  Clock
	// Progress says how far the running step is; set while it runs.
	Progress func(text string)
	// Began writes down which task of vCenter carries the running step out, before
	// it is waited for; set while it runs. Task is the one that an earlier run has
	// written down, empty for none.
	Began func(task estate.TaskRef) error
	Task  estate.TaskRef
	// Before is what the first intent of the running step recorded; nil
	// before there was one.
	Before json.RawMessage
	// Request is the one that is carried out, as it was when the stage
	// began; empty while planning.
	Request runbook.Request
	// Facts are those that a step of this request found last, nil if it
	// found none; set while a step runs.
	Facts func(step string) (json.RawMessage, error)
	// FactsOf are those of a step of any request.
	FactsOf func(request, step string) (json.RawMessage, error)
	// Opened gives the rules by which requests let somebody in by name on a host, as
	// the trail has them at that moment; nil passes over none.
	Opened func(host string) ([]estate.NewRule, error)
	// Config is the digest of policy and configuration; part of every plan.
	Config string
	Limits Limits
}

// Limits are the thresholds that bind while a request runs.
type Limits struct {
	// Restore is how long after arming a host opens itself again.
	Restore time.Duration
	// Linger is how long connections of clients may outlive the closing.
	Linger time.Duration
	// BackupAge is how old the CMDB's newest full backup may be.
	BackupAge time.Duration
	// Files are the folders in which there has to be a backup of what is not in
	// the CMDB. Where there is none, a person is asked.
	Files []FileBackup
	// QueueWait is how long the queue may take; QueueEmpty how many events
	// still count as none.
	QueueWait  time.Duration
	QueueEmpty int64
	// FreeBytes is the least free space on each drive of SMP and SQL Server.
	FreeBytes int64
	// Reboot is how long a host may take until it is back with its services.
	Reboot time.Duration
	// Widest4 and Widest6 are the widest ranges that may be opened by name, in bits
	// of their prefixes.
	Widest4, Widest6 int
	// Longest is the longest time that an opening with an end may last.
	Longest time.Duration
	// Shutdown is how long a guest may take to shut down before its power is taken.
	Shutdown time.Duration
	// Services is how long the services of a host may take after its power is on.
	Services time.Duration
	// SpacePercent of a machine's disks has to be free on its datastores
	// before a snapshot is taken.
	SpacePercent int
}

// FileBackup is a folder of a host, with its drive, and how old the newest file
// below it may be.
type FileBackup struct {
	Host   string
	Path   string
	MaxAge time.Duration
}

// DefaultLimits are the method's figures where it gives any, else ours.
func DefaultLimits() Limits {
	return Limits{Restore: 10 * time.Minute, Linger: 3 * time.Minute, BackupAge: 24 * time.Hour,
		QueueWait: 30 * time.Minute, FreeBytes: 15 << 30, Reboot: 20 * time.Minute, SpacePercent: 10,
		Widest4: 24, Widest6: 64, Longest: 7 * 24 * time.Hour, Shutdown: 10 * time.Minute, Services: 10 * time.Minute}
}

// Standing is what a look says of a step.
type Standing string

// The standings. Otherwise is neither as it was before nor as the step leaves
// it: somebody else was here, and a person decides.
const (
	IsDone    Standing = "done"
	IsNotDone Standing = "not done"
	IsPartly  Standing = "partly"
	IsUnknown Standing = "unknown"
	Otherwise Standing = "otherwise"
)

// Finding is the result of a look.
type Finding struct {
	Standing Standing
	// Text is the evidence in a sentence for the card.
	Text string
	// Warn is a further sentence that people should read even if all is well;
	// a card keeps it where it has no room for the rest.
	Warn string
	// Before is what is there now, for the way back. It is recorded with
	// the first intent of the step and never again.
	Before any
	// Facts go into the trail with the outcome. What is too long for an event
	// is kept as a file.
	Facts any
	// Files are kept beside the trail and shown in the request's thread.
	Files []File
	// HostNow is the host's own clock when it was asked.
	HostNow time.Time
	// Ask lets a person judge what was found, with the standing Otherwise.
	Ask []runbook.Answer
}

// File is what a look found and people may want to read whole.
type File struct {
	Name, Title string
	Bytes       []byte
}

// verdict is what the doing itself has found out, where one look afterwards
// could not: that a queue stayed empty, or stood still.
type verdict struct{ Finding }

func (v *verdict) Error() string { return v.Text }

// Kind is the code of one sort of step. Its functions know the step only by
// its data. Do runs after IsNotDone and IsPartly alone and is harmless when
// repeated; Undo is the same for the way back. A kind without Do only looks; one
// without Undo changes nothing that could be put back.
type Kind struct {
	Name string
	// Version is raised when the meaning of Params or Before changes. A
	// stored step of another version is not carried out.
	Version int
	// Limit bounds one run of Do or Undo with its looks, in real time.
	Limit time.Duration
	Look  func(ctx context.Context, env Env, s runbook.Step) (Finding, error)
	Do    func(ctx context.Context, env Env, s runbook.Step) error
	// LookBack says IsDone when it is as it was before, IsNotDone when it
	// is as the step left it.
	LookBack func(ctx context.Context, env Env, s runbook.Step, before json.RawMessage) (Finding, error)
	Undo     func(ctx context.Context, env Env, s runbook.Step, before json.RawMessage) error
	// Again reports that what was undone may be done again from the same data: an
	// undo can be undone.
	Again bool
	// ByHand are the PowerShell lines that undo the step on its host on the
	// day the bot is gone; nil for a kind that is undone elsewhere.
	ByHand func(s runbook.Step, before json.RawMessage) ([]string, error)
	// AgainByHand are those that do it again, where a step has taken it back.
	AgainByHand func(s runbook.Step, before json.RawMessage) ([]string, error)
	// Reversed is the effect of undoing, for the card.
	Reversed func(s runbook.Step) runbook.Effect
}

// kinds lists every sort of step this program can carry out.
var kinds = []*Kind{firewallAllow, firewallOpen, openingExtend, doorsShut, firewallCopy, firewallDisable, queueWait, logsReview, disksFree, backupsCurrent, neighboursQuiet, filesCurrent, rebootLay, rebootHost,
	hostRecord, sitesKnown, backupMade, doorsClosed, queueQuiet, hostReady, setReady, snapshotCreate, evidenceKept, clientsKept, vmRevert, restoredByHand, hostProved,
	vmOff, vmOn, snapshotRemove, serviceStart, doorsKept}

func kindOf(s runbook.Step) (*Kind, error) {
	for _, k := range kinds {
		if k.Name == s.Kind {
			if k.Version != s.Version {
				return nil, fmt.Errorf("step %s is %s version %d, this program knows version %d", s.ID, s.Kind, s.Version, k.Version)
			}
			return k, nil
		}
	}
	return nil, fmt.Errorf("step %s is of the kind %q, which this program does not know", s.ID, s.Kind)
}

// params reads the data of a step.
func params[T any](raw json.RawMessage, what string) (T, error) {
	var p T
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("%s: %w", what, err)
	}
	return p, nil
}
