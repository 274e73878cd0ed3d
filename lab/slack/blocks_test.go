package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func x(n int) string { return strings.Repeat("x", n) }

// many repeats JSON items, each with its number in place of %d.
func many(n int, item string) string {
	var items []string
	for i := range n {
		items = append(items, strings.ReplaceAll(item, "%d", fmt.Sprint(i)))
	}
	return "[" + strings.Join(items, ",") + "]"
}

const (
	pt     = `{"type":"plain_text","text":"t"}`
	md     = `{"type":"mrkdwn","text":"t"}`
	button = `{"type":"button","action_id":"a%d","text":` + pt + `}`
)

func TestMessageBlocks(t *testing.T) {
	section := func(rest string) string { return `[{"type":"section",` + rest + `}]` }
	actions := func(el string) string { return `[{"type":"actions","elements":[` + el + `]}]` }
	btn := func(rest string) string { return actions(`{"type":"button",` + rest + `}`) }
	for _, c := range []struct{ name, blocks, want string }{
		{"divider", `[{"type":"divider"}]`, ""},
		{"no array", `{"type":"divider"}`, "must provide an array [json-pointer:/blocks]"},
		{"no object", `[1]`, "must provide an object [json-pointer:/blocks/0]"},
		{"no type", `[{}]`, "missing required field: type [json-pointer:/blocks/0]"},
		{"unknown block", `[{"type":"banner"}]`, "unsupported type: banner [json-pointer:/blocks/0/type]"},
		{"unknown property", `[{"type":"divider","color":"red"}]`, "invalid additional property: color [json-pointer:/blocks/0]"},
		{"50 blocks", many(50, `{"type":"divider"}`), ""},
		{"51 blocks", many(51, `{"type":"divider"}`), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"block_id twice", `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`, `block_id "a" already exists [json-pointer:/blocks/1/block_id]`},
		{"block_id 255", `[{"type":"divider","block_id":"` + x(255) + `"}]`, ""},
		{"block_id 256", `[{"type":"divider","block_id":"` + x(256) + `"}]`, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		{"block_id null", `[{"type":"divider","block_id":null}]`, "must provide a string [json-pointer:/blocks/0/block_id]"},

		{"section", section(`"text":` + md), ""},
		{"section 3000", section(`"text":{"type":"mrkdwn","text":"` + x(3000) + `"}`), ""},
		{"section 3001", section(`"text":{"type":"mrkdwn","text":"` + x(3001) + `"}`), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"3000 characters, more bytes", section(`"text":{"type":"mrkdwn","text":"` + strings.Repeat("ü", 3000) + `"}`), ""},
		{"section of nothing", section(`"block_id":"b"`), "must define either `text` or `fields` [json-pointer:/blocks/0]"},
		{"empty text", section(`"text":{"type":"mrkdwn","text":""}`), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{"text as string", section(`"text":"hi"`), "must provide an object [json-pointer:/blocks/0/text]"},
		{"emoji in mrkdwn", section(`"text":{"type":"mrkdwn","text":"t","emoji":true}`), "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		{"10 fields", section(`"fields":` + many(10, md)), ""},
		{"11 fields", section(`"fields":` + many(11, md)), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		{"field 2001", section(`"fields":[{"type":"mrkdwn","text":"` + x(2001) + `"}]`), "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"},
		{"accessory", section(`"text":` + md + `,"accessory":{"type":"button","text":` + pt + `}`), ""},
		{"input as accessory", section(`"text":` + md + `,"accessory":{"type":"plain_text_input"}`), "unsupported type: plain_text_input [json-pointer:/blocks/0/accessory/type]"},

		{"header 150", `[{"type":"header","text":{"type":"plain_text","text":"` + x(150) + `"}}]`, ""},
		{"header 151", `[{"type":"header","text":{"type":"plain_text","text":"` + x(151) + `"}}]`, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		{"header mrkdwn", `[{"type":"header","text":` + md + `}]`, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"},
		{"header without text", `[{"type":"header"}]`, "missing required field: text [json-pointer:/blocks/0]"},
		{"header level 4", `[{"type":"header","level":4,"text":` + pt + `}]`, ""},
		{"header level 5", `[{"type":"header","level":5,"text":` + pt + `}]`, "must be less than 5 [json-pointer:/blocks/0/level]"},
		{"header level half", `[{"type":"header","level":1.5,"text":` + pt + `}]`, "must provide an integer [json-pointer:/blocks/0/level]"},

		{"10 in context", `[{"type":"context","elements":` + many(10, md) + `}]`, ""},
		{"11 in context", `[{"type":"context","elements":` + many(11, md) + `}]`, "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		{"button in context", `[{"type":"context","elements":[` + button + `]}]`, "unsupported type: button [json-pointer:/blocks/0/elements/0/type]"},
		{"image in context", `[{"type":"context","elements":[{"type":"image","image_url":"https://x.test/a.png","alt_text":"a"}]}]`, ""},
		{"image without alt_text", `[{"type":"context","elements":[{"type":"image","image_url":"https://x.test/a.png"}]}]`, "missing required field: alt_text [json-pointer:/blocks/0/elements/0]"},

		{"25 buttons", `[{"type":"actions","elements":` + many(25, button) + `}]`, ""},
		{"26 buttons", `[{"type":"actions","elements":` + many(26, button) + `}]`, "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		{"no buttons", `[{"type":"actions","elements":[]}]`, "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"},
		{"action_id twice", actions(button + "," + button), `action_id "a%d" already exists in this block [json-pointer:/blocks/0/elements]`},
		{"action_id in two blocks", `[{"type":"actions","elements":[` + button + `]},{"type":"actions","elements":[` + button + `]}]`, ""},
		{"mrkdwn in a button", btn(`"text":` + md), "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]"},
		{"button 75", btn(`"text":{"type":"plain_text","text":"` + x(75) + `"}`), ""},
		{"button 76", btn(`"text":{"type":"plain_text","text":"` + x(76) + `"}`), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		{"value 2000", btn(`"text":` + pt + `,"value":"` + x(2000) + `"`), ""},
		{"value 2001", btn(`"text":` + pt + `,"value":"` + x(2001) + `"`), "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		{"action_id 256", btn(`"text":` + pt + `,"action_id":"` + x(256) + `"`), "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"},
		{"style", btn(`"text":` + pt + `,"style":"warning"`), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		{"url", btn(`"text":` + pt + `,"url":"nowhere"`), "must be a valid url [json-pointer:/blocks/0/elements/0/url]"},
		{"label 76", btn(`"text":` + pt + `,"accessibility_label":"` + x(76) + `"`), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/accessibility_label]"},
		{"unknown in button", btn(`"text":` + pt + `,"disabled":true`), "invalid additional property: disabled [json-pointer:/blocks/0/elements/0]"},
		{"confirm", btn(`"text":` + pt + `,"confirm":{"title":` + pt + `,"text":` + md + `,"confirm":` + pt + `,"deny":` + pt + `,"style":"danger"}`), ""},
		{"confirm without deny", btn(`"text":` + pt + `,"confirm":{"title":` + pt + `,"text":` + md + `,"confirm":` + pt + `}`), "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]"},
		{"confirm title 101", btn(`"text":` + pt + `,"confirm":{"title":{"type":"plain_text","text":"` + x(101) + `"},"text":` + md + `,"confirm":` + pt + `,"deny":` + pt + `}`), "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]"},
		{"confirm text 301", btn(`"text":` + pt + `,"confirm":{"title":` + pt + `,"text":{"type":"mrkdwn","text":"` + x(301) + `"},"confirm":` + pt + `,"deny":` + pt + `}`), "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]"},
		{"confirm button 31", btn(`"text":` + pt + `,"confirm":{"title":` + pt + `,"text":` + md + `,"confirm":{"type":"plain_text","text":"` + x(31) + `"},"deny":` + pt + `}`), "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]"},

		{"select", actions(`{"type":"static_select","options":[{"text":` + pt + `,"value":"v"}]}`), ""},
		{"select of nothing", actions(`{"type":"static_select"}`), "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]"},
		{"101 options", actions(`{"type":"static_select","options":` + many(101, `{"text":`+pt+`,"value":"%d"}`) + `}`), "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		{"option value 151", actions(`{"type":"static_select","options":[{"text":` + pt + `,"value":"` + x(151) + `"}]}`), "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]"},
		{"option with url", actions(`{"type":"static_select","options":[{"text":` + pt + `,"value":"v","url":""}]}`), "invalid additional property: url [json-pointer:/blocks/0/elements/0/options/0]"},
		{"overflow 6", actions(`{"type":"overflow","options":` + many(6, `{"text":`+pt+`,"value":"%d"}`) + `}`), "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		{"11 checkboxes", actions(`{"type":"checkboxes","options":` + many(11, `{"text":`+md+`,"value":"%d"}`) + `}`), "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]"},

		{"table", `[{"type":"table","rows":[[{"type":"raw_text","text":""},{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]}]}]],"column_settings":[{"align":"right"},null]}]`, ""},
		{"two tables", `[{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]},{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}]`, "only_one_table_allowed [json-pointer:/blocks/1]"},
		{"101 rows", `[{"type":"table","rows":` + many(101, `[{"type":"raw_text","text":"a"}]`) + `}]`, "no more than 100 items allowed [json-pointer:/blocks/0/rows]"},
		{"21 cells", `[{"type":"table","rows":[` + many(21, `{"type":"raw_text","text":"a"}`) + `]}]`, "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"},

		{"markdown 12000", `[{"type":"markdown","text":"` + x(12000) + `"}]`, ""},
		{"markdown 12001", `[{"type":"markdown","text":"` + x(12001) + `"}]`, "must be less than 12001 characters [json-pointer:/blocks/0/text]"},
		{"markdown together", `[{"type":"markdown","text":"` + x(6000) + `"},{"type":"markdown","text":"` + x(6001) + `"}]`, "markdown blocks must be less than 12001 characters together [json-pointer:/blocks/1/text]"},
		{"rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U1"}]}]}]}]`, ""},
		{"rich text of no kind", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"blink"}]}]}]`, "unsupported type: blink [json-pointer:/blocks/0/elements/0/elements/0/type]"},
		{"image", `[{"type":"image","image_url":"https://x.test/a.png","alt_text":"a","title":` + pt + `}]`, ""},
		{"image from nowhere", `[{"type":"image","alt_text":"a"}]`, "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"},
		{"input", `[{"type":"input","label":` + pt + `,"element":{"type":"plain_text_input"}}]`, ""},
		{"file input in a message", `[{"type":"input","label":` + pt + `,"element":{"type":"file_input"}}]`, "unsupported type: file_input [json-pointer:/blocks/0/element/type]"},
		{"alert in a message", `[{"type":"alert","text":` + md + `}]`, "unsupported type: alert [json-pointer:/blocks/0/type]"},
		{"data table without rows", `[{"type":"data_table","caption":"c","rows":[[]]}]`, "no fewer than 2 items allowed [json-pointer:/blocks/0/rows]"},
		{"video", `[{"type":"video","title":` + pt + `,"video_url":"https://x.test/v","thumbnail_url":"https://x.test/t"}]`, "missing required field: alt_text [json-pointer:/blocks/0]"},
		{"context_actions", `[{"type":"context_actions","elements":[{"type":"button"}]}]`, "unsupported type: button [json-pointer:/blocks/0/elements/0/type]"},
		{"output of a task", `[{"type":"plan","title":"p","tasks":[{"title":"a","task_id":"1","output":{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"t"}]}]}}]}]`, ""},
		{"output of a task, no rich text", `[{"type":"plan","title":"p","tasks":[{"title":"a","task_id":"1","output":` + md + `}]}]`, "unsupported type: mrkdwn [json-pointer:/blocks/0/tasks/0/output/type]"},
		{"plan", `[{"type":"plan","title":"p","tasks":[{"title":"a"}]}]`, "missing required field: task_id [json-pointer:/blocks/0/tasks/0]"},
		{"card", `[{"type":"card","title":` + pt + `,"actions":[{"type":"overflow"}]}]`, "unsupported type: overflow [json-pointer:/blocks/0/actions/0/type]"},
		{"container", `[{"type":"container","child_blocks":[{"type":"header"}]}]`, "missing required field: text [json-pointer:/blocks/0/child_blocks/0]"},
		{"file", `[{"type":"file","external_id":"e","source":"local"}]`, "must be a valid enum value [json-pointer:/blocks/0/source]"},
		{"call", `[{"type":"call"}]`, "missing required field: call_id [json-pointer:/blocks/0]"},
		{"workflow button", actions(`{"type":"workflow_button","text":` + pt + `}`), "missing required field: workflow [json-pointer:/blocks/0/elements/0]"},
		{"option group label", actions(`{"type":"static_select","option_groups":[{"label":` + md + `,"options":[{"text":` + pt + `,"value":"v"}]}]}`), "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/option_groups/0/label/type]"},
		{"placeholder 151", actions(`{"type":"users_select","placeholder":{"type":"plain_text","text":"` + x(151) + `"}}`), "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]"},
		{"boolean as text", section(`"text":` + md + `,"expand":"true"`), "must provide a boolean [json-pointer:/blocks/0/expand]"},
		{"task card", `[{"type":"task_card","task_id":"1","title":"a","status":"done"}]`, "must be a valid enum value [json-pointer:/blocks/0/status]"},
		{"carousel 11", `[{"type":"carousel","elements":` + many(11, `{"type":"card"}`) + `}]`, "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
	} {
		problems := checkMessageBlocks(json.RawMessage(c.blocks))
		switch {
		case c.want == "" && len(problems) > 0:
			t.Errorf("%s: refused: %v", c.name, problems)
		case c.want != "" && (len(problems) == 0 || problems[0].String() != c.want):
			t.Errorf("%s: %v, want %s", c.name, problems, c.want)
		}
	}
}

func TestViews(t *testing.T) {
	modal := func(rest string) string { return `{"type":"modal","title":` + pt + `,` + rest + `}` }
	input := `{"type":"input","label":` + pt + `,"element":{"type":"plain_text_input"}}`
	for _, c := range []struct{ name, kind, view, want string }{
		{"modal", "modal", modal(`"blocks":[]`), ""},
		{"blocks null", "modal", modal(`"blocks":null`), ""},
		{"no blocks", "modal", modal(`"callback_id":"x"`), "missing required field: blocks [json-pointer:/view]"},
		{"no title", "modal", `{"type":"modal","blocks":[]}`, "missing required field: title [json-pointer:/view]"},
		{"title 25", "modal", `{"type":"modal","title":{"type":"plain_text","text":"` + x(25) + `"},"blocks":[]}`, "must be less than 25 characters [json-pointer:/view/title/text]"},
		{"submit mrkdwn", "modal", modal(`"blocks":[],"submit":` + md), "unsupported type: mrkdwn [json-pointer:/view/submit/type]"},
		{"input", "modal", modal(`"submit":` + pt + `,"blocks":[` + input + `]`), ""},
		{"input without submit", "modal", modal(`"blocks":[` + input + `]`), "must define `submit` to use an `input` block in modals [json-pointer:/view]"},
		{"input label", "modal", modal(`"submit":` + pt + `,"blocks":[{"type":"input","label":` + md + `,"element":{"type":"plain_text_input"}}]`), "unsupported type: mrkdwn [json-pointer:/view/blocks/0/label/type]"},
		{"max_length 3001", "modal", modal(`"submit":` + pt + `,"blocks":[{"type":"input","label":` + pt + `,"element":{"type":"plain_text_input","max_length":3001}}]`), "must be less than 3001 [json-pointer:/view/blocks/0/element/max_length]"},
		{"button as input", "modal", modal(`"submit":` + pt + `,"blocks":[{"type":"input","label":` + pt + `,"element":` + button + `}]`), "unsupported type: button [json-pointer:/view/blocks/0/element/type]"},
		{"private_metadata 3001", "modal", modal(`"blocks":[],"private_metadata":"` + x(3001) + `"`), "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		{"100 blocks", "modal", modal(`"blocks":` + many(100, `{"type":"divider"}`)), ""},
		{"101 blocks", "modal", modal(`"blocks":` + many(101, `{"type":"divider"}`)), "no more than 100 items allowed [json-pointer:/view/blocks]"},
		{"table", "modal", modal(`"blocks":[{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}]`), "unsupported type: table [json-pointer:/view/blocks/0/type]"},
		{"alert", "modal", modal(`"blocks":[{"type":"alert","text":` + md + `}]`), ""},
		{"unknown", "modal", modal(`"blocks":[],"footer":"x"`), "invalid additional property: footer [json-pointer:/view]"},
		{"home as modal", "modal", `{"type":"home","blocks":[]}`, "unsupported type: home [json-pointer:/view/type]"},
		{"home", "home", `{"type":"home","blocks":[]}`, ""},
		{"home with title", "home", `{"type":"home","title":` + pt + `,"blocks":[]}`, "invalid additional property: title [json-pointer:/view]"},
		{"no JSON", "home", `{`, "must provide valid JSON [json-pointer:/view]"},
	} {
		problems := checkView(json.RawMessage(c.view), c.kind)
		switch {
		case c.want == "" && len(problems) > 0:
			t.Errorf("%s: refused: %v", c.name, problems)
		case c.want != "" && (len(problems) == 0 || problems[0].String() != c.want):
			t.Errorf("%s: %v, want %s", c.name, problems, c.want)
		}
	}
}

func TestRefusalOfBlocks(t *testing.T) {
	_, err := readBlocks(json.RawMessage(`[{"type":"section","text":{"type":"mrkdwn","text":"` + x(3001) + `"}}]`))
	got := string(answerOf(nil, err).body)
	want := `{"error":"invalid_blocks","errors":["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"],"ok":false,` +
		`"response_metadata":{"messages":["[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]}}` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	row := `{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}`
	_, err = readBlocks(json.RawMessage("[" + row + "," + row + "]"))
	if err == nil || err.Error() != "invalid_attachments" || !strings.Contains(string(answerOf(nil, err).body), onlyOneTable) {
		t.Errorf("two tables: %v", err)
	}
	_, err = readPost(args{"blocks": many(4, `{"type":"section","text":{"type":"mrkdwn","text":"`+x(2900)+`"}}`)})
	if err == nil || err.Error() != "msg_blocks_too_long" {
		t.Errorf("11,600 characters: %v", err)
	}
}

func TestBlocksValidate(t *testing.T) {
	s := New(Config{})
	body := string(answerOf(s.blocksValidate(args{"blocks": `[{"text":{"type":"invalid","text":"x"},"type":"section"}]`})).body)
	want := `{"error":"invalid_blocks","errors":[{"code":"failed_constraint","constraint":{"expected":["plain_text","mrkdwn"],"type":"enum"},` +
		`"message":"unsupported type: invalid","pointer":"/0/text/type"}],"ok":false}` + "\n"
	if body != want {
		t.Errorf("got  %swant %s", body, want)
	}
	for name, a := range map[string]args{
		"invalid_view":    {"view": `{"type":"modal"}`},
		"invalid_message": {"message": `{"blocks":[{}]}`},
		"":                {"message": `{"text":"x"}`},
	} {
		if _, err := s.blocksValidate(a); (err == nil) != (name == "") || err != nil && err.Error() != name {
			t.Errorf("%v: %v, want %q", a, err, name)
		}
	}
}

// FuzzBlocks looks for JSON that the checker lets through and the rest of the
// workspace stumbles over.
func FuzzBlocks(f *testing.F) {
	for _, s := range []string{
		`[{"type":"divider"}]`,
		`[{"type":"actions","elements":[` + button + `]}]`,
		`[{"type":"section","fields":[` + md + `],"accessory":{"type":"overflow","options":[{"text":` + pt + `,"value":"v"}]}}]`,
		`[{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}]`,
		`[{"type":"input","label":` + pt + `,"element":{"type":"checkboxes","options":[{"text":` + md + `,"value":"v"}]}}]`,
		`[{"type":"container","child_blocks":[{"type":"markdown","text":"x"}]}]`,
		`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"x"}]}]}]`,
		`[null]`, `{`, `[{"type":"section","text":null}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkView(raw, "modal")
		checkView(raw, "home")
		out, err := readBlocks(raw)
		if err != nil || out == nil {
			return
		}
		var blocks []map[string]any
		if err := json.Unmarshal(out, &blocks); err != nil {
			t.Fatalf("%s became %s: %v", raw, out, err)
		}
		for _, b := range blocks {
			if id, _ := b["block_id"].(string); id == "" {
				t.Errorf("%s became %s: a block without an id", raw, out)
			}
		}
		if problems := checkMessageBlocks(out); len(problems) > 0 {
			t.Errorf("%s became %s: %v", raw, out, problems)
		}
		state := formState(out, nil)
		formErrors(out, state)
		for _, id := range actionIDs(out) {
			_, _, _ = findElement(out, id)
		}
	})
}
