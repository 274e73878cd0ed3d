package commands

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"itmsbot/runbook"
)

// longest is how many characters of a line are read; a longer one is refused
// whole.
const longest = 1000

// Words splits a line as people type it: phones turn quotes and dashes into
// others, and what is invisible never reaches a decision. Text in double
// quotes is one word.
func Words(line string) ([]string, *runbook.Refusal) {
	if n := utf8.RuneCountInString(line); n > longest {
		return nil, runbook.Refuse("Put the rest into `/itms note` or the thread.", "That line has %d characters; the bot reads %d at most.", n, longest)
	}
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	end := func() {
		if begun {
			words = append(words, word.String())
			word.Reset()
			begun = false
		}
	}
	for _, r := range straight(line) {
		switch {
		case r == '"':
			quoted, begun = !quoted, true
		case unicode.IsSpace(r) && !quoted:
			end()
		default:
			begun = true
			word.WriteRune(r)
		}
	}
	if quoted {
		return nil, runbook.Refuse("Close it, or leave both quotes out.", "There is a quote that does not end.")
	}
	end()
	return words, nil
}

// quotes are all that people's keyboards make of the one that Words reads.
const quotes = `"“”„‟«»`

// straight undoes what keyboards do to a line and takes out what cannot be
// seen: control and formatting characters, so that the words a person reads
// are the words the bot reads.
func straight(line string) string {
	var b strings.Builder
	for _, r := range line {
		switch {
		case strings.ContainsRune(quotes, r):
			b.WriteByte('"')
		case strings.ContainsRune("‘’‚‛", r):
			b.WriteByte('\'')
		case r == '—' || r == '―':
			b.WriteString("--")
		case strings.ContainsRune("‐‑‒–−", r):
			b.WriteByte('-')
		case r == '\u00a0' || r == '\u202f' || r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r == unicode.ReplacementChar || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// nearest is the known word that a wrong one probably meant, "" if none is
// near: at most two letters apart, and less than half of the word.
func nearest(word string, known []string) string {
	best, at := "", 3
	for _, k := range known {
		if d := distance(word, k); d < at && d*2 < max(len(word), len(k)) {
			best, at = k, d
		}
	}
	return best
}

// distance counts the letters to add, drop, change or swap with a neighbour.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 40 || len(y) > 40 {
		return 99
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}
