package wsman

import (
	"fmt"
	"regexp"
	"strings"
)

// The lines that a person can type at a host of the practice estate: those of a
// way-back sheet, and no others. Each is one line; names stand in single quotes
// with a quote in a name doubled, as PowerShell reads them.
var (
	plainGuard = regexp.MustCompile(`^if \(\(Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Cryptography'\)\.MachineGuid -ne '([0-9a-fA-F-]+)'\) \{ throw '([^']*)' \}$`)
	plainRules = regexp.MustCompile(`^(Enable|Disable|Remove)-NetFirewallRule -PolicyStore PersistentStore -Name ('(?:[^']|'')+'(?:,'(?:[^']|'')+')*)$`)
	plainName  = regexp.MustCompile(`'((?:[^']|'')+)'`)
)

// isPlain reports whether every line of a text is one that plain understands.
func isPlain(text string) bool {
	lines := plainLines(text)
	for _, l := range lines {
		if !plainGuard.MatchString(l) && !plainRules.MatchString(l) {
			return false
		}
	}
	return len(lines) > 0
}

func plainLines(text string) []string {
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			lines = append(lines, l)
		}
	}
	return lines
}

// plain carries out a text of plain lines on the world and stops at the first
// that throws.
func (p *powershell) plain(text string) error {
	for _, l := range plainLines(text) {
		if m := plainGuard.FindStringSubmatch(l); m != nil {
			v, err := p.world.Look(p.host)
			if err != nil {
				return err
			}
			if !strings.EqualFold(v.Machine, m[1]) {
				return fmt.Errorf("%s", m[2])
			}
			continue
		}
		m := plainRules.FindStringSubmatch(l)
		for _, n := range plainName.FindAllStringSubmatch(m[2], -1) {
			if err := p.plainRule(m[1], strings.ReplaceAll(n[1], "''", "'")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *powershell) plainRule(verb, name string) (err error) {
	switch verb {
	case "Enable":
		_, err = p.world.EnableRule(p.host, name)
	case "Disable":
		_, err = p.world.DisableRule(p.host, name)
	default:
		err = p.world.RemoveRule(p.host, name)
	}
	if err != nil {
		return fmt.Errorf("%s-NetFirewallRule : %w", verb, err)
	}
	return nil
}
