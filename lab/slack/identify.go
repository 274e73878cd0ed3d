package slack

import (
	"bytes"
	"encoding/json"
)

// identify gives every block a block_id and every interactive element an
// action_id where the app gave none, as Slack does: payloads name both. What
// was there stays byte for byte.
func identify(blocks json.RawMessage) json.RawMessage {
	return eachOf(blocks, func(b json.RawMessage) json.RawMessage {
		for _, field := range []string{"element", "accessory"} {
			b = within(b, field, identifyElement)
		}
		b = within(b, "elements", func(list json.RawMessage) json.RawMessage { return eachOf(list, identifyElement) })
		return withID(b, "block_id")
	})
}

func identifyElement(el json.RawMessage) json.RawMessage {
	var e struct{ Type string }
	if json.Unmarshal(el, &e) != nil {
		return el
	}
	if _, _, ok := stateful(e.Type); ok || e.Type == "button" || e.Type == "overflow" {
		return withID(el, "action_id")
	}
	return el
}

// eachOf applies f to every item of a JSON array; what is no array stays.
func eachOf(array json.RawMessage, f func(json.RawMessage) json.RawMessage) json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(array, &list) != nil {
		return array
	}
	parts := make([][]byte, len(list))
	for i, item := range list {
		parts[i] = f(item)
	}
	return joinArray(parts)
}

// joinArray is a JSON array of items that are JSON already.
func joinArray(parts [][]byte) json.RawMessage {
	return append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')
}

// within applies f to one field of a JSON object.
func within(object json.RawMessage, field string, f func(json.RawMessage) json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil || fields[field] == nil {
		return object
	}
	after := f(fields[field])
	if bytes.Equal(after, fields[field]) {
		return object
	}
	return bytes.Replace(object, fields[field], after, 1)
}

// withID puts an id in front of a JSON object's other fields if it has none.
func withID(object json.RawMessage, field string) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil || fields[field] != nil {
		return object
	}
	head := []byte(`{"` + field + `":"` + newID("")[:5] + `"`)
	rest := bytes.TrimLeft(bytes.TrimSpace(object)[1:], " \t\r\n")
	if rest[0] != '}' {
		head = append(head, ',')
	}
	return append(head, rest...)
}
