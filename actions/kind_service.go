package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// serviceStart starts services of a host that ran when it was recorded (1.5 item 8).
// The platform's are slow: one that is on its way up is waited for, and only one that
// has arrived is done.
var serviceStart = &Kind{
	Name: "service.start", Version: 1, Limit: 15 * time.Minute, Again: true,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, now, err := servicesNow(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{HostNow: now.at, Facts: now.list, Before: serviceBefore{Services: now.list}}
		run := now.running()
		switch stuck := now.cannotStart(); {
		case run == len(p.Names):
			f.Standing, f.Text = IsDone, verb(p.Names, "runs", "run")
		case len(stuck) > 0:
			f.Standing, f.Text = Otherwise, upper(strings.Join(stuck, "; "))+"."
		case run == 0 && len(now.in("Start Pending")) == 0:
			f.Standing, f.Text = IsNotDone, now.notRunning()
		default:
			f.Standing, f.Text = IsPartly, now.notRunning()
		}
		return f, nil
	},
	Do: func(ctx context.Context, env Env, s runbook.Step) error {
		p, err := params[serviceParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		started, err := env.Services.SwitchServices(ctx, s.Host, s.Machine, p.Names, true)
		if err := whole(s, "start the services", started, err); err != nil {
			return err
		}
		return waitForServices(ctx, env, s, p, "Start Pending")
	},
	LookBack: func(ctx context.Context, env Env, s runbook.Step, before json.RawMessage) (Finding, error) {
		_, now, err := servicesNow(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		began, err := startedHere(before)
		if err != nil {
			return Finding{}, err
		}
		now.list = slices.DeleteFunc(now.list, func(w serviceWas) bool { return !slices.Contains(began, w.Name) })
		f := Finding{HostNow: now.at, Facts: now.list}
		switch run := now.running(); {
		case run == 0 && len(now.in("Start Pending", "Stop Pending")) == 0:
			f.Standing, f.Text = IsDone, verb(began, "is stopped again", "are stopped again")
		case run == len(began):
			f.Standing, f.Text = IsNotDone, verb(began, "runs", "run")
		default:
			f.Standing, f.Text = IsPartly, now.notRunning()
		}
		return f, nil
	},
	Undo: func(ctx context.Context, env Env, s runbook.Step, before json.RawMessage) error {
		p, err := params[serviceParams](s.Params, s.ID)
		if err != nil {
			return err
		}
		began, err := startedHere(before)
		if err != nil {
			return err
		}
		// What is not there any more needs no stopping; the look afterwards says so.
		if _, err := env.Services.SwitchServices(ctx, s.Host, s.Machine, began, false); err != nil {
			return err
		}
		return waitForServices(ctx, env, s, p, "Stop Pending")
	},
	ByHand: func(_ runbook.Step, before json.RawMessage) ([]string, error) {
		began, err := startedHere(before)
		if err != nil || len(began) == 0 {
			return nil, err
		}
		slices.Reverse(began)
		return []string{"Stop-Service -Name " + quoted(began)}, nil
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: "Running", After: "stopped again"}
	},
}

// serviceParams is the data of a service.start step.
type serviceParams struct {
	// Names are the keys of the services, in the order in which they are started.
	Names []string `json:"names"`
	// LimitSeconds is how long one that is on its way up is waited for.
	LimitSeconds int64 `json:"limit_seconds"`
}

// serviceBefore is how the services stood before any was started.
type serviceBefore struct {
	Services []serviceWas `json:"services"`
}

type serviceWas struct {
	Name  string `json:"name"`
	State string `json:"state"` // empty: it is not installed
	Start string `json:"start"`
}

// serviceLook is how the services of a step stand now, in its order.
type serviceLook struct {
	list []serviceWas
	at   time.Time
}

func servicesNow(ctx context.Context, env Env, s runbook.Step) (serviceParams, serviceLook, error) {
	p, err := params[serviceParams](s.Params, s.ID)
	if err != nil {
		return p, serviceLook{}, err
	}
	record, err := env.Reboots.Record(ctx, s.Host, env.Lane)
	if err == nil && record.Machine != s.Machine {
		err = &estate.Error{Kind: estate.WrongMachine, Host: s.Host, Op: "look at the services",
			Detail: fmt.Sprintf("machine %s (%s) answers, the plan names %s", record.Machine, record.Name, s.Machine)}
	}
	if err != nil {
		return p, serviceLook{}, err
	}
	return p, serviceLook{standOf(p.Names, record.Services), record.Now}, nil
}

// standOf picks services by their keys, in the order of names.
func standOf(names []string, now []estate.Service) []serviceWas {
	list := []serviceWas{}
	for _, name := range names {
		was := serviceWas{Name: name}
		if i := slices.IndexFunc(now, func(s estate.Service) bool { return strings.EqualFold(s.Name, name) }); i >= 0 {
			was.State, was.Start = now[i].State, now[i].Start
		}
		list = append(list, was)
	}
	return list
}

func (w serviceWas) running() bool { return w.State == "Running" }

func (l serviceLook) running() int { return len(l.in("Running")) }

// in names the services that are in one of the states.
func (l serviceLook) in(states ...string) []string {
	var names []string
	for _, w := range l.list {
		if slices.Contains(states, w.State) {
			names = append(names, w.Name)
		}
	}
	return names
}

// cannotStart says of each service that no order would start why that is.
func (l serviceLook) cannotStart() []string {
	var why []string
	for _, w := range l.list {
		switch {
		case w.State == "":
			why = append(why, w.Name+" is not installed any more")
		case w.Start == "Disabled" && !w.running():
			why = append(why, w.Name+" is disabled")
		}
	}
	return why
}

// notRunning says how those stand that do not run.
func (l serviceLook) notRunning() string {
	var rest []string
	for _, w := range l.list {
		switch {
		case w.State == "":
			rest = append(rest, w.Name+" is not installed any more")
		case !w.running():
			rest = append(rest, w.Name+" is "+w.State)
		}
	}
	if len(rest) == 0 {
		return "All of them run."
	}
	return strings.Join(rest, "; ") + "."
}

// startedHere names the services that did not run before the step.
func startedHere(before json.RawMessage) ([]string, error) {
	b, err := params[serviceBefore](before, "the services before")
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, w := range b.Services {
		if !w.running() {
			names = append(names, w.Name)
		}
	}
	return names, nil
}

// waitForServices looks until none of the services is on its way, at most as long as
// the plan says. In which state they are then, the look afterwards says.
func waitForServices(ctx context.Context, env Env, s runbook.Step, p serviceParams, way string) error {
	const pause = 15 * time.Second
	for waited := time.Duration(0); waited < time.Duration(p.LimitSeconds)*time.Second; waited += pause {
		_, now, err := servicesNow(ctx, env, s)
		if err != nil {
			return err
		}
		under := now.in(way)
		if len(under) == 0 {
			return nil
		}
		env.Progress(fmt.Sprintf("Waiting for %s: %s.", estate.Join(under), way))
		if err := env.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}

// verb makes a sentence of services and what they do.
func verb(names []string, one, more string) string {
	if len(names) == 1 {
		return names[0] + " " + one + "."
	}
	return estate.Join(names) + " " + more + "."
}
