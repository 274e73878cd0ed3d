package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Engine plans requests and carries out the approved ones, one at a time.
//
// It keeps nothing in memory between two events: Next reads from the journal
// what is to be done, so that a bot started again goes on from the same place.
type Engine struct {
	journal Journal
	env     Env
	policy  runbook.Policy
	log     *slog.Logger
}

// NewEngine makes an engine. It starts nothing.
func NewEngine(j Journal, env Env, p runbook.Policy, log *slog.Logger) *Engine {
	env.Opened = func(host string) ([]estate.NewRule, error) {
		l, err := readLedger(j)
		return l.Hosts[host].waysIn(), err
	}
	return &Engine{journal: j, env: env, policy: p, log: log}
}

// Policy is the list of people the engine decides by.
func (e *Engine) Policy() runbook.Policy { return e.policy }

// Env is what the engine plans with, for reads that look at the same estate.
func (e *Engine) Env() Env { return e.env }

// Waker blocks until something after event n was written and gives the newest
// number.
type Waker interface {
	Wait(ctx context.Context, after int64) (int64, error)
}

// Plan makes plans as they are asked for, until ctx ends. It changes nothing
// on the estate and runs beside a change.
func (e *Engine) Plan(ctx context.Context, w Waker) error {
	return loop(ctx, w, e.DrainPlans)
}

// Run carries out what is approved, until ctx ends. When ctx ends, running
// steps are finished and recorded first; the next start finds the request
// interrupted.
func (e *Engine) Run(ctx context.Context, w Waker) error {
	return loop(ctx, w, e.DrainWork)
}

func loop(ctx context.Context, w Waker, drain func(context.Context) error) error {
	var seen int64
	for {
		if err := drain(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		n, err := w.Wait(ctx, seen)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		seen = n
	}
}

// DrainPlans plans every request that has none, and reads those again that wait for
// their second look. It returns when nothing is left to plan; the error is one of the
// journal.
func (e *Engine) DrainPlans(ctx context.Context) error {
	live, err := e.journal.Live()
	if err != nil {
		return err
	}
	for _, r := range live {
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case r.State == runbook.InAsked:
			err = e.propose(ctx, r)
		case r.State == runbook.InSecond && r.ReadAgain.IsZero():
			err = e.readAgain(ctx, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DrainWork carries out whatever is approved or running until nothing is left
// that does not wait for a person.
func (e *Engine) DrainWork(ctx context.Context) error {
	for ctx.Err() == nil {
		r, err := e.next()
		if err != nil || r == nil {
			return err
		}
		switch r.State {
		case runbook.Ready, runbook.InCheck:
			err = e.check(ctx, *r)
		case runbook.Running:
			err = e.carry(ctx, *r)
		}
		if err != nil {
			return fmt.Errorf("carry out %s: %w", r.ID, err)
		}
	}
	return nil
}

// next is the request to work on: the one that is running or being checked,
// else the oldest that is ready, a rollback before all others.
func (e *Engine) next() (*runbook.Request, error) {
	live, err := e.journal.Live()
	if err != nil {
		return nil, err
	}
	var ready *runbook.Request
	for i, r := range live {
		switch {
		case r.State == runbook.Running || r.State == runbook.InCheck:
			return &live[i], nil
		case r.State == runbook.Ready && (ready == nil || r.Takes && !ready.Takes):
			ready = &live[i]
		}
	}
	return ready, nil
}

// Recover finds what an earlier run of the program left behind: a request that
// was running is interrupted, whatever its steps were doing, and its open
// steps are settled by asking the estate (always true 6). It is called once,
// before Run.
func (e *Engine) Recover(ctx context.Context) error {
	live, err := e.journal.Live()
	if err != nil {
		return err
	}
	for _, r := range live {
		if r.State == runbook.Running {
			err := e.add(r, runbook.Interrupted, "", runbook.TextBody{Text: "the bot was started again"})
			if err != nil {
				return err
			}
			r.State = runbook.Broken
		}
		if r.State == runbook.Broken || r.State == runbook.Waiting {
			if err := e.settle(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// add writes one event of the engine's own about a request.
func (e *Engine) add(r runbook.Request, kind runbook.Kind, step string, body any) error {
	return e.journal.Append(func(tx Tx) error {
		return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, kind, step, body)
	})
}

// addUnlessMoved is add where people may decide too: before a request runs it can
// be denied, withdrawn or stopped at any moment. It writes nothing when the request
// is no longer in the state in which r was read; what they decided stands.
func (e *Engine) addUnlessMoved(r runbook.Request, kind runbook.Kind, body any) (written bool, err error) {
	err = e.journal.Append(func(tx Tx) error {
		now, err := tx.Request(r.ID)
		if written = err == nil && now.State == r.State; !written {
			return err
		}
		return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, kind, "", body)
	})
	return written, err
}

// addNow is add for what must not wait until it can be written.
func (e *Engine) addNow(r runbook.Request, kind runbook.Kind, step string, body any) error {
	return e.journal.AppendNow(func(tx Tx) error {
		return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, kind, step, body)
	})
}

func addTo(tx Tx, o Order, r runbook.Request, kind runbook.Kind, step string, body any) error {
	ev, err := runbook.NewEvent(kind, r.ID, body)
	if err != nil {
		return err
	}
	ev.Upgrade, ev.Actor, ev.Door, ev.Delivery, ev.Step = r.Upgrade, o.By, o.Door, o.Delivery, step
	_, err = tx.Add(ev)
	return err
}

// propose computes the plan of a request and binds it, or says why there is
// none.
func (e *Engine) propose(ctx context.Context, r runbook.Request) error {
	planning, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	plan, draft, err := e.planOf(planning, r)
	if ctx.Err() != nil {
		return nil // leaving: the next start makes the plan
	}
	var bytes []byte
	if err == nil {
		bytes, _, err = plan.Seal()
	}
	return e.journal.Append(func(tx Tx) error {
		now, failed := tx.Request(r.ID)
		if failed != nil || now.State != runbook.InAsked {
			return failed // cancelled meanwhile
		}
		if err != nil {
			return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, runbook.Unplanned, "", e.asRefusal(r, err))
		}
		digest, failed := tx.SavePlan(bytes)
		if failed != nil {
			return failed
		}
		return addTo(tx, Order{By: runbook.Bot, Door: "engine"}, r, runbook.Proposed, "", runbook.ProposedBody{
			Digest: digest, Needs: plan.Needs, Expires: tx.Now().Add(e.policy.Wait()).UTC().Truncate(time.Second), Readings: draft.Readings, Warnings: draft.Warnings})
	})
}

// planLimit bounds the making of one plan, in real time.
const planLimit = time.Minute

// asRefusal gives the words in which no plan is reported. What is no refusal
// is a mistake of ours: it is logged whole, and the card says so.
func (e *Engine) asRefusal(r runbook.Request, err error) *runbook.Refusal {
	var no *runbook.Refusal
	if errors.As(err, &no) {
		return no
	}
	e.log.Error("no plan could be made", "request", r.ID, "error", err)
	return runbook.Refuse("The bot's log says more under "+r.ID+".", "The plan could not be made: %s.", err)
}

// planOf computes the plan of a request from the estate as it is now.
func (e *Engine) planOf(ctx context.Context, r runbook.Request) (runbook.Plan, Draft, error) {
	action, ok := Find(r.Action)
	if !ok {
		return runbook.Plan{}, Draft{}, runbook.Refuse("`/itms help` lists what it can do.", "This program knows no action %q.", r.Action)
	}
	env := e.lookEnv()
	env.Upgrade = r.Upgrade
	ledger, err := readLedger(e.journal)
	if err != nil {
		return runbook.Plan{}, Draft{}, err
	}
	passed, err := obey(ctx, env, ledger, action, r.Args)
	if err != nil {
		return runbook.Plan{}, Draft{}, err
	}
	ask := Ask{Request: r.ID, Args: r.Args, Ledger: ledger, Before: e.journal.Before, Past: e.journal}
	if r.Undoes != "" {
		if err := e.readTaken(r.Undoes, &ask); err != nil {
			return runbook.Plan{}, Draft{}, err
		}
		if err := e.inTheWay(*ask.Undoes, ask.Taken); err != nil {
			return runbook.Plan{}, Draft{}, err
		}
	}
	draft, err := action.Plan(ctx, env, ask)
	if err == nil {
		err = apart(draft.Machines)
	}
	if err != nil {
		return runbook.Plan{}, draft, err
	}
	args := r.Args
	if args == nil {
		args = map[string]string{}
	}
	needs := e.policy.NeedsOf(r.Action, r.Risk)
	if taken := ask.Undoes; taken != nil {
		// It is agreed to by as many as what it takes back (DESIGN §5).
		if like := e.policy.NeedsOf(taken.Action, r.Risk); like.Count > needs.Count || like.Count == needs.Count && like.NotRequester {
			needs = like
		}
	}
	if len(passed) > 0 {
		needs = needs.Overriding()
	}
	return runbook.Plan{Format: runbook.PlanFormat, Estate: env.Estate.Name, Upgrade: r.Upgrade, Request: r.ID, Config: env.Config,
		Action: action.Name, Section: action.Section, Args: args, Machines: draft.Machines, LeftOut: draft.LeftOut, Stages: draft.Stages, Overrides: passed,
		Thresholds: draft.Thresholds, EndSeconds: draft.EndSeconds, Then: draft.Then, Needs: needs}, draft, nil
}

// lookEnv is what looks and plans are made with.
func (e *Engine) lookEnv() Env {
	env := e.env
	env.Lane = estate.Look
	env.FactsOf = func(request, step string) (json.RawMessage, error) { return lastFacts(e.journal, request, step) }
	return env
}

// apart refuses a plan in which two hosts are one machine: an address leads to
// the wrong one, and it would get what is meant for the other.
func apart(machines []runbook.Machine) error {
	host := map[string]string{}
	for _, m := range machines {
		guid := strings.ToLower(m.GUID)
		if other, again := host[guid]; again && guid != "" {
			return runbook.Refuse("Correct the address of one of them in `itmsbot.yaml`.",
				"%s and %s are one machine: both answer as %s, machine `%s`.", other, m.Host, m.Name, m.GUID)
		}
		host[guid] = m.Host
	}
	return nil
}

// readTaken loads the request that is to be taken back, with its plan and what
// its steps recorded before they changed anything.
func (e *Engine) readTaken(id string, ask *Ask) error {
	taken, err := e.journal.Request(id)
	if err != nil {
		return err
	}
	bytes, err := e.journal.Plan(taken.Digest)
	if err != nil {
		return err
	}
	ask.Undoes = &taken
	if ask.Taken, err = runbook.OpenPlan(bytes); err != nil {
		return err
	}
	ask.Befores = map[string][]byte{}
	for _, s := range taken.Steps {
		before, err := e.journal.Before(id, s.ID)
		if err != nil {
			return err
		}
		ask.Befores[s.ID] = before
	}
	return nil
}
