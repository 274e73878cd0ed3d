package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// vmOff takes a machine off: its guest is asked to shut down, and when that takes too
// long its power is taken. The guest is asked through vCenter, so that a host that does
// not answer goes off too.
var vmOff = &Kind{
	Name: kindOff, Version: 1, Limit: 40 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		_, vm, err := poweredVM(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		f := standingOf(vm, estate.VMOff)
		if f.Standing == IsDone && env.Task != "" {
			f.Warn = fmt.Sprintf("The guest of %s did not shut down by itself: its power was taken.", s.Host)
		}
		return f, nil
	},
	Do: shutDown,
	LookBack: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) (Finding, error) {
		_, vm, err := poweredVM(ctx, env, s)
		if err != nil {
			return Finding{}, err
		}
		return standingOf(vm, estate.VMOn), nil
	},
	Undo: func(ctx context.Context, env Env, s runbook.Step, _ json.RawMessage) error {
		return bringUp(ctx, env, s) // the next one to come back asks this one
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: "Off", After: "on again"}
	},
}

// vmOn switches a machine on and waits until it is back: Windows answers, it is the
// machine of the plan, and what has to run on it runs. Where the database is, that
// answers too.
var vmOn = &Kind{
	Name: "vm.on", Version: 1, Limit: 40 * time.Minute,
	Look: lookAtBack,
	Do:   bringUp,
}

// powerParams is the data of a vm.off and of a vm.on step.
type powerParams struct {
	VM   estate.VMRef `json:"vm"`
	UUID string       `json:"uuid"`
	// ShutdownSeconds is how long the guest may take until its power is taken.
	ShutdownSeconds int64 `json:"shutdown_seconds,omitempty"`
	// ServicesSeconds is how long Windows and Services may take after the power is
	// on, on the way back of vm.off too; SQL has the CMDB answer as well.
	ServicesSeconds int64    `json:"services_seconds,omitempty"`
	Services        []string `json:"services,omitempty"`
	SQL             bool     `json:"sql,omitempty"`
	// Record is the step of the same request that has recorded what ran, where that
	// was not known when the plan was made.
	Record string `json:"record,omitempty"`
}

// running lists the services that have to run.
func (p powerParams) running(env Env) ([]string, error) {
	if p.Record == "" {
		return p.Services, nil
	}
	raw, err := env.Facts(p.Record)
	if err != nil {
		return nil, err
	}
	then, err := params[recordFacts](raw, "the record in step "+p.Record)
	return append(then.ranThen(), p.Services...), err
}

// poweredVM reads the step's data and the machine that it names.
func poweredVM(ctx context.Context, env Env, s runbook.Step) (powerParams, estate.VM, error) {
	p, err := params[powerParams](s.Params, s.ID)
	if err != nil {
		return p, estate.VM{}, err
	}
	vm, err := setMember{s.Host, p.VM, p.UUID}.bound(ctx, env)
	return p, vm, err
}

// standingOf compares the power of a machine with what it should be.
func standingOf(vm estate.VM, want estate.VMPower) Finding {
	f := Finding{Standing: IsNotDone, HostNow: vm.Now, Facts: powerFacts{vm.Power, vm.ToolsRunning}, Text: upper(powerWord(vm.Power)) + "."}
	if vm.Power == want {
		f.Standing = IsDone
	}
	return f
}

type powerFacts struct {
	Power estate.VMPower `json:"power"`
	Tools bool           `json:"tools"`
}

func powerWord(p estate.VMPower) string {
	switch p {
	case estate.VMOn:
		return "on"
	case estate.VMOff:
		return "off"
	}
	return string(p)
}

// powerPause is the time between two looks at a machine that goes off or comes back.
const powerPause = 15 * time.Second

// shutDown asks the guest, waits, and takes the power of one that does not go.
func shutDown(ctx context.Context, env Env, s runbook.Step) error {
	if _, err := earlierTask(ctx, env); err != nil {
		return err
	}
	p, vm, err := poweredVM(ctx, env, s)
	if err != nil || vm.Power == estate.VMOff {
		return err
	}
	if goes := askGuest(ctx, env, s, vm); goes {
		if off, err := waitForOff(ctx, env, s, p); err != nil || off {
			return err
		}
		env.Progress(fmt.Sprintf("The guest did not shut down within %s; its power is taken.", hours(time.Duration(p.ShutdownSeconds)*time.Second)))
	}
	return carryTask(ctx, env, s, "take the power", func() (estate.TaskRef, error) { return env.VMs.PowerOff(ctx, p.VM) })
}

// askGuest asks a guest to shut down and reports whether it may be on its way. One whose
// Tools do not answer is, if an earlier attempt has asked it: they end first. Once an
// attempt has come to taking the power, nothing is waited for any more.
func askGuest(ctx context.Context, env Env, s runbook.Step, vm estate.VM) bool {
	life, _ := env.Request.Step(s.ID)
	switch {
	case env.Task != "":
		return false
	case vm.Power != estate.VMOn || !vm.ToolsRunning:
		return vm.Power == estate.VMOn && life.Attempts > 0
	}
	err := env.VMs.ShutdownGuest(ctx, vm.Ref)
	if err == nil || estate.TroubleOf(err) == estate.Unknown {
		return true
	}
	env.Progress(fmt.Sprintf("The guest could not be asked: the bot %s.", Words(err)))
	return life.Attempts > 0
}

func waitForOff(ctx context.Context, env Env, s runbook.Step, p powerParams) (off bool, err error) {
	for waited := time.Duration(0); waited < time.Duration(p.ShutdownSeconds)*time.Second; waited += powerPause {
		if waited%time.Minute == 0 {
			env.Progress(fmt.Sprintf("%s shuts down, for %s now.", s.Host, hours(waited)))
		}
		if err := env.Clock.Sleep(ctx, powerPause); err != nil {
			return false, err
		}
		_, vm, err := poweredVM(ctx, env, s)
		switch {
		case err != nil && endsWait(err):
			return false, err
		case err == nil && vm.Power == estate.VMOff:
			return true, nil
		}
	}
	return false, nil
}

// switchOn gives a machine its power unless it has it.
func switchOn(ctx context.Context, env Env, s runbook.Step) error {
	if _, err := earlierTask(ctx, env); err != nil {
		return err
	}
	p, vm, err := poweredVM(ctx, env, s)
	if err != nil || vm.Power == estate.VMOn {
		return err
	}
	return carryTask(ctx, env, s, "switch the power on", func() (estate.TaskRef, error) { return env.VMs.PowerOn(ctx, p.VM) })
}

func lookAtBack(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
	p, vm, err := poweredVM(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	f := standingOf(vm, estate.VMOn)
	if f.Standing != IsDone {
		return f, nil
	}
	services, err := p.running(env)
	if err != nil {
		return f, err
	}
	back, err := lookWhetherBack(ctx, env, s, services, p.SQL)
	if err != nil || back.Standing == IsDone {
		return back, err
	}
	back.Text = "On. " + back.Text
	return back, nil
}

// endsWait reports whether no waiting mends an error. A log-on that is refused is not
// tried again, so that the account is not locked.
func endsWait(err error) bool {
	k := estate.TroubleOf(err)
	return k == estate.Refused || k == estate.Parked || k == estate.WrongMachine
}

// bringUp switches a machine on and waits until it is back.
func bringUp(ctx context.Context, env Env, s runbook.Step) error {
	if err := switchOn(ctx, env, s); err != nil {
		return err
	}
	p, err := params[powerParams](s.Params, s.ID)
	if err != nil {
		return err
	}
	limit := time.Duration(p.ServicesSeconds) * time.Second
	last := ""
	for waited := time.Duration(0); waited < limit; waited += powerPause {
		f, err := lookAtBack(ctx, env, s)
		switch {
		case err != nil && endsWait(err):
			return err
		case err != nil:
			last = fmt.Sprintf("The bot %s.", Words(err))
		case f.Standing == IsDone || f.Standing == Otherwise:
			return nil // the look says which
		default:
			last = f.Text
		}
		if waited%time.Minute == 0 {
			env.Progress(last)
		}
		if err := env.Clock.Sleep(ctx, powerPause); err != nil {
			return err
		}
	}
	return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: "wait until it is back", Detail: fmt.Sprintf("not back after %s. %s", hours(limit), last)}
}

// offStep plans that a machine goes off.
func offStep(env Env, id string, m runbook.Machine) (runbook.Step, error) {
	p, err := runbook.Canonical(powerParams{VM: estate.VMRef(m.VM), UUID: m.BIOS, ShutdownSeconds: int64(env.Limits.Shutdown.Seconds()),
		ServicesSeconds: int64(env.Limits.Services.Seconds()), SQL: m.Role == string(estate.SQL)})
	return runbook.Step{ID: id, Kind: vmOff.Name, Version: vmOff.Version, Host: m.Host, Machine: m.GUID, Params: p, Title: "shut down " + m.Host,
		Effect: runbook.Effect{What: "Power", Before: "On", After: "off"}, Touches: []string{m.Host + " power"}, WayBack: "powers it on again"}, err
}

// onStep plans that a machine comes back, with these services running.
func onStep(env Env, id string, m runbook.Machine, services []string) (runbook.Step, error) {
	return makeOn(env, id, m, powerParams{Services: services})
}

// onStepAs plans that a machine comes back, with the services running that ran when a
// step of the same request recorded it.
func onStepAs(env Env, id string, m runbook.Machine, record string) (runbook.Step, error) {
	return makeOn(env, id, m, powerParams{Record: record})
}

func makeOn(env Env, id string, m runbook.Machine, p powerParams) (runbook.Step, error) {
	p.VM, p.UUID, p.ServicesSeconds, p.SQL = estate.VMRef(m.VM), m.BIOS, int64(env.Limits.Services.Seconds()), m.Role == string(estate.SQL)
	raw, err := runbook.Canonical(p)
	return runbook.Step{ID: id, Kind: vmOn.Name, Version: vmOn.Version, Host: m.Host, Machine: m.GUID, Params: raw, Title: "power on " + m.Host,
		Touches: []string{m.Host + " power"}}, err
}
