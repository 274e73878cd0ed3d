package vsphere_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
)

// long lets every task take an hour of the world, which a test lets pass.
func long(c *vcenter.Config, _ *vsphere.Config) { c.Delay = vcenter.Delay{World: time.Hour} }

// A wait that is given up stops nothing: the task is picked up again by its
// reference, from another session too.
func TestTaskOutlivesItsWait(t *testing.T) {
	t.Parallel()
	p := start(t, long)
	vm := p.host(t, "SQL1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	task, err := p.vc.Task(ctx, ref)
	if estate.TroubleOf(err) != estate.Unknown || task.Ref != ref || task.State != estate.TaskRunning {
		t.Fatalf("wait that ended: %+v, %v", task, err)
	}
	if tasks := p.again(t, vm).Tasks; len(tasks) != 1 || tasks[0].Ref != ref {
		t.Errorf("the machine's tasks: %+v", tasks)
	}
	p.world.Advance(time.Hour)
	other := dial(t, p.server, vsphere.Config{})
	if task, err = other.Task(soon(t), ref); err != nil || task.State != estate.TaskSuccess {
		t.Errorf("picked up from another session: %+v, %v", task, err)
	}
	if n := len(p.again(t, vm).Keyed(key)); n != 1 {
		t.Errorf("%d snapshots", n)
	}
}

func TestSessionLostWhileATaskRuns(t *testing.T) {
	t.Parallel()
	p := start(t, long)
	vm := p.host(t, "SQL1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultSession, Method: "RetrievePropertiesEx", Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultAnswer, Method: "RetrievePropertiesEx", After: 2, Count: 2}); err != nil {
		t.Fatal(err)
	}
	p.world.Advance(time.Hour)
	if task, err := p.vc.Task(soon(t), ref); err != nil || task.State != estate.TaskSuccess {
		t.Errorf("%+v, %v", task, err)
	}
	if n := p.server.Stats().Tasks["CreateSnapshot_Task"]; n != 1 {
		t.Errorf("%d snapshots were begun", n)
	}
}

func TestManyWaitForOneTask(t *testing.T) {
	t.Parallel()
	p := start(t, long)
	vm := p.host(t, "SQL1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	var g sync.WaitGroup
	for i := range 10 {
		g.Go(func() {
			ctx := soon(t)
			if i%2 == 0 {
				ctx = impatient // whoever reads for all may leave
			}
			task, err := p.vc.Task(ctx, ref)
			if i%2 == 1 && (err != nil || task.State != estate.TaskSuccess) {
				t.Errorf("%+v, %v", task, err)
			}
		})
	}
	<-impatient.Done()
	p.world.Advance(time.Hour)
	g.Wait()
}

func TestForgottenTask(t *testing.T) {
	t.Parallel()
	p := start(t)
	vm := p.host(t, "SQL1")
	ref, err := p.vc.CreateSnapshot(soon(t), vm.Ref, order(key))
	p.done(t, ref, err)
	other, err := p.vc.CreateSnapshot(soon(t), p.host(t, "SMP1").Ref, order(key))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultForgotten, Count: 1}); err != nil {
		t.Fatal(err)
	}
	task, err := p.vc.Task(soon(t), ref)
	if estate.TroubleOf(err) != estate.Unknown || task.Ref != ref || !strings.Contains(err.Error(), "any more") {
		t.Errorf("a task that vCenter forgot: %+v, %v", task, err)
	}
	p.done(t, other, nil) // the next is not held up
}

func TestTaskWhileVCenterIsDown(t *testing.T) {
	t.Parallel()
	p := start(t)
	ref, err := p.vc.CreateSnapshot(soon(t), p.host(t, "SMP1").Ref, order(key))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.server.Inject(vcenter.Fault{Kind: vcenter.FaultDown}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if task, err := p.vc.Task(ctx, ref); estate.TroubleOf(err) != estate.Unknown || !strings.Contains(err.Error(), "cannot be seen") {
		t.Errorf("while vCenter is down: %+v, %v", task, err)
	}
	if err := p.server.Clear(); err != nil {
		t.Fatal(err)
	}
	if task := p.done(t, ref, nil); task.State != estate.TaskSuccess {
		t.Errorf("afterwards: %+v", task)
	}
}

// Waiting does not heal a log-on that is refused.
func TestTaskWithoutLogOn(t *testing.T) {
	t.Parallel()
	p := start(t)
	v := dial(t, p.server, vsphere.Config{Login: login(func() (string, error) { return "wrong", nil })})
	for range 2 {
		if _, err := v.Task(soon(t), "Task:task-1"); estate.TroubleOf(err) != estate.Unknown || !strings.Contains(err.Error(), "cannot be seen") {
			t.Errorf("error %v", err)
		}
	}
}

func TestNoTask(t *testing.T) {
	t.Parallel()
	v := nowhere(t)
	for _, ref := range []estate.TaskRef{"", "task-1", "VirtualMachine:vm-1"} {
		if _, err := v.Task(soon(t), ref); estate.TroubleOf(err) != estate.Failed {
			t.Errorf("Task(%q): %v", ref, err)
		}
	}
}
