//go:build unix

package main

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestVersionsArePinned: each stranger is in README.md with its version, and what is
// downloaded is pinned to it.
func TestVersionsArePinned(t *testing.T) {
	readme := read(t, "README.md")
	pins := map[string]string{}
	for _, s := range strangers() {
		pins[s.name] = s.version
		if !strings.Contains(readme, "| "+s.name+" "+s.version+" |") {
			t.Errorf("README.md has no line for %s %s", s.name, s.version)
		}
	}
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal([]byte(read(t, "package.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	if d := manifest.Dependencies; len(d) != 2 || d["@slack/bolt"] != pins["Bolt for JavaScript"] || d["tedious"] != pins["tedious"] {
		t.Errorf("package.json: %v", manifest.Dependencies)
	}
	govmomi := regexp.MustCompile(`github\.com/vmware/govmomi v(\S+)`)
	for _, path := range []string{"govc/go.mod", "../go.mod"} {
		if m := govmomi.FindStringSubmatch(read(t, path)); m == nil || m[1] != pins["govc"] {
			t.Errorf("%s: %v, want %s", path, m, pins["govc"])
		}
	}
}

// TestLockNamesNoRegistry: every module has its hash, and comes from whatever
// registry the machine is set up with.
func TestLockNamesNoRegistry(t *testing.T) {
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string } `json:"packages"`
	}
	if err := json.Unmarshal([]byte(read(t, "package-lock.json")), &lock); err != nil {
		t.Fatal(err)
	}
	if len(lock.Packages) < 100 {
		t.Fatalf("%d packages", len(lock.Packages))
	}
	for name, p := range lock.Packages {
		if name == "" {
			continue // this folder
		}
		if u, err := url.Parse(p.Resolved); err != nil || u.Host != "" {
			t.Errorf("%s comes from %s", name, p.Resolved)
		}
		if p.Version == "" || !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s %s has the hash %q", name, p.Version, p.Integrity)
		}
	}
}

// TestScriptsCanBeRun: those that are programs are, and the shell can read its own.
func TestScriptsCanBeRun(t *testing.T) {
	for _, s := range strangers() {
		script := s.command[len(s.command)-1]
		info, err := os.Stat(script)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(s.command) == 1 && info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run", script)
		}
		if filepath.Ext(script) == ".sh" {
			if out, err := exec.CommandContext(t.Context(), "bash", "-n", script).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", script, err, out)
			}
		}
	}
}

// TestVerdict: whoever does not end well, does not say what it is, or is not there is
// FAIL; PASS is one line.
func TestVerdict(t *testing.T) {
	b := bench{dir: t.TempDir(), work: t.TempDir()}
	for name, c := range map[string]struct {
		script string
		pass   bool
		want   string // how the line begins, or what is below it
	}{
		"well":            {"echo version it 1.2 for all", true, "PASS  it 1.2 for all, "},
		"Ansible":         {`echo '    "msg": "version it 1.2"'`, true, "PASS  it 1.2, "},
		"another version": {"echo version it 1.3", true, "PASS  it 1.3, pinned is 1.2, "},
		"a bad end":       {"echo version it 1.2; echo why >&2; exit 3", false, "      exit status 3\n      | version it 1.2\n      | why\n"},
		"no version":      {"echo hello", false, "FAIL  it, version unknown"},
		"nothing":         {"exit 0", false, "FAIL  it, version unknown"},
	} {
		m := b.meet(t.Context(), stranger{"it", "1.2", []string{"sh", "-c", c.script}})
		text := m.String()
		if m.pass != c.pass || !strings.Contains("\n"+text, "\n"+c.want) || c.pass && strings.Count(text, "\n") != 1 {
			t.Errorf("%s: %s", name, text)
		}
	}
	if m := b.meet(t.Context(), stranger{"it", "1.2", []string{"no-such-program"}}); m.pass || !strings.Contains(m.String(), "executable file not found") {
		t.Errorf("a tool that is missing: %s", m)
	}
}
