package bot

import (
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"itmsbot/commands"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// at gives the number of the running stage and its place.
func (v view) at() (n int, stage runbook.Stage) {
	for i, s := range v.plan.Stages {
		if s.ID == v.request.Stage {
			return i + 1, s
		}
	}
	return 0, runbook.Stage{Doing: "looking at the plan once more"}
}

func (v view) running() drawing {
	r := v.request
	n, stage := v.at()
	of := fmt.Sprintf("Step %d of %d: %s.", n, len(v.plan.Stages), stage.Doing)
	if n == 0 {
		of = "It starts."
	}
	if r.Stopping != nil {
		return v.draw("stopping",
			fmt.Sprintf("*%s asked to stop %s.* The running step finishes, no further step starts.", v.name(r.Stopping.By), commands.Time(r.Stopping.At)),
			fmt.Sprintf("Stopping: %s, request %s, ends after step %d.", lower(v.copy.Title), r.ID, n), v.stages()...)
	}
	more := append(v.stages(), buttons(press{"Stop after this step", "stop " + r.ID, "", &question{
		"Stop " + r.ID + " after this step?", "The running step finishes. No further step starts. The doors stay as they are until you decide.",
		"Stop " + r.ID, "danger"}}))
	return v.draw("running", "*"+of+"* "+v.progress(stage)+v.copy.Means, fmt.Sprintf("%s is running, request %s. %s", v.copy.Title, r.ID, of), more...)
}

// progress is how far the running step is, where it is one and says so.
func (v view) progress(stage runbook.Stage) string {
	said := ""
	for _, s := range stage.Steps {
		if life, ok := v.request.Step(s.ID); ok && life.Open && life.Text != "" {
			if said != "" {
				return ""
			}
			said = cut(life.Text, 300) + " "
		}
	}
	return said
}

// needsPerson is a request that waits, or was found after a start.
func (v view) needsPerson() drawing {
	r := v.request
	state, lead, text, goOn := "interrupted", "*The bot was started again and then asked every server.* Nothing was repeated. "+v.settled(),
		"was interrupted, because the bot was started again.", "Go on"
	if r.State == runbook.Waiting {
		switch r.Waits.Why {
		case runbook.Stopped:
			state, lead, text = "stopped", "*"+r.Waits.Text+"* "+v.settled(), "is stopped. "+r.Waits.Text
		case runbook.StepUnknown:
			state, lead, text, goOn = "outcome unknown", "*What became of a step is not known.* The bot does not repeat it blindly. "+v.settled(), "has a step whose outcome is unknown. Look again before anything else.", "Look again"
		case runbook.HasQuestion:
			return v.question()
		default:
			state, lead, text, goOn = "failed", "*A step failed.* "+v.beside()+v.settled(), "failed. "+r.Waits.Text, "Try again"
		}
	}
	more := append(v.stages(), v.choices(goOn))
	return v.draw(state, lead, fmt.Sprintf("%s %s Request %s needs a person: %s, leave it so, or back out.", v.copy.Title, text, r.ID, lower(goOn)), more...)
}

// question is a request that asks people to judge what a step has found.
func (v view) question() drawing {
	r := v.request
	asking := r.Asking()
	step, finding, answers := "all", r.Findings(), asking[0].Ask.Answers
	if len(asking) == 1 {
		step, finding = asking[0].ID, asking[0].Ask.Finding
	}
	var list []press
	for _, a := range answers {
		// Where several steps ask, an answer to all is offered only if each
		// of them knows it.
		if slices.ContainsFunc(asking, func(s runbook.StepLife) bool { _, ok := s.Ask.Find(a.Word); return !ok }) {
			continue
		}
		label, leads := a.Label, a.Leads
		if len(asking) > 1 {
			// The words of one finding would be wrong for another.
			label, leads = "Look again at all", fmt.Sprintf("The bot looks again at all %d findings.", len(asking))
			if a.Accepts {
				label, leads = fmt.Sprintf("Accept all %d", len(asking)), fmt.Sprintf("You say that none of these %d findings stops the upgrade. The request goes on.", len(asking))
			}
		}
		list = append(list, press{label, fmt.Sprintf("answer %s %s %s %s", r.ID, step, a.Word, finding), "", &question{
			title: label + "?", text: leads + " Your name, the time and what was found are recorded.", yes: label}})
	}
	if v.reversible() {
		back := v.backOut("Back out")
		list = append(list, back)
	}
	more := append(v.stages(), buttons(list...))
	return v.draw("needs a person", "*The bot cannot judge what it found.* Nothing changes until somebody decides. "+cut(r.Waits.Text, 600),
		fmt.Sprintf("%s needs a person, request %s. %s", v.copy.Title, r.ID, r.Waits.Text), more...)
}

// settled counts what is done, what is not, and what is not known.
func (v view) settled() string {
	good, open, rest := 0, 0, 0
	for _, s := range v.plan.Steps() {
		life, ok := v.request.Step(s.ID)
		switch {
		case ok && !life.Open && life.Result.Good():
			good++
		case ok && (life.Open || life.Result == runbook.Unclear):
			open++
		default:
			rest++
		}
	}
	all := len(v.plan.Steps())
	var said []string
	for _, of := range []struct {
		n    int
		what string
	}{{good, "done"}, {open, "unknown"}, {rest, "not done"}} {
		switch {
		case of.n == all && all == 1:
			return "The only step is " + of.what + "."
		case of.n == all:
			return fmt.Sprintf("All %d steps are %s.", all, of.what)
		case of.n == 1:
			said = append(said, "1 is "+of.what)
		case of.n > 1:
			said = append(said, fmt.Sprintf("%d are %s", of.n, of.what))
		}
	}
	return fmt.Sprintf("Of %d steps %s.", all, estate.Join(said))
}

// beside says of a stage of several steps that one which fails cancels none of them.
func (v view) beside() string {
	if _, stage := v.at(); len(stage.Steps) > 1 {
		return "The steps beside it have finished. "
	}
	return ""
}

func (v view) choices(goOn string) slack.Block {
	r := v.request
	list := []press{{goOn, "resume " + r.ID, "primary", &question{goOn + " with " + r.ID + "?",
		"The bot looks at every step first and does only what is not done. Finished steps are not repeated.", goOn, "primary"}},
		{"Leave it so", "leave " + r.ID, "", nil}} // a form asks for the reason
	if v.reversible() {
		list = append(list, v.backOut("Back out"))
	}
	return buttons(list...)
}

// reversible reports whether anything of the request could be taken back.
func (v view) reversible() bool {
	return v.request.Undoes == "" && slices.ContainsFunc(v.plan.Steps(), func(s runbook.Step) bool { return s.WayBack != "" })
}

func (v view) backOut(text string) press {
	r := v.request
	return press{text, "undo " + r.ID, "danger", &question{"Ask to back out of " + r.ID + "?",
		"The bot plans the way back from what was recorded before each step. It is a request of its own, with its own approval.", "Ask to back out", "danger"}}
}

func (v view) done() drawing {
	r, c := v.request, v.copy
	lead := "*" + c.Done + "* " + c.DoneMeans
	state, text := "done", fmt.Sprintf("%s is done, request %s. %s %s", c.Title, r.ID, c.Done, c.DoneMeans)
	if r.BackedOutBy != "" {
		lead = fmt.Sprintf("*It was done, and %s took it back.* What it changed is as it was before.", r.BackedOutBy)
		state, text = "backed out", fmt.Sprintf("Backed out: %s, request %s, was taken back by %s.", lower(c.Title), r.ID, r.BackedOutBy)
	}
	next := [2]string{"Comes next", escape(c.Next)}
	over := r.Opening != nil && r.Opening.Ended != nil
	if over && r.BackedOutBy == "" {
		lead = "*It was done, and it is over.* Nobody comes in by it any more."
		text = fmt.Sprintf("%s was done and is over, request %s. Nobody comes in by it any more.", c.Title, r.ID)
		next = [2]string{"Comes next", "Nothing of it is left to do."}
	}
	more := v.stages()
	took := ""
	if r.Ended != nil {
		took = fmt.Sprintf("%d of %d steps in %s.", len(v.plan.Steps()), len(v.plan.Steps()), minutes(r.Ended.At.Sub(r.StartedAt)))
	}
	if r.BackedOutBy == "" {
		more = append(more, fields(next, [2]string{"Done", escape(took)}))
		if v.reversible() && !over {
			back := v.backOut("Back out")
			back.style = "" // nothing is wrong; the question before it is red
			more = append(more, buttons(back))
		}
	}
	return v.draw(state, lead, text, more...)
}

// ended draws the ends that touched nothing, and those that a person chose.
func (v view) ended() drawing {
	r := v.request
	again := fmt.Sprintf(" Ask again with `/itms %s`.", r.Line)
	by, why := "", ""
	if r.Ended != nil {
		by = v.name(r.Ended.By)
		if r.Ended.Text != "" {
			why = " “" + r.Ended.Text + "”"
		}
	}
	name := lower(v.copy.Title)
	switch r.State {
	case runbook.WasNo:
		hint := ""
		if r.No.Hint != "" {
			hint = " " + r.No.Hint
		}
		return v.draw("no plan", "*Nothing was done.* "+r.No.Reason+hint, fmt.Sprintf("No plan, request %s: %s. Nothing was done. %s", r.ID, name, r.No.Reason))
	case runbook.WasDeny:
		return v.draw("denied", fmt.Sprintf("*%s said no %s. Nothing was done.*%s%s", by, commands.Time(r.Ended.At), why, again),
			fmt.Sprintf("Denied by %s: %s, request %s. Nothing was done.", by, name, r.ID))
	case runbook.WasDrop:
		return v.draw("withdrawn", fmt.Sprintf("*%s withdrew this %s. Nothing was done.*%s", by, commands.Time(r.Ended.At), why),
			fmt.Sprintf("Withdrawn by %s: %s, request %s. Nothing was done.", by, name, r.ID))
	case runbook.WasLate:
		if r.Full() {
			return v.draw("expired", fmt.Sprintf("*Nobody started it in time after the second look. Nothing was done.*%s The plan is made anew.", again),
				fmt.Sprintf("Expired: %s, request %s, was agreed to and not started in time. Nothing was done. Ask again.", name, r.ID))
		}
		return v.draw("expired", fmt.Sprintf("*Nobody approved within %s. Nothing was done.*%s The plan is made anew.", minutes(v.policy.Wait()), again),
			fmt.Sprintf("Expired: %s, request %s, was not approved in time. Nothing was done. Ask again.", name, r.ID))
	case runbook.WasStale:
		return v.stale()
	case runbook.WasLeft:
		return v.draw("left as it is", fmt.Sprintf("*%s left it as it is %s.*%s %s", by, commands.Time(r.Ended.At), why, v.settled()),
			fmt.Sprintf("Left as it is by %s: %s, request %s.", by, name, r.ID), v.stages()...)
	}
	if r.BackedOutBy != "" {
		return v.draw("backed out", fmt.Sprintf("*%s took it back.* What it changed is as it was before.", r.BackedOutBy),
			fmt.Sprintf("Backed out: %s, request %s, was taken back by %s.", name, r.ID, r.BackedOutBy), v.stages()...)
	}
	return v.draw("superseded", fmt.Sprintf("*%s took its place.* What becomes of it stands on the card of %s.", r.TakenBy, r.TakenBy),
		fmt.Sprintf("%s took the place of %s, request %s.", r.TakenBy, name, r.ID), v.stages()...)
}

func (v view) stale() drawing {
	r := v.request
	rows := [][]string{{"What moved", "In the plan", "Now"}}
	for _, m := range r.Moved {
		rows = append(rows, []string{m.What, m.Then, m.Now})
	}
	var more []slack.Block
	if len(rows) > 1 {
		more = append(more, table(rows))
	}
	more = append(more, buttons(press{"Ask again with the new plan", r.Line, "primary", nil}))
	return v.draw("out of date", "*The estate has changed since the plan was made, so nothing was touched.* The approval was for another plan. Read what moved, then ask again.",
		fmt.Sprintf("%s was not started, request %s: the estate has changed since the plan was made. Nothing was touched.", v.copy.Title, r.ID), more...)
}
