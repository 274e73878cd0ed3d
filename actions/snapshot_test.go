package actions

import (
	"maps"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

func TestSnapshotWords(t *testing.T) {
	tests := []struct {
		words string
		want  map[string]string // nil is refused
		risk  runbook.Risk
		rules string // those that are asked, by their facts
	}{
		{"", map[string]string{"what": "the snapshot set"}, runbook.Outage, "doors-closed queues-empty smp-rebooted"},
		{"take", map[string]string{"what": "the snapshot set"}, runbook.Outage, "doors-closed queues-empty smp-rebooted"},
		{"hot", map[string]string{"what": "the snapshot set"}, runbook.Outage, "doors-closed queues-empty smp-rebooted"},
		{"take COLD", map[string]string{"cold": "yes", "what": "the snapshot set, switched off"}, runbook.Outage, "doors-closed queues-empty"},
		{"SMP1", map[string]string{"servers": "SMP1", "what": "an extra snapshot of SMP1"}, runbook.Changes, ""},
		{"take SMP1 SQL1 cold", map[string]string{"servers": "SMP1 SQL1", "cold": "yes", "what": "an extra snapshot of SMP1 and SQL1, switched off"}, runbook.Outage, ""},
		{"SMP1 smp1", nil, "", ""},
		{"hot cold", nil, "", ""},
		{"remove SMP1", nil, "", ""},
		{"SMP1 take", nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.words, func(t *testing.T) {
			args, no := snapshot.Arguments(strings.Fields(tt.words))
			if (no != nil) != (tt.want == nil) || !maps.Equal(args, tt.want) {
				t.Fatalf("got %v, %v, want %v", args, no, tt.want)
			}
			if no != nil {
				return
			}
			if risk := snapshot.RiskWith(args); risk != tt.risk {
				t.Errorf("risk %s, want %s", risk, tt.risk)
			}
			var asked []string
			for _, r := range snapshot.Rules {
				if r.applies(args) {
					asked = append(asked, r.Fact)
				}
			}
			if got := strings.Join(asked, " "); got != tt.rules {
				t.Errorf("rules %q, want %q", got, tt.rules)
			}
		})
	}
}

// TestAgesOfASet: 48 hours, 72 hours, and every day from then on.
func TestAgesOfASet(t *testing.T) {
	for hours, want := range map[float64]int{0: 0, 47.99: 0, 48: 48, 71.9: 48, 72: 72, 95.9: 72, 96: 96, 121: 120, 1000: 984} {
		if got := agedAt(time.Duration(hours * float64(time.Hour))); got != want {
			t.Errorf("after %v hours: %d, want %d", hours, got, want)
		}
	}
}

func TestWhoseSnapshot(t *testing.T) {
	for description, want := range map[string]string{
		"itmsbot U-1 R-7 2.1":        "of R-7",
		"itmsbot U-2 R-7 2.1":        "of upgrade U-2",
		"itmsbot U-1 R-7":            "not the bot's",
		"itmsbot U-1 somebody 2.1":   "not the bot's",
		"before the patch":           "not the bot's",
		"":                           "not the bot's",
		"itmsbot U-1 R-7 2.1 copied": "not the bot's",
	} {
		if got := whose(estate.Snapshot{Description: description}, "U-1"); got != want {
			t.Errorf("%q: %s, want %s", description, got, want)
		}
	}
}

// TestColdSnapshot: cold asks for a machine that is off and for nothing at rest; hot asks
// for the contrary. What vCenter is still at is waited for, unless the set is taken again.
func TestColdSnapshot(t *testing.T) {
	tests := []struct {
		name  string
		cold  bool
		power estate.VMPower
		want  Standing
		words string
	}{
		{"hot, on", false, estate.VMOn, IsNotDone, "No snapshot of this request."},
		{"hot, off", false, estate.VMOff, Otherwise, "SITE1 is not on"},
		{"cold, off", true, estate.VMOff, IsNotDone, "No snapshot of this request."},
		{"cold, on", true, estate.VMOn, Otherwise, "SITE1 is on, and has to be off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, vm := snapshotCase(t, tt.cold)
			vm.Power, vm.ToolsRunning = tt.power, tt.power == estate.VMOn
			v := &oneVM{vm: vm}
			env := Env{VMs: v, Began: func(estate.TaskRef) error { return nil }}
			f, err := lookAtSnapshot(t.Context(), env, s)
			if err != nil || f.Standing != tt.want || !strings.Contains(f.Text, tt.words) {
				t.Fatalf("got %s %q, %v, want %s %q", f.Standing, f.Text, err, tt.want, tt.words)
			}
			if f.Standing == Otherwise {
				return
			}
			if err := takeSnapshot(t.Context(), env, s); err != nil {
				t.Fatal(err)
			}
			if f, err := lookAtSnapshot(t.Context(), env, s); err != nil || f.Standing != IsDone || len(v.vm.Snapshots) != 1 || v.vm.Snapshots[0].Quiesced == tt.cold {
				t.Errorf("afterwards: %+v, %v, %+v", f, err, v.vm.Snapshots)
			}
		})
	}
}

// TestSnapshotIsNotTakenTwice: what an earlier run has begun is waited for and is good;
// when the set is taken again it is of another moment, and goes.
func TestSnapshotIsNotTakenTwice(t *testing.T) {
	for name, tt := range map[string]struct {
		retake bool
		began  string
	}{
		"gone on with": {false, "create"},
		"taken again":  {true, "create, remove VirtualMachineSnapshot:new, create"},
	} {
		t.Run(name, func(t *testing.T) {
			s, vm := snapshotCase(t, false)
			v := &oneVM{vm: vm}
			task, _ := v.CreateSnapshot(t.Context(), vm.Ref, estate.SnapshotOrder{Key: keyOfSet, Quiesce: true})
			env := Env{VMs: v, Task: task, Retake: tt.retake, Began: func(estate.TaskRef) error { return nil }}
			if f, err := lookAtSnapshot(t.Context(), env, s); err != nil || f.Standing != IsPartly {
				t.Fatalf("while it is taken: %+v, %v", f, err)
			}
			if err := takeSnapshot(t.Context(), env, s); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(v.began, ", "); got != tt.began || len(v.vm.Snapshots) != 1 {
				t.Errorf("began %q, want %q; %d snapshots", got, tt.began, len(v.vm.Snapshots))
			}
		})
	}
}

func snapshotCase(t *testing.T, cold bool) (runbook.Step, estate.VM) {
	t.Helper()
	s, vm := powerCase(t, snapshotCreate, powerParams{})
	raw, err := runbook.Canonical(snapshotParams{VM: vm.Ref, UUID: vm.UUID, Name: "itmsbot R-2", Key: keyOfSet, Cold: cold})
	if err != nil {
		t.Fatal(err)
	}
	s.Params = raw
	return s, vm
}
