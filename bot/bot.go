package bot

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"

	"itmsbot/commands"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// Config is what the bot needs to know of its workspace.
type Config struct {
	BotToken, AppToken string
	// APIURL is Slack's, or a lab's; it must end in a slash. Empty is
	// Slack's own.
	APIURL string
	// Team and Channel are where the upgrade is run. Whatever comes from
	// elsewhere is refused.
	Team, Channel string
	// PlanBlocks draws plans with Slack's plan and task blocks instead of
	// sections.
	PlanBlocks bool
	// Hurry leaves out the pauses that Slack's rate limits ask for. For
	// tests against a lab only.
	Hurry bool
}

// Deps are the parts the bot joins.
type Deps struct {
	Router *commands.Router
	Intake Intake
	Trail  Trail
	Shown  Shown
	Medium Medium
	Policy runbook.Policy
	Estate estate.Estate
	// Sheet is the way back of a request in words, for the thread.
	Sheet func(runbook.Request) (string, error)
	Log   *slog.Logger
}

// Bot joins a workspace to the router and draws the channel.
type Bot struct {
	cfg    Config
	d      Deps
	api    *slack.Client
	socket *socketmode.Client

	// greeted is closed when Slack has said hello for the first time: only
	// then is it known which app a click has to be of.
	greeted chan struct{}
	greet   sync.Once
	// poke wakes the decider after a delivery was written.
	poke chan struct{}
	// arriving is held while deliveries are written and acknowledged. The
	// decider waits for it before each decision: Slack gives up on what is not
	// acknowledged after three seconds, nobody gives up on an answer.
	arriving sync.Mutex
	out      *outbound

	mu   sync.Mutex        // protects the following
	urls map[string]string // response_url by key of the envelope; never on disk
	app  string            // our app id, from hello
	open bool              // a socket has said hello and was not given up since
	me   string            // our user id
	// turned are the keys of deliveries that were turned away: they are not
	// done when they come again.
	turned map[string]turnedAway
	stuck  time.Time // when a delivery could last not be written

	answers sync.WaitGroup // answers being sent; Run waits for them
	slots   chan struct{}  // bounds them
}

// New makes a bot. It reaches nothing.
func New(cfg Config, d Deps) *Bot {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16 // slack.md §5
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	options := []slack.Option{slack.OptionHTTPClient(client), slack.OptionAppLevelToken(cfg.AppToken)}
	if cfg.APIURL != "" {
		options = append(options, slack.OptionAPIURL(cfg.APIURL))
	}
	api := slack.New(cfg.BotToken, options...)
	b := &Bot{cfg: cfg, d: d, api: api, greeted: make(chan struct{}), poke: make(chan struct{}, 1), urls: map[string]string{}, turned: map[string]turnedAway{}, slots: make(chan struct{}, 16)}
	b.socket = socketmode.New(api, socketmode.OptionDialer(newDialer()))
	b.out = newOutbound(b)
	return b
}

// Run serves until ctx ends or something happens that no retry can mend, such
// as a token that Slack refuses.
func (b *Bot) Run(ctx context.Context) error {
	who, err := b.hello(ctx)
	if err != nil {
		return err
	}
	if who.TeamID != b.cfg.Team {
		return fmt.Errorf("the bot token is of workspace %s (%s), the configuration says %s", who.TeamID, who.Team, b.cfg.Team)
	}
	b.mu.Lock()
	b.me = who.UserID
	b.mu.Unlock()
	defer b.answers.Wait()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.listen(ctx) })
	g.Go(func() error { return b.decide(ctx) })
	g.Go(func() error { return b.out.run(ctx) })
	g.Go(func() error { return b.watchMedium(ctx) })
	return g.Wait()
}

// hello asks who the token is, and tries again while Slack is away: the
// upgrade does not wait for it.
func (b *Bot) hello(ctx context.Context) (*slack.AuthTestResponse, error) {
	pause := newPause(time.Second, time.Minute)
	for {
		who, err := b.api.AuthTestContext(ctx)
		if err == nil {
			return who, nil
		}
		if code := slackCode(err); permanent(code) {
			return nil, fmt.Errorf("slack refuses the bot token: %s", code)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.d.Log.Warn("slack does not answer; trying again", "error", err)
		if !pause.wait(ctx) {
			return nil, ctx.Err()
		}
	}
}
