package runbook

import "strings"

// Cell keeps a spreadsheet from running text of people or hosts: a cell that
// begins with = + - @, a tab or a line break is a formula to it, so that such a
// cell gets a leading apostrophe.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
