package runbook

import (
	"fmt"
	"slices"
)

// Misfit is an event that a request in its state cannot take.
type Misfit struct {
	Request string
	State   State
	Kind    Kind
	Reason  string
}

func (m *Misfit) Error() string {
	s := fmt.Sprintf("%s is %s and cannot be %s", m.Request, m.State, m.Kind)
	if m.Reason != "" {
		s += ": " + m.Reason
	}
	return s
}

// Apply gives the request after an event. It is the only way in which a
// request changes, and it is pure: the same events give the same request, on
// any day and in any program. The request given is left as it is.
func (r Request) Apply(e Event) (Request, error) {
	to, ok := Next(r.State, e.Kind)
	if !ok {
		return r, &Misfit{Request: e.Request, State: r.State, Kind: e.Kind}
	}
	if r.State != None && e.Request != r.ID {
		return r, &Misfit{Request: r.ID, State: r.State, Kind: e.Kind, Reason: "the event is of " + e.Request}
	}
	from := r.State
	r.State = to
	if err := r.take(e); err != nil {
		return Request{}, err
	}
	r.Last = e.N
	if r.State != from {
		r.Changed, r.Since, r.Reminders = e.N, e.At, 0
	}
	if r.State.Ended() && !from.Ended() && r.Ended == nil {
		r.Ended = &Said{By: e.Actor, At: e.At}
	}
	return r, nil
}

// take reads the body of an event into the request.
func (r *Request) take(e Event) error {
	switch e.Kind {
	case Asked:
		return r.asked(e)
	case Unplanned:
		r.No = new(Refusal)
		return e.Read(r.No)
	case Proposed:
		var b ProposedBody
		if err := e.Read(&b); err != nil {
			return err
		}
		if b.Digest == "" || b.Needs.Count < 1 || len(b.Needs.Roles) == 0 {
			return &Misfit{Request: e.Request, State: r.State, Kind: e.Kind, Reason: "it names no plan or nobody to agree to it"}
		}
		r.Digest, r.Needs, r.Expires, r.Readings, r.Warnings = b.Digest, b.Needs, b.Expires, b.Readings, b.Warnings
	case Approved:
		return r.approved(e)
	case ReadAgain:
		var b ReadAgainBody
		if err := e.Read(&b); err != nil {
			return err
		}
		r.Expires, r.Readings, r.Warnings, r.ReadAgain = b.Expires, b.Readings, b.Warnings, e.At
	case Confirmed:
		return r.confirmed(e)
	case Stale:
		var b StaleBody
		if err := e.Read(&b); err != nil {
			return err
		}
		r.Moved = b.Moved
	case Started:
		r.Started, r.StartedAt = e.N, e.At
	case StageBegun:
		var b StageBody
		if err := e.Read(&b); err != nil {
			return err
		}
		r.Stage = b.Stage
	case Intent, Outcome:
		return r.step(e)
	case Progress:
		return r.progress(e)
	case Answered:
		return r.answered(e)
	case Waits:
		r.Waits, r.Stopping = new(WaitsBody), nil
		return e.Read(r.Waits)
	case StopAsked:
		r.Stopping = &Said{By: e.Actor, At: e.At}
	case Reminded:
		r.Reminders++
	case Resumed:
		r.Waits, r.Stopping = nil, nil
	case Interrupted:
		r.Waits = nil
	case Denied, Cancelled, Finished, LeftSo:
		var b TextBody
		if err := e.Read(&b); err != nil {
			return err
		}
		r.Ended = &Said{By: e.Actor, At: e.At, Text: b.Text}
	case Superseded, BackedOut:
		var b ByBody
		if err := e.Read(&b); err != nil {
			return err
		}
		if e.Kind == Superseded {
			r.TakenBy = b.By
		} else {
			r.BackedOutBy = b.By
		}
	case Opened, Extended, EndNear, Ending, OpeningEnded, EndFailed:
		return r.opening(e)
	case SetAged:
		return r.aged(e)
	}
	return nil
}

// aged notes which age of its set was said. It only ever grows.
func (r *Request) aged(e Event) error {
	var b AgedBody
	if err := e.Read(&b); err != nil {
		return err
	}
	if b.Hours <= r.Aged {
		return &Misfit{Request: r.ID, State: r.State, Kind: e.Kind, Reason: fmt.Sprintf("it was said already that its set is %d h old", r.Aged)}
	}
	r.Aged = b.Hours
	return nil
}

func (r *Request) asked(e Event) error {
	var b AskedBody
	if err := e.Read(&b); err != nil {
		return err
	}
	if e.Request == "" || b.Action == "" {
		return &Misfit{Request: e.Request, State: r.State, Kind: e.Kind, Reason: "it names no request or no action"}
	}
	r.ID, r.Upgrade, r.By, r.First, r.AskedAt = e.Request, e.Upgrade, e.Actor, e.N, e.At
	r.Action, r.Args, r.Line, r.Title, r.Risk, r.Undoes, r.Takes = b.Action, b.Args, b.Line, b.Title, b.Risk, b.Undoes, b.Takes
	return nil
}

// approved fills a seat. It knows nothing of roles; the policy was asked
// before the event was written. What it holds by itself: one person fills one
// seat, and only for the plan that is proposed.
func (r *Request) approved(e Event) error {
	var b ApprovedBody
	if err := e.Read(&b); err != nil {
		return err
	}
	misfit := &Misfit{Request: r.ID, State: r.State, Kind: e.Kind}
	switch {
	case b.Digest != r.Digest:
		misfit.Reason = "the approval is of another plan"
		return misfit
	case r.Seat(e.Actor) != nil:
		misfit.Reason = "this person has filled a seat already"
		return misfit
	case r.Needs.NotRequester && e.Actor == r.By:
		misfit.Reason = "nobody approves their own request"
		return misfit
	case !e.At.Before(r.Expires):
		misfit.Reason = "it has expired"
		return misfit
	}
	r.Seats = append(slices.Clone(r.Seats), Seat{By: e.Actor, At: e.At, Digest: b.Digest})
	switch {
	case r.Full() && r.Needs.SecondLook:
		r.State = InSecond
	case r.Full():
		r.State = Ready
	}
	return nil
}

// confirmed is the last word before what cannot be undone: by one of those who
// have agreed, to the plan that was read again.
func (r *Request) confirmed(e Event) error {
	var b ApprovedBody
	if err := e.Read(&b); err != nil {
		return err
	}
	misfit := &Misfit{Request: r.ID, State: InSecond, Kind: e.Kind}
	switch {
	case b.Digest != r.Digest:
		misfit.Reason = "it is of another plan"
	case r.ReadAgain.IsZero():
		misfit.Reason = "the plan was not read again"
	case r.Seat(e.Actor) == nil:
		misfit.Reason = "only who has approved it may let it start"
	case !e.At.Before(r.Expires):
		misfit.Reason = "it has expired"
	default:
		return nil
	}
	return misfit
}

func (r *Request) step(e Event) error {
	if e.Step == "" {
		return &Misfit{Request: r.ID, State: r.State, Kind: e.Kind, Reason: "it names no step"}
	}
	r.Steps = slices.Clone(r.Steps)
	i := slices.IndexFunc(r.Steps, func(s StepLife) bool { return s.ID == e.Step })
	if e.Kind == Intent {
		var b IntentBody
		if err := e.Read(&b); err != nil {
			return err
		}
		if i < 0 {
			r.Steps = append(r.Steps, StepLife{ID: e.Step, Began: e.At})
			i = len(r.Steps) - 1
		}
		s := &r.Steps[i]
		s.Attempts, s.Open, s.Result, s.Text, s.Warn, s.Ask, s.Judge, s.Artifacts = s.Attempts+1, true, "", "", "", nil, nil, nil
		return nil
	}
	if i < 0 || !r.Steps[i].Open {
		return &Misfit{Request: r.ID, State: r.State, Kind: e.Kind, Reason: "step " + e.Step + " has no open intent"}
	}
	var b OutcomeBody
	if err := e.Read(&b); err != nil {
		return err
	}
	s := &r.Steps[i]
	if (b.Result == Asks) != (b.Ask != nil && len(b.Ask.Answers) > 0) {
		return &Misfit{Request: r.ID, State: r.State, Kind: e.Kind, Reason: "a question without answers, or answers without a question"}
	}
	s.Open, s.Result, s.Text, s.Warn, s.Ask, s.Artifacts, s.Ended = false, b.Result, b.Text, b.Warn, b.Ask, b.Artifacts, e.At
	return nil
}

func (r *Request) progress(e Event) error {
	var b ProgressBody
	if err := e.Read(&b); err != nil {
		return err
	}
	r.Steps = slices.Clone(r.Steps)
	i := slices.IndexFunc(r.Steps, func(s StepLife) bool { return s.ID == e.Step })
	if i < 0 || !r.Steps[i].Open {
		return &Misfit{Request: r.ID, State: r.State, Kind: e.Kind, Reason: "step " + e.Step + " is not running"}
	}
	r.Steps[i].Text = b.Text
	if b.Task != "" {
		r.Steps[i].Task = b.Task
	}
	return nil
}

// answered takes a person's answer to what a step found. An answer to another
// finding than the one that is shown now does not count.
func (r *Request) answered(e Event) error {
	var b AnswerBody
	if err := e.Read(&b); err != nil {
		return err
	}
	misfit := &Misfit{Request: r.ID, State: r.State, Kind: e.Kind}
	r.Steps = slices.Clone(r.Steps)
	i := slices.IndexFunc(r.Steps, func(s StepLife) bool { return s.ID == e.Step })
	if i < 0 || r.Steps[i].Open || r.Steps[i].Result != Asks {
		misfit.Reason = "step " + e.Step + " asks nothing"
		return misfit
	}
	s := &r.Steps[i]
	answer, ok := s.Ask.Find(b.Word)
	switch {
	case s.Ask.Finding != b.Finding:
		misfit.Reason = "the answer is to another finding"
		return misfit
	case !ok:
		misfit.Reason = "there is no answer " + b.Word
		return misfit
	}
	s.Ask, s.Result = nil, NotDone
	if answer.Accepts {
		s.Result, s.Judge = Accepted, &Said{By: e.Actor, At: e.At, Text: answer.Label}
	}
	if !slices.ContainsFunc(r.Steps, func(s StepLife) bool { return s.Result == Asks }) {
		r.State, r.Waits = Running, nil
	}
	return nil
}
