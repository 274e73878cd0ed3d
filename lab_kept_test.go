package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/lab"
)

// keptStage is a stage whose lab is kept in a folder; end stops bot and lab, in the
// order of itmsbot lab.
func keptStage(t *testing.T, dir string) (s *stage, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s = &stage{t: t, dir: dir, ctx: ctx, ids: map[string]string{}, heard: map[string]int{}}
	l, err := lab.Start(lab.Options{Listen: "127.0.0.1:0", Manual: true, Dir: dir, Keep: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.lab = l
	for _, m := range lab.Members() {
		s.ids[m.Name] = m.ID
	}
	var serving sync.WaitGroup // waited for in end
	serving.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Errorf("the lab ended: %v", err)
		}
	})
	s.plant = labPlant(l, filepath.Join(dir, "itmsbot.db"), slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})))
	s.plant.slack.Hurry = true
	s.plant.clock = steppedClock{s.plant.clock.(labClock), &gate{}}
	s.startBot()
	for name := range s.ids { // what was read before is not read again
		s.heard[s.plant.slack.Channel+name] = len(s.private(s.plant.slack.Channel, name))
	}
	end = sync.OnceFunc(func() {
		s.stopBot()
		stop()
		serving.Wait()
	})
	t.Cleanup(end)
	return s, end
}

// TestLabGoesOnWithItsBot: a rehearsal that was ended in the evening goes on the next
// day with doors closed and snapshots taken as they were, and can be taken back.
func TestLabGoesOnWithItsBot(t *testing.T) {
	dir := t.TempDir()
	s, end := keptStage(t, dir)
	before := s.lab.World.Dump()
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	quiet := s.lab.World.Dump()
	end()

	s, _ = keptStage(t, dir)
	if diff := cmp.Diff(quiet, s.lab.World.Dump()); diff != "" {
		t.Errorf("overnight something changed (-before +after):\n%s", diff)
	}
	s.sees("Quiesce the estate (1.4): done")
	s.lab.World.Advance(20 * time.Minute) // long enough for the watch over the doors
	s.say("Ana", "/itms firewall")
	s.reads("Ana", "closed")
	s.press("Ana", "Back out", "R-1")
	s.sees("Back out of R-1", "approval needed")
	s.press("Dora", "Approve", "R-2")
	s.sees("Back out of R-1 (back out): done")
	if diff := cmp.Diff(before, s.lab.World.Dump()); diff != "" {
		t.Errorf("the world is not as before (-before +after):\n%s", diff)
	}
	if left := s.lab.World.Truth().Snapshots; len(left) != 0 || s.lab.VCenter.Stats().Tasks["RemoveSnapshot_Task"] != 4 {
		t.Errorf("snapshots %+v, vCenter counts %v", left, s.lab.VCenter.Stats().Tasks)
	}
	if strings.Contains(s.channel("Cleo"), "not closed any more") {
		t.Errorf("the bot was alarmed about nothing:\n%s", s.channel("Cleo"))
	}
}
