package actions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// TestWhatIsCommitted: the trail counts a snapshot as gone on purpose once, whoever has
// removed it, and the set as committed when that is so of every member.
func TestWhatIsCommitted(t *testing.T) {
	step := func(kind, host string) runbook.Step { return runbook.Step{ID: host, Kind: kind, Host: host} }
	request := func(id string, result runbook.Result, hosts ...string) runbook.Request {
		r := runbook.Request{ID: id, State: runbook.WasLeft}
		for _, h := range hosts {
			r.Steps = append(r.Steps, runbook.StepLife{ID: h, Result: result})
		}
		return r
	}
	plan := func(kind string, set bool, hosts ...string) runbook.Plan {
		stage := runbook.Stage{ID: "1", Set: set}
		for _, h := range hosts {
			stage.Steps = append(stage.Steps, step(kind, h))
		}
		return runbook.Plan{Stages: []runbook.Stage{stage}}
	}
	l := Ledger{Hosts: map[string]HostLedger{}}
	history := []struct {
		name      string
		request   runbook.Request
		plan      runbook.Plan
		removed   []string
		committed bool
	}{
		{"taken", request("R-1", runbook.StepDone, "GW1", "SMP1", "SQL1"), plan(snapshotCreate.Name, true, "GW1", "SMP1", "SQL1"), nil, false},
		{"one gone already, one failed", request("R-2", runbook.AlreadySo, "GW1"), plan(kindRemove, false, "GW1", "SMP1"), []string{"GW1"}, false},
		{"a failure removes nothing", request("R-3", runbook.NotDone, "SMP1"), plan(kindRemove, false, "SMP1"), []string{"GW1"}, false},
		{"the same once more counts once", request("R-4", runbook.AlreadySo, "GW1"), plan(kindRemove, false, "GW1"), []string{"GW1"}, false},
		{"a host that is not in the set", request("R-5", runbook.StepDone, "SITE1"), plan(kindRemove, false, "SITE1"), []string{"GW1"}, false},
		{"the rest", request("R-6", runbook.StepDone, "SMP1", "SQL1"), plan(kindRemove, false, "SMP1", "SQL1"), []string{"GW1", "SMP1", "SQL1"}, true},
		{"a new set is not committed", request("R-7", runbook.StepDone, "GW1"), plan(snapshotCreate.Name, true, "GW1"), nil, false},
	}
	for _, h := range history {
		l.add(h.request, h.plan, nil)
		if !slices.Equal(l.Set.Removed, h.removed) || l.Set.Committed() != h.committed {
			t.Errorf("%s: removed %v, committed %v, want %v, %v", h.name, l.Set.Removed, l.Set.Committed(), h.removed, h.committed)
		}
	}
}

// TestOrderOfMachines: who asks goes before who answers, those of a role together.
func TestOrderOfMachines(t *testing.T) {
	var machines []runbook.Machine
	for _, m := range []string{"smp SMP1", "site SITE1", "sql SQL1", "gateway GW1", "site SITE2"} {
		role, host, _ := strings.Cut(m, " ")
		machines = append(machines, runbook.Machine{Host: host, Role: role})
	}
	var got []string
	for _, group := range byRole(machines) {
		got = append(got, strings.Join(hostsOf(group), "+"))
	}
	if s := strings.Join(got, " "); s != "GW1 SITE1+SITE2 SMP1 SQL1" {
		t.Errorf("order %s", s)
	}
}

// TestCommitWarnings: what will not be possible any more, and what goes, how old and how
// large; a size that is not known is not made up.
func TestCommitWarnings(t *testing.T) {
	now := time.Date(2026, 11, 30, 7, 0, 0, 0, time.UTC)
	look := func(host string, there, sized bool) setLook {
		return setLook{machine: runbook.Machine{Host: host}, there: there, vm: estate.VM{Now: now},
			snapshot: estate.Snapshot{Created: now.Add(-50 * time.Hour), Bytes: 20 << 30, Sized: sized}}
	}
	set := SnapshotSet{Request: "R-1", Machines: []runbook.Machine{{Host: "SQL1", WayBack: "goes back by a backup that a person restores"}}}
	tests := []struct {
		name  string
		looks []setLook
		words []string
		never string
	}{
		{"all there", []setLook{look("GW1", true, true), look("SMP1", true, true)}, []string{"GW1 and SMP1 back", "50\u00a0h old and takes 40\u00a0GB", "SQL1 is not touched"}, "gone already"},
		{"one is of unknown size", []setLook{look("GW1", true, false), look("SMP1", true, true)}, []string{"takes an unknown size"}, "GB"},
		{"one is gone", []setLook{look("GW1", false, false), look("SMP1", true, true)}, []string{"The snapshot of GW1 is gone already", "takes 20\u00a0GB"}, "unknown"},
		{"all are gone", []setLook{look("GW1", false, false)}, []string{"The snapshot of GW1 is gone already"}, "old and takes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Join(commitWarnings(set, tt.looks), "\n")
			for _, w := range tt.words {
				if !strings.Contains(text, w) {
					t.Errorf("lacks %q:\n%s", w, text)
				}
			}
			if strings.Contains(text, tt.never) {
				t.Errorf("says %q:\n%s", tt.never, text)
			}
		})
	}
}
