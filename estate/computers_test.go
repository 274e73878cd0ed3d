package estate

import (
	"testing"
	"time"
)

func TestNewerVersion(t *testing.T) {
	tests := []struct {
		a, b         string
		newer, known bool
	}{
		{"8.1", "8.0", true, true},
		{"8.0", "8.1", false, true},
		{"8.0", "8.0", false, true},
		{"8.0.0.0", "8.0", false, true},
		{"8.0", "8.0.0.0", false, true},
		{"8.7.10", "8.7.9", true, true},
		{"8.10", "8.9.3504.0", true, true},
		{"10.0", "9.9", true, true},
		{"8.0.3504.0", "8.0.2298.0", true, true},
		{"", "8.0", false, false},
		{"8.0", "", false, false},
		{"8.x", "8.0", false, false},
		{"8.-1", "8.0", false, false},
		{"8..1", "8.0", false, false},
		{"8.99999999999999999999", "8.0", false, false},
	}
	for _, tt := range tests {
		if newer, known := NewerVersion(tt.a, tt.b); newer != tt.newer || known != tt.known {
			t.Errorf("NewerVersion(%q, %q) = %t, %t, want %t, %t", tt.a, tt.b, newer, known, tt.newer, tt.known)
		}
	}
}

func TestContactsNewer(t *testing.T) {
	c := Contacts{Agents: map[string]int64{"8.0": 7, "8.1": 4, "8.10.1": 2, "": 3, "beta": 1}}
	for version, want := range map[string][2]int64{"8.0": {6, 4}, "8.1": {2, 4}, "9": {0, 4}, "?": {0, 17}} {
		if newer, unknown := c.Newer(version); newer != want[0] || unknown != want[1] {
			t.Errorf("newer than %q: %d, unknown %d, want %d", version, newer, unknown, want)
		}
	}
}

// TestContactsComplete holds that a table without requests does not say that nobody came.
func TestContactsComplete(t *testing.T) {
	for _, tt := range []struct {
		within, reach time.Duration
		want          bool
	}{
		{time.Hour, 30 * 24 * time.Hour, true},
		{time.Hour, time.Hour, true},
		{2 * time.Hour, time.Hour, false},
		{time.Hour, 0, false},
		{0, 0, false},
	} {
		if got := (Contacts{Within: tt.within, Reach: tt.reach}).Complete(); got != tt.want {
			t.Errorf("within %v, kept for %v: complete %t, want %t", tt.within, tt.reach, got, tt.want)
		}
	}
}
