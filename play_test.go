package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"itmsbot/lab"
	"itmsbot/lab/slack"
)

// stage is a whole practice estate with a bot on it, played by a test: every
// word goes over the wires. Its world's clock stands still but for what the bot
// itself waits for.
type stage struct {
	t     testing.TB
	lab   *lab.Lab
	dir   string
	plant plant
	bot   *wired
	ctx   context.Context
	ids   map[string]string // name -> user id

	leave   context.CancelFunc
	running sync.WaitGroup
	// heard is how many ephemeral messages each person has had read.
	heard map[string]int
	// gate and mistyped are what a conversation may change of the plant.
	gate     *gate
	mistyped atomic.Bool
}

// patience bounds every wait of a test. Nothing waits for it when it passes.
const patience = 60 * time.Second

func openStage(t testing.TB) *stage {
	t.Helper()
	return openStageOn(t, lab.TheEstate)
}

// openStageOn is openStage with one of the practice estates.
func openStageOn(t testing.TB, estate string) *stage {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &stage{t: t, dir: t.TempDir(), ctx: ctx, ids: map[string]string{"Guest": guest}, heard: map[string]int{}, gate: &gate{}}
	l, err := lab.Start(lab.Options{Listen: "127.0.0.1:0", Estate: estate, Manual: true, Dir: s.dir, Slack: withGuest, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.lab = l
	for _, m := range lab.Members() {
		s.ids[m.Name] = m.ID
	}
	var lost sync.WaitGroup
	lost.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Errorf("the lab ended: %v", err)
		}
	})
	s.plant = labPlant(l, filepath.Join(s.dir, "itmsbot.db"), slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn})))
	s.plant.slack.Hurry = true
	s.plant.clock = steppedClock{s.plant.clock.(labClock), s.gate}
	passwords(s.plant.hosts, &s.mistyped)
	s.startBot()
	t.Cleanup(func() {
		s.gate.open()
		s.stopBot()
		stop()
		lost.Wait()
	})
	return s
}

// testLog puts the bot's warnings where a failing test shows them.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// steppedClock moves the world on by what is waited for, so that no test waits
// for time to pass. The bot's own timers keep their real pace.
type steppedClock struct {
	labClock
	gate *gate
}

func (c steppedClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= timerPause { // the loop of timers would race through the day
		return c.labClock.Sleep(ctx, d)
	}
	if err := c.gate.pass(ctx, d); err != nil {
		return err
	}
	c.w.Advance(d)
	return ctx.Err()
}

func (s *stage) startBot() {
	s.t.Helper()
	w, err := s.plant.wire()
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, leave := context.WithCancel(s.ctx)
	s.bot, s.leave = w, leave
	s.running.Go(func() {
		if err := w.run(ctx); err != nil && ctx.Err() == nil {
			s.t.Errorf("the bot ended: %v", err)
		}
	})
	s.until("the bot is connected", func() bool { return s.lab.Slack.Connections() > 0 })
}

func (s *stage) stopBot() {
	s.leave()
	s.running.Wait()
	if err := s.bot.close(); err != nil {
		s.t.Errorf("close: %v", err)
	}
	// What is said to a socket that nobody reads any more is lost on the next
	// bot.
	s.until("its socket is gone", func() bool { return s.lab.Slack.Connections() == 0 })
}

// until waits until something in the channel makes ok true.
func (s *stage) until(what string, ok func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	for seen := uint64(0); ; {
		now := s.lab.Slack.Version()
		if ok() {
			return
		}
		seen = now
		if _, err := s.lab.Slack.Wait(ctx, seen); err != nil {
			s.t.Fatalf("waited in vain: %s\n%s", what, s.channel("Cleo"))
		}
	}
}

func (s *stage) say(who, text string) {
	s.t.Helper()
	s.sayIn(s.plant.slack.Channel, who, text)
}

func (s *stage) sayIn(channel, who, text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if _, err := s.lab.Slack.Say(ctx, s.id(who), channel, "", text); err != nil {
		s.t.Fatalf("%s: %s: %v", who, text, err)
	}
}

func (s *stage) id(who string) string {
	s.t.Helper()
	id, ok := s.ids[who]
	if !ok {
		s.t.Fatalf("nobody is called %q", who)
	}
	return id
}

// press presses a button by its label, on the newest message that shows it and
// whose text or header names about.
func (s *stage) press(who, label, about string) {
	s.t.Helper()
	for !s.pressOnce(who, label, about) {
		// The card was drawn anew between reading and pressing it.
	}
}

// pressOnce reports whether what was found could still be pressed.
func (s *stage) pressOnce(who, label, about string) bool {
	s.t.Helper()
	var ts, action string
	s.until(fmt.Sprintf("a button %q for %s on %q", label, who, about), func() bool {
		for _, m := range s.lab.Slack.Messages(s.id(who), s.plant.slack.Channel, "") {
			if !strings.Contains(m.Text+flat(m.Blocks), about) {
				continue
			}
			if a := buttonOf(m.Blocks, label); a != "" {
				ts, action = m.TS, a
			}
		}
		return ts != ""
	})
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	err := s.lab.Slack.Press(ctx, s.id(who), s.plant.slack.Channel, ts, action)
	if err != nil && !errors.Is(err, slack.ErrNothingThere) {
		s.t.Fatalf("%s presses %s: %v", who, label, err)
	}
	return err == nil
}

// reads waits for the next ephemeral message of a person that holds words.
func (s *stage) reads(who, words string) {
	s.t.Helper()
	s.readsIn(s.plant.slack.Channel, who, words)
}

func (s *stage) readsIn(channel, who, words string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%s alone reads %q", who, words), func() bool {
		private := s.private(channel, who)
		for i := s.heard[channel+who]; i < len(private); i++ {
			if strings.Contains(flat(private[i].Blocks), words) {
				s.heard[channel+who] = i + 1
				return true
			}
		}
		return false
	})
}

func (s *stage) private(channel, who string) []slack.Message {
	var list []slack.Message
	for _, m := range s.lab.Slack.Messages(s.id(who), channel, "") {
		if m.Ephemeral {
			list = append(list, m)
		}
	}
	return list
}

// sees waits until a message that everybody sees, in the channel or in a thread,
// holds all of the words.
func (s *stage) sees(words ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("the channel shows %q", words), func() bool {
		for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, "") {
			if !m.Ephemeral && (holdsAll(flat(m.Blocks), words) || s.threadShows(m.TS, words)) {
				return true
			}
		}
		return false
	})
}

// threadShows reports whether a message in the thread of another holds all of the
// words.
func (s *stage) threadShows(ts string, words []string) bool {
	for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, ts) {
		if m.TS != ts && !m.Ephemeral && holdsAll(flat(m.Blocks), words) {
			return true
		}
	}
	return false
}

// channel shows what a person sees, for a failing test.
func (s *stage) channel(who string) string {
	var b strings.Builder
	for _, m := range s.lab.Slack.Messages(s.id(who), s.plant.slack.Channel, "") {
		fmt.Fprintf(&b, "%s %s ephemeral=%v\n   %s\n", m.TS, m.User, m.Ephemeral, flat(m.Blocks))
	}
	for name := range s.ids {
		for _, m := range s.private(s.plant.slack.Channel, name) {
			fmt.Fprintf(&b, "only %s: %s\n", name, flat(m.Blocks))
		}
	}
	return b.String()
}

// flat is all text of blocks, in order.
func flat(blocks json.RawMessage) string {
	var tree any
	if json.Unmarshal(blocks, &tree) != nil {
		return ""
	}
	var words []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if t, ok := v["text"].(string); ok {
				words = append(words, t)
			}
			for _, k := range []string{"text", "fields", "elements", "rows"} {
				if _, leaf := v[k].(string); !leaf {
					walk(v[k])
				}
			}
		}
	}
	walk(tree)
	return strings.ReplaceAll(strings.Join(words, " | "), "\u00a0", " ")
}

// buttonOf finds the button with a label and gives "block_id/action_id".
func buttonOf(blocks json.RawMessage, label string) string {
	var list []struct {
		BlockID  string `json:"block_id"`
		Elements []struct {
			Type     string          `json:"type"`
			ActionID string          `json:"action_id"`
			Text     json.RawMessage `json:"text"`
		} `json:"elements"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return ""
	}
	for _, b := range list {
		for _, e := range b.Elements {
			var text struct {
				Text string `json:"text"`
			}
			if e.Type == "button" && json.Unmarshal(e.Text, &text) == nil && text.Text == label {
				return b.BlockID + "/" + e.ActionID
			}
		}
	}
	return ""
}

// fileInThread is the content of the newest file in any thread whose name
// begins so.
func (s *stage) fileInThread(prefix string) string {
	content := ""
	for _, card := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, "") {
		for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, card.TS) {
			for _, f := range m.Files {
				if strings.HasPrefix(f.Name, prefix) {
					if _, b, ok := s.lab.Slack.Download(f.ID); ok {
						content = string(b)
					}
				}
			}
		}
	}
	return content
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
