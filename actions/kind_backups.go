package actions

import (
	"context"
	"fmt"
	"strings"
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
				f.Warn = "It is a copy-only backup."
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

// filesCurrent looks for the newest file below the folder that holds what of a host
// is not in the CMDB: settings and key store, without which a restored CMDB cannot
// be read (1.4 item 5). Where the configuration names no folder, a person says it.
var filesCurrent = &Kind{
	Name: "files.current", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[fileParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Standing: Otherwise, Ask: judge("The file backup is current", "You say that there is a backup of what is not in the CMDB.")}
		if p.Path == "" {
			f.Text = "No folder with file backups is configured, so the bot cannot look. Settings and key store of the SMP are not in the CMDB; a restored CMDB cannot be read without them."
			return f, nil
		}
		found, err := env.Hosts.NewestFile(ctx, s.Host, env.Lane, p.Path)
		if err != nil {
			return Finding{}, err
		}
		f.HostNow, f.Facts = found.Now, found
		newest, most := found.Newest, time.Duration(p.MaxAgeSeconds)*time.Second
		switch {
		case !found.There:
			f.Text = fmt.Sprintf("There is no folder %s.", p.Path)
		case newest == nil:
			f.Text = fmt.Sprintf("There is no file below %s.", p.Path)
		case newest.Seconds < 0:
			f.Text = fmt.Sprintf("%s is dated %s in the future, so that its age says nothing.", newest.Path, hours(-newest.Age()))
		case newest.Size == 0:
			f.Text = fmt.Sprintf("%s is the newest file and empty.", newest.Path)
		case newest.Age() > most:
			f.Text = fmt.Sprintf("The newest file below %s is %s old; %s is asked for.", p.Path, hours(newest.Age()), hours(most))
		default:
			f.Standing, f.Ask = IsDone, nil
			f.Text = fmt.Sprintf("%s is %s old and has %d\u00a0KB.", newest.Path, hours(newest.Age()), (newest.Size+1023)>>10)
			return f, nil
		}
		f.Text += unsearched(found)
		return f, nil
	},
}

// unsearched says what of a folder was not looked at; a newer file may be there.
func unsearched(n estate.NewestFile) string {
	text := ""
	switch n.Stopped {
	case "":
	case "files":
		text = fmt.Sprintf(" The search ended after %d files.", n.Files)
	default:
		text = fmt.Sprintf(" The search ended after %d files, because it took too long.", n.Files)
	}
	if n.Unread > 0 {
		text += fmt.Sprintf(" %s below could not be looked into", count(n.Unread, "folder"))
		if n.Trouble != "" {
			text += " (" + strings.TrimRight(n.Trouble, ". ") + ")"
		}
		text += "."
	}
	return text
}

// fileParams is the data of a files.current step; without a path nobody can look.
type fileParams struct {
	Path          string `json:"path"`
	MaxAgeSeconds int64  `json:"max_age_seconds"`
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
	for _, f := range fileBackups(env) {
		p, err := runbook.Canonical(fileParams{Path: f.Path, MaxAgeSeconds: int64(f.MaxAge.Seconds())})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: filesCurrent.Name, Version: filesCurrent.Version,
			Host: f.Host, Params: p, Touches: []string{}, Title: "check that the file backup of " + f.Host + " is current"})
	}
	return stage, nil
}

// fileBackups are the folders to look at: those of hosts that are not left out. Where
// there is none, one without a path asks a person.
func fileBackups(env Env) []FileBackup {
	var list []FileBackup
	for _, f := range env.Limits.Files {
		if h, ok := env.Estate.Host(f.Host); ok {
			f.Host = h.Name
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		list = []FileBackup{{Host: hostOf(env.Estate, estate.SMP)}}
	}
	return list
}
