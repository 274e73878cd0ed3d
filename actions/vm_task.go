package actions

import (
	"context"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// carryTask has vCenter carry something out for a step and waits until it has ended. The
// task's reference is on disk before it is waited for, so that a bot that is started
// again waits for that task (earlierTask) and does not begin another.
func carryTask(ctx context.Context, env Env, s runbook.Step, op string, begin func() (estate.TaskRef, error)) error {
	ref, err := begin()
	if err != nil {
		return err
	}
	if err := env.Began(ref); err != nil {
		return err
	}
	return awaitTask(ctx, env, s, op, ref)
}

// earlierTask waits until what an earlier run has begun for the step has ended, and
// gives it; the machine is looked at only then. A task that vCenter has forgotten ended
// long ago. The error is that of a wait which came to its own end.
func earlierTask(ctx context.Context, env Env) (estate.Task, error) {
	if env.Task == "" {
		return estate.Task{}, nil
	}
	t, err := env.VMs.Task(ctx, env.Task)
	if err != nil && ctx.Err() == nil {
		return t, nil
	}
	return t, err
}

// awaitTask waits for what vCenter does and gives its own words when it fails.
func awaitTask(ctx context.Context, env Env, s runbook.Step, op string, ref estate.TaskRef) error {
	t, err := env.VMs.Task(ctx, ref)
	if err != nil {
		return err
	}
	if t.State != estate.TaskSuccess {
		return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: op, Detail: "vCenter says: “" + t.Error + "”"}
	}
	return nil
}
