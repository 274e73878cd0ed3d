package vsphere

import (
	"context"
	"strings"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// Task waits until a task has ended, well or badly: an error of vCenter's is in
// the Task and not in the error. It waits on through lost sessions and broken
// connections. When ctx ends first, the task goes on; the error is of kind
// estate.Unknown then, and the Task is as it was seen last. vCenter forgets a task
// some minutes after its end; that is estate.Unknown too, and the machine has to be
// looked at.
func (v *VCenter) Task(ctx context.Context, ref estate.TaskRef) (estate.Task, error) {
	e := errand{doing: "wait for " + string(ref)}
	object, err := reference(ref)
	if err != nil {
		return estate.Task{Ref: ref}, v.errorOf(err, e, false)
	}
	w := v.watch.join(object)
	defer v.watch.leave(w)
	for {
		select {
		case s := <-w.ended:
			return v.told(s, e)
		case <-ctx.Done():
			return v.told(v.watch.last(w), e)
		case <-v.watch.turn:
			v.readForAll(ctx)
			v.watch.rest(ctx, w)
			v.watch.turn <- struct{}{}
		}
	}
}

// told makes what a waiting caller gets of what was seen last.
func (v *VCenter) told(s sighting, e errand) (estate.Task, error) {
	if s.err != nil {
		return s.task, v.errorOf(s.err, e, false)
	}
	if !s.task.Ended() {
		return s.task, v.errorOf(&trouble{estate.Unknown, "the task goes on; it was not waited for any longer", nil}, e, false)
	}
	return s.task, nil
}

// readForAll looks once at every task that somebody waits for.
func (v *VCenter) readForAll(ctx context.Context) {
	refs := v.watch.wanted()
	if len(refs) == 0 {
		return
	}
	infos, err := v.readTasks(ctx, refs)
	if err == nil {
		v.watch.saw(infos)
		return
	}
	if gone, ok := faultOf(err).(*types.ManagedObjectNotFound); ok {
		v.watch.lost(gone.Obj)
		return
	}
	v.watch.failed(err)
}

// readTasks is one property read of tasks. One that is gone fails it.
func (v *VCenter) readTasks(ctx context.Context, refs []types.ManagedObjectReference) ([]types.TaskInfo, error) {
	spec := types.PropertyFilterSpec{PropSet: []types.PropertySpec{{Type: kindTask, PathSet: []string{"info"}}}}
	for _, r := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: r})
	}
	var infos []types.TaskInfo
	err := v.call(ctx, errand{doing: "look at tasks"}, func(ctx context.Context, c *vim25.Client) error {
		infos = nil
		res, err := property.DefaultCollector(c).RetrieveProperties(ctx,
			types.RetrieveProperties{SpecSet: []types.PropertyFilterSpec{spec}})
		if err != nil {
			return err
		}
		var tasks []mo.Task
		if err := mo.LoadObjectContent(res.Returnval, &tasks); err != nil {
			return err
		}
		for _, t := range tasks {
			infos = append(infos, t.Info)
		}
		return nil
	})
	return infos, err
}

// taskOf turns a task as vCenter shows it into ours.
func taskOf(info types.TaskInfo) estate.Task {
	t := estate.Task{
		Ref: estate.TaskRef(info.Task.String()), State: estate.TaskState(info.State),
		Method: info.Name, Progress: int(info.Progress), By: startedBy(info.Reason),
	}
	if t.Method == "" {
		t.Method = info.DescriptionId[strings.LastIndex(info.DescriptionId, ".")+1:]
	}
	if info.Entity != nil && info.Entity.Type == kindVM {
		t.VM = estate.VMRef(info.Entity.String())
	}
	if info.StartTime != nil {
		t.Started = info.StartTime.UTC()
	}
	if info.Error != nil && info.State == types.TaskInfoStateError {
		t.Error = sentenceOf(info.Error.Fault, info.Error.LocalizedMessage)
	}
	if r, ok := info.Result.(types.ManagedObjectReference); ok && r.Type == kindSnapshot {
		t.Result = estate.SnapshotRef(r.String())
	}
	return t
}

// startedBy is the account behind a task, or what else began it.
func startedBy(reason types.BaseTaskReason) string {
	switch r := reason.(type) {
	case *types.TaskReasonUser:
		return r.UserName
	case *types.TaskReasonSchedule:
		return "schedule " + r.Name
	case *types.TaskReasonAlarm:
		return "alarm " + r.AlarmName
	}
	return ""
}
