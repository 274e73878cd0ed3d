package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

const uuidOfOne = "11111111-2222-3333-4444-555555555555"

// oneVM is a vCenter with one machine. Its tasks end as soon as they are waited for.
type oneVM struct {
	VMs
	vm estate.VM
	// goes is how many looks after it was asked a guest is off; 0 is never.
	goes  int
	asked int
	// refuses is what asking the guest gives.
	refuses error
	// leftover has a removal leave delta disks behind; fails has every task fail.
	leftover, fails bool
	began           []string
	work            map[estate.TaskRef]func()
}

func (v *oneVM) ByUUID(context.Context, string) ([]estate.VM, error) {
	if v.asked > 0 {
		if v.asked++; v.goes > 0 && v.asked > v.goes {
			v.vm.Power, v.vm.ToolsRunning = estate.VMOff, false
		}
	}
	return []estate.VM{v.vm}, nil
}

func (v *oneVM) begin(what string, work func()) (estate.TaskRef, error) {
	v.began = append(v.began, what)
	ref := estate.TaskRef(fmt.Sprintf("Task:task-%d", len(v.began)))
	if v.work == nil {
		v.work = map[estate.TaskRef]func(){}
	}
	v.work[ref] = work
	v.vm.Tasks = append(v.vm.Tasks, estate.Task{Ref: ref, State: estate.TaskRunning, Method: what})
	return ref, nil
}

func (v *oneVM) PowerOff(context.Context, estate.VMRef) (estate.TaskRef, error) {
	return v.begin("off", func() { v.vm.Power, v.vm.ToolsRunning = estate.VMOff, false })
}

func (v *oneVM) PowerOn(context.Context, estate.VMRef) (estate.TaskRef, error) {
	return v.begin("on", func() { v.vm.Power, v.vm.ToolsRunning = estate.VMOn, true })
}

func (v *oneVM) ShutdownGuest(context.Context, estate.VMRef) error {
	if v.refuses == nil {
		v.asked = 1
	}
	return v.refuses
}

func (v *oneVM) RemoveSnapshot(_ context.Context, ref estate.SnapshotRef) (estate.TaskRef, error) {
	return v.begin("remove "+string(ref), func() {
		v.vm.Snapshots = slices.DeleteFunc(v.vm.Snapshots, func(s estate.Snapshot) bool { return s.Ref == ref })
		v.vm.ConsolidationNeeded = v.leftover
	})
}

func (v *oneVM) CreateSnapshot(_ context.Context, _ estate.VMRef, o estate.SnapshotOrder) (estate.TaskRef, error) {
	return v.begin("create", func() {
		v.vm.Snapshots = append(v.vm.Snapshots, estate.Snapshot{Ref: "VirtualMachineSnapshot:new", Description: o.Key, Quiesced: o.Quiesce})
	})
}

func (v *oneVM) Consolidate(context.Context, estate.VMRef) (estate.TaskRef, error) {
	return v.begin("consolidate", func() { v.vm.ConsolidationNeeded = false })
}

func (v *oneVM) Task(_ context.Context, ref estate.TaskRef) (estate.Task, error) {
	work, known := v.work[ref]
	if !known {
		return estate.Task{Ref: ref}, &estate.Error{Kind: estate.Unknown, Op: "wait for " + string(ref), Detail: "vCenter has forgotten it"}
	}
	v.vm.Tasks = nil
	if v.fails {
		return estate.Task{Ref: ref, State: estate.TaskError, Error: "a file is locked"}, nil
	}
	work()
	return estate.Task{Ref: ref, State: estate.TaskSuccess}, nil
}

// powerCase is a machine that runs, and a step that acts on it.
func powerCase(t *testing.T, kind *Kind, p powerParams) (runbook.Step, estate.VM) {
	t.Helper()
	vm := estate.VM{Ref: "VirtualMachine:vm-1", Name: "SITE1", UUID: uuidOfOne, Power: estate.VMOn, ToolsRunning: true, Connected: true,
		Datastores: []estate.Datastore{{Name: "ds", Accessible: true}}}
	p.VM, p.UUID = vm.Ref, uuidOfOne
	raw, err := runbook.Canonical(p)
	if err != nil {
		t.Fatal(err)
	}
	return runbook.Step{ID: "2.1", Kind: kind.Name, Version: kind.Version, Host: "SITE1", Machine: "m-1", Params: raw}, vm
}

// TestShutDown: a guest gets its time, and no more; one that cannot go, or that an earlier
// attempt has waited for in vain, gets none.
func TestShutDown(t *testing.T) {
	noTools := &estate.Error{Kind: estate.Failed, Op: "shut down the guest", Detail: "VMware Tools do not run"}
	lost := &estate.Error{Kind: estate.Unknown, Op: "shut down the guest", Detail: "the connection was cut"}
	tests := []struct {
		name    string
		goes    int
		refuses error
		noTools bool
		before  int // attempts before this one
		task    estate.TaskRef
		began   string
		waits   time.Duration
	}{
		{"it goes by itself, and is off at the fourth look", 4, nil, false, 0, "", "", time.Minute},
		{"it hangs", 0, nil, false, 0, "", "off", 10 * time.Minute},
		{"it cannot be asked", 0, noTools, false, 0, "", "off", 0},
		{"the answer was lost, so it may go", 0, lost, false, 0, "", "off", 10 * time.Minute},
		{"no Tools", 0, nil, true, 0, "", "off", 0},
		{"no Tools any more: an earlier attempt has asked", 0, nil, true, 1, "", "off", 10 * time.Minute},
		{"an earlier attempt has waited", 0, nil, false, 1, "Task:task-77", "off", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, vm := powerCase(t, vmOff, powerParams{ShutdownSeconds: 600})
			vm.ToolsRunning = !tt.noTools
			v, clock := &oneVM{vm: vm, goes: tt.goes, refuses: tt.refuses}, &stepClock{}
			var wrote []estate.TaskRef
			env := Env{VMs: v, Clock: clock, Task: tt.task, Progress: func(string) {}, Began: func(task estate.TaskRef) error { wrote = append(wrote, task); return nil },
				Request: runbook.Request{Steps: []runbook.StepLife{{ID: "2.1", Attempts: tt.before}}}}
			start := clock.Now()
			if err := shutDown(t.Context(), env, s); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(v.began, ", "); got != tt.began || len(wrote) != len(v.began) {
				t.Errorf("began %q and wrote down %v, want %q", got, wrote, tt.began)
			}
			if waited := clock.Now().Sub(start); waited != tt.waits {
				t.Errorf("waited %v, want %v", waited, tt.waits)
			}
			if f, err := vmOff.Look(t.Context(), env, s); err != nil || f.Standing != IsDone {
				t.Errorf("afterwards: %+v, %v", f, err)
			}
		})
	}
}

// TestWrongMachineIsNotSwitched: what has the BIOS UUID of the plan under another
// reference is another machine.
func TestWrongMachineIsNotSwitched(t *testing.T) {
	s, vm := powerCase(t, vmOff, powerParams{ShutdownSeconds: 600})
	vm.Ref = "VirtualMachine:vm-2"
	v := &oneVM{vm: vm}
	env := Env{VMs: v, Clock: &stepClock{}, Progress: func(string) {}}
	for name, do := range map[string]func(context.Context, Env, runbook.Step) error{"off": shutDown, "on": switchOn} {
		if err := do(t.Context(), env, s); estate.TroubleOf(err) != estate.WrongMachine || len(v.began) > 0 || v.asked > 0 {
			t.Errorf("%s: %v, began %v", name, err, v.began)
		}
	}
}

// TestPowerIsNotGivenTwice: a task of an earlier run is waited for, and one that vCenter
// has forgotten is not.
func TestPowerIsNotGivenTwice(t *testing.T) {
	for name, tt := range map[string]struct {
		forgotten bool
		began     int
	}{"the task runs still": {false, 1}, "vCenter has forgotten it": {true, 2}} {
		t.Run(name, func(t *testing.T) {
			s, vm := powerCase(t, vmOn, powerParams{})
			vm.Power = estate.VMOff
			v := &oneVM{vm: vm}
			task, _ := v.PowerOn(t.Context(), vm.Ref)
			if tt.forgotten {
				clear(v.work)
			}
			env := Env{VMs: v, Task: task, Began: func(estate.TaskRef) error { return nil }}
			if err := switchOn(t.Context(), env, s); err != nil || v.vm.Power != estate.VMOn || len(v.began) != tt.began {
				t.Errorf("%v, power %s, began %v", err, v.vm.Power, v.began)
			}
		})
	}
}
