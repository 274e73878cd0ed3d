package bot

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/slack-go/slack"

	"itmsbot/commands"
)

// The two words of a plain reply that mean something here: a moment and a
// person (commands.Time, commands.Mention).
var (
	timeWord   = commands.TimeWord
	personWord = commands.PersonWord
)

// escape makes text that cannot be markup: entities for & < >, and nothing
// that cannot be seen. Only what this package writes itself may mention
// anybody or call the channel.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(visible(s))
}

// visible drops control and formatting characters: an operator must see all
// that is there. Line breaks stay.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\u2060':
			return r
		case r == '\t':
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// mrkdwn turns a plain text of ours into Slack's markup: escaped as a whole,
// then times and people put in.
func mrkdwn(s string) string {
	s = timeWord.ReplaceAllStringFunc(escape(s), func(w string) string { return date(stamp(w)) })
	return personWord.ReplaceAllString(s, "<@$1>")
}

// plain turns it into text without markup, for where Slack allows none: times
// in UTC, people by id left out.
func plain(s string) string {
	s = timeWord.ReplaceAllStringFunc(visible(s), func(w string) string { return stamp(w).Format("15:04 UTC") })
	s = personWord.ReplaceAllString(s, "")
	return strings.NewReplacer("*", "", "`", "").Replace(s)
}

func stamp(word string) time.Time {
	n, _ := strconv.ParseInt(timeWord.FindStringSubmatch(word)[1], 10, 64)
	return time.Unix(n, 0).UTC()
}

// date shows a moment so that every reader sees their own zone.
func date(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{time}|%s>", t.Unix(), t.UTC().Format("15:04 UTC"))
}

// cut shortens at a word and says that it did.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	short := string(r[:most-1])
	if i := strings.LastIndexAny(short, " \n"); i > most/2 {
		short = short[:i]
	}
	return strings.TrimRight(short, " \n") + "…"
}

// chunks splits a long text at line breaks, else at words, into parts that fit
// one section each.
func chunks(s string, most int) []string {
	var parts []string
	for {
		r := []rune(s)
		if len(r) <= most {
			return append(parts, s)
		}
		head := string(r[:most])
		i := strings.LastIndexByte(head, '\n')
		if i <= 0 {
			i = strings.LastIndexByte(head, ' ')
		}
		if i <= 0 {
			i = len(head)
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeft(s[i:], " \n")
	}
}

func plainObject(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// mark is a text object of our own sentences; verbatim keeps Slack from
// finding links and channels in it.
func mark(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}
