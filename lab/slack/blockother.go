package slack

// other returns the check of a block that is newer or rarer than the core, nil
// if there is no such block. Here only what is documented as required or
// limited is checked; other members pass.
func (c *checker) other(kind string) func(at string, m map[string]any) {
	switch kind {
	case "context_actions":
		return c.loose(fields{"elements": need(list(1, 5, known("feedback_buttons", "icon_button")))})
	case "video":
		return c.loose(fields{
			"title": need(plain(200)), "video_url": need(link), "thumbnail_url": need(link), "alt_text": need(str(2000)),
			"author_name": may(str(50)), "description": may(plain(200)),
		})
	case "file":
		return c.loose(fields{"external_id": need(str(255)), "source": need(oneOf("remote"))})
	case "call":
		return c.loose(fields{"call_id": need(str(255))})
	case "task_card":
		return c.loose(taskFields())
	case "plan":
		task := func(c *checker, at string, v any) {
			if m := c.object(at, v); m != nil {
				c.loose(taskFields())(at, m)
			}
		}
		return c.loose(fields{"title": need(anything), "tasks": may(list(0, 50, task))})
	case "alert":
		// In messages Slack's own sources disagree; what may fail there fails
		// here.
		if c.surface == "message" {
			return nil
		}
		return c.loose(fields{"text": need(text(200)), "level": may(oneOf("default", "info", "warning", "error", "success"))})
	case "data_table":
		return c.loose(fields{
			"rows": need(list(2, 101, list(1, 20, anything))), "caption": need(anything), "page_size": may(integer(1, 100)),
		})
	case "card":
		return c.loose(cardFields())
	case "carousel":
		card := func(c *checker, at string, v any) {
			if m, kind := c.kind(at, v); m != nil && kind != "card" {
				c.unsupported(at, kind, "card")
			} else if m != nil {
				c.loose(cardFields())(at, m)
			}
		}
		return c.loose(fields{"elements": need(list(1, 10, card))})
	case "container":
		return c.loose(fields{"title": may(text(150)), "subtitle": may(text(150)), "child_blocks": may(list(1, 10, (*checker).block))})
	}
	return nil
}

// loose is with for a block whose unknown members pass.
func (c *checker) loose(fs fields) func(at string, m map[string]any) {
	fs["block_id"] = may(str(255))
	return func(at string, m map[string]any) {
		heard := map[string]any{}
		for name, v := range m {
			if _, ok := fs[name]; ok {
				heard[name] = v
			}
		}
		c.members(at, heard, fs)
	}
}

// known accepts an object of one of the types.
func known(kinds ...string) rule {
	return func(c *checker, at string, v any) {
		m, kind := c.kind(at, v)
		for _, k := range kinds {
			if k == kind {
				return
			}
		}
		if m != nil {
			c.unsupported(at, kind, kinds...)
		}
	}
}

func taskFields() fields {
	return fields{
		"task_id": need(str(255)), "title": need(anything),
		"status":  may(oneOf("pending", "in_progress", "complete", "error")),
		"details": may(richTextBlock), "output": may(richTextBlock),
	}
}

// richTextBlock accepts a rich_text block where only that may stand.
func richTextBlock(c *checker, at string, v any) {
	m, kind := c.kind(at, v)
	switch {
	case m == nil:
	case kind != "rich_text":
		c.unsupported(at, kind, "rich_text")
	default:
		c.with(fields{"elements": need(list(1, 1000, richText))})(at, m)
	}
}

func cardFields() fields {
	return fields{
		"title": may(text(150)), "subtitle": may(text(150)), "body": may(text(200)), "subtext": may(text(200)),
		"actions": may(list(1, 3, known("button"))),
	}
}
