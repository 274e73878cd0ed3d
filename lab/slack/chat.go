package slack

import (
	"strings"
	"unicode/utf8"
)

// room finds the channel a call names: by id, or for posting by "#name".
// Locked.
func (s *Server) room(name string) (*room, error) {
	if r := s.rooms[name]; r != nil {
		return r, nil
	}
	for _, r := range s.rooms {
		if name != "" && strings.TrimPrefix(name, "#") == r.Name {
			return r, nil
		}
	}
	return nil, refuse("channel_not_found")
}

// thread settles where a reply goes. Slack posts a reply to a parent that is
// gone into the channel; a reply has no replies of its own. Locked.
func (r *room) thread(ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	parent := r.find(ts)
	switch {
	case parent == nil:
		return "", nil
	case parent.ThreadTS != "":
		return "", refuse("cannot_reply_to_message")
	}
	return ts, nil
}

func (s *Server) chatPostMessage(a args) (reply, error) {
	r, err := s.room(a["channel"])
	if err != nil {
		return nil, err
	}
	d, err := readPost(a)
	if err != nil {
		return nil, err
	}
	if d.thread, err = r.thread(a["thread_ts"]); err != nil {
		return nil, err
	}
	d.broadcast = d.thread != "" && a.flag("reply_broadcast")
	m := s.post(r, d)
	return reply{"channel": r.ID, "ts": m.TS, "message": r.show(m)}, nil
}

func (s *Server) chatPostEphemeral(a args) (reply, error) {
	r, err := s.room(a["channel"])
	if err != nil {
		return nil, err
	}
	if p, ok := s.person(a["user"]); !ok || p.ID == s.cfg.BotUser {
		return nil, refuse("user_not_in_channel")
	}
	d, err := readPost(a)
	if err != nil {
		return nil, err
	}
	if d.thread, err = r.thread(a["thread_ts"]); err != nil {
		return nil, err
	}
	d.to = a["user"]
	d.metadata = nil // chat.postEphemeral has none
	return reply{"message_ts": s.post(r, d).TS}, nil
}

// chatUpdate edits a message. Text without blocks removes the blocks; blocks,
// attachments and metadata not mentioned otherwise stay as they are.
func (s *Server) chatUpdate(a args) (reply, error) {
	r, m, err := s.own(a["channel"], a["ts"], "cant_update_message")
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(a["text"]) > maxUpdate {
		return nil, refuse("msg_too_long")
	}
	d, err := readPost(a)
	if err != nil {
		return nil, err
	}
	if d.text == "" && !a.has("blocks") {
		d.blocks = m.Blocks
	}
	if !a.has("attachments") {
		d.attachments = m.Attachments
	}
	if !a.has("metadata") {
		d.metadata = m.Metadata
	}
	s.edit(m, d)
	return reply{"channel": r.ID, "ts": m.TS, "text": m.Text, "message": r.show(m)}, nil
}

func (s *Server) chatDelete(a args) (reply, error) {
	r, m, err := s.own(a["channel"], a["ts"], "cant_delete_message")
	if err != nil {
		return nil, err
	}
	r.remove(m)
	s.touch()
	return reply{"channel": r.ID, "ts": m.TS}, nil
}

// own finds a message that the app posted; somebody else's is refused with
// foreign. An ephemeral message cannot be found. Locked.
func (s *Server) own(channel, ts, foreign string) (*room, *stored, error) {
	r := s.rooms[channel] // chat.update and chat.delete take ids alone
	if r == nil {
		return nil, nil, refuse("channel_not_found")
	}
	m := r.find(ts)
	switch {
	case m == nil || m.Subtype == "tombstone":
		return nil, nil, refuse("message_not_found")
	case m.BotID != s.cfg.BotID:
		return nil, nil, refuse(foreign)
	}
	return r, m, nil
}

func (s *Server) chatGetPermalink(a args) (reply, error) {
	r := s.rooms[a["channel"]]
	if r == nil {
		return nil, refuse("channel_not_found")
	}
	m := r.find(a["message_ts"])
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := s.cfg.URL + "/archives/" + r.ID + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.ThreadTS != "" {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + r.ID
	}
	return reply{"channel": r.ID, "permalink": link}, nil
}
