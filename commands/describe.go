package commands

import (
	"fmt"
	"strings"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// Describe says in a sentence what an event is, for the trail in the channel
// and for `/itms audit`. An event that it cannot read is said to be so.
func Describe(e runbook.Event, p runbook.Policy) string {
	who := p.Name(e.Actor)
	if s := describeBeside(e, who); s != "" {
		return s
	}
	switch e.Kind {
	case runbook.Asked:
		return with(e, func(b runbook.AskedBody) string { return fmt.Sprintf("%s asks: `/itms %s`.", who, b.Line) })
	case runbook.Unplanned:
		return with(e, func(b runbook.Refusal) string { return "No plan: " + b.Reason })
	case runbook.Proposed:
		return with(e, func(b runbook.ProposedBody) string {
			return fmt.Sprintf("Plan `%s` is proposed and expires %s.", runbook.Short(b.Digest), Time(b.Expires))
		})
	case runbook.Approved:
		return with(e, func(b runbook.ApprovedBody) string {
			return fmt.Sprintf("%s approved plan `%s`.", who, runbook.Short(b.Digest))
		})
	case runbook.ReadAgain:
		return with(e, func(b runbook.ReadAgainBody) string {
			return fmt.Sprintf("All have agreed. Everything was read again; one of them may start it until %s.", Time(b.Expires))
		})
	case runbook.Confirmed:
		return who + " starts it, after the second look."
	case runbook.Denied, runbook.Cancelled, runbook.LeftSo:
		return with(e, func(b runbook.TextBody) string { return ending(e.Kind, who, b.Text) })
	case runbook.Expired:
		return "Nobody agreed to it or started it in time. Nothing was done."
	case runbook.Checking:
		return "The plan is computed once more."
	case runbook.Stale:
		return "The estate has changed since the plan was made. Nothing was touched."
	case runbook.Started:
		return "The plan is the same. It starts."
	}
	if e.Kind == runbook.Observed {
		return with(e, func(b runbook.ObservedBody) string { return b.Text })
	}
	if e.Kind == runbook.SetAged {
		return with(e, agedSet)
	}
	if s := describeOpening(e); s != "" {
		return s
	}
	return describeRun(e, who)
}

// describeBeside says what happened beside every request, "" for what belongs to one.
func describeBeside(e runbook.Event, who string) string {
	switch e.Kind {
	case runbook.UpgradeOpened:
		return "Upgrade " + e.Upgrade + " was opened."
	case runbook.BotStarted:
		return with(e, func(b runbook.StartBody) string {
			return fmt.Sprintf("The bot started, version %s, configuration `%s`.", b.Version, runbook.Short(b.Config))
		})
	case runbook.BotStopped:
		return "The bot stopped."
	case runbook.Noted:
		return with(e, func(b runbook.TextBody) string { return who + " notes: “" + b.Text + "”" })
	case runbook.Drifted:
		return with(e, drift)
	case runbook.Held:
		return with(e, func(b runbook.TextBody) string { return who + " puts the upgrade on hold: “" + b.Text + "”" })
	case runbook.HoldEnded:
		return who + " ends the hold."
	case runbook.Signed, runbook.Unsigned:
		return with(e, func(b runbook.SignedBody) string { return signing(e.Kind, who, b) })
	case runbook.Parked:
		return with(e, func(b runbook.ParkedBody) string {
			return fmt.Sprintf("%s has refused the account `%s`. The bot does not use it any more, so that it is not locked.", b.Peer, b.Account)
		})
	case runbook.Unparked:
		return with(e, func(b runbook.ParkedBody) string {
			return fmt.Sprintf("%s lets the account of %s be tried once more.", who, b.Peer)
		})
	case runbook.Refused:
		return with(e, func(b runbook.RefusedBody) string {
			return fmt.Sprintf("%s was turned away from “%s”: %s", who, b.Line, b.Refusal.Reason)
		})
	}
	return ""
}

// drift says what a watch has found on a host.
func drift(b runbook.DriftBody) string {
	switch {
	case b.Open:
		return fmt.Sprintf("%s is not closed any more. %s", b.Host, b.Text)
	case b.Unknown:
		return fmt.Sprintf("Whether %s is still closed is unknown. %s", b.Host, b.Text)
	case b.Moved:
		return fmt.Sprintf("%s is not as it was left. %s", b.Host, b.Text)
	case b.Text != "":
		return fmt.Sprintf("%s is as it was left again. %s", b.Host, b.Text)
	}
	return b.Host + " is closed again."
}

// signing says what somebody vouches for.
func signing(k runbook.Kind, who string, b runbook.SignedBody) string {
	says := b.Fact
	if f, ok := actions.FactNamed(b.Fact); ok {
		says = f.Says
	}
	s := who + " vouches that " + says + "."
	if k == runbook.Unsigned {
		s = who + " does not vouch any more that " + says + "."
	}
	if b.Note != "" {
		s += " “" + b.Note + "”"
	}
	return s
}

// agedSet says how old the set of snapshots is, and what to do.
func agedSet(b runbook.AgedBody) string {
	switch {
	case b.Hours > actions.SetAlarm:
		return fmt.Sprintf("The snapshot set is %d days old. Snapshots should not be kept beyond 72 h: they grow and slow the servers. Decide today.", b.Hours/24)
	case b.Hours == actions.SetAlarm:
		return "The snapshot set is older than 72 h. VMware advises against that: it grows and slows the servers. Decide today."
	}
	return fmt.Sprintf("The snapshot set is %d h old. It grows and slows the servers. Commit it or roll back before it is 72 h old.", b.Hours)
}

// describeOpening says what became of an opening, "" for any other event.
func describeOpening(e runbook.Event) string {
	switch e.Kind {
	case runbook.Opened, runbook.Extended:
		return with(e, func(b runbook.OpenedBody) string {
			switch {
			case b.Until.IsZero():
				return "It is open, without an end."
			case e.Kind == runbook.Extended:
				return "It ends later now, " + Time(b.Until) + "."
			}
			return "It is open and ends " + Time(b.Until) + "."
		})
	case runbook.EndNear:
		return "It ends in ten minutes."
	case runbook.Ending:
		return "Its time is over. The bot closes it."
	case runbook.OpeningEnded:
		return with(e, func(b runbook.EndedBody) string {
			if b.By != "" {
				return b.By + " has closed it."
			}
			return "Its time was over: " + b.Text + "."
		})
	case runbook.EndFailed:
		return with(e, func(b runbook.TextBody) string { return "Its time is over and it could not be closed. " + b.Text })
	}
	return ""
}

func ending(k runbook.Kind, who, text string) string {
	s := map[runbook.Kind]string{
		runbook.Denied:    who + " said no. Nothing was done.",
		runbook.Cancelled: who + " withdrew it. Nothing was done.",
		runbook.LeftSo:    who + " left it as it is.",
	}[k]
	if text != "" {
		s += " “" + text + "”"
	}
	return s
}

// describeRun says what happened while a request runs.
func describeRun(e runbook.Event, who string) string {
	switch e.Kind {
	case runbook.StageBegun:
		return with(e, func(b runbook.StageBody) string { return "Stage " + b.Stage + " begins." })
	case runbook.Intent:
		return with(e, func(b runbook.IntentBody) string { return fmt.Sprintf("Step %s, attempt %d.", e.Step, b.Attempt) })
	case runbook.Outcome:
		return with(e, func(b runbook.OutcomeBody) string {
			return strings.TrimSpace(fmt.Sprintf("Step %s: %s. %s %s", e.Step, b.Result, b.Text, b.Warn)) + artifacts(b.Artifacts)
		})
	case runbook.Waits:
		return with(e, func(b runbook.WaitsBody) string { return "It needs a person. " + b.Text })
	case runbook.Progress:
		return with(e, func(b runbook.TextBody) string { return fmt.Sprintf("Step %s: %s", e.Step, b.Text) })
	case runbook.Answered:
		return with(e, func(b runbook.AnswerBody) string {
			return fmt.Sprintf("%s answers step %s: %s.", who, e.Step, b.Word)
		})
	case runbook.Reminded:
		return "It still needs somebody."
	case runbook.StopAsked:
		return who + " asked to stop. The running step finishes, no further step starts."
	case runbook.Resumed:
		return who + " lets it go on."
	case runbook.Interrupted:
		return "It was interrupted: the bot was started again."
	case runbook.Finished:
		return "It is done."
	case runbook.Superseded:
		return with(e, func(b runbook.ByBody) string { return b.By + " took its place." })
	case runbook.BackedOut:
		return with(e, func(b runbook.ByBody) string { return "It was taken back by " + b.By + "." })
	}
	return fmt.Sprintf("%s (this version has no words for it).", e.Kind)
}

// artifacts names the files beside the trail, as `itmsbot audit export` does.
func artifacts(list []runbook.Artifact) string {
	s := ""
	for _, a := range list {
		s += fmt.Sprintf(" File `%s`, %d bytes, `%s`.", strings.ReplaceAll(a.Name, "`", "'"), a.Bytes, runbook.Short(a.SHA256))
	}
	return s
}

func with[T any](e runbook.Event, say func(T) string) string {
	var b T
	if err := e.Read(&b); err != nil {
		return fmt.Sprintf("%s, whose details cannot be read.", e.Kind)
	}
	return say(b)
}

// LeftOut says in a sentence what a plan leaves out on somebody's word.
func LeftOut(l runbook.LeftOut) string {
	if l.Rule != "" {
		return fmt.Sprintf("%s, rule “%s” stays on, because “%s”.", l.Host, l.Rule, l.Because)
	}
	return fmt.Sprintf("%s, because “%s”.", l.Host, l.Because)
}

// Line is the line a request was asked with, as a command.
func Line(r runbook.Request) string { return "`/itms " + r.Line + "`" }

// CopyOf gives the words of a request's action, with the request that it takes
// back filled in. An action that this program does not know has none but its
// name.
func CopyOf(r runbook.Request) actions.Copy {
	a, ok := actions.Find(r.Action)
	if !ok {
		return actions.Copy{Title: r.Title, Wish: "carry out " + r.Action}
	}
	c := a.Copy
	for _, s := range []*string{&c.Title, &c.Wish, &c.Means, &c.Done, &c.DoneMeans, &c.Next, &c.Confirm} {
		*s = strings.ReplaceAll(*s, "{R}", r.Undoes)
		for name, value := range r.Args {
			*s = strings.ReplaceAll(*s, "{"+name+"}", value)
		}
	}
	return c
}
