package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// NotAnswered tells a person that the app did not answer as it must.
type NotAnswered struct {
	// Reason is "operation_timeout" when the app did not acknowledge in time,
	// "app is not connected" when no socket was open while the person waited,
	// "invalid_command_response" or "invalid_view_response" when it
	// acknowledged with something that Slack cannot show.
	Reason string
}

func (e *NotAnswered) Error() string { return e.Reason }

// The kinds of envelope.
const (
	slashCommands = "slash_commands"
	interactive   = "interactive"
	eventsAPI     = "events_api"
)

// envelope is something the app has to acknowledge.
type envelope struct {
	id      string
	kind    string
	payload json.RawMessage // the same in every delivery
	// answer carries out what the acknowledgement says, nil if it says nothing.
	answer func(json.RawMessage) error

	acked   chan json.RawMessage // holds the first acknowledgement
	outcome chan error           // holds what the person learns
}

// newEnvelope packs a payload. It panics on one that is no JSON, which nothing
// here can make.
func newEnvelope(kind string, payload reply, answer func(json.RawMessage) error) *envelope {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic("slack: payload: " + err.Error())
	}
	var id [16]byte
	rand.Read(id[:]) // never fails: crypto/rand
	return &envelope{
		id:      fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		kind:    kind,
		payload: raw,
		answer:  answer,
		acked:   make(chan json.RawMessage, 1),
		outcome: make(chan error, 1),
	}
}

// deliver sends an envelope on its way and waits for what the person learns.
// The envelope goes on without them when ctx ends.
func (s *Server) deliver(ctx context.Context, e *envelope) error {
	if err := s.dispatch(e); err != nil {
		return err
	}
	return s.await(ctx, e)
}

// await returns what the person learns about an envelope on its way.
func (s *Server) await(ctx context.Context, e *envelope) error {
	select {
	case err := <-e.outcome:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return ErrClosed
	}
}

// dispatch sends an envelope on its way.
func (s *Server) dispatch(e *envelope) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.start(e)
	return nil
}

// start is dispatch for a server known to be open. Locked.
func (s *Server) start(e *envelope) {
	s.waiting[e.id] = e
	s.wg.Go(func() { s.carry(e) }) // Close waits for it
}

// fate is how one delivery ended.
type fate int

const (
	acked       fate = iota
	unanswered       // delivered, but not acknowledged in time
	undelivered      // no socket was open
	abandoned        // the workspace was closed
)

// carry delivers an envelope until it is acknowledged or the schedule ends.
func (s *Server) carry(e *envelope) {
	defer s.forget(e)
	for n := 0; ; n++ {
		payload, end := s.attempt(e, n)
		switch end {
		case acked:
			e.tell(s.conclude(e, payload))
			s.redeliverAnyway(e, n)
			return
		case abandoned:
			return // whoever waits learns it from the closing itself
		case unanswered:
			e.tell(&NotAnswered{Reason: "operation_timeout"})
		case undelivered:
			e.tell(&NotAnswered{Reason: "app is not connected"})
		}
		if n == len(s.cfg.Redeliver) || !s.pause(e, s.cfg.Redeliver[n], end) {
			return
		}
	}
}

// forget ends an envelope: what is acknowledged now is unknown.
func (s *Server) forget(e *envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, e.id)
	s.touch()
}

// tell lets the person know; later news of the same envelope is dropped.
func (e *envelope) tell(err error) {
	select {
	case e.outcome <- err:
	default:
	}
}

// attempt delivers an envelope once, as soon as there is a socket, and waits
// for its acknowledgement.
func (s *Server) attempt(e *envelope, n int) (json.RawMessage, fate) {
	late := time.NewTimer(s.cfg.AckWithin)
	defer late.Stop()
	end := undelivered
	for {
		change := s.watch() // before looking, so that no socket is missed
		if end == undelivered && s.transmit(e, n) {
			end = unanswered
		}
		if end == unanswered {
			change = nil
		}
		select {
		case payload := <-e.acked:
			if s.slowAck() {
				return nil, unanswered
			}
			return payload, acked
		case <-late.C:
			return nil, end
		case <-change:
		case <-s.done:
			return nil, abandoned
		}
	}
}

func (s *Server) slowAck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strike("", faultSlowAck) != ""
}

// pause waits before the next delivery: for the schedule, or if none took
// place for a socket. It reports whether there is to be a next delivery; a
// late acknowledgement ends the matter.
func (s *Server) pause(e *envelope, wait time.Duration, end fate) bool {
	due := time.NewTimer(wait)
	defer due.Stop()
	for {
		change := s.watch()
		if end == undelivered && s.Connections() > 0 {
			return true
		}
		select {
		case <-e.acked:
			s.count("late_acks")
			return false
		case <-due.C:
			return true
		case <-change:
		case <-s.done:
			return false
		}
	}
}

// transmit writes an envelope to one of the open sockets, and reports whether
// it could.
func (s *Server) transmit(e *envelope, n int) bool {
	frame := reply{
		"envelope_id": e.id, "type": e.kind, "payload": e.payload,
		"accepts_response_payload": e.kind != eventsAPI,
	}
	if n > 0 || e.kind == eventsAPI {
		frame["retry_attempt"], frame["retry_reason"] = n, ""
	}
	counter := "envelopes"
	if n > 0 {
		frame["retry_reason"], counter = "timeout", "redeliveries"
	}
	for {
		k := s.pick()
		if k == nil {
			return false
		}
		// Counted before it is written: who has read it must find it counted.
		s.count(counter)
		if k.send(frame) == nil {
			return true
		}
		k.drop()
		s.leave(k) // its reader will too, which does no harm
	}
}

// pick returns the socket whose turn it is, nil if there is none.
func (s *Server) pick() *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.inService()
	if len(open) == 0 {
		return nil
	}
	s.next++
	return open[s.next%len(open)]
}

// acknowledge hands an acknowledgement to the envelope it is for. It may come
// over another socket than the envelope went out on.
func (s *Server) acknowledge(a ack) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.waiting[a.envelope]
	if e == nil {
		s.counts["unknown_acks"]++
		return
	}
	s.counts["acks"]++
	select {
	case e.acked <- a.payload:
	default: // the first one stands
	}
	s.touch()
}

// conclude carries out what an acknowledgement says.
func (s *Server) conclude(e *envelope, payload json.RawMessage) error {
	if e.answer == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.answer(payload)
}

// redeliverAnyway is the fault of that name.
func (s *Server) redeliverAnyway(e *envelope, n int) {
	s.mu.Lock()
	again := s.strike("", faultRedeliver) != ""
	s.mu.Unlock()
	if again {
		s.transmit(e, n+1)
	}
}
