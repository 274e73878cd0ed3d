package winrm

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// bootstrap is all that ever stands on a command line. It reads the payload from
// stdin up to a line ".", so that neither an end of input nor a console mode
// matters, runs the script in it with its one argument, and writes the outcome in
// base64 behind the payload's nonce. An input that is cut short runs nothing.
//
// It sets $ErrorActionPreference where it runs, in the global scope: the commands of
// NetSecurity, NetTCPIP and ScheduledTasks are functions of their modules and look for
// it there, not in the script that calls them (PowerShell issue 24389).
//
// It must not name $input: PowerShell looks for that in the text of a command, and
// where it finds it reads stdin itself (ConsoleHost, AstSearcher.IsUsingDollarInput).
//
//go:embed bootstrap.ps1
var bootstrap string

// lineSize is the length of a payload line; PowerShell reads lines of a pipe
// whole, but a console cuts them.
const lineSize = 1000

// bootstrapLine is the command line that starts the bootstrap. cmd.exe takes 8,191
// characters.
func bootstrapLine() string {
	var text []byte
	for _, unit := range utf16.Encode([]rune(bootstrap)) {
		text = binary.LittleEndian.AppendUint16(text, unit)
	}
	return "powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand " +
		base64.StdEncoding.EncodeToString(text)
}

// payload writes what the bootstrap reads.
func payload(nonce string, script Script, args any) ([]byte, error) {
	plain, err := json.Marshal(struct {
		Nonce  string `json:"nonce"`
		Script string `json:"script"`
		Args   any    `json:"args"`
	}{nonce, script.Text, args})
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", script.Name, err)
	}
	text := base64.StdEncoding.EncodeToString(plain)
	var b bytes.Buffer
	for len(text) > 0 {
		n := min(len(text), lineSize)
		b.WriteString(text[:n])
		b.WriteString("\r\n")
		text = text[n:]
	}
	b.WriteString(".\r\n")
	return b.Bytes(), nil
}

// newNonce marks one run's trailer. Nothing else that the script writes can be
// taken for it.
func newNonce() string { return rand.Text() }

// trailer is the bootstrap's outcome.
type trailer struct {
	OK    bool            `json:"ok"`
	Data  json.RawMessage `json:"data"`
	Error string          `json:"error"`
	Line  int             `json:"line"`
	Type  string          `json:"type"` // of the exception, in .NET's name for it
}

// parseTrailer finds the outcome in what was written. ok is false when there is
// none, because the script ended PowerShell or the output was cut short.
func parseTrailer(stdout []byte, nonce string) (t trailer, ok bool) {
	_, text, found := bytes.Cut(append([]byte("\n"), stdout...), []byte("\n"+nonce+":"))
	if !found {
		return trailer{}, false
	}
	text, _, whole := bytes.Cut(text, []byte("\n"))
	if !whole {
		return trailer{}, false
	}
	plain, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || json.Unmarshal(plain, &t) != nil {
		return trailer{}, false
	}
	return t, true
}
