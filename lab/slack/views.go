package slack

import (
	"encoding/json"
	"slices"
)

const (
	maxView  = 250_000 // bytes
	maxStack = 3       // modals on top of each other
)

func (s *Server) viewsOpen(a args) (reply, error) {
	v, err := s.readView(a.json("view"), "modal", nil)
	if err != nil {
		return nil, err
	}
	t, err := s.exchange(a["trigger_id"])
	if err != nil {
		return nil, err
	}
	v.RootViewID = v.ID
	s.modals[t.person] = []*View{v}
	s.touch()
	return reply{"view": *v}, nil
}

// viewsPush puts a modal on top of the one the trigger came from.
func (s *Server) viewsPush(a args) (reply, error) {
	v, err := s.readView(a.json("view"), "modal", nil)
	if err != nil {
		return nil, err
	}
	t, err := s.exchange(a["trigger_id"])
	if err != nil {
		return nil, err
	}
	if t.view == "" || s.modal(t.person, t.view) == nil {
		return nil, refuse("not_found")
	}
	if err := s.push(t.person, v); err != nil {
		return nil, err
	}
	return reply{"view": *v}, nil
}

// push puts a modal on top of a person's. Locked.
func (s *Server) push(person string, v *View) error {
	stack := s.modals[person]
	if len(stack) == 0 {
		return refuse("not_found")
	}
	if len(stack) >= maxStack {
		return refuse("push_limit_reached")
	}
	v.RootViewID, v.PreviousViewID = stack[0].ID, new(stack[len(stack)-1].ID)
	s.modals[person] = append(stack, v)
	s.touch()
	return nil
}

func (s *Server) viewsUpdate(a args) (reply, error) {
	old := s.findView(a["view_id"], a["external_id"])
	if old == nil {
		return nil, refuse("not_found")
	}
	if a["hash"] != "" && a["hash"] != old.Hash {
		return nil, refuse("hash_conflict")
	}
	v, err := s.readView(a.json("view"), old.Type, old)
	if err != nil {
		return nil, err
	}
	s.replaceView(old, v)
	return reply{"view": *old}, nil
}

// replaceView gives a view new content. What has been filled in stays where
// the fields are still there. Locked.
func (s *Server) replaceView(old, v *View) {
	v.ID, v.RootViewID, v.PreviousViewID = old.ID, old.RootViewID, old.PreviousViewID
	v.State.Values = formState(v.Blocks, old.State.Values)
	*old = *v
	s.touch()
}

func (s *Server) viewsPublish(a args) (reply, error) {
	if _, err := s.human(a["user_id"]); err != nil {
		return nil, refuse("user_not_found")
	}
	old := s.homes[a["user_id"]]
	if a["hash"] != "" && (old == nil || a["hash"] != old.Hash) {
		return nil, refuse("hash_conflict")
	}
	v, err := s.readView(a.json("view"), "home", old)
	if err != nil {
		return nil, err
	}
	if old != nil {
		v.ID = old.ID
	}
	v.RootViewID = v.ID
	s.homes[a["user_id"]] = v
	s.touch()
	return reply{"view": *v}, nil
}

// readView checks a view and makes it one of this workspace's; old is the one
// it is going to replace, if any. Locked.
func (s *Server) readView(raw json.RawMessage, kind string, old *View) (*View, error) {
	if raw == nil {
		return nil, refuseBecause("invalid_arguments", "[ERROR] missing required field: view")
	}
	if len(raw) > maxView {
		return nil, refuse("view_too_large")
	}
	if problems := checkView(raw, kind); len(problems) > 0 {
		var messages []string
		for _, p := range problems {
			messages = append(messages, "[ERROR] "+p.String())
		}
		return nil, refuseBecause("invalid_arguments", messages...)
	}
	v := &View{}
	if json.Unmarshal(raw, v) != nil {
		return nil, refuse("invalid_arguments")
	}
	if same := s.findView("", v.ExternalID); same != nil && same != old {
		return nil, refuse("duplicate_external_id")
	}
	if v.Blocks == nil || string(v.Blocks) == "null" {
		v.Blocks = json.RawMessage("[]")
	}
	v.Blocks = identify(v.Blocks)
	v.ID, v.Hash = newID("V"), newID("")
	v.TeamID, v.AppID, v.BotID = s.cfg.TeamID, s.cfg.AppID, s.cfg.BotID
	v.RootViewID, v.PreviousViewID = "", nil
	v.State = State{Values: formState(v.Blocks, nil)}
	return v, nil
}

// findView finds an open view of anybody's by its id, or its external id.
// Locked.
func (s *Server) findView(id, external string) *View {
	is := func(v *View) bool {
		return id != "" && v.ID == id || id == "" && external != "" && v.ExternalID == external
	}
	for _, v := range s.homes {
		if is(v) {
			return v
		}
	}
	for _, stack := range s.modals {
		if i := slices.IndexFunc(stack, is); i >= 0 {
			return stack[i]
		}
	}
	return nil
}

// modal finds one of a person's open modals, nil if it is not open. Locked.
func (s *Server) modal(person, id string) *View {
	for _, v := range s.modals[person] {
		if v.ID == id {
			return v
		}
	}
	return nil
}
