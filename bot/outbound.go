package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"itmsbot/runbook"
)

// outbound draws the channel from the trail. It is one goroutine; what it
// knows is on disk, so that a bot started again neither repeats a post nor
// forgets one.
type outbound struct {
	b *Bot
	// seen is the last event whose messages are in dirty.
	seen int64
	// dirty are the purposes to draw, with the event that made them so.
	dirty map[string]int64
	// drawn is when a message was last sent, tries how often in a row it
	// was not; both only slow it down.
	drawn map[string]time.Time
	tries map[string]int
	calls *rate.Limiter
	woken chan struct{}
	// uploading is the file that is on its way, "" if none is; uploaded tells
	// when it has ended.
	uploading string
	uploaded  chan upload
}

// Slack's rates with room to spare (slack.md §5, DESIGN §10).
const (
	everyCall   = 1500 * time.Millisecond // 40 a minute
	burst       = 8
	everyUpdate = 2 * time.Second
	// callsOfFile is what a file takes: it is announced, sent and shared.
	callsOfFile = 3
)

func newOutbound(b *Bot) *outbound {
	o := &outbound{b: b, dirty: map[string]int64{}, drawn: map[string]time.Time{}, tries: map[string]int{}, woken: make(chan struct{}, 1), uploaded: make(chan upload, 1)}
	o.calls = rate.NewLimiter(rate.Every(everyCall), burst)
	if b.cfg.Hurry {
		o.calls = rate.NewLimiter(rate.Inf, burst)
	}
	return o
}

// wakeUp ends a pause: Slack is back.
func (o *outbound) wakeUp() {
	select {
	case o.woken <- struct{}{}:
	default:
	}
}

const cursor = "cursor"

func (o *outbound) run(ctx context.Context) error {
	defer func() {
		if o.uploading != "" {
			o.arrived(ctx, <-o.uploaded) // it ends with ctx
		}
	}()
	if err := o.pickUp(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := o.gather(); err != nil {
			return err
		}
		purpose, wait := o.next(time.Now())
		switch {
		case purpose == "" && wait == 0:
			if err := o.keepPlace(); err != nil {
				var no *CannotWrite
				if !errors.As(err, &no) {
					return err
				}
				o.rest(ctx, roomPause) // what was drawn would only be drawn again
				continue
			}
			if _, err := o.b.d.Trail.Wait(ctx, o.seen); err != nil {
				return leaving(ctx, err)
			}
		case purpose == "":
			o.rest(ctx, wait)
		default:
			if isFile(purpose) && !o.calls.AllowN(time.Now(), callsOfFile) {
				o.rest(ctx, everyCall) // whatever is more urgent comes first
				continue
			}
			if !isFile(purpose) {
				if err := o.calls.Wait(ctx); err != nil {
					return leaving(ctx, err)
				}
			}
			// What came in while waiting is drawn too: the newest
			// state wins.
			if err := o.gather(); err != nil {
				return err
			}
			if purpose, _ = o.next(time.Now()); purpose != "" {
				o.send(ctx, purpose)
			}
		}
	}
	return nil
}

// leaving is no error when the bot was asked to leave.
func leaving(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// rest waits until something can be sent, something new happened, or Slack is
// back.
func (o *outbound) rest(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	news := make(chan struct{})
	go func() { // waited for below
		defer close(news)
		_, _ = o.b.d.Trail.Wait(ctx, o.seen)
	}()
	select {
	case <-news:
	case <-o.woken:
		clear(o.tries)
		clear(o.drawn)
	case u := <-o.uploaded:
		o.arrived(ctx, u)
	}
	cancel()
	<-news
}

// pickUp goes on where an earlier run of the program stopped: after the last
// event that was drawn, and with every message whose fate is open.
func (o *outbound) pickUp() error {
	m, _, err := o.b.d.Shown.Message(cursor)
	if err != nil {
		return err
	}
	o.seen = m.Shown
	messages, err := o.b.d.Shown.Messages()
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Purpose != cursor && m.Fate != Posted {
			o.dirty[m.Purpose] = m.Shown
		}
	}
	return nil
}

// keepPlace notes that everything up to seen is drawn.
func (o *outbound) keepPlace() error {
	return o.b.d.Shown.SaveMessage(Message{Purpose: cursor, Fate: Posted, Shown: o.seen})
}

// gather turns new events into messages to draw.
func (o *outbound) gather() error {
	for {
		const some = 200
		events, err := o.b.d.Trail.Events(o.seen, some)
		if err != nil {
			return fmt.Errorf("read the trail after %d: %w", o.seen, err)
		}
		for _, e := range events {
			for _, p := range purposes(e) {
				o.dirty[p] = e.N
			}
			if due, err := o.endsStage(e); err != nil {
				return err
			} else if due {
				o.dirty[sheetPurpose(e)] = e.N
			}
			if err := o.strike(e); err != nil {
				return err
			}
			o.seen = e.N
		}
		if len(events) < some {
			return nil
		}
	}
}

// strike marks the calls for a person that an event has answered, so that they
// are drawn struck through.
func (o *outbound) strike(e runbook.Event) error {
	switch e.Kind {
	case runbook.Approved, runbook.Denied, runbook.Cancelled, runbook.Expired, runbook.Answered, runbook.Resumed, runbook.LeftSo, runbook.Superseded,
		runbook.Confirmed, runbook.Extended, runbook.OpeningEnded:
	default:
		return nil
	}
	messages, err := o.b.d.Shown.Messages()
	for _, m := range messages {
		if strings.HasPrefix(m.Purpose, "need:"+e.Request+"/") {
			o.dirty[m.Purpose] = e.N
		}
	}
	return err
}

// purposes names the messages that an event shows itself in.
func purposes(e runbook.Event) []string {
	var p []string
	if e.Request != "" && e.Kind.OfRequest() {
		p = append(p, "card:"+e.Request)
	}
	switch e.Kind {
	case runbook.Approved, runbook.Denied, runbook.Cancelled, runbook.Expired, runbook.Stale, runbook.Started, runbook.StopAsked,
		runbook.Answered, runbook.Resumed, runbook.LeftSo, runbook.Superseded, runbook.BackedOut,
		runbook.Confirmed, runbook.Opened, runbook.Extended:
		p = append(p, fmt.Sprintf("line:%s/%d", e.Request, e.N))
	case runbook.Waits, runbook.Interrupted, runbook.Finished, runbook.Reminded,
		runbook.ReadAgain, runbook.EndNear, runbook.OpeningEnded, runbook.EndFailed, runbook.SetAged:
		p = append(p, fmt.Sprintf("need:%s/%d", e.Request, e.N))
	}
	if e.Kind == runbook.Observed {
		p = append(p, observedIn(e))
	}
	if e.Kind == runbook.Outcome {
		// One message for a stage, not one for each step: posts are few.
		stage, _, _ := strings.Cut(e.Step, ".")
		p = append(p, fmt.Sprintf("stage:%s/%s", e.Request, stage))
		var b runbook.OutcomeBody
		if e.Read(&b) == nil {
			for i := range b.Artifacts {
				p = append(p, fmt.Sprintf("artifact:%s/%d/%d", e.Request, e.N, i))
			}
		}
	}
	switch e.Kind {
	case runbook.Waits, runbook.Finished:
		p = append(p, sheetPurpose(e))
	case runbook.Drifted:
		p = append(p, fmt.Sprintf("drift:%d", e.N))
	case runbook.Parked:
		p = append(p, fmt.Sprintf("parked:%d", e.N))
	case runbook.Noted, runbook.Held, runbook.HoldEnded, runbook.Signed, runbook.Unsigned:
		p = append(p, fmt.Sprintf("note:%d", e.N))
	}
	return p
}

// observedIn is where it is told what an opening does: in the thread, and to everybody
// when the backlog grows.
func observedIn(e runbook.Event) string {
	var b runbook.ObservedBody
	if e.Read(&b) == nil && b.Grows {
		return fmt.Sprintf("need:%s/%d", e.Request, e.N)
	}
	return fmt.Sprintf("line:%s/%d", e.Request, e.N)
}

// rank orders what is to be sent: a card that is not there yet, because the
// rest hangs on it; what calls for somebody; cards, which are the state; the
// way back; what is told in threads, in the order of the trail; and last the
// files of what was found.
func (o *outbound) rank(purpose string) int {
	kind, _, _ := strings.Cut(purpose, ":")
	switch kind {
	case "need", "drift", "parked":
		return 1
	case "file":
		return 3
	case "line", "note", "stage":
		return 4
	case "artifact":
		return 5
	}
	if _, sent := o.drawn[purpose]; !sent {
		if m, ok, err := o.b.d.Shown.Message(purpose); err == nil && (!ok || m.TS == "") {
			return 0
		}
	}
	return 2
}

// next is the most urgent message that may be sent now; none and a wait when
// all of them have to pause.
func (o *outbound) next(now time.Time) (string, time.Duration) {
	list := slices.Collect(maps.Keys(o.dirty))
	slices.SortFunc(list, func(a, b string) int {
		if d := o.rank(a) - o.rank(b); d != 0 {
			return d
		}
		if d := o.dirty[a] - o.dirty[b]; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	wait := time.Duration(0)
	if o.uploading != "" {
		wait = uploadLimit // its end is waited for, and wakes
	}
	for _, p := range list {
		if o.uploading != "" && isFile(p) {
			continue
		}
		at := o.allowed(p)
		if !at.After(now) {
			return p, 0
		}
		if d := at.Sub(now); wait == 0 || d < wait {
			wait = d
		}
	}
	return "", wait
}

// allowed is when a message may be sent again.
func (o *outbound) allowed(purpose string) time.Time {
	last, sent := o.drawn[purpose]
	if !sent {
		return time.Time{}
	}
	gap := everyUpdate
	if o.b.cfg.Hurry {
		gap = 0
	}
	if n := o.tries[purpose]; n > 0 {
		gap = min(time.Second<<min(n-1, 6), time.Minute)
	}
	return last.Add(gap)
}
