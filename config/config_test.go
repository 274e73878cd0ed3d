package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the tests compare with")

// example is the documented configuration.
func example(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../deploy/itmsbot.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse("itmsbot.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExampleIsReadAndWhole(t *testing.T) {
	text := example(t)
	c := parse(t, text)
	if got := c.Machines(); got.Name != "Example Corp" || len(got.Hosts) != 4 || got.Lab || got.Hosts[3].WinRMPort != 5985 || got.Hosts[0].WinRMPort != 5986 {
		t.Errorf("the estate: %+v", got)
	}
	if got := c.Policy(); len(got.Members) != 4 || got.Members[0].Person.Team != "T024BE7LD" || got.Wait().Minutes() != 30 {
		t.Errorf("the people: %+v", got)
	}
	if got := c.Bounds(); got.Restore.Minutes() != 10 || got.Linger.Minutes() != 3 || len(got.Files) != 1 || got.Files[0].Path != `D:\Backup\ITMS` || got.Files[0].MaxAge.Hours() != 24 {
		t.Errorf("the limits: %+v", got)
	}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for _, f := range fieldsOf(typ) {
			if !strings.Contains(text, f.key+":") {
				t.Errorf("the example does not show %s of %s", f.key, typ.Name())
			}
			if f.doc == "" {
				t.Errorf("%s of %s has no doc", f.key, typ.Name())
			}
			if f.pattern != "" && f.like == "" {
				t.Errorf("%s of %s has a pattern and nothing that would fit", f.key, typ.Name())
			}
			walk(typ.FieldByIndex(f.at).Type)
		}
	}
	walk(reflect.TypeFor[Config]())
}

// written is the example in a folder with everything that it names.
func written(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	text := strings.ReplaceAll(example(t), "/run/secrets/", "")
	text = strings.ReplaceAll(text, "/var/lib/itmsbot/", "")
	t.Setenv("ITMSBOT_DMZ_PASSWORD", "dmz secret")
	for name, content := range map[string]string{
		"itmsbot.yaml": text, "windows-password": "windows secret\r\n", "vcenter-password": "vcenter secret", "smp1-local-password": "local secret", "slack-bot-token": "xoxb-1\n", "slack-app-token": "xapp-1", "corp-root.pem": pem,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "itmsbot.yaml")
}

func TestLoad(t *testing.T) {
	path := written(t)
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		of   Secret
		want string
	}{{c.Logins[0].Password, "windows secret"}, {c.Logins[1].Password, "dmz secret"}, {c.Slack.BotToken, "xoxb-1"}, {c.Slack.AppToken, "xapp-1"}} {
		if got, err := s.of.Read(); got != s.want || err != nil {
			t.Errorf("read %q %v, want %q", got, err, s.want)
		}
	}
	if c.Roots(c.Estate.Hosts[0].WinRM.Trust) == nil || c.Roots(c.Estate.Hosts[1].WinRM.Trust) != nil {
		t.Error("the first host has a ca, the second none")
	}
	if want := filepath.Join(filepath.Dir(path), "itmsbot.db"); c.Database != want {
		t.Errorf("database %s, want %s", c.Database, want)
	}
}

// TestLoadRefuses: what the file names has to be there.
func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string // removed where content is empty
		want          string
	}{
		"no secret file":   {"windows-password", "", "logins[0].password: read a secret: open "},
		"empty secret":     {"windows-password", "\n", "windows-password is empty"},
		"two lines":        {"windows-password", "a\nb\n", "has more than one line"},
		"too long":         {"windows-password", strings.Repeat("x", secretLimit+1), "is too long for a secret"},
		"swapped tokens":   {"slack-bot-token", "xapp-1-sEcReT", "it has to begin with xoxb-"},
		"no ca":            {"corp-root.pem", "", "corp-root.pem: no such file"},
		"ca of other sort": {"corp-root.pem", "sEcReT", "holds no certificate in PEM"},
		"no file":          {"itmsbot.yaml", "", "read the configuration: open "},
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t)
			file := filepath.Join(filepath.Dir(path), c.file)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if c.content != "" {
				if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sEcReT") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	t.Run("anybody may write it", func(t *testing.T) {
		path := written(t)
		if err := os.Chmod(path, 0o646); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "everybody on this machine may write the file") {
			t.Errorf("%v", err)
		}
	})
	t.Run("no variable", func(t *testing.T) {
		path := written(t)
		t.Setenv("ITMSBOT_DMZ_PASSWORD", "")
		_, err := Load(path)
		var e *Error
		if !errors.As(err, &e) || len(e.Problems) != 1 || e.Problems[0].Line == 0 || !strings.Contains(e.Problems[0].Says, "ITMSBOT_DMZ_PASSWORD is not set") {
			t.Errorf("%v", err)
		}
	})
}

func TestDigestIsOfWhatDecides(t *testing.T) {
	of := func(text string) string {
		d, err := parse(t, text).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	text := example(t)
	was := of(text)
	for _, c := range []struct {
		old, new string
		changes  bool
	}{
		{"10.20.0.5", "10.20.0.6", true},
		{`"4726", `, "", true},
		{"smp1.corp.example", "smp2.corp.example", true},
		{`thumbprint: "5f`, `thumbprint: "6f`, true},
		{"svc-itmsbot", "svc-other", true},
		{"name: Cleo, role: viewer", "name: Cleo, role: operator", true},
		{`approvers: "2"`, `approvers: "1"`, true},
		{"shutdown: 10m", "shutdown: 11m", true},
		{"expire: 30m", "expire: 31m", true},
		{"restore: 10m", "restore: 11m", true},
		{`D:\Backup\ITMS`, `D:\Backup`, true},
		{`D:\Backup\ITMS`, `D:\Backup\ITMS\`, false}, // the same folder
		{"max_age: 24h", "max_age: 25h", true},
		{"      max_age: 24h\n", "", false}, // it is the default
		{"    - host: SMP1\n", "    - host: smp1\n", false},
		{"C024BE91L", "C024BE91M", true},
		{"sql1.corp.example:1433", "sql1.corp.example:1434", true},
		{"https://vcenter.corp", "https://vcenter2.corp", true},
		{"certificate_name: itms", "certificate_name: other", true},
		{"auth: ntlm", "auth: basic", true},
		{"        auth: ntlm\n", "", false}, // it is the default
		{"limits:\n", "#\nlimits:\n", false},
		{"  linger: 3m\n", "", false}, // so is this
		{"/run/secrets/windows-password", "elsewhere", false},
		{"/var/lib/itmsbot/itmsbot.db", "x.db", false},
		{"127.0.0.1:8081", "127.0.0.1:9", false},
		{`thumbprint: "5f3a`, `thumbprint: "5F:3A`, false},
	} {
		if !strings.Contains(text, c.old) {
			t.Fatalf("the example has no %q", c.old)
		}
		if changed := of(strings.Replace(text, c.old, c.new, 1)) != was; changed != c.changes {
			t.Errorf("%q in place of %q changes the digest: %t", c.new, c.old, changed)
		}
	}
}

func TestEncodeIsReadAgain(t *testing.T) {
	c := parse(t, example(t))
	b := Encode(*c)
	again := parse(t, string(b))
	if diff := cmp.Diff(string(b), string(Encode(*again))); diff != "" {
		t.Error(diff)
	}
	one, _ := c.Digest()
	two, _ := again.Digest()
	if one != two || one == "" {
		t.Errorf("digests %s and %s", one, two)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example(f)))
	f.Add([]byte("estate:\n\tname: x"))
	f.Add([]byte("a: &x [*x]\n<<: *x\n---\n? b\n: !!str c"))
	f.Add([]byte("\ufeffestate: {name: \"\\u0000\", hosts: [{}]}\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("f", text)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v and %v", c, err)
		}
		if err != nil {
			_ = err.Error()
			return
		}
		if _, err := Parse("f", Encode(*c)); err != nil {
			t.Fatalf("%v:\n%s", err, Encode(*c))
		}
		if _, err := c.Digest(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]string{"90s": "1m30s", "10m": "10m", "1h30m": "1h30m", "60m": "1h", "0s": "", "-1m": "", "1.5s": "", "10": "", "1d": ""} {
		d, err := readDuration(text)
		if got := fmt.Sprint(d); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q is %s %v, want %q", text, got, err, want)
		}
	}
}

// TestBoundsOfOpenings: how wide and how long somebody may be let in by name is the
// configuration's word, and the bot's where it has none.
func TestBoundsOfOpenings(t *testing.T) {
	longest := Duration(2 * time.Hour)
	own := Config{Limits: &Limits{Widest4: "20", Widest6: "56", Longest: &longest}}
	if b := own.Bounds(); b.Widest4 != 20 || b.Widest6 != 56 || b.Longest != 2*time.Hour || b.SpacePercent != 10 {
		t.Errorf("%+v", b)
	}
	if b := (&Config{}).Bounds(); b.Widest4 != 24 || b.Widest6 != 64 || b.Longest != 7*24*time.Hour {
		t.Errorf("%+v", b)
	}
}
