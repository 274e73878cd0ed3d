package lab

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"itmsbot/lab/world"
)

// TestGuide holds docs/lab.md against the lab: each condition and each fault that there
// is stands in it, and each line of its examples is taken.
func TestGuide(t *testing.T) {
	b, err := os.ReadFile("../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	l, _ := run(t)
	p := &testPage{url: strings.TrimSuffix(l.Document().Page, "/")}
	names := func(words string) {
		t.Helper()
		if !strings.Contains(guide, "`"+words+"`") {
			t.Errorf("the guide does not name `%s`", words)
		}
	}
	for _, c := range []world.Condition{{Field: "?"}, {Field: "sql", Name: "?"}} {
		_, list, found := strings.Cut(l.World.Set(c).Error(), "there are ")
		if !found {
			t.Fatalf("%+v: no list of what there is", c)
		}
		for name := range strings.SplitSeq(list, ", ") {
			names(name)
		}
	}
	for _, g := range p.faults(t).Groups {
		names(g.Name)
		for _, k := range g.Kinds {
			names(k.Name)
		}
	}
	for _, key := range keysOf(t, l.Document()) {
		names(key)
	}
	for _, key := range keysOf(t, l.World.Truth()) {
		names(key)
	}
	for _, line := range regexp.MustCompile(`(?m)^post (/lab/(?:world|faults)) '(\{.*\})'$`).FindAllStringSubmatch(guide, -1) {
		var body map[string]any
		if err := json.Unmarshal([]byte(line[2]), &body); err != nil {
			t.Errorf("%s: %v", line[0], err)
			continue
		}
		if status, answer := p.call(t, "POST", line[1], body, nil); status != 200 {
			t.Errorf("%s: %d %s", line[0], status, answer)
		}
	}
	if got := p.faults(t).Active; len(got) != 0 {
		t.Errorf("the examples leave %+v", got)
	}
}

// keysOf are the JSON keys of an object, and of the first object in its lists.
func keysOf(t *testing.T, v any) []string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for k, v := range plain {
		keys = append(keys, strings.TrimSuffix(k, "[]"))
		inner, ok := v.(map[string]any)
		if list, is := v.([]any); is && len(list) > 0 {
			inner, ok = list[0].(map[string]any)
			keys[len(keys)-1] += "[]"
		}
		if !ok || k == "people" || k == "by_host" {
			continue
		}
		for k := range inner {
			keys = append(keys, k)
		}
	}
	return keys
}
