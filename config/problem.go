package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Error is everything that is wrong with a file. Nothing was read from it.
type Error struct{ Problems []Problem }

// Problem is one thing that is wrong, and where.
type Problem struct {
	File string
	// Line and Column count from 1, the column in characters. A problem of
	// the file as a whole has line 0.
	Line, Column int
	// Says is a sentence without its full stop. It never holds a secret.
	Says string
	// Source is the line, with what may be a secret made unreadable.
	Source string
}

// most is how many problems are shown; who has more begins at the top anyway.
const most = 10

// Error shows each problem with its line and a caret below it.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i == most {
			fmt.Fprintf(&b, "\nand %d more", len(e.Problems)-most)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// String is file:line:column: sentence, the line and a caret.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Says
	}
	head := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Says)
	if p.Source == "" {
		return head
	}
	before := []rune(p.Source)
	before = before[:min(max(p.Column-1, 0), len(before))]
	for i, r := range before {
		if r != '\t' { // a tab below a tab is as wide
			before[i] = ' '
		}
	}
	number := fmt.Sprintf("%5d", p.Line)
	return fmt.Sprintf("%s\n%s | %s\n%s | %s^", head, number, p.Source, strings.Repeat(" ", len(number)), string(before))
}

// sort puts problems into the order of the file.
func (e *Error) sort() {
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}

// private is a line whose value may be a secret that somebody wrote into the
// file, against its rules.
var (
	private = regexp.MustCompile(`(?i)(pass|pwd|secret|token|credential)`)
	slackID = regexp.MustCompile(`xox[a-z]-\S+|xapp-\S+`)
)

// shown is a source line as an error may show it. Characters are replaced one
// by one, so that a caret below stays where it is.
func shown(line string, quiet bool) string {
	line = strings.TrimRightFunc(line, unicode.IsSpace)
	line = slackID.ReplaceAllStringFunc(line, masked)
	if !quiet && !private.MatchString(line) {
		return line
	}
	key, value, found := strings.Cut(line, ":")
	if !found {
		return masked(line)
	}
	return key + ":" + masked(value)
}

// masked keeps the punctuation, which is what syntax errors are about.
func masked(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return '•'
		}
		return r
	}, text)
}
