package actions

import (
	"strings"
	"testing"
	"time"
)

func TestReadLasting(t *testing.T) {
	for _, tt := range []struct {
		word    string
		seconds int64
		typed   string
		spelled string
		says    string
	}{
		{"2h", 7200, "2h", "2 h", ""},
		{"90m", 5400, "1h30m", "1 h 30 min", ""},
		{"45min", 2700, "45m", "45 min", ""},
		{"10m", 600, "10m", "10 min", ""},
		{"1d12h", 129600, "1d12h", "1 day 12 h", ""},
		{"7D", 604800, "7d", "7 days", ""},
		{"24h", 86400, "1d", "1 day", ""},
		{"9m", 0, "", "", "shorter than 10\u00a0min"},
		{"0h", 0, "", "", "shorter than 10\u00a0min"},
		{"2", 0, "", "", "is no length of time"},
		{"", 0, "", "", "is no length of time"},
		{"-2h", 0, "", "", "is no length of time"},
		{"2h2h", 0, "", "", "is no length of time"},
		{"1.5h", 0, "", "", "is no length of time"},
		{"99999999999999999999h", 0, "", "", "is no length of time"},
		{"2h`x`", 0, "", "", "`2h'x'` is no length"},
	} {
		got, no := readLasting(tt.word, shortestOpening)
		switch {
		case tt.says != "":
			if no == nil || !strings.Contains(no.Error(), tt.says) {
				t.Errorf("%q: %d %v, want %q", tt.word, got, no, tt.says)
			}
		case no != nil || got != tt.seconds || lasting(got) != tt.typed || strings.ReplaceAll(spell(got), "\u00a0", " ") != tt.spelled:
			t.Errorf("%q: %d %q %q %v", tt.word, got, lasting(got), spell(got), no)
		}
	}
}

// TestLongest: the configuration decides, and beyond it what a host's own task can do.
func TestLongest(t *testing.T) {
	for _, tt := range []struct {
		longest time.Duration
		word    string
		ok      bool
	}{
		{2 * time.Hour, "2h", true}, {2 * time.Hour, "2h1m", false}, {7 * 24 * time.Hour, "7d", true}, {30 * 24 * time.Hour, "8d", false},
	} {
		if _, err := lasts(Limits{Longest: tt.longest}, map[string]string{argFor: tt.word}); (err == nil) != tt.ok {
			t.Errorf("for %s of at most %s: %v", tt.word, tt.longest, err)
		}
	}
}
