package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// ErrNothingThere is under the refusal of a click on what a message does not show any
// more: it has been updated since it was read.
var ErrNothingThere = errors.New("nothing there to press")

// Press clicks a button on a message as that person sees it, ephemeral ones
// included, and returns once the app has acknowledged. The button is named by
// its action_id, or where blocks share one by "block_id/action_id".
//
// A confirm dialog is taken as confirmed: the app never hears of one denied.
func (s *Server) Press(ctx context.Context, as, channel, messageTS, actionID string) error {
	return s.Choose(ctx, as, channel, messageTS, actionID, "")
}

// Choose is Press for a menu: it picks the option with that value from a
// select, an overflow menu or radio buttons.
func (s *Server) Choose(ctx context.Context, as, channel, messageTS, actionID, value string) error {
	p, err := s.human(as)
	if err != nil {
		return err
	}
	s.mu.Lock()
	e, err := s.messageAction(p, channel, messageTS, actionID, value)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("press %s on %s: %w", actionID, messageTS, err)
	}
	return s.deliver(ctx, e)
}

// PressInView is Press for a button in an open modal or in the person's Home
// tab.
func (s *Server) PressInView(ctx context.Context, as, viewID, actionID string) error {
	p, err := s.human(as)
	if err != nil {
		return err
	}
	s.mu.Lock()
	e, err := s.viewAction(p, viewID, actionID)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("press %s in %s: %w", actionID, viewID, err)
	}
	return s.deliver(ctx, e)
}

// messageAction is the envelope of a click on a message. Locked.
func (s *Server) messageAction(p Person, channel, ts, actionID, value string) (*envelope, error) {
	r := s.rooms[channel]
	if r == nil {
		return nil, fmt.Errorf("no channel %s", channel)
	}
	m := r.findFor(p.ID, ts)
	if m == nil {
		return nil, fmt.Errorf("no such message in %s", r.Name)
	}
	action, err := s.action(m.Blocks, actionID, value)
	if err != nil {
		return nil, err
	}
	container := reply{"type": "message", "message_ts": m.TS, "channel_id": r.ID, "is_ephemeral": m.to != ""}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload := s.interaction("block_actions", p, "")
	maps.Copy(payload, reply{
		"container": container, "channel": reply{"id": r.ID, "name": r.Name},
		"state": State{Values: formState(m.Blocks, nil)}, "actions": []reply{action},
		"response_url": s.newResponseURL(p.ID, r.ID, m.TS),
	})
	if m.to == "" {
		// An ephemeral message exists nowhere, so Slack cannot quote it.
		shown := r.show(m)
		shown.UpdatedAt = nil
		payload["message"] = shown
	}
	return newEnvelope(interactive, payload, nil), nil
}

// viewAction is the envelope of a click in a modal or Home tab. Locked.
func (s *Server) viewAction(p Person, viewID, actionID string) (*envelope, error) {
	v := s.homes[p.ID]
	if v == nil || v.ID != viewID {
		v = s.modal(p.ID, viewID)
	}
	if v == nil {
		return nil, fmt.Errorf("%s has no such view open", p.Name)
	}
	action, err := s.action(v.Blocks, actionID, "")
	if err != nil {
		return nil, err
	}
	from := ""
	if v.Type == "modal" {
		from = v.ID
	}
	payload := s.interaction("block_actions", p, from)
	maps.Copy(payload, reply{
		"container": reply{"type": "view", "view_id": v.ID},
		"view":      *v, "state": v.State, "actions": []reply{action},
	})
	return newEnvelope(interactive, payload, nil), nil
}

// interaction is what every interactive payload has in common. View is the
// modal it comes from, if any. Locked.
func (s *Server) interaction(kind string, p Person, view string) reply {
	return reply{
		"type": kind, "token": verificationToken, "api_app_id": s.cfg.AppID,
		"team":       reply{"id": s.cfg.TeamID, "domain": s.cfg.TeamDomain},
		"user":       reply{"id": p.ID, "username": p.Name, "name": p.Name, "team_id": s.cfg.TeamID},
		"enterprise": nil, "is_enterprise_install": false,
		"trigger_id": s.newTrigger(p.ID, view),
	}
}

// action is the one entry of a block_actions payload's actions. Locked.
func (s *Server) action(blocks json.RawMessage, actionID, value string) (reply, error) {
	block, el, err := findElement(blocks, actionID)
	if err != nil {
		return nil, err
	}
	a := reply{
		"type": el["type"], "action_id": el["action_id"], "block_id": block["block_id"],
		"action_ts": s.stamp(), // two clicks never share one, even where the clock stands still
	}
	if el["type"] != "button" {
		option := optionOf(el, value)
		if option == nil {
			return nil, fmt.Errorf("no option %q", value)
		}
		a["selected_option"] = option
		return a, nil
	}
	for _, k := range []string{"text", "value", "style", "url", "confirm", "accessibility_label"} {
		if v, ok := el[k]; ok {
			a[k] = v
		}
	}
	return a, nil
}

// findElement finds the element with that action_id, or "block_id/action_id",
// and the block it is in.
func findElement(blocks json.RawMessage, actionID string) (block, element map[string]any, err error) {
	found := 0
	for b, el := range elements(blocks) {
		id, _ := el["action_id"].(string)
		in, _ := b["block_id"].(string)
		if id != actionID && in+"/"+id != actionID {
			continue
		}
		found++
		block, element = b, el
	}
	switch found {
	case 0:
		return nil, nil, fmt.Errorf("%w (%s)", ErrNothingThere, strings.Join(actionIDs(blocks), ", "))
	case 1:
		return block, element, nil
	}
	return nil, nil, fmt.Errorf("%d elements of that action_id; say block_id/action_id", found)
}

func actionIDs(blocks json.RawMessage) []string {
	var ids []string
	for _, el := range elements(blocks) {
		if id, ok := el["action_id"].(string); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
