package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"itmsbot/lab"
	"itmsbot/store"
)

// BenchmarkAck is from a command to its acknowledgement, as the practice
// workspace sees it: by the bot, which writes each delivery to disk first, and
// by a loop around slack-go that does nothing but acknowledge.
//
// Callers type their next command as soon as the last was acknowledged, so that
// decisions and answers of earlier ones go on meanwhile; with "reads" they have
// read the answer before. "answered/s" counts until the last answer has come.
func BenchmarkAck(b *testing.B) {
	for _, callers := range []int{1, 32} {
		b.Run(fmt.Sprintf("by=bot/callers=%d", callers), func(b *testing.B) {
			l := benchLab(b)
			benchBot(b, l)
			typeCommands(b, l, callers, nil)
			b.StopTimer()
			begin := time.Now()
			awaitAnswers(b, l, b.N)
			b.ReportMetric(float64(b.N)/(b.Elapsed()+time.Since(begin)).Seconds(), "answered/s")
		})
		b.Run(fmt.Sprintf("by=bare/callers=%d", callers), func(b *testing.B) {
			l := benchLab(b)
			bareLoop(b, l)
			typeCommands(b, l, callers, nil)
		})
	}
	b.Run("by=bot/callers=1/reads", func(b *testing.B) {
		l := benchLab(b)
		benchBot(b, l)
		n := 0
		typeCommands(b, l, 1, func() { n++; awaitAnswers(b, l, n) })
	})
}

// BenchmarkIntakeCommit is one delivery on disk, as the bot writes it before it
// acknowledges, with nobody else writing.
func BenchmarkIntakeCommit(b *testing.B) {
	s, err := store.Open(filepath.Join(b.TempDir(), "itmsbot.db"), store.Options{Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		d := store.Delivery{Keys: []string{fmt.Sprint("envelope ", n), fmt.Sprint("trigger ", n)}, At: time.Now(), Door: "slack",
			Body: []byte(`{"team":"TLAB00001","user":"UANA00001","channel":"CITMS0001","app":"AITMS0001","line":"help"}`)}
		begin := time.Now()
		if _, _, err := s.Receive(b.Context(), d); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	reportTimes(b, took)
}

// benchLab is a practice estate to the end of a benchmark. Its world stands
// still, so that it costs nothing.
func benchLab(b *testing.B) *lab.Lab {
	b.Helper()
	l, err := lab.Start(lab.Options{Listen: "127.0.0.1:0", Manual: true, Headless: true})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.Run(ctx); err != nil {
			b.Errorf("the lab ended: %v", err)
		}
	})
	b.Cleanup(func() { stop(); running.Wait() })
	return l
}

// benchBot puts the bot on a lab.
func benchBot(b *testing.B, l *lab.Lab) {
	b.Helper()
	w, err := labPlant(l, filepath.Join(b.TempDir(), "itmsbot.db"), slog.New(slog.NewTextHandler(testLog{b}, &slog.HandlerOptions{Level: slog.LevelWarn}))).wire()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := w.close(); err != nil {
			b.Error(err)
		}
	})
	runOn(b, l, w.run) // it leaves before that
}

// bareLoop is what any bot on slack-go has at least.
func bareLoop(b *testing.B, l *lab.Lab) {
	b.Helper()
	to := l.Document().Slack
	c := socketmode.New(slackgo.New(to.BotToken, slackgo.OptionAPIURL(to.APIURL), slackgo.OptionAppLevelToken(to.AppToken)))
	runOn(b, l, func(ctx context.Context) error {
		var acking sync.WaitGroup
		acking.Go(func() {
			for {
				select {
				case e := <-c.Events:
					if e.Type != socketmode.EventTypeSlashCommand {
						continue
					}
					if err := c.AckCtx(ctx, e.Request.EnvelopeID, nil); err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				case <-ctx.Done():
					return
				}
			}
		})
		defer acking.Wait()
		return c.RunContext(ctx)
	})
}

// runOn lets something serve a lab until the benchmark ends, and returns when it
// is connected.
func runOn(b *testing.B, l *lab.Lab, serve func(context.Context) error) {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := serve(ctx); err != nil && ctx.Err() == nil {
			b.Errorf("it ended: %v", err)
		}
	})
	b.Cleanup(func() { stop(); running.Wait() })
	untilLab(b, l, "connected", func() bool { return l.Slack.Connections() > 0 })
}

// untilLab waits until a change of the workspace makes ok true.
func untilLab(b *testing.B, l *lab.Lab, what string, ok func() bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		seen := l.Slack.Version()
		if ok() {
			return
		}
		if _, err := l.Slack.Wait(ctx, seen); err != nil {
			b.Errorf("waited in vain: %s; the workspace counts %v", what, l.Slack.Counts())
			return
		}
	}
}

// typeCommands has callers type b.N commands in all, each the next as soon as
// the last was acknowledged and then, which is not measured, read.
func typeCommands(b *testing.B, l *lab.Lab, callers int, read func()) {
	b.Helper()
	as, channel := l.Document().Slack.People["operator"], l.Document().Slack.Channel
	each := make([][]time.Duration, callers)
	var typed atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range callers {
		all.Go(func() {
			for typed.Add(1) <= int64(b.N) {
				begin := time.Now()
				if _, err := l.Slack.Say(b.Context(), as, channel, "", "/itms help"); err != nil {
					b.Error(err)
					return
				}
				each[i] = append(each[i], time.Since(begin))
				if read != nil {
					read()
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
	reportTimes(b, slices.Concat(each...))
}

// awaitAnswers waits until n commands have been answered.
func awaitAnswers(b *testing.B, l *lab.Lab, n int) {
	b.Helper()
	untilLab(b, l, "every command is answered", func() bool {
		sent := l.Slack.Counts()
		return sent["response_url"]+sent["chat.postEphemeral"] >= n
	})
}

// reportTimes reports the middle and the slow end of times.
func reportTimes(b *testing.B, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*p/100])/float64(time.Millisecond), fmt.Sprintf("p%d-ms", p))
	}
}
