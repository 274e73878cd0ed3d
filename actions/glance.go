package actions

import (
	"context"
	"sync"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Glance is what one look of quiesce says now, to somebody who only asks.
type Glance struct {
	Host string
	Text string
	// Good reports that quiesce would go on; Unknown that it could not be
	// looked at.
	Good, Unknown bool
}

// Glances are the looks that have a command of their own.
var glances = map[string]func(Env, string) (runbook.Stage, error){
	"queues": drain, "logs": readLogs, "disk": freeSpace, "backups": backups,
}

// Glance makes the same looks as the stage of quiesce, in the look lane, and
// changes nothing. A name that it does not know has no looks.
func (e *Engine) Glance(ctx context.Context, what string) ([]Glance, error) {
	stageOf, ok := glances[what]
	if !ok {
		return nil, nil
	}
	env := e.env
	env.Lane = estate.Look
	stage, err := stageOf(env, "1")
	if err != nil {
		return nil, err
	}
	found := make([]Glance, len(stage.Steps))
	var wg sync.WaitGroup // waited for below
	for i, s := range stage.Steps {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, glanceLimit)
			defer cancel()
			found[i] = Glance{Host: s.Host}
			kind, err := kindOf(s)
			if err == nil {
				var f Finding
				if f, err = kind.Look(ctx, env, s); err == nil {
					found[i].Text = f.Text
					found[i].Good = f.Standing == IsDone || kind.Do != nil && f.Standing == IsNotDone
					found[i].Unknown = f.Standing == IsUnknown
				}
			}
			if err != nil {
				found[i].Text, found[i].Unknown = "The bot "+Words(err)+".", true
			}
		})
	}
	wg.Wait()
	return found, nil
}

// glanceLimit bounds a look for somebody who asks; the logs take the longest.
const glanceLimit = time.Minute
