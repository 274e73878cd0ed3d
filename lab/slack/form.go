package slack

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// elements yields every interactive element of blocks with the block it is in.
func elements(blocks json.RawMessage) iter.Seq2[map[string]any, map[string]any] {
	return func(yield func(block, element map[string]any) bool) {
		var list []map[string]any
		if json.Unmarshal(blocks, &list) != nil {
			return // no blocks; what is stored has been checked
		}
		for _, b := range list {
			inside, _ := b["elements"].([]any)
			for _, el := range slices.Concat([]any{b["element"], b["accessory"]}, inside) {
				if m, ok := el.(map[string]any); ok && m["action_id"] != nil && !yield(b, m) {
					return
				}
			}
		}
	}
}

// stateful are the elements that have a state, by the field that holds it and
// the one that presets it.
func stateful(kind string) (field, preset string, ok bool) {
	switch kind {
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		return "value", "initial_value", true
	case "static_select", "external_select", "radio_buttons":
		return "selected_option", "initial_option", true
	case "multi_static_select", "multi_external_select", "checkboxes":
		return "selected_options", "initial_options", true
	case "users_select":
		return "selected_user", "initial_user", true
	case "conversations_select":
		return "selected_conversation", "initial_conversation", true
	case "channels_select":
		return "selected_channel", "initial_channel", true
	case "multi_users_select":
		return "selected_users", "initial_users", true
	case "multi_conversations_select":
		return "selected_conversations", "initial_conversations", true
	case "multi_channels_select":
		return "selected_channels", "initial_channels", true
	case "rich_text_input":
		return "rich_text_value", "initial_value", true
	case "datepicker":
		return "selected_date", "initial_date", true
	case "timepicker":
		return "selected_time", "initial_time", true
	case "datetimepicker":
		return "selected_date_time", "initial_date_time", true
	}
	return "", "", false
}

// formState is the state of every element of blocks: what old says where it
// has the same block_id, action_id and type, else the preset.
func formState(blocks json.RawMessage, old map[string]map[string]any) map[string]map[string]any {
	state := map[string]map[string]any{}
	for b, el := range elements(blocks) {
		kind, _ := el["type"].(string)
		field, preset, ok := stateful(kind)
		if !ok {
			continue
		}
		block, _ := b["block_id"].(string)
		id, _ := el["action_id"].(string)
		now := map[string]any{"type": kind, field: el[preset]}
		if was, ok := old[block][id].(map[string]any); ok && was["type"] == kind {
			now = was
		}
		if strings.HasPrefix(kind, "multi_") || kind == "checkboxes" {
			if now[field] == nil {
				now[field] = []any{}
			}
		}
		if state[block] == nil {
			state[block] = map[string]any{}
		}
		state[block][id] = now
	}
	return state
}

// fillForm puts what a person entered over a form's state. A value is text,
// for menus and boxes the value of an option or a list of them, or the
// element's whole state as Slack shapes it.
func fillForm(blocks json.RawMessage, state map[string]map[string]any, values map[string]map[string]any) error {
	for block, fields := range values {
		for id, value := range fields {
			_, el, err := findElement(blocks, block+"/"+id)
			if err != nil {
				return fmt.Errorf("field %s of block %s: %w", id, block, err)
			}
			kind, _ := el["type"].(string)
			field, _, ok := stateful(kind)
			if !ok {
				return fmt.Errorf("field %s of block %s: a %s cannot be filled in", id, block, kind)
			}
			entered, err := enter(el, field, value)
			if err != nil {
				return fmt.Errorf("field %s of block %s: %w", id, block, err)
			}
			state[block][id] = entered
		}
	}
	return nil
}

// enter is the state of one element after a person entered value.
func enter(el map[string]any, field string, value any) (map[string]any, error) {
	if whole, ok := value.(map[string]any); ok {
		if whole["type"] != el["type"] {
			return nil, fmt.Errorf("state of a %v for a %v", whole["type"], el["type"])
		}
		return whole, nil
	}
	state := map[string]any{"type": el["type"], field: value}
	switch field {
	case "selected_option":
		text, _ := value.(string)
		option := optionOf(el, text)
		if option == nil {
			return nil, fmt.Errorf("no option %q", text)
		}
		state[field] = option
	case "selected_options":
		options := []any{}
		for _, v := range listOf(value) {
			option := optionOf(el, v)
			if option == nil {
				return nil, fmt.Errorf("no option %q", v)
			}
			options = append(options, option)
		}
		state[field] = options
	case "value":
		if text, ok := value.(string); !ok {
			return nil, fmt.Errorf("a %T where text is expected", value)
		} else if text == "" {
			state[field] = nil
		}
	}
	return state, nil
}

func listOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case []any:
		var list []string
		for _, x := range v {
			text, _ := x.(string)
			list = append(list, text)
		}
		return list
	}
	return nil
}

// optionOf finds an element's option by its value, in its groups too.
func optionOf(el map[string]any, value string) map[string]any {
	lists := []any{el["options"]}
	groups, _ := el["option_groups"].([]any)
	for _, g := range groups {
		if group, ok := g.(map[string]any); ok {
			lists = append(lists, group["options"])
		}
	}
	for _, l := range lists {
		options, _ := l.([]any)
		for _, o := range options {
			if option, ok := o.(map[string]any); ok && option["value"] == value {
				return option
			}
		}
	}
	return nil
}

// formErrors is what Slack's client complains about before it sends a modal,
// by block_id.
func formErrors(blocks json.RawMessage, state map[string]map[string]any) map[string]string {
	bad := map[string]string{}
	for b, el := range elements(blocks) {
		block, _ := b["block_id"].(string)
		id, _ := el["action_id"].(string)
		kind, _ := el["type"].(string)
		field, _, ok := stateful(kind)
		if b["type"] != "input" || !ok {
			continue
		}
		entered, _ := state[block][id].(map[string]any)
		text, isText := entered[field].(string)
		list, isList := entered[field].([]any)
		switch {
		case entered[field] == nil || isText && text == "" || isList && len(list) == 0:
			if b["optional"] != true {
				bad[block] = "Please complete this required field."
			}
		case !isText || field != "value":
		case el["max_length"] != nil && utf8.RuneCountInString(text) > number(el["max_length"]):
			bad[block] = fmt.Sprintf("Please enter no more than %d characters.", number(el["max_length"]))
		case utf8.RuneCountInString(text) < number(el["min_length"]):
			bad[block] = fmt.Sprintf("Please enter at least %d characters.", number(el["min_length"]))
		}
	}
	return bad
}

// number reads a JSON number, 0 if it is none.
func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}
