package bot

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Slack publishes no limits for plan blocks but the shape (slack.md §4). These
// are ours: what a phone shows without cutting, and fewer tasks than a message
// may have blocks.
const (
	maxTasks     = 40
	maxTaskTitle = 150
	maxPlanTitle = 150
)

// planBlock draws the plan with Slack's own block. Its clients draw a mark for
// the state of a task and no word, so that the title carries it in words (UI.md
// §4).
func (v view) planBlock(stages []stageLook) slack.Block {
	var tasks []*slack.TaskCardBlock
	folded := foldDone(stages)
	for _, f := range folded {
		if f.last > f.first {
			tasks = append(tasks, slack.NewTaskCardBlock(fmt.Sprintf("steps-%d-%d", f.first, f.last), f.words).WithStatus(f.status))
			continue
		}
		l := stages[f.first-1]
		title, status := v.task(l)
		t := slack.NewTaskCardBlock("stage-"+l.ID, cut(visible(title), maxTaskTitle)).WithStatus(status)
		if len(l.evidence) > 0 {
			t.WithOutput(richLines(l.evidence))
		}
		tasks = append(tasks, t)
	}
	return slack.NewPlanBlock(cut(v.planTitle(stages), maxPlanTitle)).WithTasks(tasks...)
}

// fold is one task for the stages first to last, counted from 1.
type fold struct {
	first, last int
	words       string
	status      slack.TaskCardStatus
}

// foldDone gives each stage its task. Where there are more than a plan holds,
// neighbours that are done share one, and then those at the end that were not
// begun.
func foldDone(stages []stageLook) []fold {
	var folds []fold
	join := func(which standing, words string, status slack.TaskCardStatus, from int) {
		var joined []fold
		for i, f := range folds {
			last := len(joined) - 1
			if i > from && last >= 0 && stages[f.first-1].standing == which && stages[joined[last].first-1].standing == which {
				joined[last].last, joined[last].status = f.last, status
				joined[last].words = fmt.Sprintf(words, joined[last].first, f.last)
				continue
			}
			joined = append(joined, f)
		}
		folds = joined
	}
	for i := range stages {
		folds = append(folds, fold{first: i + 1, last: i + 1})
	}
	if len(folds) > maxTasks {
		join(stageDone, "Steps %d to %d done", slack.TaskCardStatusComplete, 0)
	}
	if len(folds) > maxTasks {
		join(stageToDo, "Not started: steps %d to %d", slack.TaskCardStatusPending, maxTasks-1)
	}
	if len(folds) > maxTasks {
		rest := folds[maxTasks-1:]
		folds = append(folds[:maxTasks-1:maxTasks-1], fold{rest[0].first, rest[len(rest)-1].last,
			fmt.Sprintf("Steps %d to %d: the thread has them", rest[0].first, rest[len(rest)-1].last), slack.TaskCardStatusInProgress})
	}
	return folds
}

// task gives the title of a stage, with its state in words, and Slack's name of
// the state.
func (v view) task(l stageLook) (string, slack.TaskCardStatus) {
	switch l.standing {
	case stageDone:
		return l.Done + span(l), slack.TaskCardStatusComplete
	case stageFailed:
		return "Failed: " + lower(l.Title) + l.on(), slack.TaskCardStatusError
	case stageUnknown:
		return "Unknown: " + lower(l.Title) + l.on(), slack.TaskCardStatusError
	case stageAsks:
		return "Needs a person: " + lower(l.Title) + l.on(), slack.TaskCardStatusInProgress
	case stageNow:
		if strings.HasPrefix(l.Doing, "waiting for ") {
			return upper(l.Doing), slack.TaskCardStatusInProgress
		}
		return "Waiting for " + estate.Join(l.open) + ": " + l.Doing, slack.TaskCardStatusInProgress
	}
	if v.request.State == runbook.Running && v.request.Stopping == nil {
		return l.Title, slack.TaskCardStatusPending
	}
	return "Not started: " + lower(l.Title), slack.TaskCardStatusPending
}

// on names the hosts of which a stage's state is true, unless it is true of all.
func (l stageLook) on() string {
	if len(l.open) == len(l.Steps) {
		return ""
	}
	return ", on " + estate.Join(l.open)
}

// span is when a stage was done. A title is plain text, in which no reader's own
// zone can stand.
func span(l stageLook) string {
	if l.began.IsZero() || l.ended.IsZero() {
		return ""
	}
	from, to := l.began.UTC().Format("15:04"), l.ended.UTC().Format("15:04")
	if from == to {
		return ", " + to + " UTC"
	}
	return ", " + from + " to " + to + " UTC"
}

// planTitle counts. The time is that of the last step that began or ended: a
// card is drawn by events and by no clock.
func (v view) planTitle(stages []stageLook) string {
	counts := map[standing]int{}
	last := v.request.StartedAt
	for _, l := range stages {
		counts[l.standing]++
		for _, at := range []time.Time{l.began, l.ended} {
			if at.After(last) {
				last = at
			}
		}
	}
	word := "hold"
	if s := v.request.State; s == runbook.Running || s == runbook.WasDone {
		word = "done"
	}
	parts := []string{fmt.Sprintf("%d of %d steps %s", counts[stageDone], len(stages), word)}
	for _, c := range []struct {
		standing standing
		words    string
	}{{stageFailed, "%d failed"}, {stageUnknown, "%d unknown"}, {stageAsks, "%d to be decided"}} {
		if n := counts[c.standing]; n > 0 {
			parts = append(parts, fmt.Sprintf(c.words, n))
		}
	}
	if took := last.Sub(v.request.StartedAt); !v.request.StartedAt.IsZero() && took > 0 {
		if v.request.State == runbook.Running {
			parts = append(parts, minutes(took)+" so far")
		} else {
			parts = append(parts, minutes(took))
		}
	}
	return strings.Join(parts, " · ")
}

// richLines are texts of people and hosts, one a line: in rich text nothing in
// them is markup.
func richLines(lines []string) *slack.RichTextBlock {
	var elements []slack.RichTextElement
	for _, l := range lines {
		elements = append(elements, slack.NewRichTextSection(slack.NewRichTextSectionTextElement(plain(l), nil)))
	}
	return slack.NewRichTextBlock("", elements...)
}

// checkPlan measures a plan block.
func checkPlan(b *slack.PlanBlock) error {
	if err := within("plan title", b.Title, maxPlanTitle); err != nil {
		return err
	}
	if len(b.Tasks) > maxTasks {
		return fmt.Errorf("%d tasks", len(b.Tasks))
	}
	ids := map[string]bool{}
	for _, t := range b.Tasks {
		if err := within("task title", t.Title, maxTaskTitle); err != nil {
			return err
		}
		if ids[t.TaskID] || t.TaskID == "" {
			return fmt.Errorf("task %q is there twice, or has no name", t.TaskID)
		}
		ids[t.TaskID] = true
		if t.Output == nil {
			continue
		}
		for _, e := range t.Output.Elements {
			s, ok := e.(*slack.RichTextSection)
			if !ok {
				return fmt.Errorf("output of %s holds %T", t.TaskID, e)
			}
			for _, leaf := range s.Elements {
				if text, ok := leaf.(*slack.RichTextSectionTextElement); ok {
					if err := within("output of "+t.TaskID, text.Text, maxText); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
