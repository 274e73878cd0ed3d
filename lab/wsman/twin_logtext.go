package wsman

import (
	"html"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"
)

// The text of the Altiris log as log-read.ps1 reads it: the same expressions, in Go's
// own kind.

// logEvent is an entry: its head, and what follows up to the next one.
type logEvent struct{ head, body string }

var (
	eventHead  = regexp.MustCompile(`(?i)<event(?:\s+[\w:.-]+\s*=\s*(?:'[^']*'|"[^"]*"))+\s*/?>`)
	attribute  = regexp.MustCompile(`\s([\w:.-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")`)
	identifier = regexp.MustCompile(`(?i)\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?`)
)

// parseEvents splits a text into its entries and what is before the first of them.
func parseEvents(text string) (events []logEvent, rest string) {
	heads := eventHead.FindAllStringIndex(text, -1)
	if len(heads) == 0 {
		return nil, text
	}
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		events = append(events, logEvent{text[h[0]:h[1]], text[h[1]:end]})
	}
	return events, text[:heads[0][0]]
}

// attribute is empty when the entry has none of that name.
func (e logEvent) attribute(name string) string {
	for _, m := range attribute.FindAllStringSubmatch(e.head, -1) {
		if strings.EqualFold(m[1], name) {
			return m[2] + m[3]
		}
	}
	return ""
}

// message is the text of an entry, out of its CDATA sections.
func (e logEvent) message() string {
	body := e.body
	if end := strings.LastIndex(body, "</event>"); end >= 0 {
		body = body[:end]
	}
	body = strings.TrimSpace(body)
	inside, ok := strings.CutPrefix(body, "<![CDATA[")
	if !ok {
		return html.UnescapeString(body)
	}
	return strings.ReplaceAll(strings.TrimSuffix(inside, "]]>"), "]]><![CDATA[", "")
}

// parseLogDate reads a date without a year: the newest that is not in the future, with
// a day for clocks that differ. The hosts of the world keep their clocks in UTC.
func parseLogDate(date string, now time.Time) (time.Time, bool) {
	date = strings.Join(strings.Fields(date), " ")
	for year := now.Year() + 1; year >= now.Year()-1; year-- {
		for _, layout := range []string{"2006 Jan 2 15:04:05 -07:00", "2006 Jan 2 15:04:05"} {
			at, err := time.Parse(layout, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006 ")+date)
			if err == nil && !at.After(now.AddDate(0, 0, 1)) {
				return at.UTC(), true
			}
		}
	}
	return time.Time{}, false
}

// patternOf brings a message into the form in which two that are the same but for
// numbers and identifiers are equal.
func patternOf(text string) string {
	text = cutUnits(text, 2000)
	text = identifier.ReplaceAllString(text, "{#}")
	text = strings.Join(strings.Fields(replaceNumbers(text)), " ")
	return cutUnits(text, 240)
}

// cutUnits cuts a text as .NET counts it, in units of UTF-16.
func cutUnits(text string, most int) string {
	if len(text) <= most {
		return text
	}
	units := utf16.Encode([]rune(text))
	if len(units) <= most {
		return text
	}
	return string(utf16.Decode(units[:most]))
}

// replaceNumbers makes each number a #, unless it is the end of a word or the zero of
// 0x80056007. Go's expressions cannot look back; the script's do.
func replaceNumbers(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if !isDigit(text[i]) || i > 0 && isWord(text[i-1]) {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := i
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		if end < len(text) && (text[end] == 'x' || text[end] == 'X') {
			b.WriteString(text[i:end])
		} else {
			b.WriteByte('#')
		}
		i = end
	}
	return b.String()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
