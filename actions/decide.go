package actions

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"itmsbot/runbook"
)

// Order is who wants something, and by which way it came.
type Order struct {
	By       runbook.Person
	Door     string
	Delivery int64
	// Line is what was typed or what the button stands for.
	Line string
}

// The functions below are decisions: each runs inside one write transaction,
// reads what is so in it, and either adds events or refuses. A refusal is no
// error: the transaction stands, and an expiry that it found is written.

// Ask begins a request. The plan is made afterwards; that it was asked is on
// disk first. A second wish for the same while the first is open is answered
// with the first.
func (e *Engine) Ask(tx Tx, o Order, action *Action, args map[string]string) (r runbook.Request, again bool, no *runbook.Refusal, err error) {
	if no := e.policy.MayAct(o.By, o.Line); no != nil {
		return r, false, no, nil
	}
	if no, err := e.held(tx, action, "Not asked for"); no != nil || err != nil {
		return r, false, no, err
	}
	live, err := tx.Live()
	if err != nil {
		return r, false, nil, err
	}
	for _, open := range live {
		if open.Action == action.Name && maps.Equal(open.Args, args) {
			return open, true, nil, nil
		}
	}
	body := runbook.AskedBody{Action: action.Name, Args: args, Line: o.Line, Risk: action.RiskWith(args), Title: action.Copy.Title, Takes: action.Takes}
	if action.Name == undo.Name {
		if body, no, err = takeBack(tx, body, args["request"]); no != nil || err != nil {
			return r, false, no, err
		}
	}
	upgrade, err := tx.Upgrade()
	if err != nil {
		return r, false, nil, err
	}
	id, err := tx.NewRequestID()
	if err != nil {
		return r, false, nil, err
	}
	if err := addTo(tx, o, runbook.Request{ID: id, Upgrade: upgrade}, runbook.Asked, "", body); err != nil {
		return r, false, nil, err
	}
	r, err = tx.Request(id)
	return r, false, nil, err
}

// takeBack says whether a request can be undone at all, and titles the undo.
func takeBack(tx Tx, b runbook.AskedBody, id string) (runbook.AskedBody, *runbook.Refusal, error) {
	target, no, err := find(tx, id)
	if no != nil || err != nil {
		return b, no, err
	}
	switch {
	case target.BackedOutBy != "":
		return b, runbook.Refuse("`/itms status` says what is so now.", "%s was taken back by %s already.", id, target.BackedOutBy), nil
	case target.State.Untouched():
		return b, runbook.Refuse("", "%s changed nothing (%s), so there is nothing to take back.", id, target.State), nil
	}
	if a, ok := Find(target.Action); ok {
		if why, none := a.NoWayBack(); none {
			return b, runbook.Refuse("", "%s cannot be taken back: %s.", id, why), nil
		}
	}
	b.Undoes, b.Risk, b.Title = id, target.Risk, strings.ReplaceAll(b.Title, "{R}", id)
	return b, nil, nil
}

// Approve fills a seat. digest is what the button carries, or at least 8 of
// its digits typed.
func (e *Engine) Approve(tx Tx, o Order, id, digest string) (runbook.Request, *runbook.Refusal, error) {
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	if no := e.open(r); no != nil {
		return r, no, nil
	}
	if r.State == runbook.InAsked {
		return r, runbook.Refuse("Wait for the card.", "%s has no plan yet.", id), nil
	}
	if r.State == runbook.Ready {
		return r, runbook.Refuse("", "%s has all its approvals and is about to start.", id), nil
	}
	if r.State == runbook.InSecond {
		return r, runbook.Refuse("Who has approved it reads the card once more and presses *Start*.", "%s has all its approvals.", id), nil
	}
	if action, ok := Find(r.Action); ok {
		if no, err := e.held(tx, action, "Not counted"); no != nil || err != nil {
			return r, no, err
		}
	}
	if !tx.Now().Before(r.Expires) {
		return e.expire(tx, o, r)
	}
	if no := e.policy.MayFill(r, o.By); no != nil {
		return r, no, nil
	}
	if s := r.Seat(o.By); s != nil {
		return r, &runbook.Refusal{Lead: "Not counted twice",
			Reason: fmt.Sprintf("You approved %s already. One person fills one seat.", id),
			Hint:   fmt.Sprintf("Waiting for %s.", runbook.Names(e.policy.CanFill(r), "or"))}, nil
	}
	if len(digest) < 8 || !strings.HasPrefix(r.Digest, digest) {
		return r, &runbook.Refusal{Lead: "Not approved",
			Reason: fmt.Sprintf("The card you pressed shows plan `%s`; %s is `%s`.", runbook.Short(digest), id, runbook.Short(r.Digest)),
			Hint:   "Read the current card."}, nil
	}
	holder, err := slotHolder(tx, id)
	if err != nil {
		return r, nil, err
	}
	if holder != nil && !mayTake(r, *holder) {
		return r, busy(*holder), nil
	}
	if err := addTo(tx, o, r, runbook.Approved, "", runbook.ApprovedBody{Digest: r.Digest}); err != nil {
		return r, nil, err
	}
	r, err = tx.Request(id)
	return r, nil, err
}

// Deny ends a request before it runs, by an approver's word.
func (e *Engine) Deny(tx Tx, o Order, id, reason string) (runbook.Request, *runbook.Refusal, error) {
	if no := e.only(o, "deny "+id, runbook.Approver); no != nil {
		return runbook.Request{}, no, nil
	}
	return e.end(tx, o, id, runbook.Denied, reason)
}

// Cancel withdraws a request before it runs: its requester, or any approver.
func (e *Engine) Cancel(tx Tx, o Order, id, reason string) (runbook.Request, *runbook.Refusal, error) {
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	if no := e.policy.MayAct(o.By, "cancel "+id); no != nil {
		return r, no, nil
	}
	if m, _ := e.policy.Member(o.By); o.By != r.By && m.Role != runbook.Approver {
		return r, runbook.Refuse("", "%s was asked for by %s; they or an approver can withdraw it.", id, e.policy.Name(r.By)), nil
	}
	return e.end(tx, o, id, runbook.Cancelled, reason)
}

func (e *Engine) end(tx Tx, o Order, id string, kind runbook.Kind, reason string) (runbook.Request, *runbook.Refusal, error) {
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	if _, ok := runbook.Next(r.State, kind); !ok {
		if no := e.open(r); no != nil {
			return r, no, nil
		}
		return r, runbook.Refuse("`/itms stop` ends it after the running step.", "%s is %s already.", id, r.State), nil
	}
	if r.State == runbook.InCheck {
		return r, runbook.Refuse("`/itms stop` ends it after the running step.", "%s is starting.", id), nil
	}
	if (r.State == runbook.InOffer || r.State == runbook.InSecond) && !tx.Now().Before(r.Expires) {
		return e.expire(tx, o, r)
	}
	if err := addTo(tx, o, r, kind, "", runbook.TextBody{Text: reason}); err != nil {
		return r, nil, err
	}
	r, err = tx.Request(id)
	return r, nil, err
}

// Expire ends a proposal whose time is over. It does nothing to any other.
func (e *Engine) Expire(tx Tx, o Order, id string) (*runbook.Refusal, error) {
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return no, err
	}
	if (r.State == runbook.InOffer || r.State == runbook.InSecond) && !tx.Now().Before(r.Expires) {
		_, _, err = e.expire(tx, o, r)
	}
	return nil, err
}

func (e *Engine) expire(tx Tx, o Order, r runbook.Request) (runbook.Request, *runbook.Refusal, error) {
	by := Order{By: runbook.Clock, Door: "clock", Delivery: o.Delivery}
	if err := addTo(tx, by, r, runbook.Expired, "", nil); err != nil {
		return r, nil, err
	}
	return r, runbook.Refuse("Ask again with `/itms "+r.Line+"`.", "%s has expired.", r.ID), nil
}

// reminders are how long a request may need somebody before they are told
// again. After the last one it is repeated every half hour.
var reminders = []time.Duration{10 * time.Minute, 30 * time.Minute}

// Remind tells people again about everything that needs them: 10 and 30
// minutes after it began to, then every half hour. A reminder is an event like
// any other message.
func (e *Engine) Remind(tx Tx) error {
	live, err := tx.Live()
	if err != nil {
		return err
	}
	for _, r := range live {
		after := reminders[min(r.Reminders, len(reminders)-1)]
		if more := r.Reminders - len(reminders) + 1; more > 0 {
			after += time.Duration(more) * 30 * time.Minute
		}
		if _, ok := runbook.Next(r.State, runbook.Reminded); !ok || tx.Now().Sub(r.Since) < after {
			continue
		}
		if (r.State == runbook.InOffer || r.State == runbook.InSecond) && !tx.Now().Before(r.Expires) {
			continue // it expires now
		}
		by := Order{By: runbook.Clock, Door: "clock"}
		if err := addTo(tx, by, r, runbook.Reminded, "", runbook.RemindedBody{Nth: r.Reminders + 1}); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends a running request after its running steps. id may be empty for
// whatever is running.
func (e *Engine) Stop(tx Tx, o Order, id string) (runbook.Request, *runbook.Refusal, error) {
	if no := e.policy.MayAct(o.By, "stop"); no != nil {
		return runbook.Request{}, no, nil
	}
	r, no, err := holderOr(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	switch {
	case r.State == runbook.InCheck:
		err = addTo(tx, o, r, runbook.Cancelled, "", runbook.TextBody{Text: "stopped before anything was touched"})
	case r.State != runbook.Running:
		return r, runbook.Refuse("Its card has the buttons.", "%s is %s and does nothing by itself.", r.ID, r.State), nil
	case r.Stopping != nil:
		return r, runbook.Refuse("", "%s has asked to stop already; the running step finishes first.", e.policy.Name(r.Stopping.By)), nil
	default:
		err = addTo(tx, o, r, runbook.StopAsked, "", nil)
	}
	if err != nil {
		return r, nil, err
	}
	r, err = tx.Request(r.ID)
	return r, nil, err
}

// Resume lets a waiting or interrupted request go on with its stored plan:
// every step is looked at first, and only what is not done is done.
func (e *Engine) Resume(tx Tx, o Order, id string) (runbook.Request, *runbook.Refusal, error) {
	if no := e.policy.MayAct(o.By, o.Line); no != nil {
		return runbook.Request{}, no, nil
	}
	r, no, err := holderOr(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	if r.State != runbook.Waiting && r.State != runbook.Broken {
		if no := e.open(r); no != nil {
			return r, no, nil
		}
		return r, runbook.Refuse("", "%s is %s; there is nothing to go on with.", r.ID, r.State), nil
	}
	if r.State == runbook.Broken && len(e.policy.With(runbook.Operator)) > 0 {
		if no := e.only(o, o.Line, runbook.Operator); no != nil {
			return r, no, nil
		}
	}
	if no, err := takenNow(tx, r); no != nil || err != nil {
		return r, no, err
	}
	if err := addTo(tx, o, r, runbook.Resumed, "", runbook.TextBody{}); err != nil {
		return r, nil, err
	}
	r, err = tx.Request(r.ID)
	return r, nil, err
}

// takenNow refuses to let a request go on whose place is taken at this moment: what
// takes it would find it running, and be turned away.
func takenNow(tx Facts, r runbook.Request) (*runbook.Refusal, error) {
	live, err := tx.Live()
	if err != nil || !slices.ContainsFunc(live, func(u runbook.Request) bool {
		return mayTake(u, r) && (u.State == runbook.Ready || u.State == runbook.InCheck)
	}) {
		return nil, err
	}
	return runbook.Refuse("", "What takes the place of %s is approved and starts now.", r.ID), nil
}

// Answer answers what a step asks. finding is the digest of what the person was
// shown: an answer to something else does not count.
func (e *Engine) Answer(tx Tx, o Order, id, step, word, finding string) (runbook.Request, *runbook.Refusal, error) {
	if no := e.policy.MayAct(o.By, o.Line); no != nil {
		return runbook.Request{}, no, nil
	}
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	if r.State == runbook.Waiting {
		if no, err := takenNow(tx, r); no != nil || err != nil {
			return r, no, err
		}
	}
	if step == everything {
		return e.answerAll(tx, o, r, word, finding)
	}
	life, _ := r.Step(step)
	_, known := life.Ask.Find(word)
	switch {
	case r.State != runbook.Waiting || life.Result != runbook.Asks:
		return r, runbook.Refuse("Its card says where it is.", "Step %s of %s asks nothing now.", step, id), nil
	case !known:
		return r, runbook.Refuse("Press a button on the card.", "Step %s of %s knows no answer of that name.", step, id), nil
	case len(finding) < 8 || !strings.HasPrefix(life.Ask.Finding, finding):
		return r, &runbook.Refusal{Lead: "Not counted", Reason: fmt.Sprintf("What step %s of %s found has changed since you read it.", step, id), Hint: "Read the current card."}, nil
	}
	if err := addTo(tx, o, r, runbook.Answered, step, runbook.AnswerBody{Word: word, Finding: life.Ask.Finding}); err != nil {
		return r, nil, err
	}
	r, err = tx.Request(id)
	return r, nil, err
}

// everything answers all that a request asks, at once.
const everything = "all"

func (e *Engine) answerAll(tx Tx, o Order, r runbook.Request, word, finding string) (runbook.Request, *runbook.Refusal, error) {
	asking := r.Asking()
	if r.State != runbook.Waiting || len(asking) == 0 {
		return r, runbook.Refuse("Its card says where it is.", "%s asks nothing now.", r.ID), nil
	}
	if len(finding) < 8 || !strings.HasPrefix(r.Findings(), finding) {
		return r, &runbook.Refusal{Lead: "Not counted", Reason: fmt.Sprintf("What %s found has changed since you read it.", r.ID), Hint: "Read the current card."}, nil
	}
	for _, s := range asking {
		if _, known := s.Ask.Find(word); !known {
			return r, runbook.Refuse("Answer its steps one by one.", "Step %s of %s knows no answer of that name.", s.ID, r.ID), nil
		}
		if err := addTo(tx, o, r, runbook.Answered, s.ID, runbook.AnswerBody{Word: word, Finding: s.Ask.Finding}); err != nil {
			return r, nil, err
		}
	}
	r, err := tx.Request(r.ID)
	return r, nil, err
}

// MayLeave refuses whoever could not leave a request as it is now, whatever
// their reason.
func (e *Engine) MayLeave(tx Facts, o Order, id string) (runbook.Request, *runbook.Refusal, error) {
	if no := e.only(o, "leave "+id, runbook.Approver); no != nil {
		return runbook.Request{}, no, nil
	}
	r, no, err := find(tx, id)
	if no != nil || err != nil {
		return r, no, err
	}
	switch {
	case r.State != runbook.Waiting && r.State != runbook.Broken:
		return r, runbook.Refuse("", "%s is %s; only a request that waits can be left as it is.", id, r.State), nil
	case o.By == r.By:
		return r, &runbook.Refusal{Reason: fmt.Sprintf("You asked for %s, so another approver has to leave it so.", id)}, nil
	}
	return r, nil, nil
}

// Leave ends a waiting request as it stands, with a reason, by an approver
// other than the requester.
func (e *Engine) Leave(tx Tx, o Order, id, reason string) (runbook.Request, *runbook.Refusal, error) {
	r, no, err := e.MayLeave(tx, o, id)
	switch {
	case no != nil || err != nil:
		return r, no, err
	case strings.TrimSpace(reason) == "":
		return r, runbook.Refuse(fmt.Sprintf("For example `/itms leave %s the site server is dealt with by hand`.", id), "Leaving %s as it is needs a reason.", id), nil
	}
	if err := addTo(tx, o, r, runbook.LeftSo, "", runbook.TextBody{Text: reason}); err != nil {
		return r, nil, err
	}
	r, err = tx.Request(id)
	return r, nil, err
}

// only refuses everybody without the role.
func (e *Engine) only(o Order, wish string, role runbook.Role) *runbook.Refusal {
	if no := e.policy.MayAct(o.By, wish); no != nil {
		return no
	}
	if m, _ := e.policy.Member(o.By); m.Role == role {
		return nil
	}
	return runbook.Refuse(runbook.Names(e.policy.With(role), "or")+" can.", "Only an %s can do that.", role)
}

// open refuses what comes too late: the request has ended, and how.
func (e *Engine) open(r runbook.Request) *runbook.Refusal {
	if !r.State.Ended() && !r.State.Holds() {
		return nil
	}
	if r.State.Holds() {
		return runbook.Refuse("Its card says where it is.", "%s is approved already and %s.", r.ID, r.State)
	}
	by := ""
	if r.Ended != nil && r.Ended.By.Human() {
		by = " by " + e.policy.Name(r.Ended.By)
	}
	hint := ""
	if r.State.Untouched() {
		hint = "Ask again with `/itms " + r.Line + "`."
	}
	return runbook.Refuse(hint, "%s %s%s.", r.ID, r.State.Said(), by)
}

func find(tx Facts, id string) (runbook.Request, *runbook.Refusal, error) {
	r, err := tx.Request(id)
	if errors.Is(err, fs.ErrNotExist) {
		return r, runbook.Refuse("`/itms status` lists the open ones.", "There is no request %s.", id), nil
	}
	return r, nil, err
}

// holderOr finds a request by id, or the one that holds the slot.
func holderOr(tx Facts, id string) (runbook.Request, *runbook.Refusal, error) {
	if id != "" {
		return find(tx, id)
	}
	h, err := slotHolder(tx, "")
	if err != nil {
		return runbook.Request{}, nil, err
	}
	if h == nil {
		return runbook.Request{}, runbook.Refuse("`/itms status` says what is so.", "Nothing is running."), nil
	}
	return *h, nil, nil
}

// slotHolder is the request, other than except, that holds the slot or is
// about to take it (DESIGN §7); nil if the slot is free.
func slotHolder(tx Facts, except string) (*runbook.Request, error) {
	live, err := tx.Live()
	if err != nil {
		return nil, err
	}
	for i, r := range live {
		if r.ID != except && (r.State.Holds() || r.State == runbook.Ready) {
			return &live[i], nil
		}
	}
	return nil, nil
}

// mayTake reports whether a request may take the slot of another at a step boundary
// (DESIGN §7): what takes it back, and a rollback.
func mayTake(r, holder runbook.Request) bool { return holder.ID == r.Undoes || r.Takes }

func busy(holder runbook.Request) *runbook.Refusal {
	return &runbook.Refusal{Lead: "Not started",
		Reason: fmt.Sprintf("%s is changing the estate (%s). One change at a time.", holder.ID, holder.State),
		Hint:   "Reads work: `/itms status`."}
}

func keysOf(a, b map[string]any) []string {
	keys := slices.Collect(maps.Keys(a))
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
