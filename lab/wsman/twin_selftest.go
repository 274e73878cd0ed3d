package wsman

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"itmsbot/lab/world"
)

// exited is the end of PowerShell in the middle of a script.
type exited struct{ code int }

func (e *exited) Error() string { return fmt.Sprintf("PowerShell ended with code %d", e.code) }

// atLine is an exception of which the line in the script is known.
type atLine struct {
	*exception
	line int
}

func (e *atLine) Unwrap() error { return e.exception }

// selftestFacts is the twin of selftest/facts.ps1. What comes in the payload is base64
// and does not depend on the code page, so that text comes back as it went.
func selftestFacts(m machine, args json.RawMessage) (object, error) {
	in, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	text, err := property[string](in, "echo")
	if err != nil {
		return nil, err
	}
	units := []int{}
	for _, u := range utf16.Encode([]rune(text)) {
		units = append(units, int(u))
	}
	quotas := []object{}
	for _, q := range m.command.Service.settings() {
		quotas = append(quotas, object{"name": q[0], "value": q[1]})
	}
	// Windows 10 has kept the PowerShell of its release 2004.
	build := strings.Replace(strings.TrimPrefix(v.Windows, "10.0."), "19045", "19041", 1)
	return answerOf(v).with(object{
		"powershell": "5.1." + build + ".5127", "windows": v.Windows + ".0", "language": "FullLanguage", "administrator": true,
		"input_page": m.command.CodePage, "output_page": m.command.CodePage, "echo": units, "quotas": quotas,
	}), nil
}

// settings are those of WSMan:\localhost that the self-test reads, in its order. Those
// that this server does not limit have the value of Windows.
func (c Config) settings() [][2]string {
	hardening := "Relaxed"
	if c.RequireBinding {
		hardening = "Strict"
	}
	return [][2]string{
		{"MaxShellsPerUser", strconv.Itoa(c.MaxShells)},
		{"MaxProcessesPerShell", strconv.Itoa(c.MaxProcesses)},
		{"MaxMemoryPerShellMB", "1024"},
		{"MaxConcurrentUsers", "10"},
		{"IdleTimeout", strconv.FormatInt(c.IdleTimeout.Milliseconds(), 10)},
		{"MaxConcurrentOperationsPerUser", "1500"},
		{"AllowUnencrypted", strconv.FormatBool(c.AllowUnencrypted)},
		{"CbtHardeningLevel", hardening},
		{"MaxEnvelopeSizekb", strconv.Itoa(c.MaxEnvelopeKB)},
	}
}

// selftestInput is the twin of selftest/input.ps1. It waits in real time, as all that
// is the protocol's.
func selftestInput(m machine, args json.RawMessage) (object, error) {
	in, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	wait, err := property[float64](in, "wait_ms")
	if err != nil {
		return nil, err
	}
	bytes, ended := m.command.inputWithin(time.Duration(wait) * time.Millisecond)
	return answerOf(v).with(object{"ended": ended, "bytes": bytes}), nil
}

// selftestThrow is the twin of selftest/throw.ps1.
func selftestThrow(machine, json.RawMessage) (object, error) {
	return nil, &atLine{&exception{"System.InvalidOperationException", "thrown on purpose"}, 10}
}

// selftestExit is the twin of selftest/exit.ps1.
func selftestExit(machine, json.RawMessage) (object, error) {
	return nil, &exited{7}
}

// selftestCmdlets is the twin of selftest/cmdlets.ps1. The firewall of the world has no
// filters of its own beside its rules, so that every rule has all of them; and what the
// world is asked takes no time.
func selftestCmdlets(m machine, args json.RawMessage) (object, error) {
	if _, err := parseArgs(args); err != nil {
		return nil, err
	}
	v, err := m.world.Look(m.host)
	if err != nil {
		return nil, err
	}
	rules := rulesOf(v, func(r world.Rule) bool { return r.Enabled && r.Action == "Allow" })
	local := rulesOf(v, func(r world.Rule) bool { return r.Store == "Local" })
	connections, networks := 0, []string{}
	for _, c := range v.Connections {
		connections += c.Count
	}
	for _, p := range v.Profiles {
		if p.Active {
			networks = append(networks, p.Name)
		}
	}
	return object{
		"machine": v.Machine, "name": v.Name, "now": dotnetTime(v.Now),
		"stops": true, "finds_none": true, "repeats": true, "empty": []string{}, "one": []string{"one"},
		"rules": len(rules), "enabled": len(rules), "unjoined": 0, "untraced": 0, "unlimited": 0,
		"local": len(local), "connections": connections, "networks": networks,
		"rules_ms": 0, "filters_ms": 0, "local_ms": 0, "connections_ms": 0, "tasks_ms": 0,
	}, nil
}
