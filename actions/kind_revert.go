package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// vmRevert brings one machine back to its snapshot of the set. The machine is off
// before and after: nothing is powered on before all are back, so that doing it twice
// loses nothing. Whether it was done, only the task can say, which is on disk before it
// is waited for: a machine that was never reverted runs on the same snapshot. And what
// the task has done does not stand any more once the machine was found on.
//
// What vCenter does not bring back a person may, and says so by name.
var vmRevert = &Kind{
	Name: kindRevert, Version: 1, Limit: time.Hour,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, vm, err := lookAtRevert(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		undone, err := foundUndone(env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{HostNow: vm.Now, Facts: revertFacts{p.Snapshot, env.Task, undone}}
		if _, there := vm.Snapshot(p.Snapshot); !there {
			f.Standing, f.Ask = Otherwise, backByHand(s)
			f.Text = fmt.Sprintf("Snapshot %s is not there any more. Nothing is powered on. Restore %s from a backup, leave it off, and say so.", p.Snapshot, s.Host)
			return f, nil
		}
		if vm.Works(env.Task) {
			f.Standing, f.Text = IsNotDone, "vCenter is still at what was begun for it."
			return f, nil
		}
		if vm.Power != estate.VMOff {
			f.Facts = revertFacts{p.Snapshot, env.Task, env.Task != ""}
			f.Standing, f.Text = Otherwise, fmt.Sprintf("%s is %s; it has to be off to go back. Nothing else is powered on. Switch it off in vCenter, then try again.", vm.Name, powerWord(vm.Power))
			return f, nil
		}
		f.Standing, f.Text = IsNotDone, "Off, and not back yet."
		if env.Task == "" {
			return f, nil
		}
		if undone {
			f.Text = "Off; it was on since it went back, so it goes back once more."
			return f, nil
		}
		switch t, err := env.VMs.Task(ctx, env.Task); {
		case err != nil && ctx.Err() != nil:
			return f, err
		case err != nil:
			// vCenter has forgotten the task. The machine is off, so once more is no harm.
			f.Text = "Off; what became of an earlier revert is not known. Once more does no harm."
		case t.State == estate.TaskSuccess:
			f.Standing, f.Text = IsDone, fmt.Sprintf("Back at %s, and off.", p.Name)
		default:
			f.Text = fmt.Sprintf("Not back: vCenter says “%s”. Nothing is powered on.", t.Error)
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		earlier, err := earlierTask(ctx, env)
		if err != nil {
			return err
		}
		p, err := params[revertParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		if undone, err := foundUndone(env, s); err != nil || earlier.State == estate.TaskSuccess && !undone {
			return err // the look says what it has done
		}
		err = carryTask(ctx, env, s, "go back to the snapshot", func() (estate.TaskRef, error) { return env.VMs.Revert(ctx, p.Snapshot) })
		if estate.TroubleOf(err) != estate.Failed {
			return err
		}
		return &verdict{Finding{Standing: Otherwise, Ask: backByHand(s),
			Text: fmt.Sprintf("The bot %s. Nothing is powered on. Either try again, or bring it back by hand in vCenter to %s, leave it off, and say so.", Words(err), p.Name)}}
	},
}

// foundUndone reports whether an earlier look at a machine found it on after this very
// task.
func foundUndone(env Env, s runbook.Step) (bool, error) {
	raw, err := env.Facts(s.ID)
	if err != nil || len(raw) == 0 {
		return false, err
	}
	found, err := params[revertFacts](raw, "what was found of "+s.Host)
	return found.Undone && found.Task == env.Task, err
}

// backByHand are the two ways on when vCenter does not bring a machine back.
func backByHand(s runbook.Step) []runbook.Answer {
	return []runbook.Answer{
		{Word: "again", Label: "Try again", Leads: "Only what is not back goes back. Nothing is powered on before all are."},
		{Word: "accept", Label: "It is back", Accepts: true,
			Leads: fmt.Sprintf("You say that %s is back at the moment of the set, by hand, and off. When all are, the servers are powered on.", s.Host)},
	}
}

type revertParams struct {
	VM       estate.VMRef       `json:"vm"`
	UUID     string             `json:"uuid"`
	Snapshot estate.SnapshotRef `json:"snapshot"`
	Name     string             `json:"name"`
}

type revertFacts struct {
	Snapshot estate.SnapshotRef `json:"snapshot"`
	Task     estate.TaskRef     `json:"task"`
	// Undone is set once the machine was found on after the task.
	Undone bool `json:"undone,omitempty"`
}

func lookAtRevert(ctx context.Context, env Env, s runbook.Step) (revertParams, estate.VM, error) {
	p, err := params[revertParams](s.Params, s.ID)
	if err != nil {
		return p, estate.VM{}, err
	}
	vm, err := setMember{s.Host, p.VM, p.UUID}.bound(ctx, env)
	return p, vm, err
}

// restoredByHand waits for the person who restores a server that goes back by a backup
// (DESIGN, "each server states its way back").
var restoredByHand = &Kind{
	Name: kindRestored, Version: 1, Limit: time.Minute,
	Look: func(_ context.Context, _ Env, s runbook.Step) (Finding, error) {
		return Finding{Standing: Otherwise, Facts: json.RawMessage(`{}`),
			Text: fmt.Sprintf("%s goes back by a backup. All others are off, and none of them goes back before. Restore %s now to the backup that was made when the set was taken, then say so.", s.Host, s.Host),
			Ask: []runbook.Answer{
				{Word: "again", Label: "Not yet", Leads: "Nothing goes on until it is restored."},
				{Word: "accept", Label: "It is restored", Accepts: true,
					Leads: fmt.Sprintf("You say that %s is restored to the moment of the set. The other servers go back next.", s.Host)},
			}}, nil
	},
}
