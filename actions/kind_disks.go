package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// disksFree holds the method's floor of free space on the drives of SMP and SQL
// Server (1.4 item 4: at least 15 GB). It is no question of taste: too little
// fails, and is tried again when there is more.
var disksFree = &Kind{
	Name: "disks.free", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[diskParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		d, err := env.Hosts.Disks(ctx, s.Host, env.Lane)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{HostNow: d.Now, Facts: d, Standing: IsDone}
		if len(d.Disks) == 0 {
			f.Standing, f.Text = IsUnknown, "The host names no fixed drive."
			return f, nil
		}
		var full, fine []string
		for _, disk := range d.Disks {
			say := fmt.Sprintf("%s %d\u00a0GB free", disk.Name, disk.Free>>30)
			switch {
			case disk.Size == 0:
				full = append(full, disk.Name+" could not be read")
			case disk.Free < p.MinBytes:
				full = append(full, say)
			default:
				fine = append(fine, say)
			}
		}
		f.Text = strings.Join(fine, ", ") + "."
		if len(full) > 0 {
			f.Standing, f.Text = IsNotDone, fmt.Sprintf("Less than %d\u00a0GB: %s. Free some and try again.", p.MinBytes>>30, strings.Join(full, ", "))
		}
		return f, nil
	},
}

type diskParams struct {
	MinBytes int64 `json:"min_bytes"`
}

// freeSpace makes the stage of 1.4 item 4.
func freeSpace(env Env, id string) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "1.4 item 4", Title: "Check free disk space", Doing: "checking free disk space", Done: "Free disk space checked"}
	p, err := runbook.Canonical(diskParams{env.Limits.FreeBytes})
	for _, role := range []estate.Role{estate.SMP, estate.SQL} {
		h := hostOf(env.Estate, role)
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: disksFree.Name, Version: disksFree.Version,
			Host: h, Params: p, Touches: []string{}, Title: "check free disk space on " + h})
	}
	return stage, err
}
