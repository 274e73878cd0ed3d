package slack

import (
	"regexp"
	"slices"
	"strings"
)

// Limits of what may be attached to a channel or message.
const (
	maxPins      = 100
	maxBookmarks = 100
	maxReactions = 23 // different ones by one person on one message
)

// pin marks a message of a channel.
type pin struct {
	ts      string
	created int64 // Unix seconds
}

// Bookmark is a link at the top of a channel.
type Bookmark struct {
	ID        string `json:"id"`
	ChannelID string `json:"channel_id"`
	Title     string `json:"title"`
	Type      string `json:"type"`
	Link      string `json:"link"`
	Emoji     string `json:"emoji"`
	Created   int64  `json:"date_created"` // Unix seconds
	Updated   int64  `json:"date_updated"`
	AppID     string `json:"app_id"`
}

// pinned finds the channel and message of a pins.* or reactions.* call. Locked.
func (s *Server) pinned(a args) (*room, *stored, error) {
	r := s.rooms[a["channel"]]
	switch {
	case r == nil:
		return nil, nil, refuse("channel_not_found")
	case a["timestamp"] == "":
		return nil, nil, refuse("no_item_specified")
	case !exactStamp.MatchString(a["timestamp"]):
		return nil, nil, refuse("bad_timestamp")
	}
	m := r.find(a["timestamp"])
	if m == nil {
		return nil, nil, refuse("message_not_found")
	}
	return r, m, nil
}

func (s *Server) pinsAdd(a args) (reply, error) {
	r, m, err := s.pinned(a)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(r.pins, func(p pin) bool { return p.ts == m.TS }) {
		return nil, refuse("already_pinned")
	}
	if len(r.pins) >= maxPins {
		return nil, refuse("too_many_pins")
	}
	r.pins = append(r.pins, pin{m.TS, s.cfg.Now().Unix()})
	s.touch()
	return nil, nil
}

func (s *Server) pinsRemove(a args) (reply, error) {
	r, m, err := s.pinned(a)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.pins, func(p pin) bool { return p.ts == m.TS })
	if i < 0 {
		return nil, refuse("no_pin")
	}
	r.pins = slices.Delete(r.pins, i, i+1)
	s.touch()
	return nil, nil
}

// pinsList returns the pins, the latest first.
func (s *Server) pinsList(a args) (reply, error) {
	r := s.rooms[a["channel"]]
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	items := []reply{}
	for _, p := range slices.Backward(r.pins) {
		items = append(items, reply{
			"type": "message", "channel": r.ID, "created": p.created, "created_by": s.cfg.BotUser,
			"message": r.show(r.find(p.ts)),
		})
	}
	return reply{"items": items}, nil
}

// emojiName is what an emoji may be called; whether it exists is not checked.
var emojiName = regexp.MustCompile(`^[a-z0-9_'+-]+(::skin-tone-[2-6])?$`)

func (s *Server) reactionsAdd(a args) (reply, error) {
	name := strings.Trim(a["name"], ":")
	if !emojiName.MatchString(name) {
		return nil, refuse("invalid_name")
	}
	_, m, err := s.pinned(a)
	if err != nil {
		return nil, err
	}
	mine := 0
	for _, x := range m.Reactions {
		if slices.Contains(x.Users, s.cfg.BotUser) {
			if mine++; x.Name == name {
				return nil, refuse("already_reacted")
			}
		}
	}
	if mine >= maxReactions {
		return nil, refuse("too_many_reactions")
	}
	// Only the app reacts here, so a name has one user at most.
	m.Reactions = append(m.Reactions, Reaction{Name: name, Users: []string{s.cfg.BotUser}, Count: 1})
	s.touch()
	return nil, nil
}

func (s *Server) bookmarksAdd(a args) (reply, error) {
	r := s.rooms[a["channel_id"]]
	switch {
	case r == nil:
		return nil, refuse("channel_not_found")
	case a["title"] == "":
		return nil, refuseBecause("invalid_arguments", "[ERROR] missing required field: title")
	case a["type"] != "link":
		return nil, refuse("invalid_bookmark_type")
	case !strings.HasPrefix(a["link"], "http://") && !strings.HasPrefix(a["link"], "https://"):
		return nil, refuse("invalid_link")
	case len(r.bookmarks) >= maxBookmarks:
		return nil, refuse("too_many_bookmarks")
	}
	now := s.cfg.Now().Unix()
	b := Bookmark{
		ID: newID("Bk"), ChannelID: r.ID, Title: a["title"], Type: "link", Link: a["link"], Emoji: a["emoji"],
		Created: now, Updated: now, AppID: s.cfg.AppID,
	}
	r.bookmarks = append(r.bookmarks, b)
	s.touch()
	return reply{"bookmark": b}, nil
}

func (s *Server) bookmarksList(a args) (reply, error) {
	r := s.rooms[a["channel_id"]]
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	return reply{"bookmarks": slices.Clone(r.bookmarks)}, nil
}

// Bookmarks returns the links at the top of a channel.
func (s *Server) Bookmarks(channel string) []Bookmark {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[channel]
	if r == nil {
		return nil
	}
	return slices.Clone(r.bookmarks)
}
