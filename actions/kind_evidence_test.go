package actions

import (
	"strings"
	"testing"
	"unicode/utf16"

	"itmsbot/estate"
)

// TestNoSecretInEvidence: a password is taken out of what is kept of a file, however the
// file is written and wherever it was cut.
func TestNoSecretInEvidence(t *testing.T) {
	const text = "\uFEFFMSI (s) (A4:10): Property(S): Größe = 4 KB\r\nProperty(S): DB_PASSWORD = hunter2x\r\nProperty(S): TARGETDIR = D:\\Altiris\r\n"
	var little, big []byte
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	for name, content := range map[string][]byte{
		"UTF-8": []byte(text), "UTF-16, little end first": little, "UTF-16, big end first": big,
		"the end of UTF-16": little[40:], "from the middle of a letter": little[41:], "up to the middle of a letter": little[:len(little)-1],
	} {
		kept := string(bundle("SMP1", estate.Evidence{Files: []estate.EvidenceFile{{Kind: estate.EvidenceSIMLogs, Path: `C:\sim.log`, Content: content}}}).Bytes)
		if strings.Contains(kept, "hunter2x") || strings.Contains(strings.ReplaceAll(kept, "\x00", ""), "hunter2x") || !strings.Contains(kept, `TARGETDIR = D:\Altiris`) {
			t.Errorf("%s: kept %q", name, kept)
		}
	}
}
