package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// runs are all values that were measured, by benchmark and unit: "Ack/by=bot
// p50-ms".
type runs map[string][]float64

// processors is the number that go test puts behind a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

// read takes over what a run of go test -bench printed.
func (r runs) read(from io.Reader) error {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		// Name, number of iterations, then pairs of value and unit.
		if len(words) < 4 || len(words)%2 != 0 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(words[0], "Benchmark"), "")
		for i := 2; i < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return fmt.Errorf("read what a benchmark printed (%q): %w", lines.Text(), err)
			}
			key := name + " " + words[i+1]
			r[key] = append(r[key], v)
		}
	}
	return lines.Err()
}

// figure is one value as several runs had it.
type figure struct{ median, least, most float64 }

// of gives a figure, or an error where a benchmark did not say it in every
// round: then it is not known, and no page is written.
func (r runs) of(key string, rounds int, scale float64) (figure, error) {
	values := slices.Clone(r[key])
	if len(values) != rounds {
		return figure{}, fmt.Errorf("%q was measured %d times in %d rounds", key, len(values), rounds)
	}
	for i := range values {
		values[i] *= scale
	}
	slices.Sort(values)
	n := len(values)
	return figure{(values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]}, nil
}
