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
	"itmsbot/runbook"
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
	c, err := readSite(ctx, path)
	if err != nil {
		return err
	}
	p, err := sitePlant(c, log)
	if err != nil {
		return err
	}
	// Clock and probes go on until the bot has left: a step that is being
	// finished still needs the one, and its watchers the other.
	lasting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	p.clock = systemClock{}
	if c.Lab != nil {
		clock, err := newPracticeClock(ctx, c.Lab.URL)
		if err != nil {
			return err
		}
		p.clock = clock
		beside.Go(func() { clock.follow(lasting, log) })
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
	if c.Health != nil {
		probes, err := net.Listen("tcp", c.Health.Listen)
		if err != nil {
			return fmt.Errorf("the listener for probes: %w", err)
		}
		fmt.Fprintf(out, "Probes are answered at http://%s/healthz and /readyz.\n", probes.Addr())
		beside.Go(func() { w.answerProbes(lasting, probes) })
	}
	fmt.Fprintf(out, "itmsbot %s serves %s in channel %s, configuration %s.\n", version(), p.estate.Name, p.slack.Channel, runbook.Short(p.digest))
	return w.run(ctx)
}

// readSite reads a configuration for a machine that may use it.
func readSite(ctx context.Context, path string) (*config.Config, error) {
	c, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	return c, notOnEstate(ctx, c)
}

// answerProbes answers until ctx ends. Not being able to is no reason to end a
// bot that may be in the middle of a step.
func (w *wired) answerProbes(ctx context.Context, l net.Listener) {
	h := &health{parts: []part{{"slack", w.bot.Reachable}, {"trail", w.readable}}}
	if err := h.serve(ctx, l); err != nil {
		w.log.Error("probes are no longer answered", "error", err)
	}
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
