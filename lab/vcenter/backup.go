package vcenter

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// followBackups begins and ends the tasks of backups as the faults say.
func (s *Server) followBackups(ctx *simulator.Context) error {
	for ref := range s.bound {
		vm, err := s.vm(ref)
		if err != nil {
			return err
		}
		s.followBackup(ctx, vm, s.faults.holds(FaultBackup, vm.Name))
	}
	return nil
}

func (s *Server) followBackup(ctx *simulator.Context, vm *simulator.VirtualMachine, wanted bool) {
	s.mu.Lock()
	_, taken := s.busy[vm.Self]
	running := s.backups[vm.Self]
	begins, ends := wanted && !taken, !wanted && running != nil
	var ref types.ManagedObjectReference
	switch {
	case begins:
		s.number++
		ref = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", 1000+s.number)}
		s.busy[vm.Self] = ref
	case ends:
		delete(s.busy, vm.Self)
		delete(s.backups, vm.Self)
	}
	s.mu.Unlock()
	switch {
	case begins:
		var t *simulator.Task
		ctx.WithLock(vm, func() { t = s.newTask(ctx, ref, vm.Self, backupTask, "svc-backup") })
		s.mu.Lock()
		s.backups[vm.Self] = t
		s.mu.Unlock()
	case ends:
		s.finish(ctx, running, nil, nil)
	}
}

// backupTask is what a backup product calls its own.
const backupTask = "BackupVM_Task"
