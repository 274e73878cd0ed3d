package tds

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTwinsAreCompared holds that every statement's text is in statements.txt under
// its own name, so that nobody changes a statement without looking at its twin.
func TestTwinsAreCompared(t *testing.T) {
	known, err := parseStatements(statementsText)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../estate/sqlserver/queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("statements of estate/sqlserver: %d, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, sum := strings.TrimSuffix(filepath.Base(file), ".sql"), sumOf(string(text))
		if known[sum].name != name {
			t.Errorf("%s has changed. Compare it with its twin, then write in statements.txt:\n%s  %s  %s  %s",
				filepath.Base(file), sum, name, time.Now().UTC().Format(time.DateOnly), name)
		}
		delete(known, sum)
	}
	for sum, entry := range known {
		t.Errorf("statements.txt has %s for %s, which no statement is", sum, entry.name)
	}
}

func TestParseStatementsRefuses(t *testing.T) {
	sum := strings.Repeat("a", 64)
	for _, line := range []string{
		"abc  queue  2026-11-22  queue",
		sum + "  queue  2026-11-22",
		sum + "  queue  yesterday  queue",
		sum + "  queue  2026-11-22  nobody",
	} {
		if _, err := parseStatements("# list\n" + line + "\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: err = %v, want one that names line 2", line, err)
		}
	}
}

func TestNormalised(t *testing.T) {
	tests := []struct{ text, want string }{
		{"SELECT 1;", "select 1"},
		{"select  1 \r\n;\n", "select 1"},
		{"SELECT a -- why\nFROM b", "select a from b"},
		{"SELECT a/* why */FROM b", "select a from b"},
		{"SELECT '--x' FROM [a--b]", "select '--x' from [a--b]"},
		{"SELECT 'it''s --x' -- y", "select 'it''s --x'"},
		{"SELECT 1 /* open", "select 1 /* open"},
		{"-- nothing", ""},
		{"SELECT 'open", "select 'open"},
	}
	for _, tt := range tests {
		if got := normalised(tt.text); got != tt.want {
			t.Errorf("normalised(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestOnlySettings(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"SET ANSI_NULLS ON", true},
		{"set ansi_nulls on\nset datefirst 7\nset lock_timeout -1", true},
		{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET TEXTSIZE 2147483647;", true},
		{"set language us_english", true},
		{"", false},
		{"set", false},
		{"set ansi_nulls", false},
		{"set identity_insert dbo.t on", false},
		{"set ansi_nulls on drop table dbo.t", false},
		{"set textsize 1 select 1", false},
	}
	for _, tt := range tests {
		if got := onlySettings(normalised(tt.text)); got != tt.want {
			t.Errorf("onlySettings(%q) = %v, want %v", tt.text, got, tt.want)
		}
	}
}

func FuzzNormalised(f *testing.F) {
	f.Add("SELECT 'a' -- b\n FROM [c] /* d */;")
	f.Fuzz(func(t *testing.T, text string) {
		if once := normalised(text); len(once) > len(text)*4 {
			t.Errorf("%q grew to %q", text, once)
		}
	})
}
