package wsman

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"itmsbot/lab/world"
)

// PowerShell is the process of every command on a host of the world, for
// Config.Run. It cannot run PowerShell: it knows the product's bootstrap and the
// product's scripts by the SHA-256 of their text, as twins.txt lists them, and plays
// for each a twin written in Go against the world. Text that is not in the list is
// refused on stderr with exit code 1, as is any other use of powershell.exe. A few
// words of cmd.exe work as well: hostname, whoami, ver, echo.
func PowerShell(w *world.World, host string) func(context.Context, *Command) {
	return newPowerShell(w, host, func(string, json.RawMessage) time.Duration { return 0 })
}

// SlowPowerShell is PowerShell where each script takes so long, in real time, before
// it does anything.
func SlowPowerShell(w *world.World, host string, takes func(script string) time.Duration) func(context.Context, *Command) {
	return newPowerShell(w, host, func(script string, _ json.RawMessage) time.Duration { return takes(script) })
}

func newPowerShell(w *world.World, host string, takes func(script string, args json.RawMessage) time.Duration) func(context.Context, *Command) {
	known, err := parseTwins(twinsText)
	if err != nil {
		panic(err) // twins.txt is part of the program, and a test reads it
	}
	p := &powershell{world: w, host: host, takes: takes, known: known}
	return p.run
}

// powershell is the processes of one host.
type powershell struct {
	world *world.World
	host  string
	takes func(script string, args json.RawMessage) time.Duration
	known map[string]twinEntry // by SHA-256
}

// options are those with which the product starts powershell.exe, before the encoded
// command.
const options = "-NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand"

func (p *powershell) run(ctx context.Context, c *Command) {
	// Windows puts one command line together; pywinrm sends all arguments as one.
	words := strings.Fields(c.Line + " " + strings.Join(c.Args, " "))
	if len(words) == 0 {
		c.Exit(0)
		return
	}
	if name := strings.ToLower(words[0]); name != "powershell.exe" && name != "powershell" {
		p.cmd(c, words)
		return
	}
	if text, ok := typed(words[1:]); ok {
		err := p.plain(text)
		if err != nil {
			writeCLIXML(c.Stderr(), err.Error())
			c.Exit(1)
			return
		}
		c.Exit(0)
		return
	}
	code, err := p.bootstrap(ctx, c, words[1:])
	if err != nil {
		writeCLIXML(c.Stderr(), err.Error())
	}
	c.Exit(code)
}

// typed is the text of a command that a person sent by any client, if it holds
// plain lines alone.
func typed(args []string) (string, bool) {
	for i, a := range args {
		if strings.EqualFold(a, "-EncodedCommand") && i == len(args)-2 {
			text, err := decodeCommand(args[i+1])
			return text, err == nil && isPlain(text)
		}
	}
	return "", false
}

// bootstrap is powershell.exe with the product's bootstrap: it reads a payload from
// stdin, plays the script in it and writes the outcome behind the payload's nonce.
func (p *powershell) bootstrap(ctx context.Context, c *Command, args []string) (code int, err error) {
	expected := strings.Fields(options)
	if len(args) != len(expected)+1 || !slices.Equal(args[:len(expected)], expected) {
		return 1, errors.New("the practice estate has no PowerShell; it plays the product's scripts, started with " + options)
	}
	text, err := decodeCommand(args[len(expected)])
	if err != nil {
		return 1, fmt.Errorf("cannot process the command: %w", err)
	}
	if _, err := p.lookUp(text, bootstrapTwin); err != nil {
		return 1, err
	}
	v, err := p.world.Inside(p.host)
	switch {
	case err != nil:
		return 1, err
	case v.Constrained: // the bootstrap's third line is the first that it may not
		return 1, errors.New("New-Object : Cannot create type. Only core types are supported in this language mode.")
	}
	input, ended, err := readPayload(c.Stdin())
	switch {
	case err != nil:
		return 1, err
	case !ended:
		return 3, nil // as the bootstrap does when its input is cut short
	}
	var payload struct {
		Nonce  string          `json:"nonce"`
		Script string          `json:"script"`
		Args   json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal(input, &payload); err != nil {
		return 1, fmt.Errorf("ConvertFrom-Json: %w", err)
	}
	entry, err := p.lookUp(payload.Script, "")
	if err != nil {
		return 1, err
	}
	out, err := p.play(ctx, c, entry, payload.Args)
	if exit := (*exited)(nil); errors.As(err, &exit) {
		return exit.code, nil
	}
	if err != nil {
		return 1, err
	}
	_, err = fmt.Fprintf(c.Stdout(), "\n%s:%s\r\n", payload.Nonce, base64.StdEncoding.EncodeToString(out))
	return 0, err
}

// play waits as long as the script takes and gives what its twin writes.
func (p *powershell) play(ctx context.Context, c *Command, entry twinEntry, args json.RawMessage) ([]byte, error) {
	wait := time.NewTimer(p.takes(entry.name, args))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	twin, ok := twins()[entry.twin]
	if !ok {
		return nil, fmt.Errorf("script %s: there is no twin %q", entry.name, entry.twin)
	}
	data, err := twin(machine{p.world, p.host, c}, args)
	var thrown *exception
	switch {
	case errors.As(err, &thrown):
		out := object{"ok": false, "error": thrown.message, "line": nil, "type": thrown.class}
		if at := (*atLine)(nil); errors.As(err, &at) {
			out["line"] = at.line
		}
		return json.Marshal(out)
	case err != nil:
		return nil, err
	}
	return json.Marshal(object{"ok": true, "data": data})
}

// lookUp finds a text in the list; twin, where it is not empty, is what it must be.
func (p *powershell) lookUp(text, twin string) (twinEntry, error) {
	sum := sumOf(text)
	entry, ok := p.known[sum]
	if !ok || twin != "" && entry.twin != twin || twin == "" && entry.twin == bootstrapTwin {
		return twinEntry{}, fmt.Errorf("the practice estate has no PowerShell, and no twin for a script with SHA-256 %s (lab/wsman/twins.txt)", sum)
	}
	return entry, nil
}

// decodeCommand reads what follows -EncodedCommand: UTF-16LE in base64.
func decodeCommand(encoded string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", err
	}
	if len(b)%2 != 0 {
		return "", errors.New("the command is not UTF-16")
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// payloadLimit is the most that a payload may be; it keeps a runaway client from
// filling the memory of the lab.
const payloadLimit = 16 << 20

// readPayload reads base64 in lines up to a line ".". ended is false when the input
// ends before it.
func readPayload(r io.Reader) (payload []byte, ended bool, err error) {
	lines := bufio.NewScanner(io.LimitReader(r, payloadLimit))
	lines.Buffer(nil, payloadLimit)
	var text strings.Builder
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "." {
			payload, err = base64.StdEncoding.DecodeString(text.String())
			return payload, true, err
		}
		text.WriteString(line)
	}
	return nil, false, lines.Err()
}

// writeCLIXML writes an error as PowerShell does when its stderr is no console.
func writeCLIXML(w io.Writer, message string) {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(message)
	// A command that was ended meanwhile takes nothing more, and nobody would read it.
	_, _ = fmt.Fprintf(w, "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><S S=\"Error\">%s_x000D__x000A_</S></Objs>", escaped)
}

// cmd answers the few words of cmd.exe that people try first.
func (p *powershell) cmd(c *Command, words []string) {
	out, code := "", 0
	switch strings.ToLower(words[0]) {
	case "hostname":
		out = p.host
	case "whoami":
		out = strings.ToLower(c.User)
	case "ver":
		out = "\r\nMicrosoft Windows [Version 10.0.14393]"
	case "echo":
		out = strings.Join(words[1:], " ")
	default:
		_, _ = fmt.Fprintf(c.Stderr(), "'%s' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", words[0])
		c.Exit(1)
		return
	}
	_, _ = fmt.Fprintf(c.Stdout(), "%s\r\n", out)
	c.Exit(code)
}
