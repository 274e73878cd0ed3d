package slack

import (
	"slices"
	"time"
)

// room is a channel with what has been said in it. Its methods are called with
// the server's lock held.
type room struct {
	Channel
	messages  []*stored // oldest first, threads and ephemeral ones included
	pins      []pin
	bookmarks []Bookmark
}

// stored is a message as it is kept: Message without what is computed for
// whoever looks.
type stored struct {
	Message
	to        string // the only person who sees it; "" is everybody
	broadcast bool   // a reply that also shows in the channel
}

// find returns the message with that ts that everybody can see.
func (r *room) find(ts string) *stored { return r.findFor("", ts) }

// findFor returns the message with that ts as a person sees the channel,
// ephemeral ones of theirs included.
func (r *room) findFor(person, ts string) *stored {
	for _, m := range slices.Backward(r.messages) {
		if m.TS == ts && (m.to == "" || m.to == person) {
			return m
		}
	}
	return nil
}

// remove takes a message away. A parent with replies leaves a tombstone.
func (r *room) remove(m *stored) {
	r.pins = slices.DeleteFunc(r.pins, func(p pin) bool { return p.ts == m.TS })
	if r.threads()[m.TS] != nil && m.ThreadTS == "" {
		m.Message = Message{Type: "message", Subtype: "tombstone", TS: m.TS, User: "USLACKBOT", Text: "This message was deleted."}
		return
	}
	r.messages = slices.DeleteFunc(r.messages, func(o *stored) bool { return o == m })
}

// thread is what a parent says about its replies.
type thread struct {
	count  int
	latest string
	users  []string
}

// threads sums up every thread by its parent's ts.
func (r *room) threads() map[string]*thread {
	all := map[string]*thread{}
	for _, m := range r.messages {
		if m.ThreadTS == "" || m.to != "" {
			continue
		}
		t := all[m.ThreadTS]
		if t == nil {
			t = &thread{}
			all[m.ThreadTS] = t
		}
		t.count++
		t.latest = m.TS
		if !slices.Contains(t.users, m.User) {
			t.users = append(t.users, m.User)
		}
	}
	return all
}

// visible returns what a person sees, oldest first: the channel, or one thread
// with its parent first. Nobody in particular, "", sees no ephemeral message.
func (r *room) visible(person, threadTS string) []Message {
	threads := r.threads()
	var seen []Message
	for _, m := range r.messages {
		switch {
		case m.to != "" && m.to != person:
		case threadTS == "" && (m.ThreadTS == "" || m.broadcast),
			threadTS != "" && (m.TS == threadTS || m.ThreadTS == threadTS):
			seen = append(seen, r.view(m, threads[m.TS]))
		}
	}
	return seen
}

// view completes a message for whoever looks, and shares no memory with it
// that changes.
func (r *room) view(m *stored, t *thread) Message {
	v := m.Message
	v.Files = slices.Clone(v.Files)
	v.Reactions = slices.Clone(v.Reactions)
	if t != nil {
		v.ThreadTS, v.ReplyCount, v.Latest = v.TS, t.count, t.latest
		v.ReplyUsers, v.ReplyUsersCount = slices.Clone(t.users), len(t.users)
	}
	if slices.ContainsFunc(r.pins, func(p pin) bool { return p.ts == m.TS }) {
		v.PinnedTo = []string{r.ID}
	}
	return v
}

// show is view for a single message.
func (r *room) show(m *stored) Message { return r.view(m, r.threads()[m.TS]) }

// Messages returns what that person sees, oldest first: the channel level,
// with the replies that were also sent to the channel, or one thread beginning
// with its parent.
func (s *Server) Messages(as, channel, thread string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[channel]
	if r == nil {
		return nil
	}
	return r.visible(as, thread)
}

// Members returns the people of a channel; the app, who is in it too, is not
// one of them.
func (s *Server) Members(channel string) []Person {
	if _, ok := s.rooms[channel]; !ok {
		return nil
	}
	return slices.Clone(s.cfg.People)
}

// add stores a message at the end of a channel. Locked.
func (s *Server) add(r *room, m *stored) {
	m.Type, m.Team, m.TS = "message", s.cfg.TeamID, s.stamp()
	m.Ephemeral = m.to != ""
	r.messages = append(r.messages, m)
	s.touch()
}

// post stores what the app says. Locked.
func (s *Server) post(r *room, d draft) *stored {
	m := &stored{to: d.to, broadcast: d.broadcast}
	m.User, m.BotID, m.AppID, m.Username = s.cfg.BotUser, s.cfg.BotID, s.cfg.AppID, s.cfg.BotName
	m.ThreadTS = d.thread
	if d.broadcast {
		m.Subtype = "thread_broadcast"
	}
	d.fill(m)
	s.add(r, m)
	return m
}

// edit replaces the content of a message. Locked.
func (s *Server) edit(m *stored, d draft) {
	d.fill(m)
	now := s.cfg.Now()
	m.Edited = &Edited{User: s.cfg.BotUser, TS: formatTS(now.UnixMicro())}
	m.UpdatedAt = new(now.UTC().Truncate(time.Millisecond))
	s.touch()
}
