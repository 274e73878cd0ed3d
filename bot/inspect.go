package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/runbook"
)

// Scope is a right of the app's bot token.
type Scope struct {
	Name string
	// For is what the bot needs it for, in words.
	For string
	// Of is the sort of channel that it is for; empty means any.
	Of Room
}

// Room is a sort of channel.
type Room string

// The sorts of channels. Slack has scopes for each.
const (
	Public  Room = "public"
	Private Room = "private"
)

// Scopes lists what the app has to be granted, in the order of the manifest.
func Scopes() []Scope {
	return []Scope{
		{Name: "commands", For: "hear /itms"},
		{Name: "chat:write", For: "post and update cards"},
		{Name: "files:write", For: "post sheets with the way back"},
		{Name: "channels:history", For: "find out whether a message arrived that was cut off", Of: Public},
		{Name: "groups:history", For: "find out whether a message arrived that was cut off", Of: Private},
		{Name: "channels:read", For: "check that the channel is there", Of: Public},
		{Name: "groups:read", For: "check that the channel is there", Of: Private},
		{Name: "users:read", For: "check that the listed people are there"},
	}
}

// Finding is what one look at the workspace found.
type Finding struct {
	Subject string // "bot token", "scope chat:write", "Ana"
	Good    bool
	Says    string
}

// inspectLimit bounds one call of an inspection.
const inspectLimit = 10 * time.Second

// Inspect looks at everything of a workspace that the bot will need, and
// changes nothing: it posts no message and opens no socket, so that a bot that
// is running keeps all its commands.
func Inspect(ctx context.Context, cfg Config, people []runbook.Member) []Finding {
	options := []slack.Option{slack.OptionHTTPClient(&http.Client{Timeout: inspectLimit}), slack.OptionAppLevelToken(cfg.AppToken)}
	if cfg.APIURL != "" {
		options = append(options, slack.OptionAPIURL(cfg.APIURL))
	}
	i := inspection{cfg: cfg, api: slack.New(cfg.BotToken, options...)}
	if i.token(ctx) {
		i.channel(ctx)
		i.scopes()
		for _, m := range people {
			i.person(ctx, m)
		}
	}
	i.socket(ctx)
	return i.found
}

// inspection collects what is found.
type inspection struct {
	cfg     Config
	api     *slack.Client
	granted []string // scopes; nil where Slack did not say
	room    Room     // empty where the channel could not be seen
	found   []Finding
}

func (i *inspection) note(subject string, good bool, format string, args ...any) {
	i.found = append(i.found, Finding{subject, good, fmt.Sprintf(format, args...)})
}

// token reports whether there is anything more to ask with it.
func (i *inspection) token(ctx context.Context) bool {
	who, err := i.api.AuthTestContext(ctx)
	if err != nil {
		i.note("bot token", false, "%s", words(err))
		return false
	}
	if scopes := who.Header.Get("X-OAuth-Scopes"); scopes != "" {
		i.granted = strings.FieldsFunc(scopes, func(r rune) bool { return r == ',' || r == ' ' })
	}
	good := who.TeamID == i.cfg.Team
	i.note("bot token", good, "%s in workspace %s (%s)", who.User, who.Team, who.TeamID)
	if !good {
		i.note("workspace", false, "the configuration says %s", i.cfg.Team)
	}
	return true
}

func (i *inspection) channel(ctx context.Context) {
	subject := "channel " + i.cfg.Channel
	c, err := i.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: i.cfg.Channel})
	if err != nil {
		i.note(subject, false, "%s", words(err))
		return
	}
	i.room = Public
	if c.IsPrivate {
		i.room = Private
	}
	switch {
	case c.IsArchived:
		i.note(subject, false, "#%s is archived", c.Name)
	case !c.IsMember:
		i.note(subject, false, "the bot is no member of #%s; write /invite @itmsbot there", c.Name)
	case c.IsExtShared:
		i.note(subject, false, "#%s is shared with another organisation, whose people would watch the upgrade", c.Name)
	default:
		i.note(subject, true, "#%s, %s, the bot is a member", c.Name, i.room)
	}
}

func (i *inspection) scopes() {
	if i.granted == nil {
		i.note("scopes", false, "slack does not say which scopes the token has")
		return
	}
	var missing []string
	for _, s := range Scopes() {
		// Where the channel cannot be seen, all may be needed.
		if s.Of != "" && i.room != "" && s.Of != i.room || slices.Contains(i.granted, s.Name) {
			continue
		}
		missing = append(missing, s.Name)
		i.note("scope "+s.Name, false, "not granted; the bot needs it to %s. Add it under OAuth & Permissions and install the app again", s.For)
	}
	if len(missing) == 0 {
		i.note("scopes", true, "all that are needed")
	}
}

func (i *inspection) person(ctx context.Context, m runbook.Member) {
	u, err := i.api.GetUserInfoContext(ctx, m.Person.User)
	switch {
	case err != nil:
		i.note(m.Name, false, "%s: %s", m.Person.User, words(err))
	case u.Deleted:
		i.note(m.Name, false, "%s is deactivated", m.Person.User)
	case u.IsBot:
		i.note(m.Name, false, "%s is a bot; only people ask and approve", m.Person.User)
	default:
		i.note(m.Name, true, "%s, %s", m.Person.User, m.Role)
	}
}

// socket asks for the address of a socket and does not open it: one that is
// open takes part of the commands.
func (i *inspection) socket(ctx context.Context) {
	if _, _, err := i.api.StartSocketModeContext(ctx); err != nil {
		i.note("app token", false, "%s", words(err))
		return
	}
	i.note("app token", true, "Socket Mode is on")
}

// words are Slack's error as people can act on it.
func words(err error) string {
	var no slack.SlackErrorResponse
	var limited *slack.RateLimitedError
	switch {
	case errors.As(err, &no) && no.Needed != "":
		return fmt.Sprintf("slack says %s: the scope %s is needed", no.Err, no.Needed)
	case errors.As(err, &no):
		return "slack says " + no.Err
	case errors.As(err, &limited):
		return fmt.Sprintf("slack asks to wait %s", limited.RetryAfter)
	}
	return "slack does not answer: " + err.Error()
}
