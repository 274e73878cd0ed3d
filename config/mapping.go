package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// field is one key of the file.
type field struct {
	key  string
	at   []int // in its struct
	need bool
	doc  string
	rules
}

// fieldsOf reads the tags of a type. Fields without a key are
// the package's own; those of an embedded struct are its outer's.
func fieldsOf(t reflect.Type) []field {
	var list []field
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("yaml"); key != "" {
			list = append(list, field{key, f.Index, f.Tag.Get("need") == "yes", f.Tag.Get("doc"), rules{f.Tag.Get("enum"), f.Tag.Get("pattern"), f.Tag.Get("like")}})
		}
	}
	return list
}

// mapping reads a group of keys: each known, each once, none missing.
func (d *decoder) mapping(n ast.Node, v reflect.Value, path string, quiet bool) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		says := "%s is %s where a group of keys is meant"
		if quiet {
			says = "%s is %s where a place is meant: secrets are not written into this file; write {env: VARIABLE} or {file: PATH}"
		}
		d.at(start(n), quiet, says, called(path), kindOf(n))
		return
	}
	known := fieldsOf(v.Type())
	first := map[string]*token.Token{}
	for _, p := range pairs {
		key := p.Key.GetToken()
		at := slices.IndexFunc(known, func(f field) bool { return f.key == key.Value })
		switch {
		case p.Key.IsMergeKey(), p.Key.Type() != ast.StringType:
			d.at(key, quiet, "a key is plain text here")
		case first[key.Value] != nil:
			d.at(key, quiet, "%s is there twice, first in line %d", key.Value, first[key.Value].Position.Line)
		case at < 0:
			d.at(key, true, "there is no key %s %s", key.Value, suggestion(key.Value, path, known))
		default:
			first[key.Value] = key
			d.node(p.Value, v.FieldByIndex(known[at].at), known[at].rules, join(path, key.Value))
		}
	}
	for _, f := range known {
		if f.need && first[f.key] == nil {
			d.at(start(n), quiet, "%s is missing %s", f.key, within(path))
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func within(path string) string {
	if path == "" {
		return "at the top of the file"
	}
	return "in " + path
}

// suggestion says which key may have been meant.
func suggestion(key, path string, known []field) string {
	words := make([]string, len(known))
	best, least := "", 3
	for i, f := range known {
		words[i] = f.key
		if n := distance(strings.ToLower(key), f.key); n < least {
			best, least = f.key, n
		}
	}
	if best != "" {
		return within(path) + "; did you mean " + best + "?"
	}
	return within(path) + "; there are " + strings.Join(words, ", ")
}

// distance is how many letters have to be added, taken out or changed to make
// b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0]++
		for j := range len(b) {
			n := left
			if a[i] != b[j] {
				n = 1 + min(left, row[j], row[j+1])
			}
			left, row[j+1] = row[j+1], n
		}
	}
	return row[len(b)]
}

// spelled holds text to the enum or the pattern of its field.
func (d *decoder) spelled(n ast.Node, text string, r rules, path string) {
	if r.enum != "" && !slices.Contains(strings.Split(r.enum, ","), text) {
		d.at(n.GetToken(), false, "%s is none of %s", called(path), strings.ReplaceAll(r.enum, ",", ", "))
	}
	if r.pattern != "" && !regexp.MustCompile(r.pattern).MatchString(text) {
		d.at(n.GetToken(), strings.Contains(text, "@"), "%s is not spelled as it has to be: %s", called(path), r.like)
	}
}
