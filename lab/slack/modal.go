package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ViewErrors says what keeps a modal from being accepted: a sentence for each
// block. It comes from the app (response_action "errors"), or from Slack's
// client when a required field is empty or a text too long.
type ViewErrors struct {
	Blocks map[string]string // by block_id
}

func (e *ViewErrors) Error() string {
	var parts []string
	for _, block := range slices.Sorted(maps.Keys(e.Blocks)) {
		parts = append(parts, block+": "+e.Blocks[block])
	}
	return strings.Join(parts, "; ")
}

// Submit fills in a modal and sends it; the modal has to be the topmost of
// that person's. It returns once the app has acknowledged and what it answered
// has been carried out: the modal closed, replaced, covered by another, or
// kept with *ViewErrors.
//
// Values are by block_id and action_id: a text, the value of an option, a list
// of such values, or the element's state as Slack shapes it. Fields left out
// keep what they hold.
func (s *Server) Submit(ctx context.Context, as, viewID string, values map[string]map[string]any) error {
	p, err := s.human(as)
	if err != nil {
		return err
	}
	s.mu.Lock()
	e, err := s.submission(p, viewID, values)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.deliver(ctx, e)
}

// submission fills in a modal and returns the envelope that sends it. Locked.
func (s *Server) submission(p Person, viewID string, values map[string]map[string]any) (*envelope, error) {
	v := s.modal(p.ID, viewID)
	switch stack := s.modals[p.ID]; {
	case v == nil:
		return nil, fmt.Errorf("submit %s: %s has no such modal open", viewID, p.Name)
	case stack[len(stack)-1] != v:
		return nil, fmt.Errorf("submit %s: another modal is on top of it", viewID)
	case v.Submit == nil:
		return nil, fmt.Errorf("submit %s: the modal has no submit button", viewID)
	}
	if err := fillForm(v.Blocks, v.State.Values, values); err != nil {
		return nil, fmt.Errorf("submit %s: %w", viewID, err)
	}
	s.touch()
	if bad := formErrors(v.Blocks, v.State.Values); len(bad) > 0 {
		return nil, &ViewErrors{Blocks: bad}
	}
	payload := s.interaction("view_submission", p, v.ID)
	payload["view"], payload["response_urls"] = *v, []any{}
	return newEnvelope(interactive, payload, func(ack json.RawMessage) error {
		return s.answerSubmission(p.ID, viewID, ack)
	}), nil
}

// answerSubmission carries out what a submission was acknowledged with. Locked.
func (s *Server) answerSubmission(person, viewID string, payload json.RawMessage) error {
	v := s.modal(person, viewID)
	if v == nil {
		return nil // closed meanwhile
	}
	var a struct {
		ResponseAction string            `json:"response_action"`
		View           json.RawMessage   `json:"view"`
		Errors         map[string]string `json:"errors"`
	}
	if payload != nil && json.Unmarshal(payload, &a) != nil {
		return s.badAnswer("invalid_view_response", fmt.Errorf("unreadable: %.80q", payload))
	}
	switch a.ResponseAction {
	case "":
		s.closeModal(person, viewID)
		return nil
	case "clear":
		s.clearModals(person)
		return nil
	case "errors":
		return s.showErrors(v, a.Errors)
	case "update", "push":
		replaced := v
		if a.ResponseAction == "push" {
			replaced = nil
		}
		w, err := s.readView(a.View, "modal", replaced)
		if err == nil && a.ResponseAction == "push" {
			err = s.push(person, w)
		} else if err == nil {
			s.replaceView(v, w)
		}
		if err != nil {
			return s.badAnswer("invalid_view_response", err)
		}
		return nil
	}
	return s.badAnswer("invalid_view_response", fmt.Errorf("response_action %q", a.ResponseAction))
}

// showErrors keeps the modal open. Slack shows errors below input blocks alone
// and fails on any other key.
func (s *Server) showErrors(v *View, errs map[string]string) error {
	inputs := map[string]bool{}
	for b := range elements(v.Blocks) {
		id, _ := b["block_id"].(string)
		inputs[id] = b["type"] == "input"
	}
	for block := range errs {
		if !inputs[block] {
			return s.badAnswer("invalid_view_response", fmt.Errorf("errors for %q, which is no input block", block))
		}
	}
	if len(errs) == 0 {
		return s.badAnswer("invalid_view_response", fmt.Errorf("no errors given"))
	}
	s.touch()
	return &ViewErrors{Blocks: errs}
}

// CloseView closes a modal without sending it, and all of them where it says
// clear_on_close. The app hears of it if the modal says notify_on_close.
func (s *Server) CloseView(as, viewID string) error {
	p, err := s.human(as)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	v := s.modal(as, viewID)
	if v == nil {
		return fmt.Errorf("close %s: %s has no such modal open", viewID, p.Name)
	}
	if v.NotifyOnClose {
		payload := s.interaction("view_closed", p, "")
		delete(payload, "trigger_id") // closing is not an interaction to answer with a modal
		payload["view"], payload["is_cleared"] = *v, v.ClearOnClose
		s.start(newEnvelope(interactive, payload, nil))
	}
	if v.ClearOnClose {
		s.clearModals(as)
	} else {
		s.closeModal(as, viewID)
	}
	return nil
}

// closeModal takes a modal, and what is on top of it, off the stack. Locked.
func (s *Server) closeModal(person, viewID string) {
	stack := s.modals[person]
	if i := slices.IndexFunc(stack, func(v *View) bool { return v.ID == viewID }); i >= 0 {
		s.modals[person] = stack[:i:i]
		s.touch()
	}
}

// clearModals closes all of a person's modals. Locked.
func (s *Server) clearModals(person string) {
	delete(s.modals, person)
	s.touch()
}

// OpenHome opens the app's Home tab: the app gets app_home_opened if it has
// subscribed to it. It returns once that is acknowledged.
func (s *Server) OpenHome(ctx context.Context, as string) error {
	p, err := s.human(as)
	if err != nil {
		return err
	}
	s.mu.Lock()
	event := reply{
		"type": "app_home_opened", "user": p.ID, "channel": "D" + strings.TrimPrefix(p.ID, "U"),
		"tab": "home", "event_ts": formatTS(s.cfg.Now().UnixMicro()),
	}
	if v := s.homes[p.ID]; v != nil {
		event["view"] = *v
	}
	e := s.emit("app_home_opened", event)
	s.mu.Unlock()
	if e == nil {
		return nil
	}
	return s.await(ctx, e)
}

// Open returns the person's open modals, the topmost last.
func (s *Server) Open(as string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var open []View
	for _, v := range s.modals[as] {
		open = append(open, v.copy())
	}
	return open
}

// Home returns the person's Home tab, nil before the first views.publish.
func (s *Server) Home(as string) *View {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.homes[as]; v != nil {
		return new(v.copy())
	}
	return nil
}

// copy returns a view that shares no memory that changes.
func (v *View) copy() View {
	c := *v
	c.State.Values = maps.Clone(v.State.Values)
	for block, fields := range c.State.Values {
		c.State.Values[block] = maps.Clone(fields)
	}
	return c
}
