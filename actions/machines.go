package actions

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// machine is what planning found out about one host: which machine it is, and
// which virtual machine, where it goes back with the set.
type machine struct {
	host   estate.Host
	record estate.HostRecord
	skew   time.Duration
	vm     estate.VM
	// unbound says why no virtual machine is the host.
	unbound string
	err     error
}

// lookAtMachines asks all hosts, and vCenter about each, at once. Which virtual
// machine a host is follows from the BIOS UUID that the host itself reports.
func lookAtMachines(ctx context.Context, env Env, hosts []estate.Host) []machine {
	machines := make([]machine, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() {
			m := machine{host: h}
			m.record, m.skew, m.err = recordNow(ctx, env, h.Name)
			if m.err == nil && h.WayBack() == estate.BySnapshot {
				var found []estate.VM
				if found, m.err = env.VMs.ByUUID(ctx, m.record.BIOS); m.err == nil {
					m.vm, m.unbound = estate.BoundVM(m.record.BIOS, found)
				}
			}
			machines[i] = m
		})
	}
	wg.Wait()
	return machines
}

// recordNow reads the record of a host and how far its clock is from the bot's.
func recordNow(ctx context.Context, env Env, host string) (estate.HostRecord, time.Duration, error) {
	before := env.Clock.Now()
	record, err := env.Reboots.Record(ctx, host, env.Lane)
	if err != nil {
		return record, 0, err
	}
	return record, estate.Skew(record.Now, before, env.Clock.Now()), nil
}

// refusal says why nothing may be planned with the machine. What would stop the
// snapshots at the end stops before the beginning.
func (m machine) refusal() error {
	if m.err != nil {
		return unreadable(m.host, m.err)
	}
	faults := m.vm.StandingFaults()
	switch {
	case m.skew.Abs() > estate.SkewBlocks:
		return runbook.Refuse("Set the clock right, then ask again.", "%s.", upper(estate.SaySkew(m.host.Name, m.skew)))
	case m.unbound != "":
		return runbook.Refuse("See that vCenter shows the bot every machine, and that no two have one BIOS UUID.",
			"Which virtual machine %s is cannot be told, so no snapshot is planned: %s.", m.host.Name, m.unbound)
	case len(faults) > 0:
		return runbook.Refuse("Put that right in vCenter, or let it go back by a backup (`way_back` in `itmsbot.yaml`), then ask again.",
			"%s could not get a snapshot at the end, so nothing is begun: %s.", m.host.Name, strings.Join(faults, "; "))
	}
	return nil
}

// planned is the machine as a plan names it.
func (m machine) planned() runbook.Machine {
	return runbook.Machine{Host: m.host.Name, Role: string(m.host.Role), GUID: m.record.Machine, Name: m.record.Name,
		BIOS: m.vm.UUID, VM: string(m.vm.Ref), WayBack: wayBackOf(m.host)}
}

// wayBackOf says after the host's name how it goes back, for the plan and every
// card of it.
func wayBackOf(h estate.Host) string {
	switch h.WayBack() {
	case estate.BySnapshot:
		return runbook.WayBackSnapshot
	case estate.ByBackup:
		return wayBackBackup
	}
	return "has no way back, because " + h.Because
}

const wayBackBackup = "goes back by a backup that a person restores"

// restoredFromBackup reports whether a machine of a plan goes back by a backup. That
// was decided when the set was taken: a backup of that moment has to be there.
func restoredFromBackup(m runbook.Machine) bool { return m.WayBack == wayBackBackup }

// readings are what of the machines is worth a word: a clock that is off, and a
// name that is another one. A host need not be called as its computer is, but two
// addresses that were exchanged look just like that.
func readings(machines []machine) []runbook.Reading {
	var list []runbook.Reading
	for _, m := range machines {
		if !strings.EqualFold(m.record.Name, m.host.Name) {
			list = append(list, runbook.Reading{What: m.host.Name, Value: "calls itself " + m.record.Name, At: m.record.Now})
		}
		if s := estate.SaySkew(m.host.Name, m.skew); s != "" {
			list = append(list, runbook.Reading{What: "Clock of " + m.host.Name, Value: s, At: m.record.Now})
		}
	}
	return list
}

// alone refuses a SQL Server of a cluster or with availability groups that is to
// go back by a snapshot: one member that goes back alone is torn from the others
// (infra.md D3).
func alone(ctx context.Context, env Env, hosts []estate.Host) error {
	for _, h := range hosts {
		if h.Role != estate.SQL || h.WayBack() != estate.BySnapshot || env.CMDB == nil {
			continue
		}
		db, err := env.CMDB.Probe(ctx)
		switch {
		case err != nil:
			return unreadable(h, err)
		case db.Clustered || db.Available:
			what := "a failover cluster"
			if db.Available {
				what = "an instance with availability groups"
			}
			return runbook.Refuse(fmt.Sprintf("Write `way_back: backup` for %s into `itmsbot.yaml`.", h.Name),
				"%s belongs to %s, so it cannot go back by a snapshot of its machine alone.", h.Name, what)
		}
	}
	return nil
}

// upper lets a clause begin a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
