package actions

import (
	"context"
	"fmt"
	"strings"

	"itmsbot/estate"
)

// snapshots lists what a host's machine has of them: the set's, extra ones, and those
// that are not the bot's, each with its age by vCenter's clock and its size.
func (l *Looks) snapshots(ctx context.Context, env Env, h estate.Host) (string, error) {
	if h.WayBack() != estate.BySnapshot {
		return "No snapshot: it " + wayBackOf(h) + ".", nil
	}
	if env.VMs == nil {
		return "", &estate.Error{Kind: estate.Unavailable, Host: h.Name, Op: "read its snapshots", Detail: "no vCenter is configured"}
	}
	ledger, err := readLedger(l.past)
	if err != nil {
		return "", err
	}
	vm, err := machineNow(ctx, env, h, ledger.Set)
	if err != nil {
		return "", err
	}
	member, key := missingMember(ledger.Set, h.Name)
	parts := []string{}
	for _, s := range vm.Snapshots {
		if s.Description == key {
			member = ""
		}
		origin, cold := l.origin(s, key, ledger)
		text := fmt.Sprintf("%s, %s, %s old, %s", s.Name, origin, hours(vm.Now.Sub(s.Created)), sizeOf(s))
		if !s.Quiesced && !cold {
			text += ", file systems not at rest"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		parts = []string{"None"}
	}
	text := strings.Join(parts, "; ") + "."
	if vm.Chain > 0 {
		text += fmt.Sprintf(" Chain of %d.", vm.Chain)
	}
	if member != "" {
		text = member + " " + text
	}
	if faults := vm.StandingFaults(); len(faults) > 0 {
		text += " " + upper(strings.Join(faults, "; ")) + "."
	}
	return text, nil
}

// machineNow finds the virtual machine that a host is: by what the host says of itself
// or, where it does not answer, by what the set says of it.
func machineNow(ctx context.Context, env Env, h estate.Host, set *SnapshotSet) (estate.VM, error) {
	record, err := env.Reboots.Record(ctx, h.Name, env.Lane)
	if err != nil {
		if m, ok := set.machine(h.Name); ok && estate.TroubleOf(err) != estate.WrongMachine {
			return setMember{h.Name, estate.VMRef(m.VM), m.BIOS}.bound(ctx, env)
		}
		return estate.VM{}, err
	}
	found, err := env.VMs.ByUUID(ctx, record.BIOS)
	if err != nil {
		return estate.VM{}, err
	}
	vm, why := estate.BoundVM(record.BIOS, found)
	if why != "" {
		return vm, &estate.Error{Kind: estate.WrongMachine, Host: h.Name, Op: "find the virtual machine", Detail: why}
	}
	return vm, nil
}

// missingMember is the key of a host's snapshot in the set, and what is to be said when
// no snapshot carries it; nothing is where the set has none of the host, or had it removed.
func missingMember(set *SnapshotSet, host string) (missing, key string) {
	m, ok := set.Member(host)
	if !ok {
		return "", ""
	}
	p, err := params[snapshotParams](m.Step.Params, m.Step.ID)
	if err != nil {
		return fmt.Sprintf("What the set of %s has of it cannot be read.", set.Request), ""
	}
	if set.hasRemoved(host) {
		return fmt.Sprintf("The snapshot of the set of %s is committed.", set.Request), p.Key
	}
	return fmt.Sprintf("The snapshot of the set of %s is gone: somebody else has removed it, and there is no way back by the set.", set.Request), p.Key
}

// origin says what a snapshot is to the bot, and whether it took it of a machine that was
// off.
func (l *Looks) origin(s estate.Snapshot, key string, ledger Ledger) (text string, cold bool) {
	who := whose(s, ledger.Whole.ID)
	id, mine := strings.CutPrefix(who, "of ")
	if !mine || !requestID.MatchString(id) {
		return who, false
	}
	r, err := l.past.Request(id)
	cold = err == nil && r.Args[coldMode] != ""
	switch {
	case key != "" && s.Description == key:
		return "of the set of " + id, cold
	case err == nil && r.Args[someServers] != "":
		return "extra, " + who, cold
	}
	return who + ", of no set that counts", cold
}
