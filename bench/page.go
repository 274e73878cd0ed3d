package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// write makes the page.
func write(m machine, rounds int, results runs) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks

Written by `+"`make bench`"+`, which anybody can run; by hand they are `+"`go test -run '^$' -bench . PACKAGE`"+`. Every figure is the
median of %d runs with the least and the most of them in brackets, and its baseline was measured in the same runs.
An aim is held against the medians.

| | |
|---|---|
| measured | %s UTC |
| machine | %s, %d processors, %s |
| system | Linux %s, %s |
| file system | %s |
| others meanwhile | %s |
`, rounds, m.at.Format("2006-01-02 15:04"), m.model, m.processors, m.memory, cmp.Or(m.kernel, "unknown"), m.goVersion, m.files, m.othersWords())
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| | itmsbot | baseline | ratio | aim | |\n|---|---|---|---|---|---|\n", s.title, s.text)
		for _, r := range s.rows {
			line, err := r.line(rounds, results)
			if err != nil {
				return "", err
			}
			b.WriteString(line)
		}
	}
	return b.String(), nil
}

func (m machine) othersWords() string {
	if m.others < 0 {
		return "unknown"
	}
	share := fmt.Sprintf("%.0f %% of the processors", m.others*100)
	if m.busy() {
		share += ": **the machine was busy with other work**, so that these figures are worse and scatter more than they should"
	}
	return share
}

// line is one row of the page's tables.
func (r row) line(rounds int, results runs) (string, error) {
	scale := cmp.Or(r.scale, 1)
	ours, err := results.of(r.ours, rounds, scale)
	if err != nil {
		return "", err
	}
	var beside figure
	baseline, ratio := "", ""
	for _, key := range r.beside {
		f, err := results.of(key, rounds, scale*cmp.Or(r.times, 1))
		if err != nil {
			return "", err
		}
		beside = figure{beside.median + f.median, beside.least + f.least, beside.most + f.most}
	}
	if len(r.beside) > 0 {
		baseline = r.named + ": " + r.say(beside)
		ratio = strconv.FormatFloat(ours.median/beside.median, 'f', 2, 64)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", r.what, r.say(ours), baseline, ratio, r.aim.words, r.aim.verdict(ours.median, beside.median)), nil
}

// say writes a figure with its unit.
func (r row) say(f figure) string {
	return fmt.Sprintf("%s %s (%s to %s)", number(f.median, r.digits), r.unit, number(f.least, r.digits), number(f.most, r.digits))
}

// number groups thousands, as the reader counts them.
func number(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	whole, rest, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}

// verdict says whether the aim is met, and nothing where there is none.
func (a aim) verdict(ours, beside float64) string {
	bound := a.factor*beside + a.more
	switch {
	case a.most && ours <= bound || a.least && ours >= bound:
		return "met"
	case a.most || a.least:
		return "**not met**"
	}
	return ""
}
