package slack

// actionElement checks an element of an actions block.
func actionElement(c *checker, at string, v any) {
	c.element(at, v, "button", "checkboxes", "datepicker", "datetimepicker", "timepicker", "overflow", "radio_buttons",
		"static_select", "external_select", "users_select", "conversations_select", "channels_select", "workflow_button",
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select")
}

// accessory checks the one element of a section.
func accessory(c *checker, at string, v any) {
	c.element(at, v, "button", "checkboxes", "datepicker", "timepicker", "overflow", "radio_buttons", "image",
		"static_select", "external_select", "users_select", "conversations_select", "channels_select", "workflow_button",
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select")
}

// inputElement checks the element of an input block.
func inputElement(c *checker, at string, v any) {
	kinds := []string{
		"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input",
		"checkboxes", "radio_buttons", "datepicker", "datetimepicker", "timepicker",
		"static_select", "external_select", "users_select", "conversations_select", "channels_select",
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select",
	}
	if c.surface == "modal" {
		kinds = append(kinds, "file_input")
	}
	c.element(at, v, kinds...)
}

// contextElement checks an element of a context block.
func contextElement(c *checker, at string, v any) {
	m, kind := c.kind(at, v)
	switch {
	case m == nil:
	case kind == "image":
		c.image(at, m)
	case kind == "plain_text", kind == "mrkdwn":
		text(2000)(c, at, v)
	default:
		c.unsupported(at, kind, "image", "plain_text", "mrkdwn")
	}
}

// element checks an element that has to be one of kinds.
func (c *checker) element(at string, v any, kinds ...string) {
	m, kind := c.kind(at, v)
	if m == nil {
		return
	}
	for _, k := range kinds {
		if k != kind {
			continue
		}
		if kind == "image" {
			c.image(at, m)
			return
		}
		fs := elementFields(kind)
		fs["action_id"] = may(str(255))
		c.members(at, m, fs)
		if kind == "static_select" || kind == "multi_static_select" {
			c.optionSource(at, m)
		}
		return
	}
	c.unsupported(at, kind, kinds...)
}

func (c *checker) image(at string, m map[string]any) {
	c.members(at, m, fields{"image_url": may(link), "slack_file": may(anything), "alt_text": need(str(2000))})
	c.imageSource(at, m)
}

func (c *checker) optionSource(at string, m map[string]any) {
	if (m["options"] == nil) == (m["option_groups"] == nil) {
		c.bad(at, "required", []string{"options", "option_groups"}, "must define either `options` or `option_groups`")
	}
}

// elementFields are an interactive element's members, action_id aside.
func elementFields(kind string) fields {
	switch kind {
	case "button":
		return fields{
			"text": need(plain(75)), "value": may(strFrom(0, 2000)), "url": may(link),
			"style": may(oneOf("primary", "danger")), "confirm": may(confirm), "accessibility_label": may(str(75)),
		}
	case "workflow_button":
		return fields{
			"text": need(plain(75)), "workflow": need(anything),
			"style": may(oneOf("primary", "danger")), "accessibility_label": may(str(75)),
		}
	case "overflow":
		return fields{"options": need(list(1, 5, option(true, plain(75)))), "confirm": may(confirm)}
	case "checkboxes":
		o := option(false, text(75))
		return fields{
			"options": need(list(1, 10, o)), "initial_options": may(list(1, 10, o)),
			"confirm": may(confirm), "focus_on_load": may(boolean),
		}
	case "radio_buttons":
		o := option(false, text(75))
		return fields{
			"options": need(list(1, 10, o)), "initial_option": may(o),
			"confirm": may(confirm), "focus_on_load": may(boolean),
		}
	case "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input":
		return inputFields(kind)
	}
	return menuFields(kind)
}

func inputFields(kind string) fields {
	fs := fields{
		"placeholder": may(plain(150)), "focus_on_load": may(boolean),
		"dispatch_action_config": may(anything), "initial_value": may(strFrom(0, 3000)),
	}
	switch kind {
	case "plain_text_input":
		fs["multiline"] = may(boolean)
		fs["min_length"], fs["max_length"] = may(integer(0, 3000)), may(integer(1, 3000))
	case "number_input":
		fs["is_decimal_allowed"] = need(boolean)
		fs["min_value"], fs["max_value"] = may(str(255)), may(str(255))
	case "rich_text_input":
		fs["initial_value"] = may(anything)
	case "file_input":
		return fields{"filetypes": may(list(1, 100, str(20))), "max_files": may(integer(1, 10))}
	}
	return fs
}

// menuFields are the members of selects and pickers.
func menuFields(kind string) fields {
	fs := fields{"placeholder": may(plain(150)), "confirm": may(confirm), "focus_on_load": may(boolean)}
	o := option(false, plain(75))
	switch kind {
	case "static_select", "multi_static_select":
		fs["options"], fs["option_groups"] = may(list(1, 100, o)), may(list(1, 100, optionGroup))
	case "external_select", "multi_external_select":
		fs["min_query_length"] = may(integer(0, 255))
	case "conversations_select", "multi_conversations_select":
		fs["default_to_current_conversation"], fs["filter"] = may(boolean), may(anything)
	case "datetimepicker":
		return fields{"initial_date_time": may(integer(1_000_000_000, 9_999_999_999)), "confirm": may(confirm), "focus_on_load": may(boolean)}
	case "timepicker":
		fs["timezone"] = may(str(255))
	}
	switch kind {
	case "static_select", "external_select":
		fs["initial_option"] = may(o)
	case "multi_static_select", "multi_external_select":
		fs["initial_options"] = may(list(1, 100, o))
	case "users_select", "conversations_select", "channels_select", "datepicker", "timepicker":
		_, preset, _ := stateful(kind)
		fs[preset] = may(str(255))
	case "multi_users_select":
		fs["initial_users"] = may(list(0, 100, str(255)))
	case "multi_conversations_select":
		fs["initial_conversations"] = may(list(0, 100, str(255)))
	case "multi_channels_select":
		fs["initial_channels"] = may(list(0, 100, str(255)))
	}
	switch kind {
	case "conversations_select", "channels_select":
		fs["response_url_enabled"] = may(boolean)
	case "multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select":
		fs["max_selected_items"] = may(integer(1, 100))
	}
	return fs
}

// option checks an option; label is the rule for its text, and only an
// overflow menu's may carry a link.
func option(overflow bool, label rule) rule {
	fs := fields{"text": need(label), "value": need(str(150)), "description": may(plain(75))}
	if overflow {
		fs["url"] = may(link)
	}
	return func(c *checker, at string, v any) {
		if m := c.object(at, v); m != nil {
			c.members(at, m, fs)
		}
	}
}

func optionGroup(c *checker, at string, v any) {
	if m := c.object(at, v); m != nil {
		c.members(at, m, fields{"label": need(plain(75)), "options": need(list(1, 100, option(false, plain(75))))})
	}
}

// confirm checks a confirm dialog.
func confirm(c *checker, at string, v any) {
	if m := c.object(at, v); m != nil {
		c.members(at, m, fields{
			"title": need(plain(100)), "text": need(text(300)), "confirm": need(plain(30)), "deny": need(plain(30)),
			"style": may(oneOf("primary", "danger")),
		})
	}
}
