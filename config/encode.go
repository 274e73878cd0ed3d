package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Encode writes c as a file that Parse reads as the same configuration. Keys
// without a value are left out, every text is quoted.
func Encode(c Config) []byte {
	var b bytes.Buffer
	encode(&b, reflect.ValueOf(c), 0)
	return b.Bytes()
}

// encode writes the keys of a struct, each on a line of its own.
func encode(b *bytes.Buffer, v reflect.Value, depth int) {
	for _, f := range fieldsOf(v.Type()) {
		value := v.FieldByIndex(f.at)
		if value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0 {
			continue
		}
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		fmt.Fprintf(b, "%s%s:", strings.Repeat("  ", depth), f.key)
		switch {
		case value.Kind() == reflect.Struct:
			b.WriteByte('\n')
			encode(b, value, depth+1)
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct:
			b.WriteByte('\n')
			for i := range value.Len() {
				var entry bytes.Buffer
				encode(&entry, value.Index(i), depth+2)
				// The first key of an entry stands behind its dash.
				indent := strings.Repeat("  ", depth+1)
				b.WriteString(indent + "- " + strings.TrimPrefix(entry.String(), indent+"  "))
			}
		case value.Kind() == reflect.Slice:
			words := make([]string, value.Len())
			for i := range words {
				words[i] = quote(value.Index(i))
			}
			fmt.Fprintf(b, " [%s]\n", strings.Join(words, ", "))
		default:
			fmt.Fprintf(b, " %s\n", quote(value))
		}
	}
}

// quote writes text as JSON has it, which YAML reads as the same text.
func quote(v reflect.Value) string {
	text := v.String()
	if d, ok := v.Interface().(Duration); ok {
		text = d.String()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""` // a string is always JSON
	}
	return strings.TrimSpace(b.String())
}
