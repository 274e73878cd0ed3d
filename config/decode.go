package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decoder fills the types of this package from a syntax tree. It is stricter
// than a YAML library: what the file says has to be what the types say, in the
// one obvious spelling.
type decoder struct {
	name   string
	lines  []string
	places places
	found  Error
}

// places are where values begin, by path: estate.hosts[0].winrm.url.
type places map[string]*token.Token

// decode reads text into c. What is wrong with it is in d.found.
func (d *decoder) decode(text []byte, c *Config) {
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return
	}
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType && doc.Body.Type() != ast.CommentGroupType {
			docs = append(docs, doc)
		}
	}
	switch {
	case len(docs) == 0:
		d.whole("the file is empty; deploy/itmsbot.example.yaml shows what belongs into it")
	case len(docs) > 1:
		at := docs[1].Start // the line ---
		if at == nil {
			at = start(docs[1].Body)
		}
		d.at(at, false, "a second document begins here; the configuration is one document, so take out the line ---")
	default:
		d.node(docs[0].Body, reflect.ValueOf(c).Elem(), rules{}, "")
	}
}

// syntax takes over an error of the parser. Its line is shown without letters
// and digits, because nobody knows what it would have meant.
func (d *decoder) syntax(err error) {
	var e yaml.Error
	if !errors.As(err, &e) {
		d.whole("this is not YAML")
		return
	}
	d.at(e.GetToken(), true, "this is not YAML: %s", e.GetMessage())
}

// whole notes a problem of the file as a whole.
func (d *decoder) whole(says string) {
	d.found.Problems = append(d.found.Problems, Problem{File: d.name, Says: says})
}

// at notes a problem at a token. quiet makes the line's values unreadable.
func (d *decoder) at(t *token.Token, quiet bool, format string, args ...any) {
	p := Problem{File: d.name, Says: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
		if p.Line >= 1 && p.Line <= len(d.lines) {
			p.Source = shown(d.lines[p.Line-1], quiet)
		}
	}
	d.found.Problems = append(d.found.Problems, p)
}

// rules are what the tags of a field say of its text.
type rules struct{ enum, pattern, like string }

// node reads n into v. path is where that is.
func (d *decoder) node(n ast.Node, v reflect.Value, r rules, path string) {
	quiet := v.Type() == reflect.TypeFor[Secret]()
	if path != "" {
		d.places[path] = start(n)
	}
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		d.at(n.GetToken(), quiet, "anchors, aliases, merges and tags are not read here; write the value out")
		return
	case ast.NullType:
		d.at(n.GetToken(), quiet, "%s has no value; write one, or take the key out", called(path))
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[Duration]():
		if text, ok := d.text(n, path); ok {
			span, err := readDuration(text)
			if err != nil {
				d.at(n.GetToken(), false, "%s", err)
			}
			v.Set(reflect.ValueOf(span))
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.node(n, v.Elem(), r, path)
	case v.Kind() == reflect.Struct:
		d.mapping(n, v, path, quiet)
	case v.Kind() == reflect.Slice:
		d.list(n, v, r, path)
	case v.Kind() == reflect.String:
		if text, ok := d.text(n, path); ok {
			v.SetString(text)
			d.spelled(n, text, r, path)
		}
	default:
		panic("config: no decoding for " + v.Type().String()) // a test reads every type
	}
}

// start is the first token of a node; that of a block mapping is its first
// colon.
func start(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

// called is what a path's end is called in a sentence.
func called(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// text reads a scalar that is text. What YAML takes for something else is not
// turned into text by guessing: 0123, 1e3 and 12:30 would change on the way.
func (d *decoder) text(n ast.Node, path string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		if strings.TrimSpace(n.Value) == "" {
			d.at(n.GetToken(), false, "%s is empty", called(path))
			return "", false
		}
		return n.Value, true
	case *ast.LiteralNode:
		d.at(n.GetToken(), false, "%s is one line of text; write it behind its key", called(path))
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		d.at(n.GetToken(), false, "%s is a number where text is meant; write \"%s\"", called(path), n.GetToken().Value)
	case *ast.BoolNode:
		d.at(n.GetToken(), false, "%s is true or false where text is meant; write \"%s\"", called(path), n.GetToken().Value)
	default:
		d.at(start(n), false, "%s is %s where text is meant", called(path), kindOf(n))
	}
	return "", false
}

func (d *decoder) list(n ast.Node, v reflect.Value, r rules, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.at(start(n), false, "%s is %s where a list is meant; put \"- \" before each entry", called(path), kindOf(n))
		return
	}
	if len(seq.Values) == 0 {
		d.at(n.GetToken(), false, "%s is an empty list; write an entry, or take the key out", called(path))
	}
	list := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, entry := range seq.Values {
		d.node(entry, list.Index(i), r, fmt.Sprintf("%s[%d]", path, i))
	}
	v.Set(list)
}

// kindOf says in words what a node is.
func kindOf(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a group of keys"
	case ast.SequenceType:
		return "a list"
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType:
		return "a number"
	case ast.BoolType:
		return "true or false"
	}
	return "text"
}
