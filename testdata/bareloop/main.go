// Bareloop is the least that a Slack bot in Go can be: it connects by slack-go
// and acknowledges whatever comes. Benchmarks hold the product against it.
//
// It lives below testdata so that no build of the product picks it up.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	api := slack.New(os.Getenv("SLACK_BOT_TOKEN"), slack.OptionAPIURL(os.Getenv("SLACK_API_URL")),
		slack.OptionAppLevelToken(os.Getenv("SLACK_APP_TOKEN")))
	c := socketmode.New(api)
	go func() { // ends with the process
		for e := range c.Events {
			if e.Type == socketmode.EventTypeSlashCommand {
				_ = c.AckCtx(ctx, e.Request.EnvelopeID, nil)
			}
		}
	}()
	if err := c.RunContext(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}
