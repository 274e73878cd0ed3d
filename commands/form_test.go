package commands

import (
	"strings"
	"testing"
)

// TestFilled: whatever is filled in is one word of the line, and the last.
func TestFilled(t *testing.T) {
	for text, want := range map[string]string{
		"closed by hand":              "closed by hand",
		`it "works" now`:              "it 'works' now",
		"one “odd quote":              "one 'odd quote",
		"«a» „b‟":                     "'a' 'b'",
		"two\nlines\u00a0and\ttabs":   "two lines and tabs",
		"":                            "",
		`" --force`:                   "' --force",
		"a\u200bb — c":                "ab -- c",
		strings.Repeat("x", 50) + `"`: strings.Repeat("x", 50) + "'",
	} {
		words, no := Words(Filled("leave R-1", text))
		if no != nil || len(words) != 3 || words[0] != "leave" || words[1] != "R-1" || words[2] != want {
			t.Errorf("%q is read as %q, %v; want %q", text, words, no, want)
		}
	}
	if words, no := Words(Filled("leave R-123456", strings.Repeat("“", FormLongest))); no != nil || len(words) != 3 {
		t.Errorf("the longest that can be filled in is not read: %v", no)
	}
}
