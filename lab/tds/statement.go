package tds

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

//go:embed statements.txt
var statementsText string

// statementList is what the server answers.
type statementList struct {
	known map[string]statementEntry // by the SHA-256 of the normalised text
	err   error                     // why statements.txt cannot be read
}

// statementEntry is one line of statements.txt.
type statementEntry struct {
	name     string
	compared string // the date on which statement and twin were last compared
	twin     string
}

// statementsOf reads statements.txt.
func statementsOf(text string) statementList {
	known, err := parseStatements(text)
	return statementList{known, err}
}

func parseStatements(text string) (map[string]statementEntry, error) {
	known := map[string]statementEntry{}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 4 || len(f[0]) != 2*sha256.Size {
			return nil, fmt.Errorf("statements.txt, line %d: want sha256, name, date and twin", n+1)
		}
		if _, err := time.Parse(time.DateOnly, f[2]); err != nil {
			return nil, fmt.Errorf("statements.txt, line %d: %w", n+1, err)
		}
		if twins()[f[3]] == nil {
			return nil, fmt.Errorf("statements.txt, line %d: there is no twin %q", n+1, f[3])
		}
		known[f[0]] = statementEntry{f[1], f[2], f[3]}
	}
	return known, nil
}

// find gives the twin of a statement, or what answers the few words with which
// drivers introduce themselves; those have no name.
func (l statementList) find(text string) (name string, answer twin, ok bool) {
	plain := normalised(text)
	if e, ok := l.known[sumOfNormalised(plain)]; ok {
		return e.name, twins()[e.twin], true
	}
	if onlySettings(plain) {
		return "", nothing, true
	}
	answer, ok = greetings()[plain]
	return "", answer, ok
}

// has reports whether a statement of this name is on the list.
func (l statementList) has(name string) bool {
	for _, e := range l.known {
		if e.name == name {
			return true
		}
	}
	return false
}

// names are those of the product's statements, sorted.
func (l statementList) names() []string {
	var names []string
	for _, e := range l.known {
		names = append(names, e.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sumOf is the SHA-256 by which a statement is known.
func sumOf(text string) string { return sumOfNormalised(normalised(text)) }

func sumOfNormalised(plain string) string {
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// normalised is a statement without what means nothing on a server that does not
// tell letter cases apart: comments, layout, upper case, a last semicolon.
func normalised(text string) string {
	words := strings.Fields(strings.ToLower(uncommented(text)))
	return strings.TrimRight(strings.Join(words, " "), "; ")
}

// uncommented has a space in the place of each comment. What looks like a comment
// within quotes or brackets is none.
func uncommented(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch end := closing(text[i]); {
		case end != 0:
			n := quoted(text[i:], end)
			b.WriteString(text[i : i+n])
			i += n
		case strings.HasPrefix(text[i:], "--"):
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return b.String()
			}
			b.WriteByte(' ')
			i += n
		case strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				return b.String() + text[i:] // left open: an error on every server
			}
			b.WriteByte(' ')
			i += n + 4
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

// closing is what ends the quotation that a character begins; 0 when it begins none.
func closing(c byte) byte {
	switch c {
	case '\'', '"':
		return c
	case '[':
		return ']'
	}
	return 0
}

// quoted is the length of the quotation at the start of text.
func quoted(text string, end byte) int {
	if n := strings.IndexByte(text[1:], end); n >= 0 {
		return n + 2
	}
	return len(text)
}

// onlySettings reports whether a normalised batch does nothing but set options of its
// session, as drivers do first.
func onlySettings(plain string) bool {
	options := " ansi_nulls ansi_null_dflt_on ansi_padding ansi_warnings arithabort concat_null_yields_null " +
		"cursor_close_on_commit datefirst dateformat deadlock_priority implicit_transactions language " +
		"lock_timeout nocount numeric_roundabort quoted_identifier rowcount textsize transaction xact_abort "
	words := strings.Fields(strings.ReplaceAll(plain, ";", " "))
	if len(words) == 0 {
		return false
	}
	for i := 0; i < len(words); {
		if words[i] != "set" || i+2 >= len(words) || !strings.Contains(options, " "+words[i+1]+" ") {
			return false
		}
		i += 2
		for i < len(words) && words[i] != "set" { // the value, one word or several
			if !value(words[i]) {
				return false
			}
			i++
		}
	}
	return true
}

// value reports whether a word can be the value of an option.
func value(word string) bool {
	switch word {
	case "on", "off", "isolation", "level", "read", "uncommitted", "committed", "repeatable",
		"snapshot", "serializable", "us_english", "mdy", "dmy", "ymd", "low", "normal", "high":
		return true
	}
	for _, c := range word {
		if (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
