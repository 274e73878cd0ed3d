package commands

import (
	"fmt"
	"strings"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// commands lists every word, in the order of the help. An action's line
// follows from its value.
func (r *Router) commands() []command {
	var table []command
	for _, a := range actions.Catalog {
		table = append(table, command{name: a.Name, args: a.Args, summary: a.Summary, run: r.ask(a)})
	}
	return append(table,
		command{name: "plan", args: "ACTION", summary: "show what an action would do, to you alone; proposes nothing", looks: true, run: r.plan},
		command{name: "approve", args: "R-n PLAN", summary: "agree to exactly this plan", run: r.approve},
		command{name: "start", args: "R-n PLAN", summary: "start what cannot be undone, after its second look", run: r.start},
		command{name: "deny", args: "R-n [why]", summary: "end a proposal", run: ended((*actions.Engine).Deny, "denied", r.engine)},
		command{name: "cancel", args: "R-n [why]", summary: "withdraw a proposal", run: ended((*actions.Engine).Cancel, "withdrawn", r.engine)},
		command{name: "stop", args: "[R-n]", summary: "stop after the running step", run: r.stop},
		command{name: "resume", args: "[R-n]", summary: "end a hold, or go on with the stored plan, doing only what is not done", run: r.resume},
		command{name: "hold", args: "why", summary: "let nothing be asked for but looks, stop and rollback", run: r.hold},
		command{name: "sign", args: "FACT [evidence]", summary: "vouch for a fact that the bot cannot look at", run: r.sign((*actions.Engine).Sign, "signed")},
		command{name: "unsign", args: "FACT [why]", summary: "take a signature back", run: r.sign((*actions.Engine).Unsign, "not signed any more")},
		command{name: "why", args: "ACTION", summary: "the rules of an action, and how they stand now", looks: true, run: r.why},
		command{name: "answer", args: "R-n STEP WORD FINDING", summary: "answer what a step asks; the card has the buttons", run: r.answer},
		command{name: "leave", args: "R-n why", summary: "end a waiting request as it stands", run: ended((*actions.Engine).Leave, "left as it is", r.engine), asks: r.whyLeave},
		command{name: "status", summary: "what is so now, and what waits for whom", looks: true, run: r.status},
		command{name: "firewall", args: "[SERVER]", summary: "who can reach what right now, read from the servers", looks: true, run: r.firewall},
		command{name: "queues", summary: "what waits in the event queue", looks: true, run: r.glance("queues", "Event queue", false)},
		command{name: "logs", args: "[SERVER]", summary: "errors that are new or have grown", looks: true, run: r.glance("logs", "Logs", true)},
		command{name: "disk", summary: "free space on SMP and SQL Server", looks: true, run: r.glance("disk", "Free space", false)},
		command{name: "backups", summary: "the backups of CMDB and files, and the databases beside it", looks: true, run: r.glance("backups", "Backups", false)},
		command{name: "services", args: "[SERVER]", summary: "what runs, beside what ran when it was recorded", looks: true, run: r.glance("services", "Services", true)},
		command{name: "snapshots", args: "[SERVER]", summary: "the snapshots of each server, and how old they are", looks: true, run: r.glance("snapshots", "Snapshots", true)},
		command{name: "check", args: "SERVER", summary: "log on once more where the log-on was refused, and look", run: r.check},
		command{name: "note", args: "TEXT", summary: "put a decision into the trail", run: r.note},
		command{name: "audit", args: "[n]", summary: "the last lines of the trail", looks: true, run: r.audit},
		command{name: "help", args: "[ACTION]", summary: "this list, or all of one action", looks: true, run: r.help},
		command{name: "menu", summary: "what makes sense now", looks: true, run: r.menu},
	)
}

// ask makes the command of an action.
func (r *Router) ask(a *actions.Action) func(actions.Tx, actions.Order, []string) (Reply, *runbook.Refusal, error) {
	return func(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
		args, no := a.Arguments(a.Spelled(r.engine.Env().Estate, words))
		if no != nil {
			return Reply{}, no, nil
		}
		req, again, no, err := r.engine.Ask(tx, o, a, args)
		switch {
		case no != nil || err != nil:
			return Reply{}, no, err
		case again:
			return Reply{Text: fmt.Sprintf("*Asked already.* %s is %s; its card is in the channel.", req.ID, req.State)}, nil, nil
		}
		return Reply{Text: fmt.Sprintf("*Asked, as %s.* The bot looks at the servers and posts the plan in the channel. Nothing is touched before it is approved.", req.ID)}, nil, nil
	}
}

func (r *Router) approve(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) != 2 {
		return Reply{}, runbook.Refuse("For example `/itms approve R-12 9f3c21ab`, or press *Approve* on the card.", "Say which request and which plan."), nil
	}
	req, no, err := r.engine.Approve(tx, o, strings.ToUpper(words[0]), strings.ToLower(words[1]))
	if no != nil || err != nil {
		return Reply{}, no, err
	}
	text := fmt.Sprintf("*Approved.* You agreed to plan `%s` of %s.", runbook.Short(req.Digest), req.ID)
	switch req.State {
	case runbook.InSecond:
		text += " The bot reads everything once more; then one of you starts it within ten minutes."
	case runbook.InOffer:
		text += fmt.Sprintf(" It still needs %s.", runbook.Names(r.engine.Policy().CanFill(req), "or"))
	default:
		text += " The bot computes it once more, then starts."
	}
	return Reply{Text: text}, nil, nil
}

// start is the last word before what cannot be undone.
func (r *Router) start(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) != 2 {
		return Reply{}, runbook.Refuse("For example `/itms start R-12 9f3c21ab`, or press *Start* on the card.", "Say which request and which plan."), nil
	}
	req, no, err := r.engine.Start(tx, o, strings.ToUpper(words[0]), strings.ToLower(words[1]))
	if no != nil || err != nil {
		return Reply{}, no, err
	}
	return Reply{Text: fmt.Sprintf("*%s starts.* The bot computes the plan once more first.", req.ID)}, nil, nil
}

// ended makes the commands that end a request with a reason in words.
func ended(decide func(*actions.Engine, actions.Tx, actions.Order, string, string) (runbook.Request, *runbook.Refusal, error), done string, e *actions.Engine) func(actions.Tx, actions.Order, []string) (Reply, *runbook.Refusal, error) {
	return func(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
		if len(words) == 0 {
			return Reply{}, runbook.Refuse("For example R-12; `/itms status` lists the open ones.", "Say which request."), nil
		}
		req, no, err := decide(e, tx, o, strings.ToUpper(words[0]), strings.Join(words[1:], " "))
		if no != nil || err != nil {
			return Reply{}, no, err
		}
		return Reply{Text: fmt.Sprintf("*%s is %s.*", req.ID, done)}, nil, nil
	}
}

func (r *Router) stop(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	req, no, err := r.engine.Stop(tx, o, first(words))
	if no != nil || err != nil {
		return Reply{}, no, err
	}
	if req.State == runbook.WasDrop {
		return Reply{Text: fmt.Sprintf("*%s is stopped.* Nothing was touched.", req.ID)}, nil, nil
	}
	return Reply{Text: fmt.Sprintf("*%s stops after the running step.* No further step starts.", req.ID)}, nil, nil
}

func (r *Router) resume(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) == 0 {
		if ended, no, err := r.engine.Release(tx, o); ended || no != nil || err != nil {
			return Reply{Text: "*The hold is over.* Everything may be asked for again."}, no, err
		}
	}
	req, no, err := r.engine.Resume(tx, o, first(words))
	if no != nil || err != nil {
		return Reply{}, no, err
	}
	return Reply{Text: fmt.Sprintf("*%s goes on.* Every step is looked at first; only what is not done is done.", req.ID)}, nil, nil
}

func (r *Router) answer(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	if len(words) != 4 {
		return Reply{}, runbook.Refuse("Press a button on the card.", "An answer names the request, the step, the word and what was found."), nil
	}
	req, no, err := r.engine.Answer(tx, o, strings.ToUpper(words[0]), words[1], strings.ToLower(words[2]), strings.ToLower(words[3]))
	if no != nil || err != nil {
		return Reply{}, no, err
	}
	text := fmt.Sprintf("*Recorded, with your name.* %s goes on.", req.ID)
	if req.State == runbook.Waiting {
		text = fmt.Sprintf("*Recorded, with your name.* %s has more to ask.", req.ID)
	}
	return Reply{Text: text}, nil, nil
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return strings.ToUpper(words[0])
}

func (r *Router) note(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error) {
	text := strings.Join(words, " ")
	if no := r.engine.Policy().MayAct(o.By, "note …"); no != nil {
		return Reply{}, no, nil
	}
	if text == "" {
		return Reply{}, runbook.Refuse("For example `/itms note release notes read again, nothing new`.", "A note needs words."), nil
	}
	written, err := add(tx, o, runbook.Noted, runbook.TextBody{Text: text})
	if err != nil {
		return Reply{}, nil, err
	}
	return Reply{Text: fmt.Sprintf("*Noted.* It is entry %d of the trail.", written.N)}, nil, nil
}
