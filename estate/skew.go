package estate

import (
	"fmt"
	"time"
)

// Bounds of a host's clock against the bot's (DESIGN §6): more than SkewShown is
// said, more than SkewBlocks stops.
const (
	SkewShown  = 2 * time.Minute
	SkewBlocks = 5 * time.Minute
)

// Skew is how far a clock is ahead of the bot's, negative when it is behind. The
// clock said said at some moment between before and after of the bot's clock, so
// that what lies between them is no skew: a slow answer is not a wrong clock.
func Skew(said, before, after time.Time) time.Duration {
	// Hosts tell whole seconds.
	switch before := before.Truncate(time.Second); {
	case said.Before(before):
		return said.Sub(before)
	case said.After(after):
		return said.Sub(after)
	}
	return 0
}

// SaySkew puts a skew into words, "" for one that is not worth any.
func SaySkew(host string, skew time.Duration) string {
	switch {
	case skew > SkewShown:
		return fmt.Sprintf("the clock of %s is %s ahead of the bot's", host, skew.Round(time.Second))
	case skew < -SkewShown:
		return fmt.Sprintf("the clock of %s is %s behind the bot's", host, (-skew).Round(time.Second))
	}
	return ""
}
