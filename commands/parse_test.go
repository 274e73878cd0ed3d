package commands

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestWords(t *testing.T) {
	tests := []struct {
		line string
		want []string
		no   string
	}{
		{"quiesce", []string{"quiesce"}, ""},
		{"  note   two  words ", []string{"note", "two", "words"}, ""},
		{`leave R-1 "the site server"`, []string{"leave", "R-1", "the site server"}, ""},
		{"leave R-1 “the site server”", []string{"leave", "R-1", "the site server"}, ""},
		{"x —override", []string{"x", "--override"}, ""},
		{"a–b", []string{"a-b"}, ""},
		{"qui\u200besce\u0000 \u202eR-1", []string{"quiesce", "R-1"}, ""},
		{"note\u00a0hard\tspace\nnew line", []string{"note", "hard", "space", "new", "line"}, ""},
		{`note ""`, []string{"note", ""}, ""},
		{"", nil, ""},
		{"   \u200b ", nil, ""},
		{`note "open`, nil, "There is a quote that does not end."},
		{strings.Repeat("ü", 1000), []string{strings.Repeat("ü", 1000)}, ""},
		{strings.Repeat("ü", 1001), nil, "That line has 1001 characters; the bot reads 1000 at most."},
		{strings.Repeat("x", 4000), nil, "That line has 4000 characters; the bot reads 1000 at most."},
	}
	for _, tt := range tests {
		got, no := Words(tt.line)
		reason := ""
		if no != nil {
			reason = no.Reason
		}
		if !slices.Equal(got, tt.want) || reason != tt.no {
			t.Errorf("Words(%.40q) = %q, %q; want %q, %q", tt.line, got, reason, tt.want, tt.no)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"quiesce", "note “a b” —x", "\x00\xff", `"`, "a\u2028b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		words, no := Words(typed)
		if no != nil {
			return
		}
		if again, no := Words(line(words)); no == nil && !slices.Equal(words, again) {
			t.Errorf("%q is written as %q and read again as %q", words, line(words), again)
		}
		for _, w := range words {
			if strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) }) {
				t.Errorf("Words(%q) lets %q through", typed, w)
			}
		}
	})
}

func TestNearest(t *testing.T) {
	known := []string{"quiesce", "status", "stop", "undo", "help", "approve", "note"}
	for word, want := range map[string]string{"qiesce": "quiesce", "quisce": "quiesce", "staus": "status", "sotp": "stop", "xyz": "", "hlep": "help",
		"aprove": "approve", "u": "", "rollback": "", "no": ""} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
