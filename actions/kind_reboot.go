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
		return rebooted(ctx, env, f, s.Host, now, record)
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

// rebooted says whether a host that has restarted is back as it was. The SQL Server is
// back when the CMDB answers: its service runs long before the database does.
func rebooted(ctx context.Context, env Env, f Finding, host string, now estate.RebootState, record estate.HostRecord) (Finding, error) {
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
	if h, _ := env.Estate.Host(host); h.Role == estate.SQL {
		if err := databaseTrouble(ctx, env); err != nil {
			f.Standing, f.Text = IsPartly, fmt.Sprintf("Restarted, but the CMDB does not answer yet: the bot %s.", Words(err))
			return f, nil
		}
	}
	f.Standing, f.Text = IsDone, "Restarted; the services that ran before run again. "+pending(now)
	return f, nil
}

// ofITMS picks the services that matter (itms.md §2): by the vendor's names, the web
// server, the internet gateway, which the vendor has no key for, and the database
// engine with its agent, on which all of it stands.
func ofITMS(s estate.Service) bool {
	for _, prefix := range []string{"Altiris", "Symantec"} {
		if strings.HasPrefix(s.Display, prefix) {
			return true
		}
	}
	switch name := strings.ToUpper(s.Name); name {
	case "W3SVC", "AEXSVC", "ATRSHOST", "MSSQLSERVER", "SQLSERVERAGENT":
		return true
	default: // a named instance has its name behind the dollar sign
		return strings.HasPrefix(name, "MSSQL$") || strings.HasPrefix(name, "SQLAGENT$") || strings.Contains(s.Display, "Internet Gateway")
	}
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
		case f.Standing == IsDone && needsDatabase(env, s.Host):
			if err = databaseTrouble(ctx, env); err == nil {
				return nil
			}
			last = fmt.Sprintf("It is back, but the CMDB does not answer yet: the bot %s.", Words(err))
		case f.Standing == IsDone:
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

// needsDatabase reports whether a host is not back before the CMDB can be read again:
// the SMP works from it, the SQL Server holds it.
func needsDatabase(env Env, host string) bool {
	h, ok := env.Estate.Host(host)
	return !ok || h.Role == estate.SMP || h.Role == estate.SQL
}

// databaseAnswers reports whether the CMDB can be read again.
func databaseAnswers(ctx context.Context, env Env) bool { return databaseTrouble(ctx, env) == nil }

// databaseTrouble says why the CMDB cannot be read, nil if it can; without one there
// is nothing to wait for. One in which a table is missing answers.
func databaseTrouble(ctx context.Context, env Env) error {
	if env.CMDB == nil {
		return nil
	}
	_, err := env.CMDB.Queue(ctx)
	if estate.TroubleOf(err) == estate.Unavailable {
		return nil
	}
	return err
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
	return restartStages(env, id, "1.4 item 6", request, smp, guid)
}

// restartStages makes the two stages in which one host is restarted: the boot key is
// laid and proved before the restart is ordered.
func restartStages(env Env, id, item, request, host, guid string) ([]runbook.Stage, error) {
	p, err := runbook.Canonical(rebootParams{Key: bootKey(env, request, id), LimitSeconds: int64(env.Limits.Reboot.Seconds())})
	step := func(k *Kind, stage, title string, e runbook.Effect) runbook.Step {
		return runbook.Step{ID: stage + ".1", Kind: k.Name, Version: k.Version, Host: host, Machine: guid, Params: p, Title: title, Effect: e, Touches: []string{host + " boot"}}
	}
	next := after(id)
	return []runbook.Stage{
		{ID: id, Item: item, Title: "Mark the boot of " + host, Doing: "marking the boot of " + host, Done: "Boot of " + host + " marked",
			Steps: []runbook.Step{step(rebootLay, id, "mark the boot of "+host, runbook.Effect{})}},
		{ID: next, Item: item, Title: "Restart " + host, Doing: "restarting " + host, Done: host + " restarted",
			Steps: []runbook.Step{step(rebootHost, next, "restart "+host, runbook.Effect{What: "Restart", Before: "Running", After: "restarted"})}},
	}, err
}

// bootKey names a restart: upgrade, request and the stage that lays the key.
func bootKey(env Env, request, stage string) string {
	return env.Upgrade + " " + request + " " + stage
}

// after is the number of the next stage.
func after(id string) string { return strconv.Itoa(number(id) + 1) }

func number(id string) int {
	n, _ := strconv.Atoi(id) // stages are numbered by us
	return n
}
