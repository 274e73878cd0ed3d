package slack

import (
	"encoding/json"
	"unicode/utf8"
)

// Numbers of blocks.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
)

// checkMessageBlocks returns what is wrong with the blocks of a message.
func checkMessageBlocks(raw json.RawMessage) []problem {
	return checkBlocks(raw, "/blocks", "message", maxMessageBlocks)
}

func checkBlocks(raw json.RawMessage, at, surface string, limit int) []problem {
	v, err := decode(raw)
	if err != nil {
		return []problem{{"failed_constraint", "must provide valid JSON", at, "type", "array"}}
	}
	c := &checker{surface: surface, blockIDs: map[string]bool{}}
	list(0, limit, (*checker).block)(c, at, v)
	return c.problems
}

// checkView returns what is wrong with a view that is to be a "modal" or
// "home".
func checkView(raw json.RawMessage, kind string) []problem {
	v, err := decode(raw)
	if err != nil {
		return []problem{{"failed_constraint", "must provide valid JSON", "/view", "type", "object"}}
	}
	c := &checker{surface: kind, blockIDs: map[string]bool{}}
	m, is := c.kind("/view", v)
	if m == nil {
		return c.problems
	}
	if is != kind {
		c.unsupported("/view", is, kind)
		return c.problems
	}
	c.members("/view", m, viewFields(kind))
	if _, ok := m["submit"]; c.inputs && kind == "modal" && !ok {
		c.bad("/view", "required", "submit", "must define `submit` to use an `input` block in modals")
	}
	return c.problems
}

func viewFields(kind string) fields {
	blocks := func(c *checker, at string, v any) {
		if v == nil {
			return // slack-go writes null for none
		}
		list(0, maxViewBlocks, (*checker).block)(c, at, v)
	}
	fs := fields{
		"blocks":           need(blocks),
		"private_metadata": may(strFrom(0, 3000)),
		"callback_id":      may(strFrom(0, 255)),
		"external_id":      may(strFrom(0, 255)),
	}
	if kind == "modal" {
		fs["title"] = need(plain(24))
		fs["submit"] = may(plain(24))
		fs["close"] = may(plain(24))
		fs["clear_on_close"] = may(boolean)
		fs["notify_on_close"] = may(boolean)
		fs["submit_disabled"] = may(boolean)
	}
	return fs
}

// block checks one block of a message or view.
func (c *checker) block(at string, v any) {
	m, kind := c.kind(at, v)
	if m == nil {
		return
	}
	if id, ok := m["block_id"].(string); ok {
		if c.blockIDs[id] {
			c.bad(at+"/block_id", "unique", true, "block_id %q already exists", id)
		}
		c.blockIDs[id] = true
	}
	c.uniqueActions(at, m)
	check := c.core(kind)
	if check == nil {
		check = c.other(kind)
	}
	if check == nil {
		c.unsupported(at, kind)
		return
	}
	check(at, m)
}

// uniqueActions checks that no action_id occurs twice in one block.
func (c *checker) uniqueActions(at string, block map[string]any) {
	seen := map[string]bool{}
	inside, _ := block["elements"].([]any)
	for _, el := range inside {
		m, _ := el.(map[string]any)
		id, _ := m["action_id"].(string)
		if id != "" && seen[id] {
			c.bad(at+"/elements", "unique", true, "action_id %q already exists in this block", id)
		}
		seen[id] = true
	}
}

// core returns the check of a block that bots are made of, nil if kind is not
// one. Unknown members are refused.
func (c *checker) core(kind string) func(at string, m map[string]any) {
	switch kind {
	case "section":
		return c.section
	case "header":
		return c.with(fields{"text": need(plain(150)), "level": may(integer(1, 4))})
	case "divider":
		return c.with(fields{})
	case "context":
		return c.with(fields{"elements": need(list(1, 10, contextElement))})
	case "actions":
		return c.with(fields{"elements": need(list(1, 25, actionElement))})
	case "image":
		return c.imageBlock
	case "input":
		return c.input
	case "table":
		return c.table
	case "markdown":
		return c.markdownBlock
	case "rich_text":
		return c.with(fields{"elements": need(list(1, 1000, richText))})
	}
	return nil
}

// with is the check of a block that has these members and a block_id.
func (c *checker) with(fs fields) func(at string, m map[string]any) {
	fs["block_id"] = may(str(255))
	return func(at string, m map[string]any) { c.members(at, m, fs) }
}

func (c *checker) section(at string, m map[string]any) {
	c.with(fields{
		"text": may(text(3000)), "fields": may(list(1, 10, text(2000))),
		"accessory": may(accessory), "expand": may(boolean),
	})(at, m)
	if m["text"] == nil && m["fields"] == nil {
		c.bad(at, "required", []string{"text", "fields"}, "must define either `text` or `fields`")
	}
}

func (c *checker) imageBlock(at string, m map[string]any) {
	c.with(fields{
		"image_url": may(link), "slack_file": may(anything), "alt_text": need(str(2000)), "title": may(plain(2000)),
	})(at, m)
	c.imageSource(at, m)
}

func (c *checker) imageSource(at string, m map[string]any) {
	if (m["image_url"] == nil) == (m["slack_file"] == nil) {
		c.bad(at, "required", []string{"image_url", "slack_file"}, "must define either `image_url` or `slack_file`")
	}
}

func (c *checker) input(at string, m map[string]any) {
	c.inputs = true
	c.with(fields{
		"label": need(plain(2000)), "element": need(inputElement), "hint": may(plain(2000)),
		"optional": may(boolean), "dispatch_action": may(boolean),
	})(at, m)
}

func (c *checker) table(at string, m map[string]any) {
	if c.surface != "message" {
		c.unsupported(at, "table")
		return
	}
	if c.tables++; c.tables > 1 {
		c.problems = append(c.problems, problem{onlyOneTable, onlyOneTable, at, "max_items", 1})
		return
	}
	cell := func(c *checker, at string, v any) {
		m, kind := c.kind(at, v)
		switch {
		case m == nil:
		case kind == "raw_text":
			c.members(at, m, fields{"text": need(strFrom(0, 3000))})
		case kind == "rich_text":
			c.with(fields{"elements": need(list(1, 100, richText))})(at, m)
		default:
			c.unsupported(at, kind, "raw_text", "rich_text")
		}
	}
	column := func(c *checker, at string, v any) {
		if m, ok := v.(map[string]any); ok {
			c.members(at, m, fields{"align": may(oneOf("left", "center", "right")), "is_wrapped": may(boolean)})
		} else if v != nil { // null skips a column
			c.bad(at, "type", "object", "must provide an object")
		}
	}
	c.with(fields{
		"rows": need(list(1, 100, list(1, 20, cell))), "column_settings": may(list(0, 20, column)),
	})(at, m)
}

// markdownBlock counts what all markdown blocks of a message hold together.
func (c *checker) markdownBlock(at string, m map[string]any) {
	if c.surface != "message" {
		c.unsupported(at, "markdown")
		return
	}
	c.with(fields{"text": need(str(maxMarkdown))})(at, m)
	s, _ := m["text"].(string)
	before := c.markdown
	if c.markdown += utf8.RuneCountInString(s); before > 0 && c.markdown > maxMarkdown {
		c.bad(at+"/text", "max_length", maxMarkdown, "markdown blocks must be less than %d characters together", maxMarkdown+1)
	}
}

// richText checks the elements of a rich_text block, whatever their depth.
func richText(c *checker, at string, v any) {
	m, kind := c.kind(at, v)
	switch kind {
	case "":
	case "rich_text_section", "rich_text_preformatted", "rich_text_quote":
		c.members(at, m, fields{
			"elements": need(list(0, 1000, richTextLeaf)), "border": may(anything), "language": may(str(255)),
		})
	case "rich_text_list":
		c.members(at, m, fields{
			"elements": need(list(1, 1000, richText)), "style": need(oneOf("bullet", "ordered")),
			"indent": may(integer(0, 8)), "offset": may(integer(0, 1<<20)), "border": may(integer(0, 1)),
		})
	default:
		c.unsupported(at, kind, "rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
	}
}

func richTextLeaf(c *checker, at string, v any) {
	m, kind := c.kind(at, v)
	member := ""
	switch kind {
	case "":
		return
	case "text":
		member = "text"
	case "link":
		member = "url"
	case "emoji":
		member = "name"
	case "user":
		member = "user_id"
	case "channel":
		member = "channel_id"
	case "usergroup":
		member = "usergroup_id"
	case "broadcast":
		member = "range"
	case "date":
		member = "timestamp"
	case "color":
		member = "value"
	default:
		c.unsupported(at, kind, "text", "link", "emoji", "user", "channel", "usergroup", "broadcast", "date", "color")
		return
	}
	if m[member] == nil {
		c.problems = append(c.problems, problem{"missing_field", "missing required field: " + member, at, "required", member})
	}
}

// blockText is how much text blocks hold, in bytes. Markdown blocks have a
// limit of their own.
func blockText(raw json.RawMessage) int {
	if raw == nil {
		return 0
	}
	v, err := decode(raw)
	if err != nil {
		return 0
	}
	return textIn(v)
}

func textIn(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			n += textIn(x)
		}
	case map[string]any:
		if v["type"] == "markdown" {
			return 0
		}
		for k, x := range v {
			if s, ok := x.(string); ok && k == "text" {
				n += len(s)
			} else {
				n += textIn(x)
			}
		}
	}
	return n
}
