package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"itmsbot/lab/world"
)

// stateFile is where a lab is put away, beside lab.json.
const stateFile = "lab-state.json"

// keepEvery is how often a running lab is put away, in real time, for the case that it
// is killed: what happened since is then forgotten, though not by the bot.
const keepEvery = 10 * time.Second

// state is a lab that was put away: the world, the snapshots and what was said. Who has
// which password is not in it.
type state struct {
	Estate  string          `json:"estate"`
	World   json.RawMessage `json:"world"`
	VCenter json.RawMessage `json:"vcenter"`
	Slack   json.RawMessage `json:"slack"`
}

// readState reads the state of a former lab from a folder; nil where there is none.
func readState(dir string) (*state, error) {
	path := filepath.Join(dir, stateFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the former lab: %w", err)
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("the former lab in %s cannot be read: %w", path, err)
	}
	return &s, nil
}

// startWorld makes the world, or takes a former one up.
func (l *Lab) startWorld(o Options) error {
	if o.Keep && o.Dir != "" {
		l.keep = filepath.Join(o.Dir, stateFile)
		former, err := readState(o.Dir)
		if err != nil {
			return err
		}
		l.former = former
	}
	l.doc.Estate = cmp.Or(o.Estate, TheEstate)
	if l.former != nil {
		l.doc.Estate = cmp.Or(l.former.Estate, TheEstate)
		if o.Estate != "" && o.Estate != l.doc.Estate {
			return fmt.Errorf("the former lab has the estate %s, not %s; move %s away to begin anew, and the bot's database with it", l.doc.Estate, o.Estate, l.keep)
		}
	}
	w, err := worldOf(l.doc.Estate)
	if err != nil {
		return err
	}
	w.Pace, w.Manual = o.Pace, o.Manual
	if l.former == nil {
		l.World = world.New(w)
		return nil
	}
	if l.World, err = world.Resume(w, l.former.World); err != nil {
		return fmt.Errorf("%w; move %s away to begin anew, and the bot's database with it", err, l.keep)
	}
	return nil
}

// resume gives the servers what a former lab left.
func (l *Lab) resume() error {
	if l.former == nil {
		return nil
	}
	return errors.Join(l.VCenter.Resume(l.former.VCenter), l.Slack.Resume(l.former.Slack))
}

// Resumed reports whether the lab goes on from where a former one was put away.
func (l *Lab) Resumed() bool { return l.former != nil }

// putAway writes the state of this moment, where the lab is to be kept. The file is
// whole at every time: a new one takes the place of the old one.
func (l *Lab) putAway() error {
	if l.keep == "" {
		return nil
	}
	l.keeping.Lock()
	defer l.keeping.Unlock()
	slack, err1 := l.Slack.Save()
	vms, err2 := l.VCenter.Save()
	now, err3 := l.World.Save()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	b, err := json.Marshal(state{l.doc.Estate, now, vms, slack})
	if err != nil {
		return fmt.Errorf("put the lab away: %w", err)
	}
	written := l.keep + ".new"
	if err := os.WriteFile(written, b, 0o600); err != nil {
		return fmt.Errorf("put the lab away: %w", err)
	}
	if err := os.Rename(written, l.keep); err != nil {
		return fmt.Errorf("put the lab away: %w", err)
	}
	return nil
}

// keepPuttingAway puts the lab away now and then until ctx ends. What hinders it now,
// such as a full disk, may be gone when it counts.
func (l *Lab) keepPuttingAway(ctx context.Context) {
	if l.keep == "" {
		return
	}
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := l.putAway(); err != nil {
			l.log.Warn("the lab could not be put away", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
