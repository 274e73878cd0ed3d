package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/estate/winrm"
)

//go:embed selftest/*.ps1
var selfTestScripts embed.FS

// runner runs a script on a host and reads its answer; *winrm.Fleet is one.
type runner interface {
	Run(ctx context.Context, host string, lane estate.Lane, script winrm.Script, args, answer any) error
}

// hostFacts is what selftest/facts.ps1 answers.
type hostFacts struct {
	estate.Answer
	PowerShell    string  `json:"powershell"`
	Windows       string  `json:"windows"`
	Language      string  `json:"language"`
	Administrator bool    `json:"administrator"`
	InputPage     int     `json:"input_page"`
	OutputPage    int     `json:"output_page"`
	Echo          []int   `json:"echo"`
	Quotas        []quota `json:"quotas"`
}

// quota is one setting of WinRM; its value is empty where it could not be read.
type quota struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// inputEnd is what selftest/input.ps1 answers.
type inputEnd struct {
	estate.Answer
	Ended bool `json:"ended"`
	Bytes int  `json:"bytes"`
}

// echoText has what code pages disagree about, and a pair of surrogates.
const echoText = "Größe 5 € – 漢字 🙂"

// inputWait is how long the host waits for the end of its input, in
// milliseconds; well within the limit of a look.
const inputWait = 5000

// selfTestLimit ends one script of the self-test, which shall say of a slow host how
// slow it is.
const selfTestLimit = time.Minute

// selfTest asks one real host the questions that only a real host answers
// (infra.md F). It changes nothing there.
func selfTest(ctx context.Context, run runner, h estate.Host, way config.WinRM, now func() time.Time) []finding {
	t := selfTester{ctx: ctx, run: run, host: h.Name}
	var facts hostFacts
	asked := now()
	if err := t.look("facts", map[string]string{"echo": echoText}, &facts); err != nil {
		t.add("run", bad, "%s", advice(err))
		return t.list
	}
	answered := now()
	t.add("run", good, "%s answers as %s, machine %s", h.Role, facts.Name, facts.Machine)
	t.sealing(way)
	t.facts(facts)
	t.quotas(facts.Quotas)
	t.list = append(t.list, skew(h.Name, asked, answered, facts.Now))
	t.commands()
	t.input()
	t.ends()
	return t.list
}

// selfTester collects what is found on one host.
type selfTester struct {
	ctx  context.Context
	run  runner
	host string
	list []finding
}

func (t *selfTester) add(subject string, s standing, format string, args ...any) {
	t.list = append(t.list, finding{t.host, subject, s, fmt.Sprintf(format, args...)})
}

// look runs one of the embedded scripts.
func (t *selfTester) look(name string, args, answer any) error {
	text, err := selfTestScripts.ReadFile("selftest/" + name + ".ps1")
	if err != nil {
		return err
	}
	return t.run.Run(t.ctx, t.host, estate.Look, winrm.Script{Name: "selftest-" + name, Text: string(text), Doing: "test remote management (" + name + ")", Limit: selfTestLimit}, args, answer)
}

// sealing says how messages were protected: an answer that was not would not
// have been believed.
func (t *selfTester) sealing(way config.WinRM) {
	switch {
	case strings.HasPrefix(way.URL, "http:"):
		t.add("sealing", good, "http; every message sealed with NTLM, 128 bits")
	case way.Auth == string(winrm.Basic):
		t.add("sealing", note, "https with the known certificate; the password is sent to the host with basic")
	default:
		t.add("sealing", good, "https with the known certificate; NTLM bound to it")
	}
}

func (t *selfTester) facts(f hostFacts) {
	t.add("PowerShell", atLeast(f.PowerShell, 5, 1), "version %s on Windows %s; 5.1 is needed", f.PowerShell, f.Windows)
	t.add("language mode", when(f.Language == "FullLanguage"), "%s; FullLanguage is needed", f.Language)
	t.add("rights", when(f.Administrator), "local administrator: %t; needed to read and change the firewall", f.Administrator)
	var sent []int
	for _, unit := range utf16.Encode([]rune(echoText)) {
		sent = append(sent, int(unit))
	}
	t.add("text", when(slices.Equal(sent, f.Echo)), "code pages %d in, %d out; text beyond ASCII comes back as it went: %t", f.InputPage, f.OutputPage, slices.Equal(sent, f.Echo))
}

// atLeast compares "5.1.17763.1" with a version.
func atLeast(version string, major, minor int) standing {
	parts := append(strings.Split(version, "."), "0")
	a, err := strconv.Atoi(parts[0])
	b, err2 := strconv.Atoi(parts[1])
	return when(err == nil && err2 == nil && (a > major || a == major && b >= minor))
}

// least is the smallest good value of a quota, 0 where any is: two lanes and a
// shell that is being deleted, in each a cmd with its PowerShell, and messages
// of 150 KiB.
func least(name string) int {
	switch name {
	case "MaxShellsPerUser":
		return 5
	case "MaxProcessesPerShell":
		return 3
	case "MaxMemoryPerShellMB", "MaxEnvelopeSizekb":
		return 150
	case "MaxConcurrentUsers":
		return 2
	case "MaxConcurrentOperationsPerUser":
		return 15
	}
	return 0
}

func (t *selfTester) quotas(list []quota) {
	var words []string
	for _, q := range list {
		if q.Value == "" {
			t.add("quotas", note, "%s cannot be read; a local administrator may read it", q.Name)
			continue
		}
		words = append(words, q.Name+" "+q.Value)
		if n, err := strconv.Atoi(q.Value); err == nil && n < least(q.Name) {
			t.add("quotas", bad, "%s is %d, at least %d is needed", q.Name, n, least(q.Name))
		}
		if q.Name == "AllowUnencrypted" && strings.EqualFold(q.Value, "true") {
			t.add("sealing", note, "the host accepts clear text from others (AllowUnencrypted); this bot sends none")
		}
	}
	if len(words) > 0 {
		t.add("quotas", good, "%s", strings.Join(words, ", "))
	}
}

// input says whether the end of input arrives. The bot ends its input with a
// line of its own and does not need it, but tools that wait for it would hang.
func (t *selfTester) input() {
	var end inputEnd
	err := t.look("input", map[string]int{"wait_ms": inputWait}, &end)
	switch {
	case err != nil:
		t.add("end of input", note, "%s", advice(err))
	case end.Ended && end.Bytes == 0:
		t.add("end of input", good, "arrives")
	default:
		t.add("end of input", note, "does not arrive within %d ms; the bot does not need it", inputWait)
	}
}

// ends shows what two bad ends look like from here: an exception, and a process
// that was ended before it answered. A host where they look like success could
// not be trusted with a change.
func (t *selfTester) ends() {
	for _, c := range []struct{ script, subject string }{{"throw", "an exception"}, {"exit", "a killed run"}} {
		var nothing estate.Answer
		err := t.look(c.script, struct{}{}, &nothing)
		var e *estate.Error
		switch {
		case err == nil:
			t.add(c.subject, bad, "came back as success")
		case errors.As(err, &e) && e.Kind == estate.Failed:
			t.add(c.subject, good, "is told as such: %s", e.Detail)
		default:
			t.add(c.subject, bad, "%s", advice(err))
		}
	}
}
