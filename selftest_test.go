package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	powershell "github.com/alexaandru/go-sitter-forest/powershell"
	sitter "github.com/alexaandru/go-tree-sitter-bare"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/wsman"
)

// windows is a host for the self-test: what its scripts answer, and how it
// behaves. There is no PowerShell here; who has a Windows host runs
// itmsbot check --host.
type windows struct {
	now                time.Time
	language           string
	administrator      bool
	powershell         string
	mangles, keepsOpen bool
	quotas             []quota
	throws             bool           // whether an exception is told as one
	commands           map[string]any // what differs in the answer of cmdlets.ps1
}

// play is the process of one run: it reads the payload, finds the script by its
// text and answers.
func (w windows) play(t *testing.T, c *wsman.Command) error {
	var text strings.Builder
	in := bufio.NewScanner(c.Stdin())
	for in.Scan() && in.Text() != "." {
		text.WriteString(in.Text())
	}
	plain, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		return err
	}
	var payload struct {
		Nonce, Script string
		Args          map[string]any
	}
	if err := json.Unmarshal(plain, &payload); err != nil {
		return err
	}
	answer := map[string]any{"machine": "8d1f0c6e", "name": "SMP1", "now": w.now.UTC().Format(time.RFC3339)}
	out := map[string]any{"ok": true, "data": answer}
	switch name := scriptNamed(t, payload.Script); name {
	case "facts":
		units := []int{}
		for _, r := range payload.Args["echo"].(string) {
			if w.mangles && r > 126 {
				r = '?'
			}
			if r >= 0x10000 { // UTF-16 has two for it
				r -= 0x10000
				units = append(units, int(0xd800+r>>10), int(0xdc00+r&0x3ff))
				continue
			}
			units = append(units, int(r))
		}
		for k, v := range map[string]any{"powershell": w.powershell, "windows": "10.0.17763.0", "language": w.language, "administrator": w.administrator,
			"input_page": 65001, "output_page": 65001, "echo": units, "quotas": w.quotas} {
			answer[k] = v
		}
	case "cmdlets":
		for k, v := range map[string]any{"stops": true, "finds_none": true, "repeats": true, "empty": []string{}, "one": []string{"one"}, "rules": 120, "enabled": 120,
			"unjoined": 0, "untraced": 0, "unlimited": 0, "local": 300, "connections": 40, "networks": []string{"DomainAuthenticated"},
			"rules_ms": 1200, "filters_ms": 900, "local_ms": 700, "connections_ms": 300, "tasks_ms": 500} {
			answer[k] = v
		}
		for k, v := range w.commands {
			answer[k] = v
		}
	case "input":
		answer["ended"], answer["bytes"] = !w.keepsOpen, 0
	case "throw":
		if w.throws {
			out = map[string]any{"ok": false, "error": "thrown on purpose", "line": 10, "type": "System.InvalidOperationException"}
		}
	case "exit":
		c.Exit(7)
		return nil
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout(), "\n%s:%s\r\n", payload.Nonce, base64.StdEncoding.EncodeToString(b))
	return err
}

func scriptNamed(t *testing.T, text string) string {
	for _, name := range []string{"facts", "cmdlets", "input", "throw", "exit"} {
		b, err := selfTestScripts.ReadFile("selftest/" + name + ".ps1")
		if err == nil && string(b) == text {
			return name
		}
	}
	t.Errorf("an unknown script came: %q", text)
	return ""
}

// tested runs the self-test against w over the wire.
func tested(t *testing.T, w windows) map[string]finding {
	t.Helper()
	server := wsman.New(wsman.Config{Name: "SMP1", Domain: "CORP", Password: func(string, string) (string, bool) { return "secret", true },
		Run: func(_ context.Context, c *wsman.Command) {
			if err := w.play(t, c); err != nil {
				t.Error(err)
			}
		}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }() // the cleanup waits for it
	way := config.WinRM{URL: "http://" + l.Addr().String() + "/wsman"}
	fleet, err := winrm.New([]winrm.Host{{Name: "SMP1", URL: way.URL,
		Login: &trust.Login{User: "svc", Domain: "CORP", Password: func() (string, error) { return "secret", nil }}}}, winrm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(fleet.Close(), server.Close()); err != nil {
			t.Error(err)
		}
		<-served
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found := map[string]finding{}
	for _, f := range selfTest(ctx, fleet, estate.Host{Name: "SMP1", Role: estate.SMP}, way, func() time.Time { return windowsNow }) {
		if old, there := found[f.subject]; there && old.stands == bad {
			continue
		}
		found[f.subject] = f
	}
	return found
}

var windowsNow = time.Date(2026, 11, 28, 6, 55, 0, 0, time.UTC)

func wellWindows() windows {
	return windows{now: windowsNow, language: "FullLanguage", administrator: true, powershell: "5.1.17763.5830", throws: true,
		quotas: []quota{{"MaxShellsPerUser", "30"}, {"MaxMemoryPerShellMB", "1024"}, {"CbtHardeningLevel", "Relaxed"}}}
}

// says changes one thing that cmdlets.ps1 answers.
func says(key string, value any) func(*windows) {
	return func(w *windows) { w.commands = map[string]any{key: value} }
}

func TestSelfTest(t *testing.T) {
	found := tested(t, wellWindows())
	for subject, words := range map[string]string{
		"run": "SMP server answers as SMP1, machine 8d1f0c6e", "sealing": "sealed with NTLM", "PowerShell": "version 5.1.17763.5830", "language mode": "FullLanguage",
		"rights": "administrator: true", "text": "as it went: true", "quotas": "MaxShellsPerUser 30", "clock": "+0 s", "end of input": "arrives",
		"an exception": "line 10: thrown on purpose", "a killed run": "code 7",
		"an error of a command": "ends a script: true", "no such task": "is no error: true", "a task without end": "repeats without end: true", "lists": "come back as lists: true", "networks": "DomainAuthenticated",
		"rules": "120 let somebody in; 120 of them say", "speed": "about 4.5 s",
	} {
		if f := found[subject]; f.stands != good || !strings.Contains(f.says, words) {
			t.Errorf("%s is %q: %s; want ok and %q", subject, f.stands, f.says, words)
		}
	}
	for name, c := range map[string]struct {
		change  func(*windows)
		subject string
		want    standing
	}{
		"old PowerShell":  {func(w *windows) { w.powershell = "4.0" }, "PowerShell", bad},
		"new PowerShell":  {func(w *windows) { w.powershell = "7" }, "PowerShell", good},
		"constrained":     {func(w *windows) { w.language = "ConstrainedLanguage" }, "language mode", bad},
		"no rights":       {func(w *windows) { w.administrator = false }, "rights", bad},
		"mangled text":    {func(w *windows) { w.mangles = true }, "text", bad},
		"input open":      {func(w *windows) { w.keepsOpen = true }, "end of input", note},
		"few shells":      {func(w *windows) { w.quotas = []quota{{"MaxShellsPerUser", "2"}} }, "quotas", bad},
		"unreadable":      {func(w *windows) { w.quotas = []quota{{"MaxShellsPerUser", ""}} }, "quotas", note},
		"clear text":      {func(w *windows) { w.quotas = []quota{{"AllowUnencrypted", "true"}} }, "sealing", note},
		"skew":            {func(w *windows) { w.now = w.now.Add(time.Hour) }, "clock", bad},
		"swallowed error": {func(w *windows) { w.throws = false }, "an exception", bad},
		"goes on":         {says("stops", false), "an error of a command", bad},
		"complains":       {says("finds_none", false), "no such task", bad},
		"has an end":      {says("repeats", false), "a task without end", bad},
		"slow tasks":      {says("tasks_ms", 13000), "speed", bad},
		"one is no list":  {says("one", "one"), "lists", bad},
		"none is null":    {says("empty", nil), "lists", bad},
		"enums by number": {says("enabled", 0), "rules", bad},
		"no rules":        {says("rules", 0), "rules", bad},
		"unjoined":        {says("unjoined", 7), "rules", bad},
		"untraced":        {says("untraced", 7), "rules", bad},
		"unlimited":       {says("unlimited", 7), "rules", note},
		"no network":      {says("networks", []string{}), "networks", bad},
		"slow":            {says("filters_ms", 4000), "speed", note},
		"too slow":        {says("rules_ms", 15000), "speed", bad},
	} {
		t.Run(name, func(t *testing.T) {
			w := wellWindows()
			c.change(&w)
			if f := tested(t, w)[c.subject]; f.stands != c.want {
				t.Errorf("%s is %q: %s; want %s", c.subject, f.stands, f.says, c.want)
			}
		})
	}
}

// TestSelfTestScripts: they are PowerShell, in the form that 5.1 reads whatever
// its code page, and change nothing.
func TestSelfTestScripts(t *testing.T) {
	files, err := fs.Glob(selfTestScripts, "selftest/*.ps1")
	if err != nil || len(files) != 5 {
		t.Fatalf("%v %v", files, err)
	}
	parser := sitter.NewParser()
	if !parser.SetLanguage(sitter.NewLanguage(powershell.GetLanguage())) {
		t.Fatal("the grammar and the parser do not fit")
	}
	known := map[string]bool{"Set-StrictMode": true, "Get-Item": true, "ForEach-Object": true, "Get-NetFirewallRule": true, "Get-NetFirewallPortFilter": true,
		"Get-NetFirewallAddressFilter": true, "Get-NetFirewallApplicationFilter": true, "Get-ScheduledTask": true, "Get-NetTCPConnection": true, "Get-NetConnectionProfile": true,
		"New-ScheduledTaskTrigger": true} // makes an object of PowerShell's and registers nothing
	for _, name := range files {
		text, err := selfTestScripts.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range text {
			if b > 126 || b < 32 && b != '\n' {
				t.Fatalf("%s: byte %d is %#x; want ASCII with LF and no tabs", name, i, b)
			}
		}
		for _, words := range []string{"# Parameters:", "# Output:", "# Rights:", "Changes nothing.", "\nparam($in)\n", "\nSet-StrictMode -Version 3\n", "\n$ErrorActionPreference = 'Stop'\n"} {
			if !strings.Contains(string(text), words) {
				t.Errorf("%s has no %q", name, strings.TrimSpace(words))
			}
		}
		tree, err := parser.ParseString(context.Background(), nil, text)
		if err != nil {
			t.Fatal(err)
		}
		eachNode(tree.RootNode(), func(n sitter.Node) {
			if n.IsError() || n.IsMissing() {
				t.Errorf("%s, line %d: not PowerShell: %.60q", name, n.StartPoint().Row+1, n.Content(text))
			}
			if n.Type() == "command_name" && !known[n.Content(text)] {
				t.Errorf("%s, line %d: %s is no command that a self-test needs", name, n.StartPoint().Row+1, n.Content(text))
			}
		})
	}
}

func eachNode(n sitter.Node, visit func(sitter.Node)) {
	visit(n)
	for i := range n.ChildCount() {
		eachNode(n.Child(i), visit)
	}
}
