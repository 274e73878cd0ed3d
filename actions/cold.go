package actions

import (
	"fmt"
	"slices"
	"strconv"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// byRole puts machines into the order in which they are switched off, those of a role
// together.
func byRole(machines []runbook.Machine) [][]runbook.Machine {
	var groups [][]runbook.Machine
	for _, role := range powerDown {
		var group []runbook.Machine
		for _, m := range machines {
			if m.Role == string(role) {
				group = append(group, m)
			}
		}
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// offAndOn makes the stages around a snapshot of machines that are off: gateway, site
// servers, SMP and SQL Server go off one after the other, and come back the other way
// round, each with the services that were recorded. The snapshots have the stage between
// the two.
func offAndOn(env Env, id string, machines []machine) (off, on []runbook.Stage, err error) {
	var members []runbook.Machine
	record := map[string]string{} // host -> step
	for i, m := range machines {
		if m.host.WayBack() == estate.BySnapshot {
			members = append(members, m.planned())
			record[m.host.Name] = recordStep(i)
		}
	}
	groups := byRole(members)
	for _, group := range groups {
		stage := powerStage(id, "Shut down ", "shutting down ", " off", group)
		for _, m := range group {
			s, err := offStep(env, stepOf(stage), m)
			if err != nil {
				return nil, nil, err
			}
			s.Effect.After = "off, and on again afterwards"
			stage.Steps = append(stage.Steps, s)
		}
		off, id = append(off, stage), after(id)
	}
	for _, group := range slices.Backward(groups) {
		id = after(id)
		stage := powerStage(id, "Power on ", "powering on ", " back with its services", group)
		if len(group) > 1 {
			stage.Done = estate.Join(hostsOf(group)) + " back with their services"
		}
		for _, m := range group {
			s, err := onStepAs(env, stepOf(stage), m, record[m.Host])
			if err != nil {
				return nil, nil, err
			}
			stage.Steps = append(stage.Steps, s)
		}
		on = append(on, stage)
	}
	return off, on, nil
}

// powerStage is an empty stage for machines that go off or come back together.
func powerStage(id, title, doing, done string, group []runbook.Machine) runbook.Stage {
	names := estate.Join(hostsOf(group))
	return runbook.Stage{ID: id, Item: "1.4 item 7", Title: title + names, Doing: doing + names, Done: names + done}
}

func hostsOf(machines []runbook.Machine) []string {
	names := make([]string, len(machines))
	for i, m := range machines {
		names[i] = m.Host
	}
	return names
}

// stepOf is the number of a stage's next step.
func stepOf(s runbook.Stage) string { return s.ID + "." + strconv.Itoa(len(s.Steps)+1) }

// stillShut makes the stage that looks, after the machines have come back, whether the
// doors are closed still (DESIGN §13).
func stillShut(id string, l lead) runbook.Stage {
	stage := runbook.Stage{ID: id, Item: "1.4 item 1", Title: "Look whether the doors are still closed",
		Doing: "looking whether the doors are still closed", Done: "Doors still closed"}
	for _, s := range l.doors {
		stage.Steps = append(stage.Steps, runbook.Step{ID: stepOf(stage), Kind: doorsClosed.Name, Version: doorsClosed.Version, Host: s.Host,
			Machine: s.Machine, Params: s.Params, Touches: []string{}, Title: fmt.Sprintf("look whether %s is still closed", s.Host)})
	}
	return stage
}

// switchedOff lists the hosts that requests which are not over have taken off and not
// brought back yet: nothing on them can be looked at.
func (e *Engine) switchedOff(live []runbook.Request) (map[string]bool, error) {
	off := map[string]bool{}
	for _, r := range live {
		if !r.State.Holds() {
			continue
		}
		bytes, err := e.journal.Plan(r.Digest)
		if err != nil {
			return nil, err
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			continue // of a later version; what it has taken off is looked at in vain
		}
		for _, s := range plan.Steps() {
			life, begun := r.Step(s.ID)
			switch back := s.Undoes != nil || s.Kind == vmOn.Name; {
			case s.Kind != kindOff && s.Kind != vmOn.Name:
			case back && life.Result.Good():
				delete(off, s.Host)
			case s.Kind == kindOff && (begun || s.Undoes != nil):
				off[s.Host] = true
			}
		}
	}
	return off, nil
}
