package actions

import (
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// ending is how a step ended: the body of its outcome, and the files that are
// kept with it.
type ending struct {
	runbook.OutcomeBody
	files []File
}

// told is an ending that has nothing but words.
func told(result runbook.Result, text string) ending {
	return ending{OutcomeBody: runbook.OutcomeBody{Result: result, Text: text}}
}

// settleStep says how a step ended from what the doing returned and what the
// look afterwards found. The look decides.
func settleStep(s runbook.Step, did error, after Finding, looked error) ending {
	switch {
	case looked != nil && did != nil && Words(did) == Words(looked):
		return told(runbook.Unclear, fmt.Sprintf("The bot %s, in the middle of the step.", Words(did)))
	case looked != nil && did != nil:
		return told(runbook.Unclear, fmt.Sprintf("The bot %s. Afterwards it %s.", Words(did), Words(looked)))
	case looked != nil:
		return told(runbook.Unclear, fmt.Sprintf("The order was given; afterwards the bot %s.", Words(looked)))
	case after.Standing == IsDone:
		return outcomeOf(runbook.StepDone, after)
	}
	b := outcomeOf(runbook.NotDone, after)
	if did != nil {
		b.Text = fmt.Sprintf("The bot %s. Looked at afterwards: %s", Words(did), after.Text)
	}
	return b
}

// unlooked is the outcome of a step that could not be looked at. Before its
// first attempt nothing was touched; afterwards nothing is known.
func unlooked(life runbook.StepLife, s runbook.Step, err error) ending {
	if life.Attempts > 0 && life.Result != runbook.NotDone {
		return told(runbook.Unclear, fmt.Sprintf("The bot %s.", Words(err)))
	}
	text := fmt.Sprintf("Nothing was done: the bot %s.", Words(err))
	if k := estate.TroubleOf(err); k == estate.Refused || k == estate.Parked {
		text += fmt.Sprintf(" Check the password of the bot's account, then run `/itms check %s`.", s.Host)
	}
	return told(runbook.NotDone, text)
}

// maxFacts leaves room for the rest of an event's 16 KiB.
const maxFacts = 12 << 10

// outcomeOf turns a finding into an ending. Facts that an event does not hold
// are kept as a file: they are never dropped.
func outcomeOf(result runbook.Result, f Finding) ending {
	b := ending{OutcomeBody: runbook.OutcomeBody{Result: result, Text: f.Text, Warn: f.Warn, HostNow: f.HostNow.UTC().Truncate(time.Second)}, files: f.Files}
	facts, err := runbook.Canonical(f.Facts)
	switch {
	case err != nil:
		b.Text += fmt.Sprintf(" (What was found could not be written down: %s.)", err)
	case len(facts) > maxFacts:
		b.files = append(b.files[:len(b.files):len(b.files)], File{Name: "facts.json", Title: "What was found", Bytes: facts})
	default:
		b.Facts = facts
	}
	if f.Standing == Otherwise && len(f.Ask) > 0 {
		b.Result = runbook.Asks
		bound := append([]byte(f.Text+"\n"+f.Warn+"\n"), facts...)
		for _, file := range f.Files {
			bound = append(bound, runbook.Digest(file.Bytes)...)
		}
		b.Ask = &runbook.Question{Answers: f.Ask, Finding: runbook.Digest(bound)}
	}
	return b
}

// outcome writes how a step ended; withIntent when nothing was attempted, so
// that the step has its line all the same. A before without an attempt is not
// recorded: only what precedes a change is. Files are kept in the transaction
// of the event that names them.
func (e *Engine) outcome(r runbook.Request, s runbook.Step, withIntent bool, b ending) error {
	return e.journal.Append(func(tx Tx) error {
		engine := Order{By: runbook.Bot, Door: "engine"}
		if withIntent {
			now, err := tx.Request(r.ID)
			if err != nil {
				return err
			}
			if life, ok := now.Step(s.ID); !ok || !life.Open {
				if err := addTo(tx, engine, r, runbook.Intent, s.ID, runbook.IntentBody{Attempt: life.Attempts + 1}); err != nil {
					return err
				}
			}
		}
		body := b.OutcomeBody
		if s.Optional && !body.Result.Good() {
			body.Result, body.Ask = runbook.Missed, nil
		}
		for _, f := range b.files {
			sha, size, err := tx.SaveArtifact(f.Bytes)
			if err != nil {
				return fmt.Errorf("keep %s of step %s: %w", f.Name, s.ID, err)
			}
			body.Artifacts = append(body.Artifacts, runbook.Artifact{Name: f.Name, Title: f.Title, SHA256: sha, Bytes: size})
		}
		if err := addTo(tx, engine, r, runbook.Outcome, s.ID, body); err != nil {
			return err
		}
		return firstOpened(tx, r, s, body.Result)
	})
}
