package actions

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// shut takes openings back (1.7, 1.9): the one of a request, or those that let in
// exactly the client or the ranges that are named. Closing what can be closed matters
// more than closing all of it at once: a host that does not answer is said, and its
// opening is not called ended before it is closed there too.
var shut = &Action{
	Name: "close", Section: "1.7, 1.9", Risk: runbook.Changes,
	WayBack: "`/itms undo R-n` lets them in again",
	Summary: "take back what let somebody in by name",
	Args:    "R-n | client ADDRESS|NAME | subnet CIDR…",
	Copy: Copy{
		Title:     "Close {what}",
		Wish:      "shut out again what was let in by name: {what}",
		Means:     "Whoever came in by it is shut out, unless something else lets them in.",
		Done:      "Closed on the servers of this plan: {what}.",
		DoneMeans: "The rules are gone, and that was looked at.",
		Next:      "See `/itms status` for what is open.",
		Confirm:   "The rules of the bot that let them in are removed.",
	},
	Parse: parseClose,
	Plan:  planClose,
}

// The arguments of close. What is for the card alone.
const (
	argSubnet = "subnet"
	argWhat   = "what"
)

func parseClose(words []string) (map[string]string, *runbook.Refusal) {
	const example = "`/itms close R-12`, `/itms close client 10.1.2.3` or `/itms close subnet 10.1.2.0/24`"
	if len(words) == 1 && requestID.MatchString(strings.ToUpper(words[0])) {
		id := strings.ToUpper(words[0])
		return map[string]string{argRequest: id, argWhat: id}, nil
	}
	if len(words) == 2 && strings.EqualFold(words[0], argClient) {
		client, no := readComputer(words[1])
		return map[string]string{argClient: client, argWhat: client}, no
	}
	if len(words) > 1 && strings.EqualFold(words[0], argSubnet) {
		ranges, no := readRanges(words[1:])
		if no != nil {
			return nil, no
		}
		list := sayPrefixes(ranges)
		return map[string]string{argSubnet: strings.Join(list, " "), argWhat: strings.Join(list, ", ")}, nil
	}
	return nil, runbook.Refuse("For example "+example+".", "Say what to close.")
}

// heldOpen is what an opening has left on one host, and its way back.
type heldOpen struct {
	left     Left
	back     *runbook.Step
	standing Standing
	err      error
}

func planClose(ctx context.Context, env Env, ask Ask) (Draft, error) {
	chosen, err := ask.Ledger.toClose(ask.Args)
	if err != nil {
		return Draft{}, err
	}
	var held []heldOpen
	for _, h := range env.Estate.Hosts {
		for _, left := range ask.Ledger.Hosts[h.Name].Opened {
			if slices.Contains(chosen, left.Request) {
				held = append(held, heldOpen{left: left})
			}
		}
	}
	doubtful, err := ask.Ledger.doubtful(ask.Past, chosen)
	if err != nil {
		return Draft{}, err
	}
	held = lookAtHeld(ctx, env, ask, append(held, doubtful...))
	draft := Draft{Thresholds: map[string]int64{}}
	stage := runbook.Stage{ID: "1", Item: "1.7, 1.9"}
	var hosts, stuck []string
	for _, o := range held {
		if why := o.stays(); why != "" {
			stuck = append(stuck, why)
			draft.LeftOut = append(draft.LeftOut, runbook.LeftOut{Host: o.left.Step.Host, Because: o.left.Request + " cannot be closed there now"})
			chosen = slices.DeleteFunc(chosen, func(id string) bool { return id == o.left.Request })
			continue
		}
		s := o.step("1." + strconv.Itoa(len(stage.Steps)+1))
		stage.Steps = append(stage.Steps, s)
		if !slices.Contains(hosts, s.Host) {
			hosts = append(hosts, s.Host)
			h, _ := env.Estate.Host(s.Host)
			draft.Machines = append(draft.Machines, runbook.Machine{Host: s.Host, Role: string(h.Role), GUID: s.Machine, Name: s.Host})
		}
	}
	if len(stage.Steps) == 0 {
		return draft, runbook.Refuse("Put that right, then ask again. A server's own task ends what has an end.", "Nothing can be closed now: %s", strings.Join(stuck, " "))
	}
	for _, why := range stuck {
		draft.Warnings = append(draft.Warnings, "Stays open: "+why)
	}
	for _, id := range chosen {
		mark, err := endsOpening(id, ask.Request)
		if err != nil {
			return draft, err
		}
		draft.Then = append(draft.Then, mark)
	}
	stage.Title, stage.Doing, stage.Done = "Close what was opened by name on "+estate.Join(hosts), "closing what was opened by name", "Closed on "+estate.Join(hosts)
	draft.Stages = []runbook.Stage{stage}
	return draft, nil
}

// doubtful are the hosts on which these openings have begun and are not known to have
// opened: what failed there may have left a rule, and is looked at before they are called
// closed.
func (l Ledger) doubtful(past Past, openings []string) ([]heldOpen, error) {
	var held []heldOpen
	for _, r := range l.Openings {
		if !slices.Contains(openings, r.ID) {
			continue
		}
		bytes, err := past.Plan(r.Digest)
		if err != nil {
			return nil, err
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			return nil, err
		}
		for _, s := range plan.Steps() {
			if life, begun := r.Step(s.ID); begun && s.Kind == kindOpen && s.Undoes == nil && !life.Result.Good() {
				held = append(held, heldOpen{left: Left{Request: r.ID, Step: s}})
			}
		}
	}
	return held, nil
}

// lookAtHeld asks all hosts at once.
func lookAtHeld(ctx context.Context, env Env, ask Ask, held []heldOpen) []heldOpen {
	var wg sync.WaitGroup // waited for below
	for i := range held {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, lookLimit)
			defer cancel()
			o := &held[i]
			before, err := ask.Before(o.left.Request, o.left.Step.ID)
			if err != nil {
				o.err = err
				return
			}
			o.back, o.standing, o.err = leaving{o.left.Request, o.left.Step, before}.back(ctx, env)
		})
	}
	wg.Wait()
	return held
}

// stays says why an opening cannot be closed on its host now, "" if it can.
func (o heldOpen) stays() string {
	var no *runbook.Refusal
	switch {
	case errors.As(o.err, &no):
		return no.Reason
	case o.err != nil:
		return fmt.Sprintf("%s on %s: %s.", o.left.Request, o.left.Step.Host, Words(o.err))
	}
	return ""
}

// step is the way back of what is there. What is gone already is looked at all the same,
// so that the trail says it is closed because it is.
func (o heldOpen) step(id string) runbook.Step {
	s := *o.back
	s.ID, s.WayBack = id, "lets them in again, as "+o.left.Request+" did"
	s.Effect.What = "Let in by " + o.left.Request
	if o.standing == IsDone {
		s.Effect.Before, s.Effect.After = "Gone already", "No change"
	}
	return s
}

// toClose lists the requests whose openings the arguments name.
func (l Ledger) toClose(args map[string]string) ([]string, error) {
	if id := args[argRequest]; id != "" {
		_, err := l.opened(id)
		return []string{id}, err
	}
	named := strings.Fields(args[argSubnet])
	if client := args[argClient]; client != "" {
		named = []string{client}
	}
	var chosen []string
	for _, r := range l.Openings {
		those, others := l.letIn(r.ID, named)
		switch {
		case !those:
			continue
		case len(others) > 0:
			return nil, runbook.Refuse(fmt.Sprintf("Close all of it with `/itms close %s`.", r.ID), "%s lets in more than that: %s.", r.ID, estate.Join(others))
		}
		chosen = append(chosen, r.ID)
	}
	if len(chosen) == 0 {
		return nil, runbook.Refuse("`/itms status` says what is open; `/itms close R-12` closes one of them.", "Nothing that was opened by name lets in exactly %s.", strings.Join(named, ", "))
	}
	return chosen, nil
}

// letIn reports whether an opening lets in one of those who are named, and whom else it
// lets in. A computer is named by its name or by its address. The gateway's own way to the
// SMP goes with whom it serves.
func (l Ledger) letIn(request string, named []string) (those bool, others []string) {
	for _, h := range l.Hosts {
		for _, left := range h.Opened {
			if left.Request != request {
				continue
			}
			p, err := params[openParams](left.Step.Params, left.Step.ID)
			if err != nil {
				continue // of another version; it is closed by its request
			}
			for _, r := range p.Rules {
				who := r.Display[strings.LastIndex(r.Display, ": ")+len(": "):]
				switch name, isClient := strings.CutPrefix(who, "client "); {
				case isClient && slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, name) }),
					slices.ContainsFunc(r.Remote, func(a string) bool { return slices.Contains(named, a) }):
					those = true
				case strings.HasPrefix(who, "gateway "):
				default:
					for _, a := range r.Remote {
						if !slices.Contains(others, a) {
							others = append(others, a)
						}
					}
				}
			}
		}
	}
	slices.Sort(others)
	return those, others
}

// readRanges reads the ranges after `subnet`.
func readRanges(words []string) ([]netip.Prefix, *runbook.Refusal) {
	var ranges []netip.Prefix
	for _, w := range strings.FieldsFunc(strings.Join(words, ","), func(r rune) bool { return r == ',' }) {
		p, no := readAddress(w)
		switch {
		case no != nil:
			return nil, no
		case p.IsSingleIP():
			return nil, runbook.Refuse(fmt.Sprintf("One computer is let in with `/itms allow client %s`.", sayPrefix(p)), "`%s` is one address, not a range.", sayPrefix(p))
		}
		ranges = append(ranges, p)
	}
	const most = 40
	switch {
	case len(ranges) == 0:
		return nil, runbook.Refuse("For example `10.1.2.0/24`.", "No range is named.")
	case len(ranges) > most:
		return nil, runbook.Refuse("Ask in several steps.", "%d ranges are more than the %d of one request.", len(ranges), most)
	}
	return overlapping(ranges)
}
