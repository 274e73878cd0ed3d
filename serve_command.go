package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"itmsbot/config"
)

// serveCommand is `itmsbot serve`: the bot on a workspace and an estate.
func serveCommand() *cobra.Command {
	var path string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a workspace and an estate, as a configuration names them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelInfo
			if verbose {
				level = slog.LevelDebug
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			return runServe(cmd.Context(), cmd.OutOrStdout(), path, log)
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&verbose, "verbose", false, "log what the parts say to each other")
	return cmd
}

func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "itmsbot.yaml", "the configuration")
}

// runServe serves until ctx ends. What is wrong with the configuration, the
// machine or the database is said before anything is reached.
func runServe(ctx context.Context, out io.Writer, path string, log *slog.Logger) (err error) {
	c, err := config.Load(path)
	if err != nil {
		return err
	}
	if err := notOnEstate(ctx, c); err != nil {
		return err
	}
	p, err := sitePlant(c, log)
	if err != nil {
		return err
	}
	var probes net.Listener
	if c.Health != nil {
		if probes, err = net.Listen("tcp", c.Health.Listen); err != nil {
			return fmt.Errorf("the listener for probes: %w", err)
		}
		defer probes.Close()
	}
	// Clock and probes go on until the bot has left: a step that is being
	// finished still needs the one, and its watchers the other.
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	var besides sync.WaitGroup
	defer besides.Wait()
	defer stop()
	if c.Lab == nil {
		p.clock = systemClock{}
	} else {
		clock, err := newPracticeClock(ctx, c.Lab.URL)
		if err != nil {
			return err
		}
		p.clock = clock
		besides.Go(func() { clock.follow(beside, log) })
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	defer func() {
		if closed := w.close(); err == nil {
			err = closed
		}
	}()
	if probes != nil {
		h := &health{parts: []part{{"slack", w.bot.Reachable}, {"trail", w.readable}}}
		besides.Go(func() {
			// No reason to end a bot that may be in the middle of a step.
			if err := h.serve(beside, probes); err != nil {
				log.Error("probes are no longer answered", "error", err)
			}
		})
	}
	fmt.Fprintf(out, "itmsbot %s serves %s in channel %s, configuration %.12s.\n", version(), p.estate.Name, p.slack.Channel, p.digest)
	return w.run(ctx)
}

// readable says whether the trail can be read.
func (w *wired) readable(context.Context) error {
	_, err := w.store.Due(time.Time{})
	return err
}

// systemClock is this machine's clock.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// Sleep waits for d on the monotonic clock.
func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
