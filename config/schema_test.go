package config

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchema keeps the file that editors read in step with the types; -update
// writes it.
func TestSchema(t *testing.T) {
	const path = "../deploy/itmsbot.schema.json"
	now, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(kept, now) {
		t.Errorf("%s is not of these types (%v); write it with go test ./config -update", path, err)
	}
}

// TestSchemaSaysTheSame: of single values, the schema and Parse have one
// opinion.
func TestSchemaSaysTheSame(t *testing.T) {
	raw, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("itmsbot.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("itmsbot.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text := example(t)
	for _, c := range []struct {
		old, new string
		good     bool
	}{
		{"", "", true},
		{"role: gateway", "role: proxy", false},
		{"  name: Example Corp", "  nam: Example Corp", false},
		{"domain: CORP", "domain: 5", false},
		{`"4726"`, "4726", false},
		{"restore: 10m", "restore: ten", false},
		{"{env: ITMSBOT_DMZ_PASSWORD}", "{env: A, file: b}", false},
		{"{env: ITMSBOT_DMZ_PASSWORD}", "plain", false},
		{"  team: T024BE7LD\n", "", false},
		{"from: [10.20.0.5]", "from: []", false},
		{"restore: 10m", "restore: 1h", true},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		var tree any
		if err := yaml.Unmarshal([]byte(changed), &tree); err != nil {
			t.Fatal(err)
		}
		bySchema := s.Validate(tree)
		_, byUs := Parse("f", []byte(changed))
		if (bySchema == nil) != c.good || (byUs == nil) != c.good {
			t.Errorf("%q in place of %q: schema %v; we %v", c.new, c.old, bySchema, byUs)
		}
	}
}
