// Itmsbot runs a Symantec/Broadcom ITMS upgrade from one Slack channel: slash
// commands become plans, plans become approved changes on Windows hosts, and
// every decision becomes a line of a trail that nobody can quietly change.
//
// This package is the command line and the wiring. It knows every other
// package and decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The first signal lets running steps finish and be recorded; the second
	// ends the program where it is, and the next start asks the estate.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := root(os.Stdout).ExecuteContext(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "itmsbot:", err)
		os.Exit(1)
	}
}
