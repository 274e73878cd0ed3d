package actions

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// How long an opening lasts: `for 2h`. It is typed before the configuration is known,
// so that the longest time is judged when the plan is made.

var lastingForm = regexp.MustCompile(`^(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m(?:in)?)?$`)

// shortestOpening leaves its owner the time to be asked.
const shortestOpening = 10 * time.Minute

// readLasting reads how long something lasts, in seconds.
func readLasting(word string, least time.Duration) (int64, *runbook.Refusal) {
	parts := lastingForm.FindStringSubmatch(strings.ToLower(word))
	if parts == nil || word == "" {
		return 0, runbook.Refuse("For example `for 2h`, `for 45m` or `for 1d12h`.", "`%s` is no length of time.", quotable(word))
	}
	var seconds int64
	for i, unit := range []int64{24 * 3600, 3600, 60} {
		n, _ := strconv.ParseInt("0"+parts[i+1], 10, 64) // digits, or nothing
		seconds += n * unit
	}
	if seconds < int64(least.Seconds()) {
		return 0, runbook.Refuse("Give it more time.", "`for %s` is shorter than %s.", quotable(word), spell(int64(least.Seconds())))
	}
	return seconds, nil
}

// lasts reads the argument, which was read before, against what the configuration
// allows; 0 is without an end.
func lasts(limits Limits, args map[string]string) (int64, error) {
	word := args[argFor]
	if word == "" {
		return 0, nil
	}
	seconds, no := readLasting(word, shortestOpening)
	if no != nil {
		return 0, no
	}
	if longest := longestOpening(limits); seconds > longest {
		return 0, runbook.Refuse("Ask for less, and extend it when the time comes.", "`for %s` is longer than the %s that an opening may last.", word, spell(longest))
	}
	return seconds, nil
}

// longestOpening is the configured one, in seconds, as far as a host's own task reaches.
func longestOpening(limits Limits) int64 {
	return min(int64(limits.Longest.Seconds()), estate.ClosingLongest)
}

// lasting writes seconds as they are typed, in one way for all: "1d12h".
func lasting(seconds int64) string {
	days, hours, minutes := timeParts(seconds)
	s := ""
	for _, part := range []struct {
		n    int64
		unit string
	}{{days, "d"}, {hours, "h"}, {minutes, "m"}} {
		if part.n > 0 {
			s += fmt.Sprintf("%d%s", part.n, part.unit)
		}
	}
	return s
}

// spell writes seconds for a sentence, exactly to the minute: "1 day 12 h".
func spell(seconds int64) string {
	days, hours, minutes := timeParts(seconds)
	var words []string
	if days > 0 {
		words = append(words, count(int(days), "day"))
	}
	if hours > 0 {
		words = append(words, fmt.Sprintf("%d\u00a0h", hours))
	}
	if minutes > 0 || len(words) == 0 {
		words = append(words, fmt.Sprintf("%d\u00a0min", minutes))
	}
	return strings.Join(words, "\u00a0")
}

func timeParts(seconds int64) (days, hours, minutes int64) {
	return seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60
}
