package winrm

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
)

// clixmlEscape is how CLIXML writes a UTF-16 unit that XML cannot hold: _x000D_.
var clixmlEscape = regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`)

// readable makes stderr fit to show. PowerShell 5.1 writes it as CLIXML when it is
// not a console; what is not CLIXML comes back as it is. It is for display: nothing
// is decided by it.
func readable(stderr []byte) string {
	const mark = "#< CLIXML"
	text := string(stderr)
	before, body, ok := strings.Cut(text, mark)
	if !ok {
		return sentence(text)
	}
	var doc struct {
		Strings []struct {
			Stream string `xml:"S,attr"`
			Text   string `xml:",chardata"`
		} `xml:"S"`
	}
	if xml.Unmarshal([]byte(strings.TrimSpace(body)), &doc) != nil {
		return sentence(text)
	}
	var b strings.Builder
	b.WriteString(before)
	for _, s := range doc.Strings {
		if strings.EqualFold(s.Stream, "Error") {
			b.WriteString(clixmlEscape.ReplaceAllStringFunc(s.Text, unescapeUnit))
		}
	}
	return sentence(b.String())
}

func unescapeUnit(s string) string {
	unit, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return s
	}
	return string(rune(unit))
}
