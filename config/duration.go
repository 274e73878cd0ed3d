package config

import (
	"fmt"
	"time"
)

// Duration is a time span of whole seconds, "10m" or "1h30m" in the file.
type Duration time.Duration

// durationPattern is the same for editors.
const durationPattern = `^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`

// String writes d as the file has it: 10m, 1h30m.
func (d Duration) String() string {
	left := time.Duration(d)
	text := ""
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := left / unit.of; n > 0 {
			text += fmt.Sprintf("%d%s", n, unit.name)
			left -= n * unit.of
		}
	}
	if text == "" {
		return "0s"
	}
	return text
}

// readDuration reads the file's spelling. A fraction of a second would be no
// integer in a plan, so there is none here either.
func readDuration(text string) (Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d%time.Second != 0 {
		return 0, fmt.Errorf("%q is no time span; write 90s, 10m or 1h30m", text)
	}
	return Duration(d), nil
}
