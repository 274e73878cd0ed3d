package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Watch looks whether the doors that were closed are still closed (DESIGN
// §13): a rule comes back by group policy, by an installer or by hand. What
// differs from the last look is an event, and so a message; what goes on is
// not said again. Who was let in by name since is no difference, and the copies that
// stand for rules for any port are looked at with the doors.
//
// A host that does not answer is said too: unknown is not closed.
func (e *Engine) Watch(ctx context.Context) error {
	live, err := e.journal.Live()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(live, func(o runbook.Request) bool { return o.Takes && o.State.Holds() }) {
		return nil // servers are off; the rollback looks itself
	}
	off, err := e.switchedOff(live)
	if err != nil {
		return err
	}
	ledger, err := readLedger(e.journal)
	if err != nil {
		e.log.Warn("the doors are not watched: what was closed cannot be read", "error", err)
		return nil // of a later version, which watches its own
	}
	opened, err := e.openedNow(live)
	if err != nil {
		return err
	}
	hosts := slices.DeleteFunc(slices.Clone(e.env.Estate.Hosts), func(h estate.Host) bool {
		left := ledger.Hosts[h.Name]
		return len(left.Closed)+len(left.Copies) == 0 || opened[h.Name] || off[h.Name]
	})
	found := make([][]drift, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() { found[i] = e.driftsOf(ctx, h, ledger.Hosts[h.Name]) })
	}
	wg.Wait()
	for i, h := range hosts {
		for _, d := range found[i] {
			if err := e.tellDrift(d, ledger.Hosts[h.Name], live); err != nil {
				return err
			}
		}
	}
	return nil
}

// guarded reports whether a request that has closed doors is at rest, so that they
// ought to be closed now. While it runs, and while it is taken back, whoever runs says
// itself where it stands.
func guarded(r runbook.Request, live []runbook.Request) bool {
	return r.State != runbook.Running && r.State != runbook.InCheck &&
		!slices.ContainsFunc(live, func(o runbook.Request) bool { return o.State.Holds() && o.Undoes == r.ID })
}

// opensAll reports whether a request is there to open doors that others have closed.
func opensAll(r runbook.Request) bool { return r.Action == golive.Name || r.Action == allowAll.Name }

// movers are the requests that may be opening something at this moment: whatever runs,
// and what opens doors to all until it has ended.
func movers(live []runbook.Request) []string {
	var ids []string
	for _, o := range live {
		if o.State == runbook.Running || o.State.Holds() && opensAll(o) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// openedNow lists the hosts that are being opened, to all or to somebody by name; the
// others are watched on.
func (e *Engine) openedNow(live []runbook.Request) (map[string]bool, error) {
	hosts := map[string]bool{}
	for _, id := range movers(live) {
		r, err := e.journal.Request(id)
		if err != nil {
			return nil, err
		}
		bytes, err := e.journal.Plan(r.Digest)
		if err != nil {
			return nil, err
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			return nil, err
		}
		for _, s := range plan.Steps() {
			if opensAll(r) || s.Kind == kindOpen {
				hosts[s.Host] = true
			}
		}
	}
	return hosts, nil
}

// drift is how what one step has left is found.
type drift struct {
	left Left
	now  runbook.DriftBody
}

// driftsOf looks once at one host in the look lane, and judges all that was left there.
func (e *Engine) driftsOf(ctx context.Context, h estate.Host, left HostLedger) []drift {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	fw, err := e.env.Firewalls.Firewall(ctx, h.Name, estate.Look, estate.FirewallQuery{Names: left.names(), Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
	machine := slices.Concat(left.Closed, left.Copies)[0].Step.Machine
	if err == nil && fw.Machine != machine {
		err = &estate.Error{Kind: estate.WrongMachine, Host: h.Name, Op: "look at the firewall",
			Detail: fmt.Sprintf("machine %s (%s) answers, the plan names %s", fw.Machine, fw.Name, machine)}
	}
	if err != nil {
		if len(left.Closed) == 0 {
			return nil // its doors are open, and that it is away is for others to say
		}
		newest := left.Closed[len(left.Closed)-1]
		return []drift{{newest, runbook.DriftBody{Host: h.Name, Unknown: true, Text: fmt.Sprintf("The bot %s.", Words(err))}}}
	}
	return driftsIn(h, left, fw)
}

// driftsIn is pure. What is wrong with the doors as a whole is said of the newest closing,
// and a rule that several have closed is the newest one's.
func driftsIn(h estate.Host, left HostLedger, fw estate.Firewall) []drift {
	var found []drift
	seen := map[string]bool{}
	for i, l := range slices.Backward(left.Closed) {
		p, err := params[disableParams](l.Step.Params, l.Step.ID)
		if err != nil {
			found = append(found, drift{l, runbook.DriftBody{Host: h.Name, Unknown: true, Text: "What was closed cannot be read."}})
			continue
		}
		p.Rules = slices.DeleteFunc(p.Rules, func(r estate.Rule) bool { return seen[r.Name] })
		for _, r := range p.Rules {
			seen[r.Name] = true
		}
		now := runbook.DriftBody{Host: h.Name}
		switch moved, on := compareRules(p.Rules, fw.Local); {
		case i == len(left.Closed)-1:
			p.opened = left.waysIn()
			if f := p.standing(fw); f.Standing != IsDone {
				now.Open, now.Text = true, f.Text
			}
		case moved != "":
			now.Open, now.Text = true, moved
		case len(on) > 0:
			now.Open, now.Text = true, fmt.Sprintf("%s on: %s.", count(len(on), "rule"), p.named(on))
		}
		found = append(found, drift{l, now})
	}
	for _, l := range left.Copies {
		p, err := params[copyParams](l.Step.Params, l.Step.ID)
		if err != nil {
			continue // its closing is judged all the same
		}
		found = append(found, drift{l, runbook.DriftBody{Host: h.Name, Text: p.driftIn(fw)}})
		if d := &found[len(found)-1].now; d.Text != "" {
			d.Moved = true
		}
	}
	return found
}

// driftIn says which copies are not as they were made; empty is none.
func (p copyParams) driftIn(fw estate.Firewall) string {
	there := tellCopies(p, fw.Local)
	switch {
	case there.other+there.widened != "":
		return strings.TrimSpace(there.other + " " + there.widened)
	case there.made < there.wanted:
		return fmt.Sprintf("%d of %s of rules for any port are there: who came in by the others stays out.", there.made, copiesOf(there.wanted))
	}
	return p.idle(fw.Active)
}

// tellDrift writes down what is otherwise than at the last look. What requests have done
// while it was looked at is no drift: the next look tells.
func (e *Engine) tellDrift(d drift, judged HostLedger, live []runbook.Request) error {
	r, err := e.journal.Request(d.left.Request)
	if err != nil || !guarded(r, live) {
		return err
	}
	events, err := e.journal.EventsOf(r.ID)
	if err != nil {
		return err
	}
	last := lastDrift(events, d.left.Step.ID, d.now.Host)
	if d.now == last {
		return nil
	}
	if last.Moved && !d.now.Moved {
		d.now.Text = "The copies of rules for any port are as they were made."
	}
	if ledger, err := readLedger(e.journal); err != nil || !ledger.Hosts[d.now.Host].same(judged) {
		return err
	}
	return e.journal.Append(func(tx Tx) error {
		was, err := tx.Request(r.ID)
		if err != nil {
			return err
		}
		now, err := tx.Live()
		if err != nil || !guarded(was, now) || was.BackedOutBy != "" || !slices.Equal(movers(now), movers(live)) {
			return err
		}
		return addTo(tx, Order{By: runbook.Clock, Door: "clock"}, r, runbook.Drifted, d.left.Step.ID, d.now)
	})
}

// same reports whether the same is left on a host.
func (h HostLedger) same(other HostLedger) bool {
	is := func(a, b Left) bool { return a.Request == b.Request && a.Step.ID == b.Step.ID }
	return slices.EqualFunc(h.Closed, other.Closed, is) && slices.EqualFunc(h.Copies, other.Copies, is) &&
		slices.EqualFunc(h.Opened, other.Opened, is)
}

// lastDrift is what was last said of a step; nothing said means as it was left.
func lastDrift(events []runbook.Event, step, host string) runbook.DriftBody {
	last := runbook.DriftBody{Host: host}
	for _, e := range events {
		if e.Step != step {
			continue
		}
		switch e.Kind {
		case runbook.Drifted:
			var b runbook.DriftBody
			if e.Read(&b) == nil {
				last = b
			}
			if !last.Open && !last.Unknown && !last.Moved {
				last = runbook.DriftBody{Host: host}
			}
		case runbook.Outcome:
			last = runbook.DriftBody{Host: host}
		}
	}
	return last
}
