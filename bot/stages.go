package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// standing is how a stage stands, for the card.
type standing int

const (
	stageToDo standing = iota
	stageNow
	stageDone
	stageFailed
	stageUnknown
	stageAsks
)

// marks of a stage in sections. The word beside each says it; the mark repeats
// it.
var marks = [...]string{stageToDo: "○ *To do.* ", stageNow: "▶ *Now.* ", stageDone: "✓ *Done.* ", stageFailed: "✗ *Failed.* ", stageUnknown: "? *Unknown.* ", stageAsks: "‖ *Needs a person.* "}

// stageLook is a stage as it stands.
type stageLook struct {
	runbook.Stage
	standing standing
	// open are the hosts whose step has not ended well.
	open []string
	// evidence is what is known of its steps, a line each, as people and hosts
	// said it; of a stage that is done in short.
	evidence     []string
	began, ended time.Time
}

// hostSaid is what is known of one step.
type hostSaid struct {
	host, text string
	// kept has a line of its own even where there is no room: somebody has
	// judged it, or it warns.
	kept bool
}

// look sums up what is known of the steps of a stage.
func (v view) look(s runbook.Stage) stageLook {
	l := stageLook{Stage: s}
	var all []hostSaid
	done, begun, failed, unknown, asks := 0, 0, 0, 0, 0
	for _, step := range s.Steps {
		life, ok := v.request.Step(step.ID)
		good := ok && !life.Open && life.Result.Good()
		if !good && !(ok && step.Optional && life.Result == runbook.Missed) {
			l.open = append(l.open, step.Host)
		}
		if !ok {
			continue
		}
		begun++
		if l.began.IsZero() || life.Began.Before(l.began) {
			l.began = life.Began
		}
		if life.Ended.After(l.ended) {
			l.ended = life.Ended
		}
		switch {
		case life.Open:
		case good:
			done++
		case life.Result == runbook.Missed && step.Optional:
			done++
		case life.Result == runbook.Unclear:
			unknown++
		case life.Result == runbook.Asks:
			asks++
		default:
			failed++
		}
		if life.Text != "" {
			text := life.Text
			switch life.Result {
			case runbook.AlreadySo:
				text = "Already so. " + text
			case runbook.Missed:
				text = "Not done, and it stops nothing. " + text
			}
			if life.Judge != nil {
				text += fmt.Sprintf(" %s said: %s.", v.name(life.Judge.By), lower(life.Judge.Text))
			}
			if life.Warn != "" {
				text += " " + life.Warn
			}
			all = append(all, hostSaid{step.Host, cut(text, 400), life.Judge != nil || life.Warn != "" || life.Result == runbook.Missed})
		}
	}
	switch {
	case done == len(s.Steps):
		l.standing = stageDone
	case unknown > 0:
		l.standing = stageUnknown
	case asks > 0:
		l.standing = stageAsks
	case failed > 0:
		l.standing = stageFailed
	case begun > 0:
		l.standing = stageNow
	}
	if l.standing == stageDone {
		l.evidence = inShort(all)
		return l
	}
	for _, one := range all {
		l.evidence = append(l.evidence, one.host+": "+one.text)
	}
	return l
}

// shortLine is how much of what went well stands on a card; the thread has all
// of it.
const shortLine = 240

// inShort says of a stage that is done in one line what its hosts said, the same
// words once.
func inShort(all []hostSaid) []string {
	var kept, words []string
	hosts := map[string][]string{}
	for _, one := range all {
		if one.kept {
			kept = append(kept, one.host+": "+one.text)
			continue
		}
		if hosts[one.text] == nil {
			words = append(words, one.text)
		}
		if !slices.Contains(hosts[one.text], one.host) {
			hosts[one.text] = append(hosts[one.text], one.host)
		}
	}
	for i, text := range words {
		words[i] = estate.Join(hosts[text]) + ": " + text
	}
	if len(words) == 0 {
		return kept
	}
	return append(kept, cut(strings.Join(words, " "), shortLine))
}

// looks sums up all stages.
func (v view) looks() []stageLook {
	all := make([]stageLook, len(v.plan.Stages))
	for i, s := range v.plan.Stages {
		all[i] = v.look(s)
	}
	return all
}

// evidenceRoom is how much evidence a card holds in all, in bytes: all blocks of
// a message share one limit.
const evidenceRoom = 5500

// shareEvidence cuts what the stages have to say to what the card has room for:
// what did not end well comes first, then what runs, then what is done. What is
// left out is counted.
func shareEvidence(stages []stageLook) {
	budget := evidenceRoom
	for _, good := range []bool{false, true} {
		for i := range stages {
			if l := &stages[i]; (l.standing == stageDone) == good {
				l.evidence, budget = afford(l.evidence, budget)
			}
		}
	}
}

// afford takes as many lines of evidence as the budget allows, and says how
// many it leaves to the thread.
func afford(evidence []string, budget int) ([]string, int) {
	for i, e := range evidence {
		if len(e) > budget || i == 12 {
			return append(evidence[:i:i], fmt.Sprintf("and %d more; the thread has them all", len(evidence)-i)), budget
		}
		budget -= len(escape(e))
	}
	return evidence, budget
}

// stages draws the plan as it stands.
func (v view) stages() []slack.Block {
	looks := v.looks()
	shareEvidence(looks)
	if v.planBlocks {
		return []slack.Block{v.planBlock(looks)}
	}
	return v.planSections(looks)
}

// perSection is how many stages stand in one section: more than one request of the
// method has, so that no stage stands alone below a gap.
const perSection = 15

// planSections draws a line for each stage, its evidence below.
func (v view) planSections(stages []stageLook) []slack.Block {
	var blocks []slack.Block
	var lines []string
	for i, l := range stages {
		title := l.Title
		switch l.standing {
		case stageDone:
			title = l.Done
		case stageNow:
			title = upper(l.Doing)
		}
		line := marks[l.standing] + escape(title) + "."
		for _, e := range l.evidence {
			line += "\n> " + escape(e)
		}
		lines = append(lines, line)
		if len(lines) == perSection || i == len(stages)-1 {
			blocks = append(blocks, sections(strings.Join(lines, "\n"))...)
			lines = nil
		}
	}
	return blocks
}
