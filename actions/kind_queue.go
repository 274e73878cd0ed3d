package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// queueWait waits until the SMP has processed what its clients had sent before
// the doors were closed (1.4 item 2): rows in the CMDB and files in the inbox,
// empty for three samples. A queue of nothing because a path was wrong or a
// service is stopped looks the same as an empty one, so that doubts ask a
// person instead of passing.
var queueWait = &Kind{
	Name: "queue.wait", Version: 1, Limit: 45 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		now, err := sampleQueue(ctx, env, s.Host)
		if err != nil {
			return unseen(err, "the event queue", "The queue is empty")
		}
		return Finding{Standing: IsNotDone, Text: now.say(), Facts: now, HostNow: now.Now}, nil
	},
	Do: waitForQueue,
}

type queueParams struct {
	// Empty is how many events still count as none.
	Empty        int64 `json:"empty"`
	LimitSeconds int64 `json:"limit_seconds"`
	// SinceStep closed the doors of the host, and Kept are the addresses that it
	// left in: whoever else came since shows that the doors leak. Both are empty
	// where no step closed any.
	SinceStep string   `json:"since_step,omitempty"`
	Kept      []string `json:"kept,omitempty"`
}

// queueFacts is what a wait for the queue has seen: the last samples, and who came in
// meanwhile where that was looked for.
type queueFacts struct {
	Samples []queueSample `json:"samples"`
	Leak    *leakFacts    `json:"leak,omitempty"`
}

// queueSample is one look at both halves of the queue.
type queueSample struct {
	Now    time.Time `json:"now"`
	Rows   int64     `json:"rows"`
	Oldest int64     `json:"oldest"`
	Files  int64     `json:"files"`
	Doubts []string  `json:"doubts"`
}

// left counts what waits. Rows and files are not added up: a file may be the
// body of an event whose row waits (itms.md §1).
func (q queueSample) left() int64 { return max(q.Rows, q.Files) }

func (q queueSample) say() string {
	if q.left() == 0 {
		return "Nothing waits: no row in the database, no file."
	}
	return fmt.Sprintf("%d events left: %d in the database, %d files.", q.left(), q.Rows, q.Files)
}

func sampleQueue(ctx context.Context, env Env, host string) (queueSample, error) {
	if env.CMDB == nil {
		return queueSample{}, &estate.Error{Kind: estate.Unavailable, Host: host, Op: "read the event queue", Detail: "no CMDB is configured"}
	}
	rows, err := env.CMDB.Queue(ctx)
	if err != nil {
		return queueSample{}, err
	}
	files, err := env.Hosts.QueueFiles(ctx, host, env.Lane)
	if err != nil {
		return queueSample{}, err
	}
	return queueSample{Now: rows.Now, Rows: rows.Depth, Oldest: rows.Oldest, Files: int64(files.Files()), Doubts: files.Doubts()}, nil
}

// Times of the waiting: between samples, how many empty ones are enough, and
// how many with the same oldest event are a stall (10 minutes).
const (
	queuePause  = 30 * time.Second
	queueEmpty  = 3
	queueStands = 20
)

// waitForQueue samples until the queue is empty, stands still or takes too
// long. What it has seen is its verdict: one look afterwards could not tell.
func waitForQueue(ctx context.Context, env Env, s runbook.Step) error {
	p, err := params[queueParams](s.Params, s.ID)
	if err != nil {
		return err
	}
	leaks := func() *leak { return lookForLeaks(ctx, env, s.Host, p.SinceStep, p.Kept) }
	var seen []queueSample
	empty, stands := 0, 0
	for waited := time.Duration(0); ; waited += queuePause {
		now, err := sampleQueue(ctx, env, s.Host)
		if err != nil {
			return err
		}
		if n := len(seen); n > 0 && now.Rows > 0 && now.Oldest == seen[n-1].Oldest {
			stands++
		} else {
			stands = 0
		}
		seen = append(seen, now)
		empty++
		if now.left() > p.Empty {
			empty = 0
		}
		switch {
		case len(now.Doubts) > 0:
			return askQueue(seen, "Whether the queue is empty cannot be told: "+strings.Join(now.Doubts, "; ")+".", nil)
		case empty >= queueEmpty:
			return &verdict{Finding{Standing: IsDone, HostNow: now.Now, Facts: queueFacts{Samples: lastOf(seen)},
				Text: fmt.Sprintf("Empty for %d samples. %s", queueEmpty, now.say())}}
		case stands >= queueStands:
			return askQueue(seen, fmt.Sprintf("The queue stands still: %d events have been waiting for %s, the oldest is still the same one. The services run. Restarting the Altiris Client Message Dispatcher usually helps; the bot does not do it.",
				now.left(), hours(queueStands*queuePause)), leaks())
		case waited >= time.Duration(p.LimitSeconds)*time.Second:
			return askQueue(seen, fmt.Sprintf("After %s the queue is not empty. %s %s", hours(waited), now.say(), trend(seen)), leaks())
		}
		if len(seen)%2 == 1 { // once a minute
			env.Progress(strings.TrimSpace(now.say() + " " + trend(seen)))
		}
		if err := env.Clock.Sleep(ctx, queuePause); err != nil {
			return err
		}
	}
}

// trend says in words which way the queue goes: draining, a backlog that grows,
// or small and moving.
func trend(seen []queueSample) string {
	const span = 10 // samples, five minutes
	first, last := seen[max(0, len(seen)-span)], seen[len(seen)-1]
	minutes := last.Now.Sub(first.Now).Minutes()
	if minutes < 1 {
		return ""
	}
	rate := int64(float64(first.left()-last.left()) / minutes)
	switch {
	case rate > 0:
		return fmt.Sprintf("Draining by %d a minute, empty in about %d min.", rate, last.left()/rate+1)
	case rate < 0:
		return fmt.Sprintf("The backlog grows by %d a minute: something still sends.", -rate)
	}
	return "Small and moving."
}

func lastOf(seen []queueSample) []queueSample {
	return slices.Clone(seen[max(0, len(seen)-queueStands):])
}

// askQueue has a person judge what was seen; leaks is nil where it was not looked for
// any.
func askQueue(seen []queueSample, text string, leaks *leak) error {
	facts := queueFacts{Samples: lastOf(seen)}
	f := Finding{Standing: Otherwise, Text: text, HostNow: seen[len(seen)-1].Now, Ask: []runbook.Answer{
		{Word: "again", Label: "Keep waiting", Leads: "The bot waits for the queue once more."},
		{Word: "accept", Label: "Go on so", Leads: "You say that what is left in the queue does not stop the upgrade. The request goes on.", Accepts: true},
	}}
	if leaks != nil {
		f.Text += " " + leaks.text
		f.Files, facts.Leak = leaks.files, &leaks.facts
	}
	f.Facts = facts
	return &verdict{f}
}

// drain makes the stage of 1.4 item 2 for somebody who only looks.
func drain(env Env, id string) (runbook.Stage, error) {
	return drainSince(runbook.Stage{})(env, id)
}

// drainSince makes the stage of 1.4 item 2, which comes after the one that closes the
// doors.
func drainSince(doors runbook.Stage) func(Env, string) (runbook.Stage, error) {
	return func(env Env, id string) (runbook.Stage, error) {
		smp := hostOf(env.Estate, estate.SMP)
		p := queueParams{Empty: env.Limits.QueueEmpty, LimitSeconds: int64(env.Limits.QueueWait.Seconds())}
		for _, s := range doors.Steps {
			if s.Host != smp || s.Kind != firewallDisable.Name {
				continue
			}
			closed, err := params[disableParams](s.Params, s.ID)
			if err != nil {
				return runbook.Stage{}, err
			}
			p.SinceStep, p.Kept = s.ID, closed.Kept
		}
		raw, err := runbook.Canonical(p)
		return runbook.Stage{ID: id, Item: "1.4 item 2", Title: "Wait for the queues of " + smp, Doing: "waiting for the queues", Done: "Queues of " + smp + " empty",
			Steps: []runbook.Step{{ID: id + ".1", Kind: queueWait.Name, Version: queueWait.Version, Host: smp, Params: raw, Touches: []string{},
				Title: "wait for the queues of " + smp}}}, err
	}
}

// hostOf names the first host of a role, the role itself where there is none.
func hostOf(e estate.Estate, role estate.Role) string {
	for _, h := range e.Hosts {
		if h.Role == role {
			return h.Name
		}
	}
	return role.String()
}
