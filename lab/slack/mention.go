package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// encode turns what a person types into what Slack sends: &, < and > escaped,
// links in angle brackets, and @name and #name of those who exist replaced by
// their ids. In a command (with should_escape on) a mention carries the name.
func (s *Server) encode(text string, command bool) string {
	var b strings.Builder
	last := ' '
	for text != "" {
		if !isWord(last) {
			if out, n := s.entity(text, command); n > 0 {
				b.WriteString(out)
				last, text = 'x', text[n:]
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(text)
		b.WriteString(escapeRune(r))
		last, text = r, text[n:]
	}
	return b.String()
}

func escapeRune(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// entity returns what the beginning of text stands for and how long it is, 0
// if it is nothing but text.
func (s *Server) entity(text string, command bool) (out string, n int) {
	switch {
	case strings.HasPrefix(text, "@"):
		return s.mention(text, command)
	case strings.HasPrefix(text, "#"):
		for _, c := range s.cfg.Channels {
			if leads(text[1:], c.Name) && len(c.Name) >= n {
				out, n = "<#"+c.ID+"|"+c.Name+">", 1+len(c.Name)
			}
		}
		return out, n
	case strings.HasPrefix(text, "http://"), strings.HasPrefix(text, "https://"):
		end := strings.IndexFunc(text, unicode.IsSpace)
		if end < 0 {
			end = len(text)
		}
		return "<" + escape(text[:end]) + ">", end
	}
	return "", 0
}

// mention finds the longest name, handle or real name, that follows the @.
func (s *Server) mention(text string, command bool) (out string, n int) {
	people := s.cfg.People
	if bot, ok := s.person(s.cfg.BotUser); ok {
		people = append(people[:len(people):len(people)], bot)
	}
	for _, p := range people {
		for _, name := range []string{p.Name, p.RealName} {
			if name == "" || !leads(text[1:], name) || len(name) < n {
				continue
			}
			out, n = "<@"+p.ID+">", 1+len(name)
			if command {
				out = "<@" + p.ID + "|" + p.Name + ">"
			}
		}
	}
	return out, n
}

// leads reports whether text begins with name as a word of its own.
func leads(text, name string) bool {
	if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text[len(name):])
	return len(text) == len(name) || !isWord(next)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
