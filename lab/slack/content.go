package slack

import (
	"encoding/json"
	"unicode/utf8"
)

const (
	maxText     = 40_000 // chat.postMessage cuts off what is longer
	maxUpdate   = 4_000  // chat.update refuses what is longer
	maxMarkdown = 12_000
	maxMetadata = 16 << 10
	// maxBlockText is the text all blocks of a posted message may hold together,
	// in bytes. Slack does not publish its limit; bolt-js issue 2867 reports
	// msg_blocks_too_long at 11,341 characters, issue 2509 at 13,297 of markdown.
	maxBlockText = 11_000
)

// draft is what is going to be a message, checked.
type draft struct {
	text        string
	blocks      json.RawMessage // nil is none
	attachments json.RawMessage
	metadata    json.RawMessage

	thread    string // ts of the parent; "" is the channel
	broadcast bool
	to        string // whom it is shown to; "" is everybody
}

// fill puts the draft's content into a message.
func (d draft) fill(m *stored) {
	m.Text, m.Blocks, m.Attachments, m.Metadata = d.text, d.blocks, d.attachments, d.metadata
	if m.Text == "" && m.Blocks != nil {
		m.Text = "This content can't be displayed."
	}
}

// readDraft checks the content of a message.
func readDraft(a args) (draft, error) {
	d := draft{text: a["text"]}
	if md := a["markdown_text"]; md != "" {
		if a["text"] != "" || a["blocks"] != "" {
			return d, refuse("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > maxMarkdown {
			return d, refuse("msg_too_long")
		}
		d.text = md
	}
	var err error
	if d.blocks, err = readBlocks(a.json("blocks")); err != nil {
		return d, err
	}
	if d.attachments, err = readAttachments(a.json("attachments")); err != nil {
		return d, err
	}
	if d.metadata, err = readMetadata(a.json("metadata")); err != nil {
		return d, err
	}
	if d.text == "" && d.blocks == nil && d.attachments == nil {
		return d, refuse("no_text")
	}
	if runes := []rune(d.text); len(runes) > maxText {
		d.text = string(runes[:maxText])
	}
	return d, nil
}

// readPost is readDraft for what the chat.* methods post. Response URLs take
// longer blocks.
func readPost(a args) (draft, error) {
	d, err := readDraft(a)
	if err == nil && blockText(d.blocks) > maxBlockText {
		err = refuse("msg_blocks_too_long")
	}
	return d, err
}

// readBlocks checks a message's blocks and gives those without an id one. None
// and an empty list are nil.
func readBlocks(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil, refuse("invalid_blocks_format")
	}
	if len(list) == 0 {
		return nil, nil
	}
	if problems := checkMessageBlocks(raw); len(problems) > 0 {
		return nil, refuseBlocks(problems)
	}
	return identify(raw), nil
}

// refuseBlocks is the refusal of a message whose blocks have problems.
func refuseBlocks(problems []problem) error {
	var errs, messages []string
	for _, p := range problems {
		if p.code == onlyOneTable {
			return refuseBecause("invalid_attachments", onlyOneTable)
		}
		errs = append(errs, p.String())
		messages = append(messages, "[ERROR] "+p.String())
	}
	return &refusal{"invalid_blocks", reply{"errors": errs, "response_metadata": reply{"messages": messages}}}
}

// readAttachments takes legacy attachments as they are; only their number is
// checked.
func readAttachments(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	var list []map[string]any
	if json.Unmarshal(raw, &list) != nil {
		return nil, refuse("invalid_attachments")
	}
	if len(list) > 100 {
		return nil, refuse("too_many_attachments")
	}
	if len(list) == 0 {
		return nil, nil
	}
	return raw, nil
}

// readMetadata checks message metadata. The empty one, which slack-go sends
// with every response, is none.
func readMetadata(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	if len(raw) > maxMetadata {
		return nil, refuse("metadata_too_large")
	}
	var m struct {
		EventType    string          `json:"event_type"`
		EventPayload json.RawMessage `json:"event_payload"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return nil, refuse("invalid_metadata_format")
	}
	if m.EventType == "" && (m.EventPayload == nil || string(m.EventPayload) == "null") {
		return nil, nil
	}
	var payload map[string]any
	if m.EventType == "" || json.Unmarshal(m.EventPayload, &payload) != nil || payload == nil {
		return nil, refuse("invalid_metadata_format")
	}
	return raw, nil
}
