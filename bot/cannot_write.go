package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"itmsbot/commands"
	"itmsbot/runbook"
)

// What the bot says while nothing can be written. It knows then who wants what
// and may not do it: an order that is not on disk is no order (DESIGN, what must
// always be true, 1).

const (
	// takeLimit is how long the socket's reader waits for the disk, stuckLimit
	// the same while writing is known not to work: the next person is behind
	// this one, and Slack waits three seconds.
	takeLimit  = 2 * time.Second
	stuckLimit = 300 * time.Millisecond
	// stuckFor is how long the last bad ending counts.
	stuckFor = 30 * time.Second
	// turnedFor is how long a delivery that was turned away may come again:
	// longer than Slack's last redelivery (slack.md §1).
	turnedFor = 15 * time.Minute
	turnedMax = 2000
	// roomPause is between two attempts to write, roomTries how many have to
	// go wrong before the channel is told.
	roomPause = time.Second
	roomTries = 2
)

func (b *Bot) patience() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.stuck) < stuckFor {
		return stuckLimit
	}
	return takeLimit
}

// turnedAway is a delivery whose sender was told that nothing was done.
type turnedAway struct {
	at    time.Time
	reply commands.Reply
}

// wasTurnedAway finds a delivery that comes again, with what its sender was
// told. What was said stays true: it is not done now.
func (b *Bot) wasTurnedAway(d Delivery) (commands.Reply, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range d.Keys {
		if t, ok := b.turned[k]; ok && time.Since(t.at) < turnedFor {
			return t.reply, true
		}
	}
	return commands.Reply{}, false
}

// turnAway tells the sender of what could not be written that nothing was done,
// and keeps that in mind.
// acking bounds the acknowledgement alone.
func (b *Bot) turnAway(ctx, acking context.Context, r socketmode.Request, d Delivery, url string, no *CannotWrite) {
	b.d.Log.Error("a delivery could not be written; its sender is told", "envelope", r.EnvelopeID, "error", no)
	reply := commands.Reply{Text: fmt.Sprintf("*Nothing was done.* %s, so it cannot record who asked for what. %s, then ask again.", no.Why, no.Then)}
	b.mu.Lock()
	b.stuck = time.Now()
	if len(b.turned) > turnedMax {
		clear(b.turned)
	}
	for _, k := range d.Keys {
		b.turned[k] = turnedAway{time.Now(), reply}
	}
	b.mu.Unlock()
	var s said
	if s.read(d) == nil && s.Click {
		b.ack(acking, r.EnvelopeID)
		b.answers.Go(func() { b.tell(ctx, s, url, reply) }) // Run waits for it
		return
	}
	b.sayNo(acking, r, d, reply)
}

// sayNo answers a command or a form with its acknowledgement: the words and the end
// of its deliveries are one message, so that neither comes without the other. A form
// stays open with all that was filled in. For a click it only acknowledges.
func (b *Bot) sayNo(ctx context.Context, r socketmode.Request, delivery Delivery, reply commands.Reply) {
	var s said
	if delivery.Body != nil && s.read(delivery) == nil && s.Form {
		b.ackWith(ctx, r.EnvelopeID, keepForm(reply))
		return
	}
	if r.Type != socketmode.RequestTypeSlashCommands {
		b.ack(ctx, r.EnvelopeID)
		return
	}
	d := drawReply(reply)
	b.ackWith(ctx, r.EnvelopeID, map[string]any{"response_type": slack.ResponseTypeEphemeral, "text": d.text, "blocks": d.blocks})
}

// putOff tells the sender of what was written but cannot be decided, once, that
// it waits. The way to answer them stays open.
func (b *Bot) putOff(ctx context.Context, d Delivery, s said, no *CannotWrite) {
	b.mu.Lock()
	url := ""
	for _, k := range d.Keys {
		url += b.urls[k] // it is kept under one of them
	}
	key := fmt.Sprintf("put off %d", d.N)
	_, told := b.turned[key]
	b.turned[key] = turnedAway{at: time.Now()}
	b.mu.Unlock()
	if told {
		return
	}
	reply := commands.Reply{Text: fmt.Sprintf("*Nothing was done yet.* You were heard, but %s, so it cannot be decided. %s; it is decided then, within ten minutes.", lower(no.Why), no.Then)}
	b.answers.Go(func() { b.tell(ctx, s, url, reply) }) // Run waits for it
}

// watchMedium tells the channel when nothing can be written, and when it can be
// again.
func (b *Bot) watchMedium(ctx context.Context) error {
	for {
		no, err := b.d.Medium.Trouble(ctx)
		if err != nil {
			return leaving(ctx, err)
		}
		if err := b.outage(ctx, no); err != nil {
			return leaving(ctx, err)
		}
	}
}

// outage is one time during which nothing can be written. Its message is the
// only one that is not drawn from the trail: it says that nothing reaches the
// trail, and silence would look like an upgrade that goes on. Once there is
// room the trail is told, and the message struck through.
func (b *Bot) outage(ctx context.Context, no *CannotWrite) error {
	began := time.Now()
	m := Message{Purpose: "outage", Channel: b.cfg.Channel, Fate: Posted}
	posted := false // or perhaps
	pause := newPause(roomPause, 5*roomPause)
	for tries := 1; ; tries++ {
		err := b.d.Shown.SaveMessage(m)
		if err == nil {
			break
		}
		if tries >= roomTries && !posted {
			m.TS, posted = b.sayOutage(ctx, no)
		}
		if !pause.wait(ctx) {
			return ctx.Err()
		}
	}
	b.mu.Lock()
	b.stuck = time.Time{}
	b.mu.Unlock()
	b.out.wakeUp()
	b.wake()
	if m.TS == "" {
		return nil // it passed before anybody was told
	}
	text := fmt.Sprintf("For %s nothing could be recorded: %s. It went on by itself.", minutes(time.Since(began)), lower(no.Why))
	if err := b.d.Medium.Over(text); err != nil {
		b.d.Log.Error("that nothing could be recorded was not recorded", "error", err)
	}
	d := drawing{text: "Over: " + text, blocks: append(sections("~"+mrkdwn(no.Why)+", so nothing could be recorded.~ Over. "+mrkdwn(text)), foot(b.out.banner()))}
	if _, _, _, err := b.api.UpdateMessageContext(ctx, m.Channel, m.TS, slack.MsgOptionText(d.text, false), slack.MsgOptionBlocks(d.blocks...)); err != nil {
		b.d.Log.Warn("the message about the full disk was not struck through", "error", err)
	}
	return nil
}

// sayOutage posts the message. Its fate cannot be kept, so that it is posted
// once and, where Slack's answer got lost, not again.
func (b *Bot) sayOutage(ctx context.Context, no *CannotWrite) (ts string, posted bool) {
	lead := fmt.Sprintf("*Nothing can be recorded. %s.* %s; the bot goes on by itself then. Until then what runs on a server finishes, no further step starts, and commands and clicks are turned away. %s",
		no.Why, no.Then, b.out.mentions(b.d.Policy.With(runbook.Operator, runbook.Approver)))
	d := drawing{text: escape(plain(cut(lead, 300))), blocks: append(sections(mrkdwn(lead)), foot(b.out.banner()))}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := b.out.calls.Wait(ctx); err != nil {
		return "", false
	}
	_, ts, err := b.api.PostMessageContext(ctx, b.cfg.Channel, slack.MsgOptionText(strings.TrimSpace(d.text), false), slack.MsgOptionBlocks(d.blocks...))
	switch {
	case err == nil:
		return ts, true
	case slackCode(err) != "":
		return "", false // it is not there; the next round tries again
	}
	b.d.Log.Warn("whether the channel knows that nothing can be recorded is unknown", "error", err)
	return "", true
}
