package actions

import (
	"context"
	"fmt"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// backupsCurrent looks for a full backup of the CMDB from which it could be
// restored (1.4 item 5). It changes nothing; what it cannot see or does not
// like, a person judges by name.
var backupsCurrent = &Kind{
	Name: "backups.current", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[backupParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		if env.CMDB == nil {
			return noCMDB("The backup is current")
		}
		b, err := env.CMDB.Backups(ctx)
		if err != nil {
			return unseen(err, "the backups of the CMDB", "The backup is current")
		}
		f := Finding{Standing: Otherwise, HostNow: b.Now, Facts: b, Ask: judge("The backup is current",
			"You say that there is a backup from which the CMDB can be restored.")}
		newest, ok := b.Newest()
		switch most := time.Duration(p.MaxAgeSeconds) * time.Second; {
		case !ok:
			f.Text = fmt.Sprintf("%s has no full backup that could be restored; snapshots of the machine and damaged ones do not count.", b.Database)
		case newest.Age > most:
			f.Text = fmt.Sprintf("The newest full backup of %s is %s old; %s is asked for.", b.Database, hours(newest.Age), hours(most))
		default:
			f.Standing, f.Ask = IsDone, nil
			f.Text = fmt.Sprintf("%s was backed up in full %s ago, to %s.", b.Database, hours(newest.Age), newest.Device)
			if newest.CopyOnly {
				f.Text += " It is a copy-only backup."
			}
		}
		return f, nil
	},
}

// neighboursQuiet looks for other databases on the CMDB's instance: going back
// to a snapshot would take them back too (1.4 item 5).
var neighboursQuiet = &Kind{
	Name: "neighbours.quiet", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[neighbourParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		if env.CMDB == nil {
			return noCMDB("No other database matters")
		}
		n, err := env.CMDB.Neighbours(ctx)
		if err != nil {
			return unseen(err, "the other databases of the instance", "No other database matters")
		}
		window := time.Duration(p.WindowSeconds) * time.Second
		recent, certain := n.WrittenWithin(window)
		var names []string
		for _, d := range recent {
			names = append(names, d.Name)
		}
		f := Finding{Standing: Otherwise, HostNow: n.Now, Facts: n, Ask: judge("They may go back too",
			"You say that a rollback may take these databases back as well.")}
		switch {
		case len(recent) > 0:
			f.Text = fmt.Sprintf("A rollback would take other databases back too: %s, written within %s.", estate.Join(names), hours(window))
		case !certain:
			f.Text = fmt.Sprintf("The instance was started %s ago and does not remember writes before that; other databases: %d.", hours(n.Watched), len(n.Databases))
		default:
			f.Standing, f.Ask, f.Text = IsDone, nil, fmt.Sprintf("No other database was written to within %s.", hours(window))
		}
		return f, nil
	},
}

type backupParams struct {
	MaxAgeSeconds int64 `json:"max_age_seconds"`
}

type neighbourParams struct {
	WindowSeconds int64 `json:"window_seconds"`
}

// judge makes the answers to a finding: accept it by name, or look again.
func judge(label, leads string) []runbook.Answer {
	return []runbook.Answer{
		{Word: "accept", Label: label, Leads: leads + " The request goes on.", Accepts: true},
		{Word: "again", Label: "Look again", Leads: "The bot looks once more."},
	}
}

// unseen lets a person judge what is not there to be read. Trouble of any
// other kind is an error: it may pass, and trying again is the answer.
func unseen(err error, what, label string) (Finding, error) {
	if estate.TroubleOf(err) != estate.Unavailable {
		return Finding{}, err
	}
	return Finding{Standing: Otherwise, Text: fmt.Sprintf("The bot cannot see %s: %s.", what, Words(err)),
		Ask: judge(label, "You say so in the bot's place, because it cannot look.")}, nil
}

// noCMDB lets a person judge where the configuration has no SQL Server to look
// at.
func noCMDB(label string) (Finding, error) {
	return Finding{Standing: Otherwise, Text: "No CMDB is configured, so the bot cannot look.",
		Ask: judge(label, "You say so in the bot's place, because it cannot look.")}, nil
}

// hours says a duration as people do in a plan.
func hours(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d\u00a0s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d\u00a0min", int(d.Minutes()))
	case d < 72*time.Hour:
		return fmt.Sprintf("%d\u00a0h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// backups makes the stage of 1.4 item 5.
func backups(env Env, id string) (runbook.Stage, error) {
	sql := hostOf(env.Estate, estate.SQL)
	stage := runbook.Stage{ID: id, Item: "1.4 item 5", Title: "Check the backups", Doing: "checking the backups", Done: "Backups checked"}
	full, err := runbook.Canonical(backupParams{int64(env.Limits.BackupAge.Seconds())})
	if err != nil {
		return stage, err
	}
	near, err := runbook.Canonical(neighbourParams{int64((24 * time.Hour).Seconds())})
	if err != nil {
		return stage, err
	}
	stage.Steps = []runbook.Step{
		{ID: id + ".1", Kind: backupsCurrent.Name, Version: backupsCurrent.Version, Host: sql, Params: full, Touches: []string{},
			Title: "check that the CMDB's backup is current"},
		{ID: id + ".2", Kind: neighboursQuiet.Name, Version: neighboursQuiet.Version, Host: sql, Params: near, Touches: []string{},
			Title: "check for other databases"},
	}
	return stage, nil
}
