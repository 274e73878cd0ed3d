package slack

import (
	"log/slog"
	"strings"
	"time"
)

// Person is somebody in the workspace. Name is the handle people type after
// @, RealName what is shown.
type Person struct {
	ID       string // U…
	Name     string
	RealName string
}

// Channel is a public channel; everybody and the app are in it.
type Channel struct {
	ID    string // C…
	Name  string // without #
	Topic string
}

// Config says what is in the workspace. The zero value of every field from Now
// on is usable.
type Config struct {
	// URL is the base of every address handed out, such as
	// "http://127.0.0.1:8080"; the socket's address is derived from it.
	URL string

	TeamID, TeamDomain             string
	AppID, BotID, BotUser, BotName string

	BotToken string // xoxb-…, for the Web API
	AppToken string // xapp-…, for apps.connections.open alone

	Command   string // the app's slash command, such as "/itms"
	UsageHint string // what the page shows beside it

	Channels []Channel
	People   []Person

	// Scopes are those the bot token carries; nil is every scope a method
	// here asks for.
	Scopes []string
	// Events are the bot events subscribed to: "app_home_opened",
	// "app_mention", "message.channels". Others are never sent.
	Events []string

	// Now stamps messages. Nil is time.Now.
	Now func() time.Time
	// AckWithin is how long the app has to acknowledge; 0 is Slack's 3 s.
	AckWithin time.Duration
	// Redeliver holds the waits before each further delivery of what was not
	// acknowledged in time; nil is Slack's 0, 1 min, 5 min, and
	// an empty list delivers once.
	Redeliver []time.Duration
	// TriggerTTL is how long a trigger_id opens a modal; 0 is Slack's 3 s.
	TriggerTTL time.Duration
	// ResponseTTL is how long a response_url is good; 0 is Slack's 30 min.
	ResponseTTL time.Duration
	// RateLimits turns on Slack's: 1 message a second and channel, and the
	// tier of each method.
	RateLimits bool

	Log *slog.Logger // nil discards
}

// withDefaults returns the configuration with every zero value replaced by
// what Slack does.
func (c Config) withDefaults() Config {
	c.URL = strings.TrimRight(c.URL, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.AckWithin == 0 {
		c.AckWithin = 3 * time.Second
	}
	if c.Redeliver == nil {
		c.Redeliver = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if c.TriggerTTL == 0 {
		c.TriggerTTL = 3 * time.Second
	}
	if c.ResponseTTL == 0 {
		c.ResponseTTL = 30 * time.Minute
	}
	if c.Scopes == nil {
		c.Scopes = allScopes()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
