package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Schema is the JSON Schema (draft 2020-12) of the file, for editors. It says
// what one value may be; what fits together only Parse knows.
func Schema() ([]byte, error) {
	s := object(reflect.TypeFor[Config]())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "itmsbot.yaml"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(s)
	return b.Bytes(), err
}

type schema map[string]any

// object is the schema of a struct: its keys and no others.
func object(t reflect.Type) schema {
	properties, required := schema{}, []string{}
	for _, f := range fieldsOf(t) {
		p := schemaOf(t.FieldByIndex(f.at).Type, f.rules)
		p["description"] = f.doc
		properties[f.key] = p
		if f.need {
			required = append(required, f.key)
		}
	}
	s := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	if t == reflect.TypeFor[Secret]() {
		s["oneOf"] = []schema{{"required": []string{"env"}}, {"required": []string{"file"}}}
	}
	return s
}

func schemaOf(t reflect.Type, r rules) schema {
	switch {
	case t == reflect.TypeFor[Duration]():
		return schema{"type": "string", "pattern": durationPattern, "minLength": 1}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem(), r)
	case t.Kind() == reflect.Struct:
		return object(t)
	case t.Kind() == reflect.Slice:
		return schema{"type": "array", "minItems": 1, "items": schemaOf(t.Elem(), r)}
	}
	s := schema{"type": "string", "minLength": 1}
	if r.enum != "" {
		s["enum"] = strings.Split(r.enum, ",")
	}
	if r.pattern != "" {
		s["pattern"] = r.pattern
	}
	return s
}
