package actions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// rebootLay lays a volatile key on a host: it does not survive a boot, so that
// its absence later proves one, whatever anybody's clock says (1.4 item 6). It
// is a step of its own, because a key of which it is not certain that it was
// laid proves nothing.
var rebootLay = &Kind{
	Name: "reboot.lay", Version: 1, Limit: 2 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		now, err := rebootState(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Standing: IsNotDone, HostNow: now.Now, Facts: now, Text: "No boot key is laid."}
		if now.Laid != nil {
			f.Standing, f.Text = IsDone, "The boot key is laid. "+pending(now)
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, err := params[rebootParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		laid, err := env.Reboots.LayBootKey(ctx, s.Host, s.Machine, p.Key)
		return whole(s, "lay the boot key", laid, err)
	},
}

// rebootHost restarts a host once and waits until it is back with its services
// (1.4 item 6). Whether it restarted is said by the boot key alone: the order is
// not given twice, and an answer that was lost is no answer.
var rebootHost = &Kind{
	Name: "reboot", Version: 1, Limit: 40 * time.Minute,
	Look: lookAtReboot,
	Do:   restart,
}

type rebootParams struct {
	Key          string `json:"key"`
	LimitSeconds int64  `json:"limit_seconds"`
}

// rebootBefore is what ran before the restart and has to run after it.
type rebootBefore struct {
	Services []string `json:"services"`
}

func rebootState(ctx context.Context, env Env, s runbook.Step) (estate.RebootState, error) {
	p, err := params[rebootParams](s.Params, s.ID)
	if err != nil {
		return estate.RebootState{}, err
	}
	now, err := env.Reboots.RebootState(ctx, s.Host, env.Lane, p.Key)
	if err == nil && now.Machine != s.Machine {
		err = &estate.Error{Kind: estate.WrongMachine, Host: s.Host, Op: "look at the boot key",
			Detail: fmt.Sprintf("machine %s (%s) answers, the plan names %s", now.Machine, now.Name, s.Machine)}
	}
	return now, err
}

func lookAtReboot(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
	now, err := rebootState(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{HostNow: now.Now, Facts: now}
	record, err := env.Reboots.Record(ctx, s.Host, env.Lane)
	if err != nil {
		return f, err
	}
	switch busy := now.Busy(); {
	case now.Laid == nil:
		return rebooted(env, f, now, record)
	case len(busy) > 0:
		f.Standing, f.Text = Otherwise, fmt.Sprintf("%s must not be restarted now: %s.", s.Host, strings.Join(busy, "; "))
	case now.Ordered != nil:
		f.Standing, f.Text = IsPartly, "The restart was ordered and has not happened yet."
	default:
		f.Standing, f.Text = IsNotDone, "Not restarted yet. "+pending(now)
		before := rebootBefore{Services: []string{}}
		for _, svc := range record.Services {
			if svc.Running() && svc.Start == "Auto" && ofITMS(svc) {
				before.Services = append(before.Services, svc.Name)
			}
		}
		f.Before = before
	}
	return f, nil
}

// rebooted says whether a host that has restarted is back as it was.
func rebooted(env Env, f Finding, now estate.RebootState, record estate.HostRecord) (Finding, error) {
	running := map[string]bool{}
	for _, svc := range record.Services {
		running[strings.ToLower(svc.Name)] = svc.Running()
	}
	var missing []string
	if len(env.Before) > 0 {
		before, err := params[rebootBefore](env.Before, "what ran before")
		if err != nil {
			return f, err
		}
		for _, name := range before.Services {
			if !running[strings.ToLower(name)] {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) > 0 {
		f.Standing, f.Text = IsPartly, fmt.Sprintf("Restarted, but not running yet: %s.", estate.Join(missing))
		return f, nil
	}
	f.Standing, f.Text = IsDone, "Restarted; the services that ran before run again. "+pending(now)
	return f, nil
}

// ofITMS picks the services that matter (itms.md §2): by the vendor's names,
// and the web server.
func ofITMS(s estate.Service) bool {
	for _, prefix := range []string{"Altiris", "Symantec"} {
		if strings.HasPrefix(s.Display, prefix) {
			return true
		}
	}
	return strings.EqualFold(s.Name, "W3SVC") || strings.EqualFold(s.Name, "AeXSvc") || strings.EqualFold(s.Name, "atrshost")
}

// pending says why Windows wants a restart, as far as that matters.
func pending(now estate.RebootState) string {
	var codes []string
	for _, r := range now.Reasons {
		if r.Blocks() {
			codes = append(codes, r.Code)
		}
	}
	if now.Agent != nil {
		codes = append(codes, "the agent's own power action")
	}
	if len(codes) == 0 {
		return "No restart is pending."
	}
	return "Pending: " + strings.Join(codes, ", ") + "."
}

// restart gives the order once and waits until the host is back.
func restart(ctx context.Context, env Env, s runbook.Step) error {
	p, err := params[rebootParams](s.Params, s.ID)
	if err != nil {
		return err
	}
	ordered, err := env.Reboots.OrderReboot(ctx, s.Host, s.Machine, p.Key)
	if err := whole(s, "order the restart", ordered, err); err != nil && estate.TroubleOf(err) != estate.Unknown {
		return err
	}
	const pause = 15 * time.Second
	last := "It has not answered since."
	for waited := time.Duration(0); waited < time.Duration(p.LimitSeconds)*time.Second; waited += pause {
		if err := env.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
		f, err := lookAtReboot(ctx, env, s)
		switch {
		case err != nil:
			last = fmt.Sprintf("It does not answer: the bot %s.", Words(err))
		case f.Standing == IsDone && databaseAnswers(ctx, env):
			return nil
		default:
			last = f.Text
		}
		if waited%time.Minute == 0 {
			env.Progress(last)
		}
	}
	return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: "wait for the restart", Detail: fmt.Sprintf("not back after %s. %s", hours(time.Duration(p.LimitSeconds)*time.Second), last)}
}

// databaseAnswers reports whether the CMDB can be read again; without one there
// is nothing to wait for.
func databaseAnswers(ctx context.Context, env Env) bool {
	if env.CMDB == nil {
		return true
	}
	_, err := env.CMDB.Queue(ctx)
	return err == nil || estate.TroubleOf(err) == estate.Unavailable
}

// rebootSMP makes the stages of 1.4 item 6.
func rebootSMP(env Env, id, request string, machines []runbook.Machine) ([]runbook.Stage, error) {
	smp := hostOf(env.Estate, estate.SMP)
	guid := ""
	for _, m := range machines {
		if m.Host == smp {
			guid = m.GUID
		}
	}
	p, err := runbook.Canonical(rebootParams{Key: env.Upgrade + " " + request + " " + id, LimitSeconds: int64(env.Limits.Reboot.Seconds())})
	step := func(k *Kind, stage, title string, e runbook.Effect) runbook.Step {
		return runbook.Step{ID: stage + ".1", Kind: k.Name, Version: k.Version, Host: smp, Machine: guid, Params: p, Title: title, Effect: e, Touches: []string{smp + " boot"}}
	}
	next := after(id)
	return []runbook.Stage{
		{ID: id, Item: "1.4 item 6", Title: "Mark the boot of " + smp, Doing: "marking the boot of " + smp, Done: "Boot of " + smp + " marked",
			Steps: []runbook.Step{step(rebootLay, id, "mark the boot of "+smp, runbook.Effect{})}},
		{ID: next, Item: "1.4 item 6", Title: "Restart " + smp, Doing: "restarting " + smp, Done: smp + " restarted",
			Steps: []runbook.Step{step(rebootHost, next, "restart "+smp, runbook.Effect{What: "Restart", Before: "Running", After: "restarted"})}},
	}, err
}

// after is the number of the next stage.
func after(id string) string { return strconv.Itoa(number(id) + 1) }

func number(id string) int {
	n, _ := strconv.Atoi(id) // stages are numbered by us
	return n
}
