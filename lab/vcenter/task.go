package vcenter

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// work is what a task does at its end, while its machine is locked: its result, or
// why it did nothing.
type work func(ctx *simulator.Context, vm *simulator.VirtualMachine) (types.AnyType, types.BaseMethodFault)

// begin makes a task on a machine and gives its reference; the work is done when the
// delay is over. A machine has one task at a time.
func (s *Server) begin(ctx *simulator.Context, ref types.ManagedObjectReference, name string, do work) (types.ManagedObjectReference, types.BaseMethodFault) {
	vm, err := s.vm(ref)
	if err != nil {
		return ref, &types.ManagedObjectNotFound{Obj: ref}
	}
	s.mu.Lock()
	if other, taken := s.busy[ref]; taken {
		s.mu.Unlock()
		return ref, &types.TaskInProgress{Task: other}
	}
	if s.closed {
		s.mu.Unlock()
		return ref, &types.HostCommunication{}
	}
	s.number++
	task := types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", 1000+s.number)}
	s.busy[ref] = task
	delay := s.delay
	s.running.Add(1)
	s.mu.Unlock()

	s.stats.task(name + "_Task")
	t := s.newTask(ctx, task, ref, name+"_Task", userOf(ctx))
	go func() { // Close waits for it
		defer s.running.Done()
		s.carryOut(t, vm, name+"_Task", delay, do)
	}()
	return task, nil
}

// newTask puts a task into the registry. Whoever calls has locked the machine.
func (s *Server) newTask(ctx *simulator.Context, ref, vm types.ManagedObjectReference, name, user string) *simulator.Task {
	now := s.cfg.World.Now()
	t := simulator.CreateTask(vm, name, nil)
	t.Self = ref
	t.Info.Key, t.Info.Task, t.Info.Name = ref.Value, ref, name
	t.Info.EntityName = s.nameOf(vm)
	t.Info.Reason = &types.TaskReasonUser{UserName: user}
	t.Info.QueueTime, t.Info.StartTime = now, &now
	t.Info.State = types.TaskInfoStateRunning
	ctx.Map.Put(t)
	return t
}

// carryOut lets the time of a task pass, does its work and ends it.
func (s *Server) carryOut(t *simulator.Task, vm *simulator.VirtualMachine, name string, d Delay, do work) {
	ctx := s.context()
	err := s.hold(vm.Name, name)
	if err == nil {
		err = s.pass(d, func(percent int32) {
			amend(ctx, t, func(i *types.TaskInfo) { i.Progress = percent })
		})
	}
	var result types.AnyType
	var fault types.BaseMethodFault = &types.HostCommunication{}
	if err == nil {
		if fault = s.fails(vm.Name, name); fault == nil {
			ctx.WithLock(vm, func() { result, fault = do(ctx, vm) })
		}
	}
	s.mu.Lock()
	delete(s.busy, vm.Self)
	s.mu.Unlock()
	s.finish(ctx, t, result, fault)
}

// hold keeps a task from beginning its work for as long as it is to be held.
func (s *Server) hold(vm, task string) error {
	cleared := s.faults.done() // before the look: Clear may come in between
	if _, held := s.faults.strike(FaultHeld, vm, task); !held {
		return nil
	}
	select {
	case <-cleared:
		return nil
	case <-s.closing.Done():
		return context.Cause(s.closing)
	}
}

// fails is what a task on a machine is to end with in place of its work, or nil.
func (s *Server) fails(vm, task string) types.BaseMethodFault {
	kinds := []struct {
		kind  string
		tasks []string // nil for all
		is    types.BaseMethodFault
	}{
		{FaultTask, nil, &types.SystemError{Reason: "the practice vCenter was told to let this task fail"}},
		{FaultPowerOn, []string{"PowerOnVM_Task"}, &types.FileLocked{FileFault: types.FileFault{File: "/" + vm + "/" + vm + ".vmdk"}}},
		{FaultRevert, []string{"RevertToSnapshot_Task", "RevertToCurrentSnapshot_Task"},
			&types.FileNotFound{FileFault: types.FileFault{File: "/" + vm + "/" + vm + ".vmsd"}}},
	}
	for _, k := range kinds {
		if k.tasks != nil && !slices.Contains(k.tasks, task) {
			continue
		}
		if f, strikes := s.faults.strike(k.kind, vm, task); strikes {
			if f.Is != nil {
				return f.Is
			}
			return k.is
		}
	}
	return nil
}

// finish gives a task its end.
func (s *Server) finish(ctx *simulator.Context, t *simulator.Task, result types.AnyType, fault types.BaseMethodFault) {
	now := s.cfg.World.Now()
	amend(ctx, t, func(i *types.TaskInfo) {
		i.CompleteTime = &now
		if fault != nil {
			i.State, i.Error = types.TaskInfoStateError, &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: words(fault)}
			return
		}
		i.State, i.Progress, i.Result = types.TaskInfoStateSuccess, 100, result
	})
}

// amend changes what clients see of a task, as a whole: who waits for all of it
// while a part changes is shown it by the simulator without a lock.
func amend(ctx *simulator.Context, t *simulator.Task, change func(*types.TaskInfo)) {
	ctx.WithLock(t, func() {
		info := t.Info
		change(&info)
		ctx.Update(t, []types.PropertyChange{{Name: "info", Val: info}})
	})
}

// words is what the real product says about some faults, in English, and the name of
// the others.
func words(f types.BaseMethodFault) string {
	switch f.(type) {
	case *types.ApplicationQuiesceFault:
		return "An error occurred while quiescing the virtual machine. See the virtual machine's event log for details."
	case *types.NoDiskSpace:
		return "Insufficient disk space on datastore."
	case *types.FileLocked:
		return "Unable to access a file since it is locked"
	case *types.FileNotFound:
		return "File was not found"
	case *types.InvalidPowerState:
		return "The attempted operation cannot be performed in the current state."
	case *types.SnapshotIncompatibleDeviceInVm:
		return "The virtual machine contains a device which prevents taking the snapshot."
	}
	return reflect.Indirect(reflect.ValueOf(f)).Type().Name()
}

// pass lets a delay pass: the real part in quarters with progress, then the world's.
func (s *Server) pass(d Delay, progress func(percent int32)) error {
	const quarters = 4
	for i := range quarters {
		if d.Real == 0 {
			break
		}
		select {
		case <-time.After(d.Real / quarters):
			progress(int32(i+1) * 24)
		case <-s.closing.Done():
			return context.Cause(s.closing)
		}
	}
	if d.World == 0 {
		return nil
	}
	due := s.cfg.World.Now().Add(d.World)
	for {
		version := s.cfg.World.Version()
		if !s.cfg.World.Now().Before(due) {
			return nil
		}
		if _, err := s.cfg.World.Wait(s.closing, version); err != nil {
			return err
		}
	}
}

// userOf is the account behind a call.
func userOf(ctx *simulator.Context) string {
	if ctx.Session == nil {
		return "vcenter"
	}
	return ctx.Session.UserName
}
