package runbook

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// Redact takes what looks like a secret out of a text that a host or a person
// wrote: passwords and keys by their name, authorization headers, tokens,
// private keys, and the elements in which ITMS keeps credentials (itms.md 0
// rule 5). It goes by shape alone, so that it takes a little too much rather
// than too little, and a secret without a name passes. Redacting twice is
// redacting once.
func Redact(s string) string {
	low := strings.ToLower(s)
	if !holds(low, hints) {
		return s
	}
	if holds(low, []string{"private key"}) {
		s = privateKey.ReplaceAllString(s, Redacted)
	}
	if holds(low, names) && holds(low, []string{"<", "&lt;"}) {
		s = attributes(elements(s))
	}
	return shaped(s)
}

// shaped replaces what has one of the shapes. Only lines with a hint are looked
// at, and the line after one, on which a value may stand: a long file is written
// down while others wait.
func shaped(s string) string {
	var out, group strings.Builder
	flush := func() {
		part := group.String()
		group.Reset()
		low := strings.ToLower(part)
		for _, r := range shapes {
			if holds(low, r.hints) {
				part = r.pattern.ReplaceAllString(part, r.with)
			}
		}
		out.WriteString(part)
	}
	open := false
	for line := range strings.Lines(s) {
		switch hinted := holds(strings.ToLower(line), hints); {
		case hinted || open:
			group.WriteString(line)
			open = hinted || strings.TrimSpace(line) == ""
		default:
			flush()
			out.WriteString(line)
		}
	}
	flush()
	return out.String()
}

// RedactJSON is Redact for every text in a JSON value, and for texts under a
// name that says what they are. What it gives is canonical; a value without a
// secret is given back byte for byte, canonical or not.
//
// It never makes a value much longer, or a host could make an event that is
// too long to be written down: where that would be, texts that hold a secret
// are left out whole.
func RedactJSON(raw []byte) ([]byte, error) {
	if !holds(strings.ToLower(string(raw)), hints) {
		return raw, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	before, err := Canonical(tree)
	if err != nil {
		return nil, err
	}
	after, err := Canonical(redactTree(tree, Redact))
	if err != nil || bytes.Equal(before, after) {
		return raw, err
	}
	const room = 1 << 10
	if len(after) > len(before)+room {
		after, err = Canonical(redactTree(tree, func(s string) string {
			if Redact(s) != s {
				return "…"
			}
			return s
		}))
	}
	return after, err
}

// RedactFile is Redact for the bytes of an artifact: a JSON value stays one,
// everything else is text.
func RedactFile(b []byte) []byte {
	if json.Valid(b) {
		if after, err := RedactJSON(b); err == nil {
			return after
		}
	}
	return []byte(Redact(string(b)))
}

// redactTree copies a value with its texts redacted.
func redactTree(v any, redact func(string) string) any {
	switch v := v.(type) {
	case string:
		return redact(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = redactTree(e, redact)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			if s, ok := e.(string); ok && s != "" && secretName.MatchString(k) {
				m[redact(k)] = Redacted
				continue
			}
			m[redact(k)] = redactTree(e, redact)
		}
		return m
	}
	return v
}

// named are the words by which a secret is called: in English, in German as
// Windows writes its logs, and ITMS' own.
const named = `(?:passwor[dt]|passwd|passphrase|pwd|kennwort|secret|api[_-]?key|access[_-]?key|accountkey|sharedaccess\w*key|symmetrickey\w*|secureattribute\w*|pkgaccesscredentials)[\w.-]{0,40}`

var (
	// names are in every text in which a secret is called by its name, hints
	// are the other signs of one. Most texts have neither.
	names = []string{"passw", "passphrase", "pwd", "kennwort", "secret", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key",
		"accountkey", "sharedaccess", "symmetrickey", "secureattribute", "pkgaccess"}
	hints      = append([]string{"private key", "authorization", "bearer", "xox", "xapp-", "://", "-pw", "/pw"}, names...)
	secretName = regexp.MustCompile(`(?i)^[\w.-]{0,40}?` + named + `$`)
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\z)`)
	element    = regexp.MustCompile(`<[\w.:-]{1,80}(?:\s+[\w.:-]{1,80}\s{0,8}=\s{0,8}(?:"[^"]*(?:"|\z)|'[^']*(?:'|\z)))+`)
	attribute  = regexp.MustCompile(`([\w.:-]{1,80})(\s{0,8}=\s{0,8})(?:"([^"]*)("|\z)|'([^']*)('|\z))`)
	telling    = regexp.MustCompile(`(?i)^(?:key|name|id|type)$`) // attributes that say what an element is
	opening    = regexp.MustCompile(`(?i)(<|&lt;)([\w.:-]{0,40}?` + named + `)(\s[^<>]*?)?(/?)(?:>|&gt;)`)
)

// shapes are looked for in this order, each where the text holds one of its
// hints. Go's regular expressions take time in proportion to the text, whatever
// the text.
var shapes = []struct {
	hints   []string
	pattern *regexp.Regexp
	with    string
}{
	// A header, to the end of its line.
	{[]string{"authorization"}, regexp.MustCompile(`(?i)\b((?:proxy-)?authorization["']?\s{0,8}[:=]\s{0,8})[^\r\n]+`), "${1}" + Redacted},
	{[]string{"bearer"}, regexp.MustCompile(`(?i)\b(bearer)\s{1,8}[A-Za-z0-9._~+/=-]{8,}`), "${1} " + Redacted},
	// Slack's tokens.
	{[]string{"xox", "xapp-"}, regexp.MustCompile(`\b(xox[a-z](?:\.xox[a-z])?-|xapp-)[A-Za-z0-9-]{4,}`), Redacted},
	// A connection string: all up to the next semicolon, blanks included.
	{[]string{"password", "pwd"}, regexp.MustCompile(`(?i)\b((?:password|pwd)\s{0,8}=\s{0,8})[^;"'<>\r\n]{1,256};`), "${1}" + Redacted + ";"},
	// A name and a value in quotes, as JSON, XML attributes and scripts have it.
	{names, regexp.MustCompile(`(?i)(` + named + `\\?["']?\s{0,8}[:=]\s{0,8})(?:\\"[^"\\]*\\"|"[^"]*"|'[^']*')`), `${1}"` + Redacted + `"`},
	// A name and a bare value.
	{names, regexp.MustCompile(`(?i)(` + named + `["']?\s{0,8}[:=]\s{0,8})[^\s;,&<>"'\\]+`), "${1}" + Redacted},
	// A parameter of a command line.
	{[]string{"-p", "/p"}, regexp.MustCompile(`(?i)(\s[-/](?:password|pwd|pw)\s{1,4})(?:"[^"]*"|'[^']*'|[^\s"'-][^\s"']*)`), "${1}" + Redacted},
	// A user and a password in an address.
	{[]string{"://"}, regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s/:@"'<>]{1,64}:)[^\s/@"'<>]{1,256}@`), "${1}" + Redacted + "@"},
}

// holds finds one of the words in a text of small letters.
func holds(low string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(low, w) })
}

// elements empties XML elements whose name says that they hold a secret, with
// all that is inside them. One that is not closed is emptied to the end.
func elements(s string) string {
	var b strings.Builder
	for {
		at := opening.FindStringSubmatchIndex(s)
		if at == nil {
			break
		}
		less, name, more := s[at[2]:at[3]], s[at[4]:at[5]], ">"
		if less != "<" {
			more = "&gt;"
		}
		attributes, alone := at[6] >= 0, at[8] < at[9]
		b.WriteString(s[:at[0]] + less + name)
		s = s[at[1]:]
		switch {
		case alone && attributes:
			b.WriteString(" " + Redacted + "/" + more)
			continue
		case alone:
			b.WriteString("/" + more)
			continue
		}
		b.WriteString(more + Redacted)
		closing := less + "/" + name + more
		i := indexFold(s, closing)
		if i < 0 {
			return b.String()
		}
		b.WriteString(s[i : i+len(closing)])
		s = s[i+len(closing):]
	}
	b.WriteString(s)
	return b.String()
}

// attributes takes the values out of XML elements of which an attribute says that they
// hold a secret: <customSetting key="EmailServerPassword" value="…" />, as the core
// settings of ITMS and the files of .NET have it. One that was cut off counts.
func attributes(s string) string {
	return element.ReplaceAllStringFunc(s, func(tag string) string {
		secret := false
		for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
			secret = secret || secretName.MatchString(m[3]+m[5])
		}
		if !secret {
			return tag
		}
		return attribute.ReplaceAllStringFunc(tag, func(a string) string {
			m := attribute.FindStringSubmatch(a)
			if m[3]+m[5] == "" || telling.MatchString(m[1]) {
				return a
			}
			head := len(m[1]) + len(m[2])
			return a[:head+1] + Redacted + m[4] + m[6]
		})
	})
}

// indexFold finds an ASCII text in whatever case.
func indexFold(s, want string) int {
	for i := 0; i+len(want) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(want)], want) {
			return i
		}
	}
	return -1
}
