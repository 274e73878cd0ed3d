package actions

import (
	"context"
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// backupMade is the way back of a host that gets no snapshot (1.4 item 7): a backup
// of the quiet moment, which a person makes and would restore. The CMDB's own is
// seen in the server's history; of any other, a person says so by name.
var backupMade = &Kind{
	Name: "backup.made", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[madeParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		const label = "There is a backup"
		f := Finding{Standing: Otherwise, Facts: p, Ask: judge(label, fmt.Sprintf("You say that there is a backup from which %s can be restored as it is now.", s.Host)),
			Text: "It gets no snapshot, but goes back by a backup. Make one now, while all is quiet, then say so."}
		if !p.CMDB || env.CMDB == nil {
			return f, nil
		}
		closed, ok := p.Closed, !p.Closed.IsZero()
		if life, begun := env.Request.Step(p.Since); begun {
			closed, ok = life.Ended, true
		}
		b, err := env.CMDB.Backups(ctx)
		if err != nil {
			return unseen(err, "the backups of the CMDB", label)
		}
		f.Facts, f.HostNow = b, b.Now
		newest, found := b.Newest()
		quiet := env.Clock.Now().Sub(closed)
		switch {
		case ok && found && newest.Age < quiet:
			f.Standing, f.Ask = IsDone, nil
			f.Text = fmt.Sprintf("%s was backed up in full %s ago, after the doors were closed, to %s.", b.Database, hours(newest.Age), newest.Device)
		case found:
			f.Text += fmt.Sprintf(" The newest full backup of %s is %s old, from before the doors were closed.", b.Database, hours(newest.Age))
		default:
			f.Text += fmt.Sprintf(" %s has no full backup that could be restored.", b.Database)
		}
		return f, nil
	},
}

type madeParams struct {
	// CMDB says that the host has the CMDB, whose backups the server knows.
	CMDB bool `json:"cmdb"`
	// Since is the step after which a backup is one of the quiet moment. Closed is
	// that moment where an earlier request has closed the doors.
	Since  string    `json:"since"`
	Closed time.Time `json:"closed,omitzero"`
}

// backupsMade makes the stage for all hosts that go back by a backup; it has no
// steps when there is none.
func backupsMade(env Env, id string, l lead, machines []machine) (runbook.Stage, error) {
	hosts := env.Estate.Going(estate.ByBackup)
	stage := runbook.Stage{ID: id, Item: "1.4 item 7", Title: "See that " + estate.Names(hosts) + " can be restored from a backup",
		Doing: "waiting for the backups", Done: "Backups of " + estate.Names(hosts) + " are there"}
	for _, m := range machines {
		if m.host.WayBack() != estate.ByBackup {
			continue
		}
		p, err := runbook.Canonical(madeParams{CMDB: m.host.Role == estate.SQL, Since: l.since, Closed: l.closed})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: backupMade.Name, Version: backupMade.Version,
			Host: m.host.Name, Machine: m.record.Machine, Params: p, Touches: []string{}, Title: "see that " + m.host.Name + " can be restored"})
	}
	return stage, nil
}
