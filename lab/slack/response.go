package slack

import (
	"crypto/rand"
	"io"
	"net/http"
	"time"
)

// responseUses is how often a response_url can be used.
const responseUses = 5

// responseURL is the way back to one command or click.
type responseURL struct {
	person  string
	channel string
	message string // ts of the message that was clicked; "" after a command
	born    time.Time
	uses    int
}

// newResponseURL hands out a response_url. Locked.
func (s *Server) newResponseURL(person, channel, message string) string {
	now := time.Now()
	for key, u := range s.responses {
		if now.Sub(u.born) > 2*s.cfg.ResponseTTL {
			delete(s.responses, key)
		}
	}
	key := rand.Text()
	s.responses[key] = &responseURL{person: person, channel: channel, message: message, born: now}
	return s.cfg.URL + "/response/" + key
}

// serveResponse takes what the app answers to a response_url.
//
// What Slack says to the sixth or a late use is not documented; 404 with
// used_url or expired_url is what has been seen.
func (s *Server) serveResponse(w http.ResponseWriter, r *http.Request) {
	s.count("response_url")
	s.throughFaults(w, "response_url", func() answer {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			return answerOf(nil, refuse("invalid_payload"))
		}
		a, err := parseArgs(body)
		if err != nil {
			return answerOf(nil, refuse("invalid_payload"))
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		u := s.responses[r.PathValue("key")]
		switch {
		case u == nil:
			return notFound("no_such_url")
		case time.Since(u.born) > s.cfg.ResponseTTL:
			return notFound("expired_url")
		case u.uses >= responseUses:
			return notFound("used_url")
		}
		return s.respond(u, a)
	})
}

func notFound(code string) answer {
	return answerWith(http.StatusNotFound, reply{"ok": false, "error": code})
}

// respond carries out one answer to a response_url. Locked.
func (s *Server) respond(u *responseURL, a args) answer {
	r := s.rooms[u.channel]
	original := r.findFor(u.person, u.message)
	if a.flag("delete_original") {
		if original == nil {
			return answerOf(nil, refuse("message_not_found"))
		}
		u.uses++
		r.remove(original)
		s.touch()
		return answerOf(nil, nil)
	}
	d, err := readDraft(a)
	if err != nil {
		return answerOf(nil, err)
	}
	if a.flag("replace_original") && original != nil {
		u.uses++
		s.edit(original, d)
		return answerOf(nil, nil)
	}
	if a["response_type"] != "in_channel" {
		d.to, d.metadata = u.person, nil
	} else if wait := s.take("post "+r.ID, posting()); wait > 0 {
		return rateLimited(wait)
	} else if d.thread, err = r.thread(a["thread_ts"]); err != nil {
		return answerOf(nil, err)
	}
	u.uses++
	s.post(r, d)
	return answerOf(nil, nil)
}
