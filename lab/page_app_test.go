package lab

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"itmsbot/lab/slack"
)

// testApp is a bot of a few lines on slack-go, for the page to talk to.
type testApp struct {
	*slackgo.Client
	commands chan slackgo.SlashCommand
	clicks   chan slackgo.InteractionCallback
	// submitted answers a form: the errors by block, or none.
	submitted func(slackgo.InteractionCallback) map[string]string
}

// patient gives the app the time that a browser under test may take.
func patient(c *slack.Config) { c.AckWithin, c.TriggerTTL = 10*time.Second, time.Minute }

func (p *testPage) connect(t *testing.T) *testApp {
	t.Helper()
	app := &testApp{
		Client:    slackgo.New("xoxb-test", slackgo.OptionAPIURL(p.url+"/api/"), slackgo.OptionAppLevelToken("xapp-test")),
		commands:  make(chan slackgo.SlashCommand, 10),
		clicks:    make(chan slackgo.InteractionCallback, 10),
		submitted: func(slackgo.InteractionCallback) map[string]string { return nil },
	}
	client := socketmode.New(app.Client)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup // waited for in the cleanup
	running.Go(func() { _ = client.RunContext(ctx) })
	running.Go(func() {
		for {
			select {
			case e := <-client.Events:
				app.handle(e, client)
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	for version := uint64(0); p.Connections() == 0; {
		var err error
		if version, err = p.Wait(within(t), version); err != nil {
			t.Fatal(err)
		}
	}
	return app
}

func (a *testApp) handle(e socketmode.Event, client *socketmode.Client) {
	switch data := e.Data.(type) {
	case slackgo.SlashCommand:
		_ = client.Ack(*e.Request)
		a.commands <- data
	case slackgo.InteractionCallback:
		if data.Type != slackgo.InteractionTypeViewSubmission {
			_ = client.Ack(*e.Request)
			a.clicks <- data
		} else if errs := a.submitted(data); errs != nil {
			_ = client.Ack(*e.Request, map[string]any{"response_action": "errors", "errors": errs})
		} else {
			_ = client.Ack(*e.Request)
		}
	}
}

// blocks reads Block Kit as it is written, for the calls of slack-go.
func blocks(t *testing.T, text string) slackgo.MsgOption {
	t.Helper()
	var b slackgo.Blocks
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	return slackgo.MsgOptionBlocks(b.BlockSet...)
}
