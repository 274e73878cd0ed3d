package wsman

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"itmsbot/lab/world"
)

// process runs one command line on SMP1 with an input and gives what came out.
func process(t *testing.T, line, input string, args ...string) output {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := newCommand(line, args...)
	c.User = `SMP1\itmsbot`
	ran := make(chan struct{})
	go func() { // the test waits for ran
		defer close(ran)
		PowerShell(world.New(world.Options{Manual: true, Managed: 100}), "SMP1")(ctx, c)
	}()
	if f := c.send(ctx, []byte(input), true, 20*time.Second); f != nil {
		t.Fatal(f)
	}
	<-ran
	o, f := c.receive(ctx, desired{true, true}, time.Second, 1<<20)
	if f != nil {
		t.Fatal(f)
	}
	return o
}

func encodeCommand(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// input is a payload as the bootstrap reads it.
func input(t *testing.T, script string, args any) string {
	t.Helper()
	b, err := json.Marshal(object{"nonce": "N1", "script": script, "args": args})
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(b)
	return text[:100] + "\r\n" + text[100:] + "\r\n.\r\n"
}

func TestPowerShellProcess(t *testing.T) {
	boot := "powershell.exe " + options + " " + encodeCommand(fileText(t, "../../estate/winrm/bootstrap.ps1"))
	read := fileText(t, "../../estate/winrm/scripts/firewall-read.ps1")
	query := object{"names": []string{}, "ports": []string{}, "winrm_port": 5985}
	for name, c := range map[string]struct {
		line, input    string
		code           uint32
		stdout, stderr string // what must be in it
	}{
		"script":             {boot, input(t, read, query), 0, "\nN1:", ""},
		"exception":          {boot, input(t, read, object{}), 0, "\nN1:", ""},
		"script not known":   {boot, input(t, read+"\n", query), 1, "", "twins.txt"},
		"bootstrap as data":  {boot, input(t, fileText(t, "../../estate/winrm/bootstrap.ps1"), query), 1, "", "twins.txt"},
		"input cut short":    {boot, strings.TrimSuffix(input(t, read, query), ".\r\n"), 3, "", ""},
		"no base64":          {boot, "!!\n.\n", 1, "", "CLIXML"},
		"no JSON":            {boot, "AAAA\n.\n", 1, "", "ConvertFrom-Json"},
		"other command":      {"powershell.exe " + options + " " + encodeCommand("Get-Process"), "", 1, "", "twins.txt"},
		"command not UTF-16": {"powershell.exe " + options + " AAAA", "", 1, "", "UTF-16"},
		"other options":      {"powershell -Command Get-Process", "", 1, "", "no PowerShell"},
		"hostname":           {"hostname", "", 0, "SMP1\r\n", ""},
		"whoami":             {"whoami", "", 0, "smp1\\itmsbot\r\n", ""},
		"ver":                {"ver", "", 0, "Microsoft Windows", ""},
		"echo":               {"echo one two", "", 0, "one two\r\n", ""},
		"nothing":            {"", "", 0, "", ""},
		"unknown word":       {"frobnicate", "", 1, "", "is not recognized"},
	} {
		t.Run(name, func(t *testing.T) {
			o := process(t, c.line, c.input)
			if o.code != c.code || !bytes.Contains(o.stdout, []byte(c.stdout)) || !bytes.Contains(o.stderr, []byte(c.stderr)) {
				t.Errorf("code %d, stdout %.200q, stderr %.200q", o.code, o.stdout, o.stderr)
			}
			if c.stdout == "" && len(o.stdout) > 0 || c.stderr == "" && len(o.stderr) > 0 {
				t.Errorf("more was written than expected: %.200q, %.200q", o.stdout, o.stderr)
			}
		})
	}
}

// TestArgumentsInOnePiece: clients cut a command line where they like, and Windows
// puts it together again; pywinrm sends all arguments as one.
func TestArgumentsInOnePiece(t *testing.T) {
	script := encodeCommand(fileText(t, "../../estate/winrm/bootstrap.ps1"))
	payload := input(t, fileText(t, "../../estate/winrm/scripts/disk-read.ps1"), object{})
	for name, args := range map[string][]string{
		"one": {options + " " + script}, "two": {options, script}, "as words": append(strings.Fields(options), script),
	} {
		if o := process(t, "powershell.exe", payload, args...); o.code != 0 || !bytes.Contains(o.stdout, []byte("\nN1:")) {
			t.Errorf("%s: code %d, stderr %.200q", name, o.code, o.stderr)
		}
	}
}

// TestPowerShellEndsWithItsContext holds that a slow script does nothing once nobody
// waits for it.
func TestPowerShellEndsWithItsContext(t *testing.T) {
	w := world.New(world.Options{Manual: true, Managed: 100})
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	run := SlowPowerShell(w, "SMP1", func(string) time.Duration { close(started); return time.Hour })
	c := newCommand("powershell.exe " + options + " " + encodeCommand(fileText(t, "../../estate/winrm/bootstrap.ps1")))
	script := fileText(t, "../../estate/winrm/scripts/firewall-switch.ps1")
	order := object{"machine": smpGUID, "names": []string{"ITMS-CEM-4726"}, "on": false}
	if f := c.send(ctx, []byte(input(t, script, order)), true, time.Second); f != nil {
		t.Fatal(f)
	}
	before := w.Version()
	ran := make(chan struct{})
	go func() { defer close(ran); run(ctx, c) }() // the test waits for ran
	<-started
	cancel()
	<-ran
	if w.Version() != before {
		t.Error("the script went on")
	}
}

func FuzzReadPayload(f *testing.F) {
	f.Add([]byte("AAAA\r\n.\r\n"))
	f.Add([]byte(".\n"))
	f.Add([]byte("A\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		payload, ended, err := readPayload(bytes.NewReader(text))
		if !ended && payload != nil || err != nil && !ended && len(text) < payloadLimit {
			t.Errorf("%d bytes, ended %t, %v", len(payload), ended, err)
		}
	})
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add(encodeCommand("exit 0"))
	f.Add("AAA")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := decodeCommand(text); err == nil && len(s) > 3*len(text) {
			t.Errorf("%d bytes from %d", len(s), len(text))
		}
	})
}
