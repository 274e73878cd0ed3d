package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// problem is one thing wrong with blocks or a view, in Slack's words as far as
// they are known.
type problem struct {
	code       string // missing_field, failed_constraint or onlyOneTable
	message    string
	pointer    string // JSON pointer to what is wrong
	constraint string // what was violated: "type", "enum", "max_length", …
	expected   any
}

// onlyOneTable has an error of its own with Slack.
const onlyOneTable = "only_one_table_allowed"

func (p problem) String() string { return p.message + " [json-pointer:" + p.pointer + "]" }

// checker collects what is wrong with one message or view.
type checker struct {
	surface  string // "message", "modal" or "home"
	problems []problem
	blockIDs map[string]bool
	markdown int  // characters in markdown blocks so far
	tables   int  // table blocks so far
	inputs   bool // an input block was seen
}

func (c *checker) bad(at, constraint string, expected any, format string, args ...any) {
	c.problems = append(c.problems, problem{"failed_constraint", fmt.Sprintf(format, args...), at, constraint, expected})
}

// rule checks one value at a JSON pointer.
type rule func(c *checker, at string, v any)

// field is what an object says about one of its members.
type field struct {
	rule     rule
	required bool
}

type fields map[string]field

func need(r rule) field { return field{r, true} }
func may(r rule) field  { return field{r, false} }

// members checks an object's members: none missing, none unknown, each by its
// rule. The member "type" is checked by whoever chose the fields by it.
func (c *checker) members(at string, m map[string]any, fs fields) {
	for _, name := range slices.Sorted(maps.Keys(fs)) {
		if _, ok := m[name]; !ok && fs[name].required {
			c.problems = append(c.problems, problem{"missing_field", "missing required field: " + name, at, "required", name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if name == "type" {
			continue
		}
		f, ok := fs[name]
		if !ok {
			c.bad(at, "additional_properties", false, "invalid additional property: %s", name)
			continue
		}
		f.rule(c, at+"/"+escapePointer(name), m[name])
	}
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// object returns v as an object, or nil and a problem.
func (c *checker) object(at string, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		c.bad(at, "type", "object", "must provide an object")
		return nil
	}
	return m
}

// kind returns an object and its type, or "" and a problem.
func (c *checker) kind(at string, v any) (map[string]any, string) {
	m := c.object(at, v)
	if m == nil {
		return nil, ""
	}
	kind, ok := m["type"].(string)
	if !ok {
		c.problems = append(c.problems, problem{"missing_field", "missing required field: type", at, "required", "type"})
		return nil, ""
	}
	return m, kind
}

func (c *checker) unsupported(at, kind string, expected ...string) {
	c.bad(at+"/type", "enum", expected, "unsupported type: %s", kind)
}

// anything accepts any value; it stands for members nobody here uses.
func anything(*checker, string, any) {}

func boolean(c *checker, at string, v any) {
	if _, ok := v.(bool); !ok {
		c.bad(at, "type", "boolean", "must provide a boolean")
	}
}

// integer accepts whole numbers from lo to hi.
func integer(lo, hi int) rule {
	return func(c *checker, at string, v any) {
		n, err := strconv.Atoi(fmt.Sprint(v))
		if _, ok := v.(json.Number); !ok || err != nil {
			c.bad(at, "type", "integer", "must provide an integer")
		} else if n < lo {
			c.bad(at, "minimum", lo, "must be more than %d", lo-1)
		} else if n > hi {
			c.bad(at, "maximum", hi, "must be less than %d", hi+1)
		}
	}
}

// str accepts text of 1 to limit characters.
func str(limit int) rule { return strFrom(1, limit) }

func strFrom(least, limit int) rule {
	return func(c *checker, at string, v any) {
		s, ok := v.(string)
		if !ok {
			c.bad(at, "type", "string", "must provide a string")
			return
		}
		if n := utf8.RuneCountInString(s); n < least {
			c.bad(at, "min_length", least, "must be more than %d characters", least-1)
		} else if n > limit {
			c.bad(at, "max_length", limit, "must be less than %d characters", limit+1)
		}
	}
}

// link accepts a URL of up to 3,000 characters.
func link(c *checker, at string, v any) {
	str(3000)(c, at, v)
	if s, ok := v.(string); ok && s != "" {
		if u, err := url.Parse(s); err != nil || u.Scheme == "" {
			c.bad(at, "format", "uri", "must be a valid url")
		}
	}
}

func oneOf(values ...string) rule {
	return func(c *checker, at string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(values, s) {
			c.bad(at, "enum", values, "must be a valid enum value")
		}
	}
}

// list accepts an array of least to limit items that each satisfy item.
func list(least, limit int, item rule) rule {
	return func(c *checker, at string, v any) {
		items, ok := v.([]any)
		if !ok {
			c.bad(at, "type", "array", "must provide an array")
			return
		}
		if len(items) < least {
			c.bad(at, "min_items", least, "no fewer than %d items allowed", least)
		}
		if len(items) > limit {
			c.bad(at, "max_items", limit, "no more than %d items allowed", limit)
			return // one problem is enough; the items may be thousands
		}
		for i, x := range items {
			item(c, at+"/"+strconv.Itoa(i), x)
		}
	}
}

// text accepts a text object of either type, plain one of plain_text alone.
func text(limit int) rule  { return textOf(limit, "plain_text", "mrkdwn") }
func plain(limit int) rule { return textOf(limit, "plain_text") }

func textOf(limit int, kinds ...string) rule {
	return func(c *checker, at string, v any) {
		m, kind := c.kind(at, v)
		switch {
		case m == nil:
		case !slices.Contains(kinds, kind):
			c.unsupported(at, kind, kinds...)
		case kind == "plain_text":
			c.members(at, m, fields{"text": need(str(limit)), "emoji": may(boolean)})
		default:
			c.members(at, m, fields{"text": need(str(limit)), "verbatim": may(boolean)})
		}
	}
}

// decode reads JSON for a checker, numbers kept as they are written.
func decode(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}
