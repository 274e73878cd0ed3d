package lab

import (
	"net/http"
	"strings"
	"time"

	"itmsbot/lab/slack"
)

// channelView is the channel as one person sees it.
type channelView struct {
	Now      time.Time       `json:"now"` // by the world's clock
	Channel  channelAbout    `json:"channel"`
	People   []Member        `json:"people"`
	Bot      pageBot         `json:"bot"`
	Messages []slack.Message `json:"messages"` // of the channel, or of the thread asked for; oldest first
	Views    []slack.View    `json:"views"`    // open forms, the topmost last
}

type channelAbout struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Topic string `json:"topic"`
}

// channel answers GET /lab/channel?as=&thread=.
func (p *page) channel(r *http.Request) (any, error) {
	q := r.URL.Query()
	m, err := p.member(q.Get("as"))
	if err != nil {
		return nil, err
	}
	bot := p.Bot
	bot.Connected = p.Slack.Connections() > 0
	return channelView{
		Now:      p.World.Now(),
		Channel:  channelAbout(p.Channel),
		People:   p.People,
		Bot:      bot,
		Messages: list(p.Slack.Messages(m.ID, p.Channel.ID, q.Get("thread"))),
		Views:    list(p.Slack.Open(m.ID)),
	}, nil
}

// list is s, never null in JSON.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// file answers GET /lab/file/{id} for people, who have no bot token. What the app
// uploaded is foreign: text is shown as text, pictures as pictures, all else is
// only saved, and none of it may run anything.
func (p *page) file(w http.ResponseWriter, r *http.Request) {
	f, content, ok := p.Slack.Download(r.PathValue("id"))
	if !ok {
		writeRefusal(w, refusef(http.StatusNotFound, "There is no such file."))
		return
	}
	kind := "application/octet-stream"
	switch {
	case strings.HasPrefix(f.Mimetype, "text/"):
		kind = "text/plain; charset=utf-8"
	case f.Mimetype == "image/png" || f.Mimetype == "image/jpeg":
		kind = f.Mimetype
	default:
		w.Header().Set("Content-Disposition", "attachment")
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	// The client being gone is its own affair.
	_, _ = w.Write(content)
}
