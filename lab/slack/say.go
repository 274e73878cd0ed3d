package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Refused is something that Slack does not let a person do; nothing was sent
// to the app.
type Refused struct{ Reason string }

func (e *Refused) Error() string { return e.Reason }

// Say types text into a channel, or into the thread with that parent.
//
// A text that begins with "/" is a slash command: Say returns once the app has
// acknowledged it, with the ts of the command's line if the app made that
// public, or with *NotAnswered. Any other text is stored and its ts returned
// at once. What Slack's client would refuse is *Refused.
func (s *Server) Say(ctx context.Context, as, channel, thread, text string) (ts string, err error) {
	person, err := s.human(as)
	if err != nil {
		return "", err
	}
	r, ok := s.rooms[channel]
	text = strings.TrimSpace(text)
	switch {
	case !ok:
		return "", fmt.Errorf("say in %s: no such channel", channel)
	case text == "":
		return "", &Refused{Reason: "there is nothing to send"}
	case strings.HasPrefix(text, "/"):
		return s.command(ctx, person, r, thread, text)
	}
	return s.speak(person, r, thread, text)
}

// human finds one of the people; the app's user is not one.
func (s *Server) human(id string) (Person, error) {
	p, ok := s.person(id)
	if !ok || id == s.cfg.BotUser {
		return Person{}, fmt.Errorf("person %s: nobody of that id", id)
	}
	return p, nil
}

// speak stores what a person said.
func (s *Server) speak(p Person, r *room, parent, text string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if parent != "" {
		m := r.find(parent)
		if m == nil || m.ThreadTS != "" {
			return "", fmt.Errorf("reply to %s: no such message to reply to", parent)
		}
	}
	m := &stored{}
	m.User, m.Text, m.ThreadTS = p.ID, s.encode(text, false), parent
	s.add(r, m)
	s.announce(r, m)
	return m.TS, nil
}

// command sends a slash command.
func (s *Server) command(ctx context.Context, p Person, r *room, thread, text string) (string, error) {
	name, rest, _ := strings.Cut(text, " ")
	switch {
	case name != s.cfg.Command:
		return "", &Refused{Reason: name + " is not a valid command."}
	case thread != "":
		// Slack lets nobody use an app's command in a thread.
		return "", &Refused{Reason: name + " is not supported in threads. Sorry!"}
	}
	var public string // set by the answer, read after it
	s.mu.Lock()
	e := newEnvelope(slashCommands, reply{
		"token": verificationToken, "team_id": s.cfg.TeamID, "team_domain": s.cfg.TeamDomain,
		"channel_id": r.ID, "channel_name": r.Name, "user_id": p.ID, "user_name": p.Name,
		"command": name, "text": s.encode(strings.TrimSpace(rest), true), "api_app_id": s.cfg.AppID,
		"is_enterprise_install": "false", // a string in this payload alone
		"response_url":          s.newResponseURL(p.ID, r.ID, ""),
		"trigger_id":            s.newTrigger(p.ID, ""),
	}, func(payload json.RawMessage) error {
		var err error
		public, err = s.answerCommand(p, r, text, payload)
		return err
	})
	s.mu.Unlock()
	if err := s.deliver(ctx, e); err != nil {
		return "", err
	}
	return public, nil
}

// answerCommand shows what a command was acknowledged with: to the person, or
// with in_channel to everybody, the typed command included. Locked.
func (s *Server) answerCommand(p Person, r *room, typed string, payload json.RawMessage) (public string, err error) {
	if payload == nil {
		return "", nil
	}
	a, err := parseArgs(payload)
	if err != nil {
		return "", s.badAnswer("invalid_command_response", err)
	}
	d, err := readDraft(a)
	if a["response_type"] != "in_channel" {
		if err != nil {
			return "", s.badAnswer("invalid_command_response", err)
		}
		d.to = p.ID
		s.post(r, d)
		return "", nil
	}
	bare := !a.has("text") && !a.has("blocks") && !a.has("attachments")
	if err != nil && !bare {
		return "", s.badAnswer("invalid_command_response", err)
	}
	line := &stored{}
	line.User, line.Text = p.ID, s.encode(typed, false)
	s.add(r, line)
	if !bare {
		s.post(r, d)
	}
	return line.TS, nil
}

// badAnswer tells the person that the app's answer cannot be shown, and the
// log why.
func (s *Server) badAnswer(reason string, why error) error {
	s.cfg.Log.Warn("acknowledgement cannot be shown", "reason", reason, "err", why)
	return &NotAnswered{Reason: reason}
}

// announce sends the events the app has subscribed to about what a person
// said. Locked.
func (s *Server) announce(r *room, m *stored) {
	event := reply{
		"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "event_ts": m.TS,
		"channel": r.ID, "channel_type": "channel", "team": s.cfg.TeamID,
	}
	if m.ThreadTS != "" {
		event["thread_ts"] = m.ThreadTS
	}
	if strings.Contains(m.Text, "<@"+s.cfg.BotUser+">") {
		mention := reply{"type": "app_mention"}
		for _, k := range []string{"user", "text", "ts", "event_ts", "channel", "team", "thread_ts"} {
			if v, ok := event[k]; ok {
				mention[k] = v
			}
		}
		s.emit("app_mention", mention)
	}
	s.emit("message.channels", event)
}

// emit sends an event if it is subscribed to, and returns its envelope. Nobody
// waits for it but Close. Locked.
func (s *Server) emit(subscription string, event reply) *envelope {
	if !slices.Contains(s.cfg.Events, subscription) || s.closed {
		return nil
	}
	e := newEnvelope(eventsAPI, reply{
		"token": verificationToken, "team_id": s.cfg.TeamID, "api_app_id": s.cfg.AppID, "type": "event_callback",
		"event": event, "event_id": newID("Ev"), "event_time": s.cfg.Now().Unix(),
		"is_ext_shared_channel": false, "event_context": newID("EC"),
		"authorizations": []reply{{
			"enterprise_id": nil, "team_id": s.cfg.TeamID, "user_id": s.cfg.BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
	}, nil)
	s.start(e)
	return e
}
