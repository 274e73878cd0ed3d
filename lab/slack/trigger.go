package slack

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"
)

// triggerMemory is how long a spent trigger is told apart from an invented one.
const triggerMemory = 10 * time.Minute

// trigger is a person's permission to open a modal for them.
type trigger struct {
	person string
	view   string // the modal it came from, "" elsewhere
	born   time.Time
	used   bool
}

var triggerForm = regexp.MustCompile(`^\d+\.\d+\.[0-9a-f]{32}$`)

// newTrigger hands out a trigger_id. Locked.
func (s *Server) newTrigger(person, view string) string {
	now := time.Now()
	for id, t := range s.triggers {
		if now.Sub(t.born) > triggerMemory {
			delete(s.triggers, id)
		}
	}
	s.serial++
	secret := make([]byte, 16)
	rand.Read(secret) // never fails: crypto/rand
	id := fmt.Sprintf("%d.%d.%s", now.UnixNano(), s.serial, hex.EncodeToString(secret))
	s.triggers[id] = &trigger{person: person, view: view, born: now}
	return id
}

// exchange spends a trigger_id. Locked.
func (s *Server) exchange(id string) (*trigger, error) {
	if id == "" {
		return nil, refuseBecause("invalid_arguments", "[ERROR] missing required field: trigger_id")
	}
	t := s.triggers[id]
	switch {
	case !triggerForm.MatchString(id) || t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case time.Since(t.born) > s.cfg.TriggerTTL:
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}
