package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/commands"
	"itmsbot/runbook"
)

// send draws one message and posts or updates it. Whatever goes wrong with
// Slack is no error of the bot: the message stays dirty and is tried again,
// later each time.
func (o *outbound) send(ctx context.Context, purpose string) {
	at := o.dirty[purpose]
	if isFile(purpose) {
		o.sendFile(ctx, purpose, at)
		return
	}
	sending, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	o.sent(ctx, purpose, at, o.show(sending, purpose, at))
}

// upload is a file that is on its way, and how it ended.
type upload struct {
	purpose string
	at      int64
	err     error
}

// sendFile sends a file beside the messages. run waits for it.
func (o *outbound) sendFile(ctx context.Context, purpose string, at int64) {
	o.uploading = purpose
	go func() {
		sending, cancel := context.WithTimeout(ctx, uploadLimit)
		defer cancel()
		o.uploaded <- upload{purpose, at, o.showFile(sending, purpose)}
	}()
}

// arrived takes the end of an upload.
func (o *outbound) arrived(ctx context.Context, u upload) {
	o.uploading = ""
	o.sent(ctx, u.purpose, u.at, u.err)
}

// sent takes how sending ended.
func (o *outbound) sent(ctx context.Context, purpose string, at int64, err error) {
	o.drawn[purpose] = time.Now()
	var wait *slack.RateLimitedError
	switch {
	case err == nil:
		delete(o.tries, purpose)
		if o.dirty[purpose] == at {
			delete(o.dirty, purpose)
		}
		if !strings.HasPrefix(purpose, "card:") {
			delete(o.drawn, purpose)
		}
		return
	case errors.As(err, &wait):
		o.drawn[purpose] = time.Now().Add(wait.RetryAfter)
	default:
		o.tries[purpose]++
	}
	if ctx.Err() == nil {
		o.b.d.Log.Warn("a message did not reach the channel; it is tried again", "purpose", purpose, "tries", o.tries[purpose], "error", err)
	}
}

// show brings one message to what the trail says.
func (o *outbound) show(ctx context.Context, purpose string, at int64) error {
	d, thread, err := o.draw(purpose, at)
	if err != nil || d.text == "" {
		return err
	}
	if err := check(d.text, d.blocks); err != nil {
		// A mistake in a card. What it says in words still fits.
		o.b.d.Log.Error("a card does not fit Slack's limits", "purpose", purpose, "error", err)
		d.blocks = nil
	}
	m, _, err := o.b.d.Shown.Message(purpose)
	if err != nil {
		return err
	}
	m.Purpose, m.Channel, m.Thread = purpose, o.b.cfg.Channel, thread.ts
	if m.Fate == Posting || m.Fate == Unknown {
		if err := o.adopt(ctx, &m); err != nil {
			return err
		}
	}
	sum := digest(d)
	if m.Fate == Posted && m.Hash == sum {
		return nil
	}
	d.blocks = number(d.blocks, purpose, at)
	if m.Fate != Posted {
		return o.post(ctx, m, d, sum, at, thread)
	}
	if !strings.HasPrefix(purpose, "card:") && !strings.HasPrefix(purpose, "need:") {
		return nil // what was said stays said
	}
	_, _, _, err = o.b.api.UpdateMessageContext(ctx, m.Channel, m.TS, slack.MsgOptionText(d.text, false), slack.MsgOptionBlocks(d.blocks...))
	if slackCode(err) == "message_not_found" {
		return o.post(ctx, m, d, sum, at, thread) // somebody deleted the card
	}
	if err != nil {
		return err
	}
	m.Hash, m.Shown = sum, at
	return o.b.d.Shown.SaveMessage(m)
}

// place is where a message goes: into the channel, a thread, or both.
type place struct {
	ts        string
	broadcast bool
}

// post sends a new message. That it is being posted is on disk first, so that
// a bot that dies here asks the channel before it posts again.
func (o *outbound) post(ctx context.Context, m Message, d drawing, sum string, at int64, p place) error {
	m.Fate, m.TS, m.Hash, m.Shown = Posting, "", sum, at
	if err := o.b.d.Shown.SaveMessage(m); err != nil {
		return err
	}
	options := []slack.MsgOption{slack.MsgOptionText(d.text, false), slack.MsgOptionBlocks(d.blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "itmsbot", EventPayload: map[string]any{"purpose": m.Purpose}})}
	if p.ts != "" {
		options = append(options, slack.MsgOptionTS(p.ts))
		if p.broadcast {
			options = append(options, slack.MsgOptionBroadcast())
		}
	}
	_, ts, err := o.b.api.PostMessageContext(ctx, m.Channel, options...)
	var limited *slack.RateLimitedError
	switch {
	case err == nil:
		m.Fate, m.TS = Posted, ts
	case slackCode(err) != "" || errors.As(err, &limited):
		m.Fate = NotPosted // Slack said no, so it is not there
	default:
		m.Fate = Unknown
	}
	if kept := o.b.d.Shown.SaveMessage(m); kept != nil {
		return kept
	}
	return err
}

// adopt asks the channel whether a post of unknown fate has arrived, by its
// metadata.
func (o *outbound) adopt(ctx context.Context, m *Message) error {
	var list []slack.Message
	if m.Thread != "" {
		found, err := o.replies(ctx, *m)
		if err != nil {
			return err
		}
		list = found
	} else {
		found, err := o.b.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: m.Channel, Limit: 200, IncludeAllMetadata: true})
		if err != nil {
			return fmt.Errorf("look whether %s arrived: %w", m.Purpose, err)
		}
		list = found.Messages
	}
	o.b.mu.Lock()
	me := o.b.me
	o.b.mu.Unlock()
	m.Fate = NotPosted
	for _, found := range list {
		if found.User == me && found.Metadata.EventType == "itmsbot" && found.Metadata.EventPayload["purpose"] == m.Purpose {
			m.Fate, m.TS = Posted, found.Timestamp
		}
	}
	if m.Fate == Posted {
		m.Hash = "" // it may show an older state
		return o.b.d.Shown.SaveMessage(*m)
	}
	return nil
}

func digest(d drawing) string {
	b, err := json.Marshal(d.blocks)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append([]byte(d.text+"\n"), b...))
	return hex.EncodeToString(sum[:])
}

// draw makes the picture of a purpose from the trail as it is now. An empty
// text means that there is nothing to show.
func (o *outbound) draw(purpose string, at int64) (drawing, place, error) {
	kind, rest, _ := strings.Cut(purpose, ":")
	if kind == "card" {
		d, err := o.drawCard(rest)
		return d, place{}, err
	}
	if kind == "stage" {
		return o.drawStage(rest)
	}
	request, number, ok := strings.Cut(rest, "/")
	if !ok {
		number, request = rest, ""
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return drawing{}, place{}, nil // a purpose of another version
	}
	events, err := o.b.d.Trail.Events(n-1, 1)
	if err != nil || len(events) == 0 || events[0].N != n {
		return drawing{}, place{}, err
	}
	d, err := o.drawLine(kind, events[0])
	if request == "" || err != nil {
		return d, place{}, err
	}
	thread, err := o.thread(request)
	thread.broadcast = kind == "need"
	return d, thread, err
}

// thread is the thread under a request's card.
func (o *outbound) thread(request string) (place, error) {
	card, ok, err := o.b.d.Shown.Message("card:" + request)
	if err == nil && (!ok || card.TS == "") {
		err = fmt.Errorf("the card of %s is not posted yet", request)
	}
	return place{ts: card.TS}, err
}

// drawStage tells in the thread how the steps of a stage ended, once all of
// them have: the whole evidence, where the card has room for some.
func (o *outbound) drawStage(of string) (drawing, place, error) {
	request, stage, _ := strings.Cut(of, "/")
	r, err := o.b.d.Trail.Request(request)
	if err != nil {
		return drawing{}, place{}, err
	}
	plan, err := o.planOf(r)
	if err != nil || plan == nil {
		return drawing{}, place{}, err
	}
	for _, s := range plan.Stages {
		if s.ID != stage {
			continue
		}
		lines := []string{"*" + s.Title + "*"}
		for _, step := range s.Steps {
			life, begun := r.Step(step.ID)
			if !begun || life.Open {
				return drawing{}, place{}, nil
			}
			line := strings.TrimSpace(fmt.Sprintf("%s: %s. %s %s", step.Host, life.Result, life.Text, life.Warn))
			for _, a := range life.Artifacts {
				line += fmt.Sprintf(" %s: the whole list is in the file `%s`.", a.Title, strings.ReplaceAll(artifactName(a), "`", "'"))
			}
			lines = append(lines, line)
		}
		text := strings.Join(lines, "\n")
		thread, err := o.thread(request)
		return drawing{text: cut(escape(plain(s.Title)), 300), blocks: sections(mrkdwn(cut(text, 9000)))}, thread, err
	}
	return drawing{}, place{}, nil
}

// planOf is the plan of a request; nil when a later version wrote it, which
// tells of it too.
func (o *outbound) planOf(r runbook.Request) (*runbook.Plan, error) {
	b, err := o.b.d.Trail.Plan(r.Digest)
	if err != nil {
		return nil, err
	}
	plan, err := runbook.OpenPlan(b)
	if err != nil {
		return nil, nil //nolint:nilerror // of a later version
	}
	return &plan, nil
}

func (o *outbound) drawCard(id string) (drawing, error) {
	r, err := o.b.d.Trail.Request(id)
	if err != nil {
		return drawing{}, err
	}
	v := view{request: r, copy: commands.CopyOf(r), policy: o.b.d.Policy, estate: o.b.d.Estate, planBlocks: o.b.cfg.PlanBlocks}
	if v.seal, err = o.seal(r.Changed); err != nil {
		return drawing{}, err
	}
	if r.Digest != "" {
		b, err := o.b.d.Trail.Plan(r.Digest)
		if err != nil {
			return drawing{}, err
		}
		p, err := runbook.OpenPlan(b)
		if err != nil {
			return v.draw(string(r.State), "*This version of the bot cannot draw the plan.* "+err.Error(), r.ID+": "+err.Error()), nil
		}
		v.plan = &p
	}
	return card(v), nil
}

// seal makes the channel the second anchor of the trail (DESIGN §11).
func (o *outbound) seal(n int64) (string, error) {
	hash, err := o.b.d.Trail.HashOf(n)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("trail %d · %s", n, hash[:min(16, len(hash))]), nil
}

// drawLine draws one event as a line in the thread, or, when it needs
// somebody, as a message that tells those who can act.
func (o *outbound) drawLine(kind string, e runbook.Event) (drawing, error) {
	text := commands.Describe(e, o.b.d.Policy)
	switch kind {
	case "drift":
		return o.drawDrift(e, text)
	case "parked":
		return o.drawParked(e, text)
	}
	if kind != "need" {
		line := mrkdwn(text)
		if kind == "note" {
			return drawing{text: cut(escape(plain(text)), 300), blocks: append(sections(line), foot(o.banner(), "trail "+strconv.FormatInt(e.N, 10)))}, nil
		}
		return drawing{text: cut(escape(plain(text)), 300), blocks: sections(line)}, nil
	}
	seal, err := o.seal(e.N)
	if err != nil {
		return drawing{}, err
	}
	r, err := o.b.d.Trail.Request(e.Request)
	if err != nil {
		return drawing{}, err
	}
	lead, answered := o.call(e, r, text)
	line := mrkdwn(lead)
	var more []slack.Block
	if e.Kind == runbook.EndNear && !answered {
		more = append(more, buttons(press{text: "Ask for one hour more", line: "extend " + r.ID + " for 1h"}))
	}
	if e.Kind == runbook.SetAged && !answered {
		more = append(more, buttons(press{text: "Preview the commit", line: "plan commit"}, press{text: "Preview the rollback", line: "plan rollback"}))
	}
	if answered {
		word := "Answered"
		if r.State == runbook.WasLate {
			word = "Expired"
		}
		line = "~" + strings.NewReplacer("~", "", "\n", " ").Replace(line) + "~ " + word + "."
		lead = word + ": " + lead
	}
	blocks := append(sections(line), more...)
	return drawing{text: cut(escape(plain(lead)), 300), blocks: append(blocks, foot(o.banner(), r.ID, seal))}, nil
}

// drawDrift is a new message in the channel, naming those who can act, with the
// way to close again what came open.
func (o *outbound) drawDrift(e runbook.Event, text string) (drawing, error) {
	var b runbook.DriftBody
	if err := e.Read(&b); err != nil {
		return drawing{}, err
	}
	lead := "*" + text + "*"
	var more []slack.Block
	if b.Open || b.Unknown || b.Moved {
		lead += " " + o.mentions(o.b.d.Policy.With(runbook.Operator, runbook.Approver))
	}
	if b.Open {
		more = append(more, buttons(press{text: "Close it again", line: "block"}))
	}
	blocks := append(sections(mrkdwn(lead)), more...)
	return drawing{text: cut(escape(plain(text)), 300), blocks: append(blocks, foot(o.banner(), e.Request, "trail "+strconv.FormatInt(e.N, 10)))}, nil
}

// drawParked is a new message in the channel: nothing works with the account until
// somebody has looked at its password.
func (o *outbound) drawParked(e runbook.Event, text string) (drawing, error) {
	lead := fmt.Sprintf("*%s* Check its password, then run `/itms check` with the name of a server. %s", text,
		o.mentions(o.b.d.Policy.With(runbook.Operator, runbook.Approver)))
	return drawing{text: cut(escape(plain(text)), 300), blocks: append(sections(mrkdwn(lead)), foot(o.banner(), "trail "+strconv.FormatInt(e.N, 10)))}, nil
}

// call is the sentence that calls for somebody, and whether it has been
// answered since.
func (o *outbound) call(e runbook.Event, r runbook.Request, text string) (lead string, answered bool) {
	c := commands.CopyOf(r)
	name := fmt.Sprintf("*%s, %s", c.Title, r.ID)
	switch {
	case e.Kind == runbook.Finished:
		return fmt.Sprintf("%s, is done.* %s %s", name, c.Done, c.DoneMeans), false
	case e.Kind == runbook.Reminded && r.State == runbook.InOffer:
		return fmt.Sprintf("%s, still needs an approval.* %s Decide on the card before %s.", name, o.mentions(o.b.d.Policy.CanFill(r)), commands.Time(r.Expires)), false
	}
	everybody := o.b.d.Policy.With(runbook.Operator, runbook.Approver)
	switch e.Kind {
	case runbook.ReadAgain:
		return fmt.Sprintf("%s, waits for its last word.* %s Read the card and start it before %s, or let it be.", name, o.seated(r), commands.Time(r.Expires)), r.State != runbook.InSecond
	case runbook.EndNear:
		ended := r.Opening == nil || r.Opening.Ended != nil || !r.Opening.Asked
		return fmt.Sprintf("%s: its opening ends %s.* %s Ask for more time, or let it close by itself.", name, commands.Time(r.Opening.Until), commands.Mention(r.By)), ended
	case runbook.OpeningEnded:
		return fmt.Sprintf("%s: %s*", name, lower(text)), false
	case runbook.Observed:
		return fmt.Sprintf("%s: %s* %s", name, text, o.mentions(everybody)), r.BackedOutBy != "" || r.Opening != nil && r.Opening.Ended != nil
	case runbook.SetAged:
		return fmt.Sprintf("%s: %s* %s", name, lower(text), o.mentions(everybody)), r.BackedOutBy != ""
	case runbook.EndFailed:
		return fmt.Sprintf("%s is open and should be closed.* %s The bot tries again; the server's own task does the same. %s", name, cut(text, 400), o.mentions(everybody)),
			r.Opening == nil || r.Opening.Ended != nil
	}
	answered = e.N < r.Changed
	if e.Kind == runbook.Reminded && r.State == runbook.Waiting && !answered {
		text += " " + r.Waits.Text // whoever is woken by it should not have to look for the card first
	}
	return fmt.Sprintf("%s: %s* %s Decide on the card.", name, lower(cut(text, 400)), o.mentions(everybody)), answered
}

// seated mentions those who have approved.
func (o *outbound) seated(r runbook.Request) string {
	var who []string
	for _, s := range r.Seats {
		who = append(who, commands.Mention(s.By))
	}
	return strings.Join(who, " ")
}

func (o *outbound) banner() string {
	return view{estate: o.b.d.Estate}.banner()
}

// mentions tells people by name.
func (o *outbound) mentions(members []runbook.Member) string {
	var who []string
	for _, m := range members {
		who = append(who, commands.Mention(m.Person))
	}
	return strings.Join(who, " ")
}
