package estate

import (
	"testing"
	"time"
)

func TestSkew(t *testing.T) {
	at := time.Date(2026, 11, 28, 7, 0, 0, 500_000_000, time.UTC)
	for name, tt := range map[string]struct {
		said, after time.Duration // from at
		want        time.Duration
		words       string
	}{
		"in between":          {time.Second, 2 * time.Second, 0, ""},
		"whole seconds":       {-500 * time.Millisecond, 0, 0, ""},
		"a slow answer":       {time.Minute, 3 * time.Minute, 0, ""},
		"ahead":               {time.Hour + time.Second, time.Second, time.Hour, "the clock of SMP1 is 1h0m0s ahead of the bot's"},
		"behind":              {-time.Hour - 500*time.Millisecond, time.Second, -time.Hour, "the clock of SMP1 is 1h0m0s behind the bot's"},
		"not worth a word":    {119 * time.Second, 0, 119 * time.Second, ""},
		"worth one, no block": {4 * time.Minute, 0, 4 * time.Minute, "the clock of SMP1 is 4m0s ahead of the bot's"},
	} {
		got := Skew(at.Add(tt.said), at, at.Add(tt.after))
		if got != tt.want || SaySkew("SMP1", got) != tt.words {
			t.Errorf("%s: %s (%q), want %s (%q)", name, got, SaySkew("SMP1", got), tt.want, tt.words)
		}
	}
}

func TestGoing(t *testing.T) {
	e := Estate{Hosts: []Host{{Name: "SMP1"}, {Name: "SQL1", Way: ByBackup}, {Name: "GW1", Way: NoWay}, {Name: "SITE1", Way: BySnapshot}}}
	for way, want := range map[Way]string{BySnapshot: "SMP1 and SITE1", ByBackup: "SQL1", NoWay: "GW1"} {
		if got := Names(e.Going(way)); got != want {
			t.Errorf("%s: %s, want %s", way, got, want)
		}
	}
}
