package slack

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Page sizes of conversations.history and .replies.
const (
	defaultPage = 100
	maxPage     = 999
)

func (s *Server) conversationsInfo(a args) (reply, error) {
	r := s.rooms[a["channel"]]
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	c := s.describe(r)
	if a.flag("include_num_members") {
		c["num_members"] = len(s.cfg.People) + 1
	}
	return reply{"channel": c}, nil
}

// describe is a channel as Slack's conversation object.
func (s *Server) describe(r *room) reply {
	return reply{
		"id": r.ID, "name": r.Name, "name_normalized": r.Name,
		"is_channel": true, "is_group": false, "is_im": false, "is_mpim": false,
		"is_private": false, "is_archived": false, "is_general": false, "is_shared": false,
		"is_ext_shared": false, "is_org_shared": false, "is_member": true,
		"creator": s.cfg.BotUser, "created": 0, "unlinked": 0,
		"context_team_id": s.cfg.TeamID, "shared_team_ids": []string{s.cfg.TeamID},
		"topic":   reply{"value": r.Topic, "creator": "", "last_set": 0},
		"purpose": reply{"value": "", "creator": "", "last_set": 0},
	}
}

func (s *Server) conversationsList(args) (reply, error) {
	var list []reply
	for _, c := range s.cfg.Channels {
		d := s.describe(s.rooms[c.ID])
		d["num_members"] = len(s.cfg.People) + 1
		list = append(list, d)
	}
	return reply{"channels": list, "response_metadata": reply{"next_cursor": ""}}, nil
}

func (s *Server) conversationsMembers(a args) (reply, error) {
	if s.rooms[a["channel"]] == nil {
		return nil, refuse("channel_not_found")
	}
	ids := []string{s.cfg.BotUser}
	for _, p := range s.cfg.People {
		ids = append(ids, p.ID)
	}
	return reply{"members": ids, "response_metadata": reply{"next_cursor": ""}}, nil
}

// conversationsHistory returns the channel level, newest first.
func (s *Server) conversationsHistory(a args) (reply, error) {
	r := s.rooms[a["channel"]]
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	w, err := readWindow(a)
	if err != nil {
		return nil, err
	}
	list := r.visible("", "")
	slices.Reverse(list)
	page, next := w.page(list, func(ts, cursor string) bool { return earlier(ts, cursor) })
	return w.reply(page, next), nil
}

// conversationsReplies returns one thread, its parent first.
func (s *Server) conversationsReplies(a args) (reply, error) {
	r := s.rooms[a["channel"]]
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	m := r.find(a["ts"])
	if m == nil {
		return nil, refuse("thread_not_found")
	}
	w, err := readWindow(a)
	if err != nil {
		return nil, err
	}
	parent := m.TS
	if m.ThreadTS != "" {
		parent = m.ThreadTS
	}
	page, next := w.page(r.visible("", parent), func(ts, cursor string) bool { return earlier(cursor, ts) })
	return w.reply(page, next), nil
}

// window is the part of a history that a call asks for.
type window struct {
	oldest, latest string
	inclusive      bool
	limit          int
	after          string // ts of the last message of the page before
	metadata       bool
}

func readWindow(a args) (window, error) {
	w := window{oldest: a["oldest"], latest: a["latest"], inclusive: a.flag("inclusive"), limit: defaultPage, metadata: a.flag("include_all_metadata")}
	if w.oldest != "" && !isStamp(w.oldest) {
		return w, refuse("invalid_ts_oldest")
	}
	if w.latest != "" && !isStamp(w.latest) {
		return w, refuse("invalid_ts_latest")
	}
	if n, err := strconv.Atoi(a["limit"]); err == nil && n > 0 {
		w.limit = min(n, maxPage)
	}
	if c := a["cursor"]; c != "" {
		b, err := base64.StdEncoding.DecodeString(c)
		ts, ours := strings.CutPrefix(string(b), "next_ts:")
		if err != nil || !ours || !isStamp(ts) {
			return w, refuse("invalid_cursor")
		}
		w.after = ts
	}
	return w, nil
}

// page cuts list to the window and to one page of it; next is the cursor of
// the page after. beyond reports whether a ts comes after the cursor's.
func (w window) page(list []Message, beyond func(ts, cursor string) bool) (page []Message, next string) {
	for _, m := range list {
		if !w.holds(m.TS) || w.after != "" && !beyond(m.TS, w.after) {
			continue
		}
		if len(page) == w.limit {
			last := page[len(page)-1].TS
			return page, base64.StdEncoding.EncodeToString([]byte("next_ts:" + last))
		}
		if !w.metadata {
			m.Metadata = nil
		}
		page = append(page, m)
	}
	return page, ""
}

// holds reports whether a message of that ts is inside oldest and latest.
func (w window) holds(ts string) bool {
	if w.inclusive && (ts == w.oldest || ts == w.latest) {
		return true
	}
	return (w.oldest == "" || earlier(w.oldest, ts)) && (w.latest == "" || earlier(ts, w.latest))
}

func (w window) reply(page []Message, next string) reply {
	if page == nil {
		page = []Message{}
	}
	r := reply{"messages": page, "has_more": next != "", "pin_count": 0}
	if next != "" {
		r["response_metadata"] = reply{"next_cursor": next}
	}
	return r
}

// isStamp reports whether text can be read as a ts or Unix time.
func isStamp(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && !strings.ContainsAny(text, "eExXpPiInN_")
}

// exactStamp is the form of a message's own ts.
var exactStamp = regexp.MustCompile(`^\d{1,12}\.\d{6}$`)

// earlier reports whether a is before b. A float would lose the microseconds
// that tell two messages apart.
func earlier(a, b string) bool { return micros(a) < micros(b) }

func micros(ts string) int64 {
	sec, frac, _ := strings.Cut(ts, ".")
	n, _ := strconv.ParseInt(sec, 10, 64)
	f, _ := strconv.ParseInt((frac + "000000")[:6], 10, 64)
	return n*1e6 + f
}

func (s *Server) usersInfo(a args) (reply, error) {
	p, ok := s.person(a["user"])
	if !ok {
		return nil, refuse("user_not_found")
	}
	return reply{"user": s.profile(p)}, nil
}

func (s *Server) usersList(args) (reply, error) {
	bot, _ := s.person(s.cfg.BotUser)
	list := []reply{s.profile(bot)}
	for _, p := range s.cfg.People {
		list = append(list, s.profile(p))
	}
	return reply{"members": list, "cache_ts": 0, "response_metadata": reply{"next_cursor": ""}}, nil
}

// profile is a person as Slack's user object.
func (s *Server) profile(p Person) reply {
	user := reply{
		"id": p.ID, "team_id": s.cfg.TeamID, "name": p.Name, "real_name": p.RealName, "deleted": false,
		"is_bot": p.ID == s.cfg.BotUser, "is_app_user": false, "is_admin": false, "is_owner": false,
		"is_primary_owner": false, "is_restricted": false, "is_ultra_restricted": false,
		"tz": "Etc/UTC", "tz_label": "Coordinated Universal Time", "tz_offset": 0, "updated": 0, "locale": "en-US",
	}
	profile := reply{
		"real_name": p.RealName, "real_name_normalized": p.RealName,
		"display_name": p.Name, "display_name_normalized": p.Name, "team": s.cfg.TeamID,
	}
	if p.ID == s.cfg.BotUser {
		maps.Copy(profile, reply{"bot_id": s.cfg.BotID, "api_app_id": s.cfg.AppID})
	}
	user["profile"] = profile
	return user
}
