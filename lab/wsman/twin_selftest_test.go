package wsman

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"itmsbot/lab/world"
)

// selfTested runs a script of the self-test on a host, with an input that the client
// has closed or not, and gives what the bootstrap wrote.
func selfTested(t *testing.T, w *world.World, host, script string, args object, closed bool) (out map[string]any, code uint32, stderr string) {
	t.Helper()
	c := newCommand("powershell.exe " + options + " " + encodeCommand(fileText(t, "../../estate/winrm/bootstrap.ps1")))
	c.CodePage, c.Service = 65001, New(Config{MaxShells: 7}).cfg
	ran := make(chan struct{})
	go func() { // waited for below
		defer close(ran)
		PowerShell(w, host)(context.Background(), c)
		c.finish()
	}()
	if f := c.send(t.Context(), []byte(input(t, fileText(t, "../../selftest/"+script+".ps1"), args)), closed, 20*time.Second); f != nil {
		t.Fatal(f)
	}
	<-ran
	o, f := c.receive(t.Context(), desired{true, true}, time.Second, 1<<20)
	if f != nil {
		t.Fatal(f)
	}
	if _, text, ok := strings.Cut(string(o.stdout), "N1:"); ok {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err == nil {
			err = json.Unmarshal(b, &out)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return out, o.code, string(o.stderr)
}

func TestSelfTestTwins(t *testing.T) {
	w := world.New(world.Options{Manual: true})
	out, _, _ := selfTested(t, w, "SMP1", "facts", object{"echo": "€🙂"}, true)
	facts := out["data"].(map[string]any)
	quotas := facts["quotas"].([]any)
	if first := quotas[0].(map[string]any); len(quotas) != 9 || first["name"] != "MaxShellsPerUser" || first["value"] != "7" {
		t.Errorf("quotas %v, want nine, the server's own among them", quotas)
	}
	if echo := facts["echo"].([]any); len(echo) != 3 || echo[0] != float64(0x20ac) || echo[1] != float64(0xd83d) || facts["input_page"] != float64(65001) {
		t.Errorf("facts %v", facts)
	}
	if out, _, _ := selfTested(t, w, "WS-0412", "facts", object{"echo": ""}, true); !strings.HasPrefix(out["data"].(map[string]any)["powershell"].(string), "5.1.19041.") {
		t.Errorf("a Windows 10 says %v", out)
	}
	for closed, want := range map[bool]bool{true: true, false: false} {
		out, _, _ := selfTested(t, w, "SMP1", "input", object{"wait_ms": 30}, closed)
		if data := out["data"].(map[string]any); data["ended"] != want || data["bytes"] != 0.0 {
			t.Errorf("input closed %t: %v", closed, data)
		}
	}
	if out, code, _ := selfTested(t, w, "SMP1", "throw", object{}, true); code != 0 || out["ok"] != false || out["line"] != 10.0 || out["error"] != "thrown on purpose" {
		t.Errorf("throw: code %d, %v", code, out)
	}
	if out, code, stderr := selfTested(t, w, "SMP1", "exit", object{}, true); code != 7 || out != nil || stderr != "" {
		t.Errorf("exit: code %d, %v, %q", code, out, stderr)
	}
	on := true
	if err := w.Set(world.Condition{Field: "constrained", Host: "SMP1", On: &on}); err != nil {
		t.Fatal(err)
	}
	if out, code, stderr := selfTested(t, w, "SMP1", "facts", object{"echo": ""}, true); code != 1 || out != nil || !strings.Contains(stderr, "language mode") {
		t.Errorf("in constrained language: code %d, %v, %q", code, out, stderr)
	}
}

// TestLineOfThrow holds the line that the twin tells against the script.
func TestLineOfThrow(t *testing.T) {
	lines := strings.Split(fileText(t, "../../selftest/throw.ps1"), "\n")
	if !strings.HasPrefix(lines[10-1], "throw ") {
		t.Errorf("line 10 is %q", lines[10-1])
	}
}
