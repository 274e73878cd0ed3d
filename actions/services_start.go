package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// startServices starts services of one server that ran when it was recorded, and no
// others (1.5 item 8): what did not run before the upgrade is nobody's to start here.
var startServices = &Action{
	Name: "services start", Section: "1.5 item 8", Args: "SERVER NAME…", Risk: runbook.Changes,
	Summary: "start services that ran when the server was recorded",
	WayBack: "`/itms undo R-n` stops those that did not run before",
	Copy: Copy{
		Title:     "Start services on {server}",
		Wish:      "start {services} on {server}",
		Means:     "Only services that ran when {server} was recorded are started.",
		Done:      "{services}: started.",
		DoneMeans: "What was asked for on {server} runs, and that was looked at.",
		Next:      "`/itms services {server}` compares all of them with the record.",
		Confirm:   "{services} will be started on {server}.",
	},
	Servers: func(_ []string, i int) bool { return i == 0 },
	Parse: func(words []string) (map[string]string, *runbook.Refusal) {
		if len(words) < 2 {
			return nil, runbook.Refuse("For example `/itms services start SMP1 AeXSvc`. `/itms services SMP1` shows what does not run.", "Name one server and at least one service.")
		}
		names := []string{}
		for _, w := range words[1:] {
			w = strings.TrimSuffix(w, ",")
			switch {
			case w == "" || strings.Contains(w, serviceComma):
				return nil, runbook.Refuse("Write the names one after the other, with blanks between them.", "“%s” is not the name of a service.", w)
			case !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, w) }):
				names = append(names, w)
			}
		}
		return map[string]string{"server": words[0], "services": strings.Join(names, serviceComma)}, nil
	},
	Plan: planServices,
}

// serviceComma stands between the services in the arguments of a request.
const serviceComma = ", "

func planServices(ctx context.Context, env Env, ask Ask) (Draft, error) {
	h, err := serverOf(env.Estate, ask.Args["server"])
	if err != nil {
		return Draft{}, err
	}
	then, by, err := recorded(ask.Past, h.Name)
	switch {
	case err != nil:
		return Draft{}, err
	case by == "":
		return Draft{}, runbook.Refuse("`/itms quiesce` records every server before it closes the doors.",
			"%s was never recorded, so nobody knows which services ran on it.", h.Name)
	}
	names, no := then.named(strings.Split(ask.Args["services"], serviceComma), h.Name, by)
	if no != nil {
		return Draft{}, no
	}
	record, err := env.Reboots.Record(ctx, h.Name, env.Lane)
	if err != nil {
		return Draft{}, unreadable(h, err)
	}
	look := serviceLook{list: standOf(names, record.Services), at: record.Now}
	if stuck := look.cannotStart(); len(stuck) > 0 {
		return Draft{}, runbook.Refuse("Put that right by hand on "+h.Name+", then ask again.", "On %s %s, so the bot cannot start it.", h.Name, strings.Join(stuck, "; "))
	}
	draft := Draft{Thresholds: map[string]int64{"services_seconds": int64(env.Limits.Services.Seconds())},
		Machines: []runbook.Machine{{Host: h.Name, Role: string(h.Role), GUID: record.Machine, Name: record.Name}}}
	if run := look.in("Running"); len(run) > 0 {
		draft.Readings = append(draft.Readings, runbook.Reading{What: "Runs already", Value: estate.Join(run), At: record.Now})
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(run, n) })
	}
	if len(names) == 0 {
		return Draft{}, runbook.Refuse("`/itms services "+h.Name+"` shows what does not run.", "%s", verb(look.in("Running"), "runs on "+h.Name+" already", "run on "+h.Name+" already"))
	}
	step, err := startStep(env, h, record.Machine, names)
	draft.Stages = []runbook.Stage{{ID: "1", Item: "1.5 item 8", Title: "Start services on " + h.Name, Doing: "starting services on " + h.Name,
		Done: "Services started on " + h.Name, Steps: []runbook.Step{step}}}
	draft.Readings = append(draft.Readings, runbook.Reading{What: "Recorded", Value: fmt.Sprintf("by %s; %s ran then", by, count(len(then.ran()), "service")), At: record.Now})
	return draft, err
}

// startStep starts all services of one request in one step, so that they are started
// in the order in which they were named.
func startStep(env Env, h estate.Host, guid string, names []string) (runbook.Step, error) {
	p, err := runbook.Canonical(serviceParams{Names: names, LimitSeconds: int64(env.Limits.Services.Seconds())})
	touches := make([]string, len(names))
	for i, n := range names {
		touches[i] = h.Name + " service " + n
	}
	return runbook.Step{ID: "1.1", Kind: serviceStart.Name, Version: serviceStart.Version, Host: h.Name, Machine: guid, Params: p,
		Title: "start " + estate.Join(names) + " on " + h.Name, Touches: touches,
		Effect:  runbook.Effect{What: count(len(names), "service"), Before: "Not running: " + strings.Join(names, serviceComma), After: "running"},
		WayBack: "stops " + estate.Join(names) + " again"}, err
}

// ran lists the services that ran when the host was recorded, however they start.
func (r recordFacts) ran() []string {
	var names []string
	for _, s := range r.Services {
		if s.Running() {
			names = append(names, s.Name)
		}
	}
	return names
}

// named finds services in the record, and spells them as it does. One that did not run
// then is refused, with the list of those that did.
func (r recordFacts) named(wanted []string, host, by string) ([]string, *runbook.Refusal) {
	ran := r.ran()
	var names []string
	for _, w := range wanted {
		i := slices.IndexFunc(ran, func(n string) bool { return strings.EqualFold(n, w) })
		if i < 0 {
			list := "None of ITMS ran."
			if len(ran) > 0 {
				list = "These did: " + strings.Join(ran, serviceComma) + "."
			}
			return nil, runbook.Refuse(list, "“%s” did not run on %s when %s recorded it, so the bot does not start it.", w, host, by)
		}
		names = append(names, ran[i])
	}
	return names, nil
}
