package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// The kinds of this file look once more directly before the set is taken (1.4
// item 7). They change nothing, and none of them can be waved through but the
// queue: what they find is put right, then they look again.

// doorsClosed looks whether a host is still closed and no self-restore is armed on
// it (DESIGN §13). Who is let in by name is a client too.
var doorsClosed = &Kind{
	Name: "doors.closed", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		env.Opened = nil
		f, err := lookAtDisabled(ctx, env, s)
		if f.Standing != IsDone {
			f.Standing = Otherwise
		}
		return f, err
	},
}

// queueQuiet looks whether the queue is still empty.
var queueQuiet = &Kind{
	Name: "queue.quiet", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[queueParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		now, err := sampleQueue(ctx, env, s.Host)
		if err != nil {
			return unseen(err, "the event queue", "The queue is empty")
		}
		f := Finding{Standing: IsDone, Text: now.say(), Facts: now, HostNow: now.Now}
		if len(now.Doubts) > 0 || now.left() > p.Empty {
			f.Standing = Otherwise
			f.Ask = judge("Go on so", "You say that the queue does not stop the snapshots.")
			if len(now.Doubts) > 0 {
				f.Text += " " + now.Doubts[0] + "."
			}
		}
		return f, nil
	},
}

// hostReady looks whether a host may be frozen as it is: what ran when it was
// recorded runs, nothing is about to restart it, nothing is half installed, and
// its clock is right. How old its own password is, is said: after 30 days Windows
// changes it, and a host that goes back to before that has lost its domain.
var hostReady = &Kind{
	Name: "host.ready", Version: 1, Limit: 2 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[readyParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		raw, err := env.Facts(p.Record)
		if err != nil {
			return Finding{}, err
		}
		then, err := params[recordFacts](raw, "the record in step "+p.Record)
		if err != nil {
			return Finding{}, err
		}
		record, skew, err := recordNow(ctx, env, s.Host)
		if err != nil {
			return Finding{}, err
		}
		if record.Machine != s.Machine {
			return Finding{}, &estate.Error{Kind: estate.WrongMachine, Host: s.Host, Op: "look once more",
				Detail: fmt.Sprintf("machine %s (%s) answers, the plan names %s", record.Machine, record.Name, s.Machine)}
		}
		boot, err := env.Reboots.RebootState(ctx, s.Host, env.Lane, s.ID)
		if err != nil {
			return Finding{}, err
		}
		faults := append(notRunning(then.ranThen(), record.Services), boot.Busy()...)
		if boot.Agent != nil {
			faults = append(faults, fmt.Sprintf("its own agent is about to restart it (%s)", boot.Agent.Action))
		}
		if words := estate.SaySkew(s.Host, skew); words != "" {
			faults = append(faults, words)
		}
		f := Finding{Standing: IsDone, HostNow: record.Now, Facts: readyFacts{Faults: faults, Skew: int64(skew.Seconds()), Account: record.Account}}
		if f.Text = "As recorded; " + accountAge(record.Account) + "."; old(record.Account, p.PasswordDays) {
			f.Warn = fmt.Sprintf("Windows changes the machine password after %d days: go back before that, or the domain does not know %s any more.", record.Account.PasswordDays, s.Host)
		}
		if len(faults) > 0 {
			f.Standing, f.Text = Otherwise, upper(strings.Join(faults, "; "))+"."
		}
		return f, nil
	},
}

type readyParams struct {
	// Record is the step that recorded the host.
	Record string `json:"record"`
	// PasswordDays is the age from which the machine password is worth a
	// warning.
	PasswordDays int `json:"password_days"`
}

type readyFacts struct {
	Faults  []string              `json:"faults"`
	Skew    int64                 `json:"skew_seconds"`
	Account estate.MachineAccount `json:"account"`
}

// passwordDays leaves the 72 hours of a set, and two days more, until Windows
// changes a machine password of 30 days.
const passwordDays = 25

func old(a estate.MachineAccount, days int) bool {
	return a.PasswordSeconds != nil && !a.PasswordFixed && *a.PasswordSeconds >= int64(days)*24*60*60
}

// setReady looks at all virtual machines of the set together: each could get a
// snapshot now, and the datastores have room for all of them.
var setReady = &Kind{
	Name: "set.ready", Version: 1, Limit: 2 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[setParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		vms := make([]estate.VM, len(p.Members))
		errs := make([]error, len(p.Members))
		var wg sync.WaitGroup // waited for below
		for i, m := range p.Members {
			wg.Go(func() { vms[i], errs[i] = m.bound(ctx, env) })
		}
		wg.Wait()
		var faults []string
		for i, vm := range vms {
			if errs[i] != nil {
				return Finding{}, errs[i]
			}
			if p.Cold {
				faults = append(faults, vm.ColdFaults()...)
			} else {
				faults = append(faults, vm.SnapshotFaults()...)
			}
		}
		faults = append(faults, estate.SpaceFaults(vms, p.SpacePercent)...)
		f := Finding{Standing: IsDone, Text: fmt.Sprintf("%s can get a snapshot, and there is room for all.", count(len(vms), "machine")), Facts: faults}
		if len(vms) > 0 {
			f.HostNow = vms[0].Now
		}
		if len(faults) > 0 {
			f.Standing, f.Text = Otherwise, "No set can be taken: "+strings.Join(faults, "; ")+"."
		}
		return f, nil
	},
}

type setParams struct {
	Members []setMember `json:"members"`
	// SpacePercent of all disks of the set has to be free on its datastores.
	SpacePercent int `json:"space_percent"`
	// Cold says that they are switched off before.
	Cold bool `json:"cold,omitempty"`
}

// setMember is a host and the virtual machine that it is.
type setMember struct {
	Host string       `json:"host"`
	VM   estate.VMRef `json:"vm"`
	UUID string       `json:"uuid"`
}

// bound reads the machine that the plan names, and makes sure that it is still
// the host: the mirror copy must never be touched.
func (m setMember) bound(ctx context.Context, env Env) (estate.VM, error) {
	if env.VMs == nil {
		return estate.VM{}, &estate.Error{Kind: estate.Unavailable, Host: m.Host, Op: "read the virtual machine", Detail: "no vCenter is configured"}
	}
	found, err := env.VMs.ByUUID(ctx, m.UUID)
	if err != nil {
		return estate.VM{}, err
	}
	vm, why := estate.BoundVM(m.UUID, found)
	if why == "" && vm.Ref != m.VM {
		why = fmt.Sprintf("the BIOS UUID is that of %s (%s) now, the plan names %s", vm.Name, vm.Ref, m.VM)
	}
	if why != "" {
		return vm, &estate.Error{Kind: estate.WrongMachine, Host: m.Host, Op: "find the virtual machine", Detail: why}
	}
	return vm, nil
}

// lookOnce makes the stage directly before the set.
func lookOnce(env Env, id string, l lead, machines []machine) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "1.4 item 7", Title: "Look once more directly before", Doing: "looking once more", Done: "Looked once more directly before"}
	add := func(k *Kind, host, guid, title string, p json.RawMessage) {
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: k.Name, Version: k.Version, Host: host,
			Machine: guid, Params: p, Touches: []string{}, Title: title})
	}
	for _, s := range l.doors {
		add(doorsClosed, s.Host, s.Machine, "look whether "+s.Host+" is still closed", s.Params)
	}
	smp := hostOf(env.Estate, estate.SMP)
	p, err := runbook.Canonical(queueParams{Empty: env.Limits.QueueEmpty})
	if err != nil {
		return stage, err
	}
	if !l.extra {
		add(queueQuiet, smp, "", "look whether the queue is still empty", p)
	}
	set := setParams{Members: []setMember{}, SpacePercent: env.Limits.SpacePercent, Cold: l.cold}
	for i, m := range machines {
		if p, err = runbook.Canonical(readyParams{Record: recordStep(i), PasswordDays: passwordDays}); err != nil {
			return stage, err
		}
		add(hostReady, m.host.Name, m.record.Machine, "look whether "+m.host.Name+" is as it was recorded", p)
		if m.host.WayBack() == estate.BySnapshot {
			set.Members = append(set.Members, setMember{m.host.Name, m.vm.Ref, m.vm.UUID})
		}
	}
	if p, err = runbook.Canonical(set); err == nil && len(set.Members) > 0 {
		add(setReady, smp, "", "look whether every machine can get a snapshot", p)
	}
	return stage, err
}
