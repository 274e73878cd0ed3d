package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// carry carries out a running request, stage by stage, until it is done, waits
// for a person, or ctx ends at a step boundary.
func (e *Engine) carry(ctx context.Context, r runbook.Request) error {
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return err
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		// A later program wrote it. It is not guessed at.
		return e.add(r, runbook.Waits, "", runbook.WaitsBody{Why: runbook.StepFailed,
			Text: "This version of the bot cannot go on with the stored plan: " + err.Error() + ". Go on with the version that made it, or use the way-back sheet in the thread."})
	}
	for i, stage := range plan.Stages {
		if r, err = e.journal.Request(r.ID); err != nil {
			return err
		}
		switch {
		case r.State != runbook.Running || ctx.Err() != nil:
			return nil
		case stageGood(r, stage):
			continue
		}
		if halt, err := e.halted(r, stage); err != nil || halt {
			return err
		}
		if i > 0 && stage.FreshSeconds > 0 && (stage.Set || !hasBegun(r, stage)) {
			before := plan.Stages[i-1]
			if err := e.refresh(ctx, r, before, stage); err != nil {
				return err
			}
			if good, err := e.endedWell(r.ID, before); err != nil || !good {
				return err
			}
		}
		if err := e.runStage(ctx, r, stage); err != nil {
			return err
		}
		if good, err := e.endedWell(r.ID, stage); err != nil || !good {
			return err
		}
	}
	if r, err = e.journal.Request(r.ID); err != nil {
		return err
	}
	marks, err := e.marksOf(r, plan)
	if err != nil {
		return err
	}
	return e.finish(r, marks)
}

// marksOf are the events about other requests with which a request ends. A rollback ends
// the openings of which nothing is left by then: they are not of its plan, so that one
// that ends by itself meanwhile does not put the plan out of date. What is left on a
// server that does not go back and did not answer is open still, and ends when it should.
func (e *Engine) marksOf(r runbook.Request, plan runbook.Plan) ([]runbook.Mark, error) {
	if !r.Takes {
		return plan.Then, nil
	}
	ledger, err := readLedger(e.journal)
	if err != nil {
		return nil, err
	}
	marks := slices.Clone(plan.Then)
	for _, open := range ledger.Openings {
		if ledger.leaves(open.ID) {
			continue
		}
		mark, err := endsOpening(open.ID, r.ID)
		if err != nil {
			return nil, err
		}
		marks = append(marks, mark)
	}
	return marks, nil
}

// endedWell reports whether every step of a stage is good; one that is not needs
// a person.
func (e *Engine) endedWell(id string, stage runbook.Stage) (bool, error) {
	r, err := e.journal.Request(id)
	if err != nil || stageGood(r, stage) {
		return err == nil, err
	}
	return false, e.add(r, runbook.Waits, "", waitFor(r, stage))
}

// refresh looks again at those steps of a stage that ended longer ago than the next one
// allows. What a person has judged stands: the judgement is of the moment at which it was
// given. Where the next stage has begun on a host, what was so there directly before it
// cannot be so any more: a server that is on, but not yet back, does not have to be off.
// A set is done again as a whole, and so is looked at as a whole.
func (e *Engine) refresh(ctx context.Context, r runbook.Request, stage, next runbook.Stage) error {
	now, most := e.env.Clock.Now(), time.Duration(next.FreshSeconds)*time.Second
	goneOn := func(host string) bool {
		return !next.Set && slices.ContainsFunc(next.Steps, func(s runbook.Step) bool { _, begun := r.Step(s.ID); return begun && s.Host == host })
	}
	old := func(s runbook.Step, life runbook.StepLife, begun bool) bool {
		return !begun || life.Result != runbook.Accepted && now.Sub(life.Ended) > most && !goneOn(s.Host)
	}
	if !slices.ContainsFunc(stage.Steps, func(s runbook.Step) bool { life, begun := r.Step(s.ID); return old(s, life, begun) }) {
		return nil
	}
	return e.runSteps(ctx, r, stage, false, old)
}

func stageGood(r runbook.Request, stage runbook.Stage) bool {
	return !slices.ContainsFunc(stage.Steps, func(s runbook.Step) bool {
		life, ok := r.Step(s.ID)
		return !ok || !settled(s, life)
	})
}

// settled reports whether a step needs nobody any more: its effect is there, or it
// stops nothing whatever became of it.
func settled(s runbook.Step, life runbook.StepLife) bool {
	return !life.Open && (life.Result.Good() || s.Optional && life.Result == runbook.Missed)
}

// halted ends the run at a step boundary when somebody asked to stop, or when
// an approved back-out wants the slot (DESIGN §7).
func (e *Engine) halted(r runbook.Request, next runbook.Stage) (bool, error) {
	live, err := e.journal.Live()
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(live, func(o runbook.Request) bool { return o.ID != r.ID && mayTake(o, r) && o.State == runbook.Ready })
	switch {
	case r.Stopping != nil:
		return true, e.add(r, runbook.Waits, "", runbook.WaitsBody{Why: runbook.Stopped,
			Text: fmt.Sprintf("Stopped. Not begun: %s.", lower(next.Title))})
	case i >= 0:
		return true, e.add(r, runbook.Waits, "", runbook.WaitsBody{Why: runbook.Stopped,
			Text: fmt.Sprintf("Stopped, because %s takes its place. Not begun: %s.", live[i].ID, lower(next.Title))})
	}
	return false, nil
}

// runStage runs the steps of a stage that are not done. A set is taken again as a
// whole: one from two moments is no set.
func (e *Engine) runStage(ctx context.Context, r runbook.Request, stage runbook.Stage) error {
	retake := stage.Set && hasBegun(r, stage)
	return e.runSteps(ctx, r, stage, retake, func(s runbook.Step, life runbook.StepLife, begun bool) bool {
		return retake || !begun || !settled(s, life)
	})
}

// hasBegun reports whether a stage is gone on with. What it has done already may be what
// a look at the stage before would find.
func hasBegun(r runbook.Request, stage runbook.Stage) bool {
	return slices.ContainsFunc(stage.Steps, func(s runbook.Step) bool { _, begun := r.Step(s.ID); return begun })
}

// runSteps runs the wanted steps of a stage together. One that fails never
// cancels its siblings, and it ends when every step has an outcome (DESIGN §4).
func (e *Engine) runSteps(ctx context.Context, r runbook.Request, stage runbook.Stage, retake bool, wanted func(s runbook.Step, life runbook.StepLife, begun bool) bool) error {
	if err := e.add(r, runbook.StageBegun, "", runbook.StageBody{Stage: stage.ID}); err != nil {
		return err
	}
	errs := make([]error, len(stage.Steps))
	var wg sync.WaitGroup // waited for below
	for i, s := range stage.Steps {
		if life, begun := r.Step(s.ID); !wanted(s, life, begun) {
			continue
		}
		// A step that has begun is finished and recorded even when the bot
		// is asked to leave; its own limit bounds it.
		wg.Go(func() { errs[i] = e.runStep(context.WithoutCancel(ctx), r, s, retake) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// way is a step in the direction in which it is gone: forward, or back.
type way struct {
	look func(context.Context) (Finding, error)
	do   func(context.Context) error
	// before is what an undo already knows; nil for a step forward.
	before json.RawMessage
	limit  time.Duration
}

func (e *Engine) wayOf(r runbook.Request, s runbook.Step, retake bool) (way, error) {
	kind, err := kindOf(s)
	if err != nil {
		return way{}, err
	}
	env := e.env
	env.Upgrade, env.Lane, env.Retake, env.Request = r.Upgrade, estate.Change, retake, r
	env.FactsOf = func(request, step string) (json.RawMessage, error) { return lastFacts(e.journal, request, step) }
	env.Facts = func(step string) (json.RawMessage, error) { return lastFacts(e.journal, r.ID, step) }
	env.Progress = func(text string) {
		if err := e.addNow(r, runbook.Progress, s.ID, runbook.TextBody{Text: text}); err != nil {
			e.log.Warn("progress was not recorded", "request", r.ID, "step", s.ID, "error", err)
		}
	}
	env.Clock = yielding{e.env.Clock, func() error { return e.yields(r, s) }}
	env.Began = func(task estate.TaskRef) error {
		return e.add(r, runbook.Progress, s.ID, runbook.ProgressBody{Text: fmt.Sprintf("vCenter carries it out as %s.", task), Task: string(task)})
	}
	if now, err := e.journal.Request(r.ID); err == nil {
		life, _ := now.Step(s.ID)
		env.Task = estate.TaskRef(life.Task)
	}
	if env.Before, err = e.journal.Before(r.ID, s.ID); err != nil {
		return way{}, err
	}
	if u := s.Undoes; u != nil {
		if kind.Undo == nil {
			return way{}, fmt.Errorf("step %s (%s) has no way back", s.ID, s.Kind)
		}
		return way{
			look:   func(ctx context.Context) (Finding, error) { return kind.LookBack(ctx, env, s, u.Before) },
			do:     func(ctx context.Context) error { return kind.Undo(ctx, env, s, u.Before) },
			before: u.Before, limit: kind.Limit,
		}, nil
	}
	w := way{look: func(ctx context.Context) (Finding, error) { return kind.Look(ctx, env, s) }, limit: kind.Limit}
	if kind.Do != nil {
		w.do = func(ctx context.Context) error { return kind.Do(ctx, env, s) }
	}
	return w, nil
}

// lastFacts reads what a step of a request found last, nil if it found nothing.
func lastFacts(past Past, request, step string) (json.RawMessage, error) {
	events, err := past.EventsOf(request)
	if err != nil {
		return nil, err
	}
	for _, ev := range slices.Backward(events) {
		if ev.Kind == runbook.Outcome && ev.Step == step {
			var b runbook.OutcomeBody
			err := ev.Read(&b)
			return b.Facts, err
		}
	}
	return nil, nil
}

// runStep is look → do → look (DESIGN §3). The error is one of the journal;
// whatever happens on the host is an outcome.
func (e *Engine) runStep(ctx context.Context, r runbook.Request, s runbook.Step, retake bool) error {
	w, err := e.wayOf(r, s, retake)
	if err != nil {
		return e.outcome(r, s, true, told(runbook.NotDone, err.Error()+"."))
	}
	ctx, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()
	life, _ := r.Step(s.ID)
	found, err := w.look(ctx)
	switch {
	case err != nil:
		return e.outcome(r, s, true, unlooked(life, s, err))
	case found.Standing == IsDone:
		result := runbook.AlreadySo
		if w.do == nil {
			result = runbook.StepDone
		} else if life.Attempts > 0 && life.Result != runbook.AlreadySo {
			result = runbook.StepDone // an earlier attempt of this request did it
		}
		return e.outcome(r, s, true, outcomeOf(result, found))
	case found.Standing == Otherwise || found.Standing == IsUnknown || w.do == nil:
		return e.outcome(r, s, true, outcomeOf(runbook.NotDone, found))
	}
	if err := e.intent(r, s, w, found); err != nil {
		return err
	}
	// The before is on disk now; what is done and looked at may read it.
	if w, err = e.wayOf(r, s, retake); err != nil {
		return err
	}
	did := w.do(ctx)
	var found2 *verdict
	if errors.As(did, &found2) {
		return e.outcome(r, s, false, settleStep(s, nil, found2.Finding, nil))
	}
	// What is there now is of this moment, and so is the task that carried it out.
	if w, err = e.wayOf(r, s, false); err != nil {
		return err
	}
	after, err := w.look(ctx)
	return e.outcome(r, s, false, settleStep(s, did, after, err))
}

// intent is written and on disk before the host is told anything. It does not
// wait until it can be: by then the look before it would be old.
func (e *Engine) intent(r runbook.Request, s runbook.Step, w way, f Finding) error {
	before := w.before
	if before == nil {
		b, err := runbook.Canonical(f.Before)
		if err != nil {
			return err
		}
		before = b
	}
	life, _ := r.Step(s.ID)
	return e.addNow(r, runbook.Intent, s.ID, runbook.IntentBody{Attempt: life.Attempts + 1, Before: before})
}

// waitFor says why a stage that did not end well needs a person.
func waitFor(r runbook.Request, stage runbook.Stage) runbook.WaitsBody {
	var failed, unknown, asked []string
	for _, s := range stage.Steps {
		life, _ := r.Step(s.ID)
		switch {
		case life.Open || life.Result == runbook.Unclear:
			unknown = append(unknown, s.Host+": "+life.Text)
		case life.Result == runbook.Asks:
			asked = append(asked, s.Host+": "+life.Text)
		case !settled(s, life):
			failed = append(failed, s.Host+": "+life.Text)
		}
	}
	if len(unknown) > 0 {
		return runbook.WaitsBody{Why: runbook.StepUnknown, Text: strings.Join(append(unknown, failed...), " ")}
	}
	if len(failed) == 0 {
		return runbook.WaitsBody{Why: runbook.HasQuestion, Text: strings.Join(asked, " ")}
	}
	return runbook.WaitsBody{Why: runbook.StepFailed, Text: strings.Join(append(failed, asked...), " ")}
}

// finish ends a request whose every stage is good, and marks the one that it
// took back and the openings that it has ended.
func (e *Engine) finish(r runbook.Request, marks []runbook.Mark) error {
	return e.journal.Append(func(tx Tx) error {
		engine := Order{By: runbook.Bot, Door: "engine"}
		if err := addTo(tx, engine, r, runbook.Finished, "", runbook.TextBody{}); err != nil {
			return err
		}
		if r.Undoes != "" {
			taken, err := tx.Request(r.Undoes)
			if err != nil {
				return err
			}
			if err := addTo(tx, engine, taken, runbook.BackedOut, "", runbook.ByBody{By: r.ID}); err != nil {
				return err
			}
		}
		for _, m := range marks {
			other, err := tx.Request(m.Request)
			if err != nil {
				return err
			}
			if o := other.Opening; o == nil || o.Ended != nil {
				continue // it has ended by itself meanwhile
			}
			if err := addTo(tx, engine, other, m.Kind, "", m.Body); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle asks the estate about every step whose intent has no outcome. It does
// nothing but look.
func (e *Engine) settle(ctx context.Context, r runbook.Request) error {
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return err
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		e.log.Warn("a stored plan cannot be read; its open steps stay unknown", "request", r.ID, "error", err)
		return nil
	}
	for _, s := range plan.Steps() {
		life, ok := r.Step(s.ID)
		if !ok || !life.Open {
			continue
		}
		if err := e.outcome(r, s, false, e.ask(ctx, r, s)); err != nil {
			return err
		}
	}
	return nil
}

// ask looks at one step that was left open.
func (e *Engine) ask(ctx context.Context, r runbook.Request, s runbook.Step) ending {
	w, err := e.wayOf(r, s, false)
	if err != nil {
		return told(runbook.Unclear, err.Error()+".")
	}
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	f, err := w.look(ctx)
	switch {
	case err != nil:
		return told(runbook.Unclear, fmt.Sprintf("The bot %s.", Words(err)))
	case f.Standing == IsDone:
		return outcomeOf(runbook.StepDone, f)
	}
	return outcomeOf(runbook.NotDone, f)
}
