package estate

import (
	"fmt"
	"slices"
	"strings"
)

// SnapshotFaults says in sentences why no snapshot of this machine may be begun now
// (infra.md D3); empty is what a snapshot needs. It looks at the machine alone;
// SpaceFaults looks at the set.
func (v VM) SnapshotFaults() []string {
	var restless []string
	if v.Power != VMOn {
		restless = append(restless, fmt.Sprintf("%s is not on (%s), so its file systems cannot be brought to rest", v.Name, v.Power))
	} else if !v.ToolsRunning {
		restless = append(restless, fmt.Sprintf("VMware Tools do not run in %s, so quiesce would be ignored", v.Name))
	}
	return v.faults(restless)
}

// ColdFaults are those of SnapshotFaults for a machine that is switched off before its
// snapshot is taken: whether it can be brought to rest is no matter then.
func (v VM) ColdFaults() []string { return v.faults(nil) }

// faults puts what is wrong with the guest between what stands and what is so at the
// moment.
func (v VM) faults(guest []string) []string {
	why := append(v.StandingFaults(), v.unreached()...)
	why = append(why, guest...)
	why = append(why, v.working()...)
	if len(v.Datastores) == 0 {
		why = append(why, fmt.Sprintf("vCenter names no datastore of %s", v.Name))
	}
	return why
}

// BusyFaults says in sentences why vCenter could change nothing of the machine now.
func (v VM) BusyFaults() []string {
	return append(v.unreached(), v.working()...)
}

func (v VM) unreached() []string {
	if v.Connected {
		return nil
	}
	return []string{fmt.Sprintf("vCenter does not reach the ESXi host of %s", v.Name)}
}

func (v VM) working() []string {
	var why []string
	for _, t := range v.Tasks {
		why = append(why, t.says()+" works on "+v.Name)
	}
	return why
}

// says names a task and whose it is.
func (t Task) says() string {
	if t.By == "" {
		return t.Method
	}
	return t.Method + " of " + t.By
}

// StandingFaults are those of SnapshotFaults that no waiting mends, so that nothing
// needs to be begun that would end with a snapshot.
func (v VM) StandingFaults() []string {
	var why []string
	if v.Chain > MaxChain {
		why = append(why, fmt.Sprintf("%s runs on a chain of %d snapshots; a new one may be put on %d at most", v.Name, v.Chain, MaxChain))
	}
	if v.ConsolidationNeeded {
		why = append(why, fmt.Sprintf("the disks of %s need consolidation", v.Name))
	}
	for _, s := range v.Unsupported {
		why = append(why, v.Name+": "+s)
	}
	return why
}

// SpaceFaults says in sentences which datastores lack the space for a set of
// snapshots: percent of the size of all the set's disks, because each delta disk
// can grow to the size of its disk. A machine on several datastores is counted on
// each of them in full, as vCenter does not say which disk grows.
func SpaceFaults(set []VM, percent int) []string {
	need := map[string]int64{}
	stores := map[string]Datastore{}
	for _, v := range set {
		for _, d := range v.Datastores {
			need[d.Ref] += v.Disks / 100 * int64(percent)
			stores[d.Ref] = d
		}
	}
	var why []string
	for ref, bytes := range need {
		switch d := stores[ref]; {
		case !d.Accessible:
			why = append(why, fmt.Sprintf("datastore %s cannot be reached", d.Name))
		case d.Free < bytes:
			why = append(why, fmt.Sprintf("datastore %s has %d GB free; the snapshots may need %d GB", d.Name, gigabytes(d.Free), gigabytes(bytes)))
		}
	}
	slices.SortFunc(why, strings.Compare)
	return why
}

// gigabytes rounds up, so that nothing needed reads as 0.
func gigabytes(bytes int64) int64 { return (bytes + 1<<30 - 1) >> 30 }
