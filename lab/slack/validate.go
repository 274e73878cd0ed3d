package slack

import "encoding/json"

// maxValidated is how much blocks.validate reads, in characters.
const maxValidated = 100_000

// blocksValidate is Slack's public validator: exactly one of blocks, view or
// message, no token.
func (s *Server) blocksValidate(a args) (reply, error) {
	var given []string
	for _, name := range []string{"blocks", "view", "message"} {
		if a.has(name) {
			given = append(given, name)
		}
	}
	if len(given) != 1 {
		return nil, refuseBecause("invalid_arguments", "must provide exactly one of `blocks`, `view`, or `message`")
	}
	name := given[0]
	raw := a.json(name)
	if len(raw) > maxValidated || !json.Valid(raw) {
		return nil, refuseBecause("invalid_arguments", "must provide valid JSON of at most 100000 characters [json-pointer:/"+name+"]")
	}
	var problems []problem
	switch name {
	case "blocks":
		problems = checkBlocks(raw, "", "message", maxMessageBlocks)
	case "view":
		problems = validateView(raw)
	case "message":
		problems = validateMessage(raw)
	}
	if len(problems) == 0 {
		return nil, nil
	}
	errs := []reply{}
	for _, p := range problems {
		errs = append(errs, reply{
			"code": p.code, "message": p.message, "pointer": p.pointer,
			"constraint": reply{"type": p.constraint, "expected": p.expected},
		})
	}
	return nil, &refusal{"invalid_" + name, reply{"errors": errs}}
}

// validateView takes the view for what it says it is.
func validateView(raw json.RawMessage) []problem {
	var v struct{ Type string }
	if json.Unmarshal(raw, &v) == nil && v.Type == "home" {
		return checkView(raw, "home")
	}
	return checkView(raw, "modal")
}

func validateMessage(raw json.RawMessage) []problem {
	var m struct{ Blocks json.RawMessage }
	if json.Unmarshal(raw, &m) != nil {
		return []problem{{"failed_constraint", "must provide an object", "", "type", "object"}}
	}
	if m.Blocks == nil || string(m.Blocks) == "null" {
		return nil
	}
	return checkMessageBlocks(m.Blocks)
}
