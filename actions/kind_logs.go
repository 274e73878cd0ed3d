package actions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// logsReview compares the errors in a host's logs of the last hours with as
// many hours before (1.4 item 3). A healthy SMP logs errors, so that only what
// is new or has grown asks a person; a window that was not reached is said and
// is no pass.
var logsReview = &Kind{
	Name: "logs.review", Version: 1, Limit: 5 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[logParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		r, err := env.Hosts.ReadLogs(ctx, s.Host, env.Lane, estate.LogQuery{Hours: p.Hours, MaxGroups: p.MaxGroups})
		if err != nil {
			return Finding{}, err
		}
		f := Finding{HostNow: r.Now, Facts: topOf(r), Files: []File{errorList(s.Host, r)}}
		news, gaps := grown(r), unreached(r, p.SMP)
		if len(news)+len(gaps) == 0 && r.More == 0 {
			f.Standing, f.Text = IsDone, fmt.Sprintf("No error is new or more frequent than in the %d hours before; known: %s.", r.Hours, count(len(r.Groups), "group"))
			return f, nil
		}
		f.Standing = Otherwise
		f.Text = strings.Join(append(describeGroups(news, r.More), gaps...), " ")
		f.Ask = judge("Continue", "You say that these errors do not stop the upgrade.")
		return f, nil
	},
}

type logParams struct {
	Hours     int `json:"hours"`
	MaxGroups int `json:"max_groups"`
	// SMP says that the host must have a log of the Notification Server.
	SMP bool `json:"smp"`
}

// grown lists the groups that were not there before or have more entries now.
func grown(r estate.LogReview) []estate.LogGroup {
	var news []estate.LogGroup
	for _, g := range r.Groups {
		if g.Count > g.Before {
			news = append(news, g)
		}
	}
	return news
}

// topOf is what the trail itself keeps of a review; the list has all of it.
func topOf(r estate.LogReview) estate.LogReview {
	const most = 20
	r.More += max(0, len(r.Groups)-most)
	r.Groups = r.Groups[:min(most, len(r.Groups))]
	return r
}

// errorList is the whole review for a spreadsheet: a row for each source, then
// one for each group.
func errorList(host string, r estate.LogReview) File {
	rows := [][]string{{"log", "source", "event", "last hours", "hours before", "last", "text"}}
	for _, s := range r.Sources {
		rows = append(rows, []string{s.Name, "all of this log", "", strconv.Itoa(s.Errors), strconv.Itoa(s.Before), "", readFrom(s.From, s.Stopped, s.Trouble)})
	}
	for _, g := range r.Groups {
		rows = append(rows, []string{g.Log, g.Source, strconv.Itoa(g.ID), strconv.Itoa(g.Count), strconv.Itoa(g.Before), g.Last.UTC().Format(time.RFC3339), g.Text})
	}
	if r.More > 0 {
		rows = append(rows, []string{"", "", "", "", "", "", fmt.Sprintf("and %d more groups that the host did not send", r.More)})
	}
	return spreadsheet("errors-"+host+".csv", fmt.Sprintf("Errors of %s, %d hours", host, r.Hours), rows)
}

// readFrom says how far back a log was read, and what kept it from being read
// further.
func readFrom(from *time.Time, why ...string) string {
	text := "nothing was read"
	if from != nil {
		text = "read from " + from.UTC().Format(time.RFC3339)
	}
	return strings.Join(strings.Fields(text+" "+strings.Join(why, " ")), " ")
}

// describeGroups says how many groups are new or have grown, and the top of them.
func describeGroups(news []estate.LogGroup, more int) []string {
	if len(news) == 0 && more == 0 {
		return nil
	}
	const top = 3
	parts := []string{fmt.Sprintf("%s of errors are new or have grown.", count(len(news)+more, "group"))}
	if len(news)+more == 1 {
		parts[0] = "1\u00a0group of errors is new or has grown."
	}
	for _, g := range news[:min(top, len(news))] {
		parts = append(parts, fmt.Sprintf("%s log, %s: “%s” was %d, now %d.", g.Log, g.Source, g.Text, g.Before, g.Count))
	}
	return parts
}

// unreached says which log could not be read, or not back far enough.
func unreached(r estate.LogReview, smp bool) []string {
	var gaps []string
	for _, s := range r.Sources {
		if s.Name == estate.SMPLog && !smp && !s.There {
			continue // no Notification Server is expected here
		}
		last, before := r.Reached(s)
		switch {
		case !s.There:
			gaps = append(gaps, fmt.Sprintf("The %s log could not be read. %s", s.Name, s.Trouble))
		case s.Stopped != "" && !last:
			gaps = append(gaps, fmt.Sprintf("The %s log was not read to its end (%s).", s.Name, s.Stopped))
		case s.Unreadable > 0:
			gaps = append(gaps, fmt.Sprintf("%d entries of the %s log could not be read.", s.Unreadable, s.Name))
		case !last:
			gaps = append(gaps, fmt.Sprintf("The %s log was not read back %d hours.", s.Name, r.Hours))
		case !before:
			gaps = append(gaps, fmt.Sprintf("The %s log does not reach back %d hours, so there is nothing to compare with.", s.Name, 2*r.Hours))
		}
	}
	return gaps
}

// readLogs makes the stage of 1.4 item 3, on every host.
func readLogs(env Env, id string) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "1.4 item 3", Title: "Read the logs of " + estate.Names(env.Estate.Hosts), Doing: "reading the logs",
		Done: "Logs of " + estate.Names(env.Estate.Hosts) + " read"}
	for i, h := range env.Estate.Hosts {
		p, err := runbook.Canonical(logParams{Hours: 24, MaxGroups: 200, SMP: h.Role == estate.SMP})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Kind: logsReview.Name, Version: logsReview.Version, Host: h.Name,
			Params: p, Touches: []string{}, Title: "read the logs of " + h.Name})
	}
	return stage, nil
}
