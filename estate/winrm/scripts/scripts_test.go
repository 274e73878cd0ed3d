package scripts

import (
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	sitter "github.com/alexaandru/go-tree-sitter-bare"

	"itmsbot/estate"
)

// contract is what Go and a script have agreed on.
type contract struct {
	in  []string       // the keys of the one parameter
	out []reflect.Type // the objects that are written, the answer itself first
}

func contracts() map[string]contract {
	changed := []reflect.Type{reflect.TypeFor[estate.Changed]()}
	return map[string]contract{
		"firewall-read": {keys(reflect.TypeFor[estate.FirewallQuery]()), []reflect.Type{
			reflect.TypeFor[estate.Firewall](), reflect.TypeFor[estate.Profile](), reflect.TypeFor[estate.Rule](),
			reflect.TypeFor[estate.Peer](), reflect.TypeFor[estate.Restore](), reflect.TypeFor[estate.Closing](),
		}},
		"firewall-add":    {[]string{"group", "machine", "rules"}, changed},
		"firewall-switch": {[]string{"machine", "names", "on"}, changed},
		"firewall-remove": {[]string{"group", "machine", "names"}, changed},
		"firewall-copy":   {[]string{"copies", "group", "machine"}, changed},
		"restore-arm":     {sorted(append(keys(reflect.TypeFor[estate.RestoreOrder]()), "machine")), changed},
		"restore-disarm":  {[]string{"key", "machine"}, changed},
		"service-switch":  {[]string{"machine", "names", "on"}, changed},
		"closing-arm":     {sorted(append(keys(reflect.TypeFor[estate.ClosingOrder]()), "machine")), changed},
		"closing-disarm":  {[]string{"key", "machine"}, changed},
		"host-record": {nil, []reflect.Type{
			reflect.TypeFor[estate.HostRecord](), reflect.TypeFor[estate.Network](), reflect.TypeFor[estate.Service](),
			reflect.TypeFor[estate.Product](), reflect.TypeFor[estate.MachineAccount](),
		}},
		"queue-read": {[]string{"cap", "services"}, []reflect.Type{
			reflect.TypeFor[estate.QueueFiles](), reflect.TypeFor[estate.QueueFolder](), reflect.TypeFor[estate.Service](),
		}},
		"log-read": {keys(reflect.TypeFor[estate.LogQuery]()), []reflect.Type{
			reflect.TypeFor[estate.LogReview](), reflect.TypeFor[estate.LogSource](), reflect.TypeFor[estate.LogGroup](),
		}},
		"file-newest": {[]string{"cap", "path", "seconds"}, []reflect.Type{
			reflect.TypeFor[estate.NewestFile](), reflect.TypeFor[estate.File](),
		}},
		"evidence-read": {keys(reflect.TypeFor[estate.EvidenceQuery]()), []reflect.Type{
			reflect.TypeFor[estate.Evidence](), reflect.TypeFor[estate.EvidenceFile](), reflect.TypeFor[estate.EvidenceMiss](),
		}},
		"iis-read": {keys(reflect.TypeFor[estate.IISQuery]()), []reflect.Type{
			reflect.TypeFor[estate.IISLog](), reflect.TypeFor[estate.IISSite](), reflect.TypeFor[estate.IISCaller](),
		}},
		"disk-read": {nil, []reflect.Type{reflect.TypeFor[estate.Disks](), reflect.TypeFor[estate.Disk]()}},
		"reboot-read": {[]string{"key"}, []reflect.Type{
			reflect.TypeFor[estate.RebootState](), reflect.TypeFor[estate.RebootReason](),
			reflect.TypeFor[estate.PowerAction](), reflect.TypeFor[estate.Installer](),
		}},
		"reboot-lay":   {[]string{"key", "machine"}, changed},
		"reboot-order": {[]string{"key", "machine"}, changed},
	}
}

// keys are the names by which encoding/json reads a struct, embedded ones too.
func keys(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, keys(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return sorted(names)
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}

func TestText(t *testing.T) {
	if _, err := Text("no-such-script"); err == nil {
		t.Error("a script that is not there was found")
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".ps1")
		if _, ok := contracts()[name]; !ok {
			t.Errorf("%s has no contract in this test", e.Name())
		}
	}
	if len(entries) != len(contracts()) {
		t.Errorf("%d scripts, want %d", len(entries), len(contracts()))
	}
}

func eachScript(t *testing.T, check func(*testing.T, *source, contract)) {
	for name, c := range contracts() {
		t.Run(name, func(t *testing.T) {
			text, err := Text(name)
			if err != nil {
				t.Fatal(err)
			}
			s := parse(t, text)
			check(t, s, c)
			for _, f := range s.faults {
				t.Error(f)
			}
		})
	}
}

// TestForm holds the file itself: PowerShell 5.1 reads a file without a mark as the
// code page of the machine, so that only ASCII is safe.
func TestForm(t *testing.T) {
	eachScript(t, func(t *testing.T, s *source, _ contract) {
		for i, b := range s.text {
			if b > 126 || b < 32 && b != '\n' {
				t.Fatalf("byte %d is %#x; want ASCII with LF and no tabs", i, b)
			}
		}
		header, _, _ := strings.Cut(string(s.text), "param(")
		for _, word := range []string{"# Parameters:", "# Output:", "# Rights:"} {
			if !strings.Contains(header, word) {
				t.Errorf("the header has no %q", word)
			}
		}
		for _, line := range []string{"\nSet-StrictMode -Version 3\n", "\n$ErrorActionPreference = 'Stop'\n", "\nparam($in)\n"} {
			if !strings.Contains(string(s.text), line) {
				t.Errorf("the script has no line %q", strings.TrimSpace(line))
			}
		}
	})
}

func TestGrammar(t *testing.T) {
	eachScript(t, func(_ *testing.T, s *source, _ contract) { s.check() })
}

// TestBody holds what a script gives to somebody else to run, a here-string, to the
// same rules.
func TestBody(t *testing.T) {
	found := 0
	eachScript(t, func(t *testing.T, s *source, _ contract) {
		for _, n := range s.all("verbatim_here_string_characters") {
			found++
			body := strings.TrimSuffix(strings.TrimPrefix(s.of(n), "@'\n"), "\n'@")
			inner := parse(t, body)
			inner.check()
			for _, f := range inner.faults {
				s.fault(n, "in the here-string, %s", f)
			}
		}
		for _, n := range s.all("expandable_here_string_literal") {
			s.fault(n, "values would be spliced into it")
		}
	})
	if found != 2 {
		t.Errorf("%d here-strings, want those of restore-arm and closing-arm", found)
	}
}

// TestKeys compares what a script reads and writes with the structs that Go sends and
// reads.
func TestKeys(t *testing.T) {
	eachScript(t, func(t *testing.T, s *source, c contract) {
		if got := s.membersOf("$in"); !slices.Equal(got, c.in) {
			t.Errorf("reads %q of its parameter, want %q", got, c.in)
		}
		written := s.written()
		for _, typ := range c.out {
			want := keys(typ)
			at := slices.IndexFunc(written, func(o []string) bool { return slices.Equal(o, want) })
			if at < 0 {
				t.Errorf("writes no %s with the keys %q", typ, want)
			}
			written = slices.DeleteFunc(written, func(o []string) bool { return slices.Equal(o, want) })
		}
		for _, o := range written {
			t.Errorf("writes an object with the keys %q, which nobody reads", o)
		}
	})
	add := parse(t, mustText(t, "firewall-add"))
	if got, want := add.membersOf("$want"), keys(reflect.TypeFor[estate.NewRule]()); !slices.Equal(got, want) {
		t.Errorf("firewall-add reads %q of a rule, want %q", got, want)
	}
	copies := parse(t, mustText(t, "firewall-copy"))
	if got, want := copies.membersOf("$want"), keys(reflect.TypeFor[estate.RuleCopy]()); !slices.Equal(got, want) {
		t.Errorf("firewall-copy reads %q of a copy, want %q", got, want)
	}
}

// TestStartsOnlyShutdown holds the one place from which a program is started: what it
// is and how it is called stand in the script, and no value among it.
func TestStartsOnlyShutdown(t *testing.T) {
	const line = `Start-Process -FilePath ([Environment]::SystemDirectory + '\shutdown.exe') -ArgumentList '/r /t 5 /d p:4:1 /c "Restart ordered by itmsbot"' -NoNewWindow -Wait -PassThru`
	found := 0
	eachScript(t, func(_ *testing.T, s *source, _ contract) {
		for _, n := range s.all("command") {
			if s.of(child(n, "command_name")) != "Start-Process" {
				continue
			}
			found++
			if s.of(n) != line {
				s.fault(n, "starts something else")
			}
		}
	})
	if found != 1 {
		t.Errorf("%d programs are started, want the one of reboot-order", found)
	}
}

func mustText(t *testing.T, name string) string {
	t.Helper()
	text, err := Text(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// membersOf are the properties that are read of a variable.
func (s *source) membersOf(variable string) []string {
	var names []string
	for _, n := range s.all("member_access") {
		if strings.EqualFold(s.of(n.NamedChild(0)), variable) {
			names = append(names, s.of(child(n, "member_name")))
		}
	}
	return slices.Compact(sorted(names))
}

// written are the keys of every object that is made to be written: those that are
// [ordered].
func (s *source) written() [][]string {
	var list [][]string
	for _, n := range s.all("cast_expression") {
		if s.of(child(n, "type_literal")) != "[ordered]" {
			continue
		}
		var names []string
		s.each(n, func(k sitter.Node) {
			if k.Type() == "key_expression" {
				names = append(names, s.of(k))
			}
		})
		list = append(list, sorted(names))
	}
	return list
}

// TestWrongMachine holds that a changing script leaves before its first change when the
// machine is another.
func TestWrongMachine(t *testing.T) {
	const leave = "if ($answer.machine -ne $in.machine) {\n    return $answer\n}\n"
	eachScript(t, func(t *testing.T, s *source, c contract) {
		if !slices.Contains(c.in, "machine") {
			return
		}
		at := strings.Index(string(s.text), leave)
		if at < 0 {
			t.Fatal("the script does not compare the machine")
		}
		for _, n := range s.all("command") {
			switch name := s.of(child(n, "command_name")); {
			case int(n.StartByte()) > at, name == "Set-StrictMode", name == "Get-Item":
			default:
				s.fault(n, "before the machine is compared")
			}
		}
	})
}

// TestBootstrapParses is about the one text that is not a file of this folder.
func TestBootstrapParses(t *testing.T) {
	text, err := os.ReadFile("../bootstrap.ps1")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range parse(t, string(text)).faults {
		t.Error(f)
	}
}
