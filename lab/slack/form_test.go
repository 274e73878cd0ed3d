package slack

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// inputs is a form with one field of every kind that a person fills in.
const inputs = `[
{"type":"input","block_id":"t","label":` + pt + `,"element":{"type":"plain_text_input","action_id":"x","min_length":2,"max_length":4,"initial_value":"abc","multiline":true,"placeholder":` + pt + `}},
{"type":"input","block_id":"n","optional":true,"label":` + pt + `,"element":{"type":"number_input","action_id":"x","is_decimal_allowed":false,"min_value":"1"}},
{"type":"input","block_id":"s","label":` + pt + `,"element":{"type":"static_select","action_id":"x","options":[{"text":` + pt + `,"value":"a"},{"text":` + pt + `,"value":"b"}]}},
{"type":"input","block_id":"g","optional":true,"label":` + pt + `,"element":{"type":"static_select","action_id":"x","option_groups":[{"label":` + pt + `,"options":[{"text":` + pt + `,"value":"c"}]}]}},
{"type":"input","block_id":"c","optional":true,"label":` + pt + `,"element":{"type":"checkboxes","action_id":"x","options":[{"text":` + md + `,"value":"a"},{"text":` + md + `,"value":"b"}]}},
{"type":"input","block_id":"r","optional":true,"label":` + pt + `,"element":{"type":"radio_buttons","action_id":"x","options":[{"text":` + pt + `,"value":"a"}],"initial_option":{"text":` + pt + `,"value":"a"}}},
{"type":"input","block_id":"u","optional":true,"label":` + pt + `,"element":{"type":"users_select","action_id":"x","initial_user":"U1"}},
{"type":"input","block_id":"m","optional":true,"label":` + pt + `,"element":{"type":"multi_static_select","action_id":"x","max_selected_items":2,"options":[{"text":` + pt + `,"value":"a"}]}},
{"type":"input","block_id":"w","optional":true,"label":` + pt + `,"element":{"type":"multi_users_select","action_id":"x","max_selected_items":3}},
{"type":"input","block_id":"h","optional":true,"label":` + pt + `,"element":{"type":"channels_select","action_id":"x","response_url_enabled":true}},
{"type":"input","block_id":"v","optional":true,"label":` + pt + `,"element":{"type":"conversations_select","action_id":"x","default_to_current_conversation":true}},
{"type":"input","block_id":"d","optional":true,"label":` + pt + `,"element":{"type":"datepicker","action_id":"x","initial_date":"2026-11-22"}},
{"type":"input","block_id":"i","optional":true,"label":` + pt + `,"element":{"type":"timepicker","action_id":"x","timezone":"Etc/UTC"}},
{"type":"input","block_id":"e","optional":true,"label":` + pt + `,"element":{"type":"datetimepicker","action_id":"x","initial_date_time":1700000000}}
]`

func TestFormIsValid(t *testing.T) {
	view := `{"type":"modal","title":` + pt + `,"submit":` + pt + `,"blocks":` + inputs + `}`
	if problems := checkView(json.RawMessage(view), "modal"); len(problems) > 0 {
		t.Error(problems)
	}
}

// asJSON is a state as the app gets it.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFormState(t *testing.T) {
	state := formState(json.RawMessage(inputs), nil)
	for block, want := range map[string]string{
		"t": `{"type":"plain_text_input","value":"abc"}`,
		"n": `{"type":"number_input","value":null}`,
		"s": `{"selected_option":null,"type":"static_select"}`,
		"c": `{"selected_options":[],"type":"checkboxes"}`,
		"r": `{"selected_option":{"text":` + `{"text":"t","type":"plain_text"}` + `,"value":"a"},"type":"radio_buttons"}`,
		"u": `{"selected_user":"U1","type":"users_select"}`,
		"w": `{"selected_users":[],"type":"multi_users_select"}`,
		"d": `{"selected_date":"2026-11-22","type":"datepicker"}`,
		"i": `{"selected_time":null,"type":"timepicker"}`,
		"e": `{"selected_date_time":1700000000,"type":"datetimepicker"}`,
	} {
		if got := asJSON(t, state[block]["x"]); got != want {
			t.Errorf("%s: %s, want %s", block, got, want)
		}
	}
}

func TestFillForm(t *testing.T) {
	blocks := json.RawMessage(inputs)
	for _, c := range []struct {
		block string
		value any
		want  string // "" is refused
	}{
		{"t", "hi", `{"type":"plain_text_input","value":"hi"}`},
		{"t", "", `{"type":"plain_text_input","value":null}`},
		{"t", 7, ""},
		{"s", "b", `{"selected_option":{"text":{"text":"t","type":"plain_text"},"value":"b"},"type":"static_select"}`},
		{"s", "c", ""},
		{"g", "c", `{"selected_option":{"text":{"text":"t","type":"plain_text"},"value":"c"},"type":"static_select"}`},
		{"c", []string{"b"}, `{"selected_options":[{"text":{"text":"t","type":"mrkdwn"},"value":"b"}],"type":"checkboxes"}`},
		{"c", []any{"a", "z"}, ""},
		{"c", "a", `{"selected_options":[{"text":{"text":"t","type":"mrkdwn"},"value":"a"}],"type":"checkboxes"}`},
		{"u", "U2", `{"selected_user":"U2","type":"users_select"}`},
		{"d", map[string]any{"type": "datepicker", "selected_date": "2026-12-24"}, `{"selected_date":"2026-12-24","type":"datepicker"}`},
		{"d", map[string]any{"type": "timepicker"}, ""},
		{"w", []string{"U1", "U2"}, `{"selected_users":["U1","U2"],"type":"multi_users_select"}`},
		{"zz", "x", ""},
	} {
		state := formState(blocks, nil)
		err := fillForm(blocks, state, map[string]map[string]any{c.block: {"x": c.value}})
		if (err == nil) != (c.want != "") {
			t.Errorf("%s = %v: %v", c.block, c.value, err)
		} else if err == nil && asJSON(t, state[c.block]["x"]) != c.want {
			t.Errorf("%s = %v: %s, want %s", c.block, c.value, asJSON(t, state[c.block]["x"]), c.want)
		}
	}
}

func TestFormErrors(t *testing.T) {
	blocks := json.RawMessage(inputs)
	for _, c := range []struct {
		text, choice string
		want         []string
	}{
		{"abc", "a", nil},
		{"abc", "", []string{"s"}},
		{"a", "a", []string{"t"}},
		{"abcde", "a", []string{"t"}},
		{"", "", []string{"s", "t"}},
	} {
		state := formState(blocks, nil)
		values := map[string]map[string]any{"t": {"x": c.text}}
		if c.choice != "" {
			values["s"] = map[string]any{"x": c.choice}
		}
		if err := fillForm(blocks, state, values); err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(formErrors(blocks, state))); !slices.Equal(got, c.want) {
			t.Errorf("%q, %q: %v, want %v", c.text, c.choice, got, c.want)
		}
	}
}

func TestStateSurvivesAnUpdate(t *testing.T) {
	blocks := json.RawMessage(inputs)
	state := formState(blocks, nil)
	if err := fillForm(blocks, state, map[string]map[string]any{"t": {"x": "hi"}, "s": {"x": "b"}}); err != nil {
		t.Fatal(err)
	}
	after := formState(json.RawMessage(`[
		{"type":"input","block_id":"t","label":`+pt+`,"element":{"type":"plain_text_input","action_id":"x"}},
		{"type":"input","block_id":"s","label":`+pt+`,"element":{"type":"plain_text_input","action_id":"x"}}]`), state)
	if got := asJSON(t, after); got != `{"s":{"x":{"type":"plain_text_input","value":null}},"t":{"x":{"type":"plain_text_input","value":"hi"}}}` {
		t.Error(got)
	}
}
