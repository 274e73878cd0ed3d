package wsman

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	grammar "github.com/alexaandru/go-sitter-forest/powershell"
	sitter "github.com/alexaandru/go-tree-sitter-bare"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

// rehearsal is a script that is run with stubs and by its twin, on one world.
type rehearsal struct {
	script, name string
	host         string // SMP1 where it is empty
	set          []world.Condition
	prepare      func(estateHost) // where conditions do not reach
	args         func(world.View) any
	// did are the commands that would have changed something, as the twin's answer
	// has it; nil for none.
	did func(answer object) []string
	// except are the fields that depend on where the script runs: a name, a clock.
	except []string
	// windows says that it asks .NET for what only Windows has.
	windows bool
	// unreached is what the script would ask .NET for on another host.
	unreached string
}

// rehearsals are all there are. What a script asks .NET for cannot be stubbed, so
// that some scripts have none; TestScriptsWithoutARehearsal names them.
func rehearsals() []rehearsal {
	query := func(names ...string) func(world.View) any {
		return func(world.View) any {
			return estate.FirewallQuery{Names: append([]string{}, names...), Ports: []string{"80", "443", "4726", "50120-50124"}, WinRMPort: 5985}
		}
	}
	turn := func(on bool, names ...string) func(world.View) any {
		return func(v world.View) any { return switchOrder{v.Machine, names, on} }
	}
	each := func(command string) func(object) []string {
		return func(answer object) []string {
			var did []string
			for _, name := range answer["changed"].([]string) {
				did = append(did, command+" "+name)
			}
			return did
		}
	}
	add := func(v world.View) any {
		return addOrder{v.Machine, "itmsbot", []estate.NewRule{
			{Name: "itmsbot-same", Display: "jump host", Ports: []string{"80", "443"}, Remote: []string{"10.20.0.0/28"}},
			{Name: "itmsbot-other", Display: "jump host", Ports: []string{"443"}, Remote: []string{"10.20.0.5/32"}},
			{Name: "itmsbot-new", Display: "jump host", Ports: []string{"443"}, Remote: []string{"10.20.0.6", "10.20.1.0/24"}},
		}}
	}
	ours := func(h estateHost) {
		for _, r := range []world.Rule{
			{Name: "itmsbot-same", Display: "jump host", Ports: []string{"443", "80"}, Remote: []string{"10.20.0.0/28"}},
			{Name: "itmsbot-other", Display: "jump host", Ports: []string{"80"}, Remote: []string{"10.20.0.5"}},
		} {
			r.Group, r.Enabled, r.Action, r.Profile, r.Protocol, r.Program = "itmsbot", true, "Allow", "Any", "TCP", "Any"
			if err := h.world.AddRule(h.name, r); err != nil {
				h.Fatal(err)
			}
		}
	}
	const key = "U-1 R-2"
	arm := func(v world.View) any {
		return armOrder{v.Machine, estate.RestoreOrder{Key: key, Seconds: 600, Names: []string{"ITMS-CEM-4726", "World Wide Web Services (HTTPS Traffic-In)"}}}
	}
	disarm := func(v world.View) any { return disarmOrder{v.Machine, key} }
	armed := func(by string) func(estateHost) {
		return func(h estateHost) {
			now := h.world.Now().Truncate(time.Second)
			if err := h.world.RegisterTask(h.name, world.Task{Key: by, Due: now.Add(time.Hour), End: now.Add(2 * time.Hour), Names: []string{"ITMS-CEM-4726"}}); err != nil {
				h.Fatal(err)
			}
			if err := h.world.SetMarker(h.name, by); err != nil {
				h.Fatal(err)
			}
		}
	}
	closing := func(key string, seconds int64) func(world.View) any {
		return func(v world.View) any {
			return closeOrder{v.Machine, estate.ClosingOrder{Key: key, Seconds: seconds, Names: []string{"itmsbot-same", "itmsbot-other"}}}
		}
	}
	closes := func(keys ...string) func(estateHost) {
		return func(h estateHost) {
			for i, key := range keys {
				due := h.world.Now().Truncate(time.Second).Add(time.Duration(1+i) * time.Hour)
				if err := h.world.RegisterClosing(h.name, world.Closing{Key: key, Due: due, Names: []string{"itmsbot-same"}}); err != nil {
					h.Fatal(err)
				}
			}
		}
	}
	const opened = `Register-ScheduledTask \ itmsbot-close U-1 R-2 U-1 R-2 S-1-5-18 ServiceAccount Highest PT1M IgnoreNew`
	did := func(list ...string) func(object) []string { return func(object) []string { return list } }
	const bot = `HKLM:\SOFTWARE\itmsbot`
	const register = `Register-ScheduledTask \ itmsbot-restore U-1 R-2 S-1-5-18 ServiceAccount Highest 60 IgnoreNew`
	policy := world.Condition{Field: "gpo-add", Host: "SMP1", Rule: &world.Rule{Name: "ITMS-CEM-4726", Source: "Server baseline", Ports: []string{"8443"}}}
	return []rehearsal{
		{script: "firewall-read", name: "as it is", args: query("ITMS-CEM-4726", "no such rule")},
		{script: "firewall-read", name: "rules of two stores and of ours, a private network", args: query(), prepare: ours, set: []world.Condition{
			{Field: "network", Host: "SMP1", Name: "Private"}, {Field: "local-rules", Host: "SMP1", Name: "Public", On: no()},
			{Field: "gpo-add", Host: "SMP1", Rule: &world.Rule{Name: "GPO-HTTPS", Source: "Server baseline", Ports: []string{"443", "8443"}, Remote: []string{"10.0.0.0/8"}}}}},
		{script: "firewall-read", name: "a marker without a task", args: query(), prepare: func(h estateHost) {
			if err := h.world.SetMarker(h.name, "U-1 R-2"); err != nil {
				h.Fatal(err)
			}
		}},
		{script: "firewall-read", name: "a task and its marker", args: query(), prepare: armed(key), except: []string{"restore.armed"}}, // by the real clock
		{script: "firewall-switch", name: "off", args: turn(false, "ITMS-CEM-4726", "no such rule"), did: each("Disable-NetFirewallRule")},
		{script: "firewall-switch", name: "already on", args: turn(true, "ITMS-CEM-4726"), did: each("Enable-NetFirewallRule")},
		{script: "firewall-switch", name: "on again", args: turn(true, "itms-cem-4726"), did: did("Enable-NetFirewallRule ITMS-CEM-4726"),
			set: []world.Condition{{Field: "rule", Host: "SMP1", Name: "ITMS-CEM-4726", On: no()}}},
		{script: "firewall-switch", name: "a rule of that name in group policy", set: []world.Condition{policy}, args: turn(false, "ITMS-CEM-4726"), did: each("Disable-NetFirewallRule")},
		{script: "firewall-switch", name: "another machine", args: func(world.View) any { return switchOrder{"another", []string{"ITMS-CEM-4726"}, false} }},
		{script: "firewall-add", name: "one the same, one that differs, one new", prepare: ours, args: add, did: did("Remove-NetFirewallRule itmsbot-other",
			"New-NetFirewallRule PersistentStore itmsbot-other itmsbot True Any Inbound Allow TCP 443 10.20.0.5/32",
			"New-NetFirewallRule PersistentStore itmsbot-new itmsbot True Any Inbound Allow TCP 443 10.20.0.6,10.20.1.0/24")},
		{script: "firewall-remove", name: "one of ours, one of others", prepare: ours, did: each("Remove-NetFirewallRule"), args: func(v world.View) any {
			return removeOrder{v.Machine, "itmsbot", []string{"itmsbot-same", "ITMS-CEM-4726", "itmsbot-gone"}}
		}},
		{script: "restore-arm", name: "nothing there", args: arm, did: did("New-Item "+bot, "New-ItemProperty "+bot+" Restore "+key, register)},
		{script: "restore-arm", name: "armed for the same key", args: arm, prepare: armed(key), did: did("New-ItemProperty "+bot+" Restore "+key, register)},
		{script: "restore-arm", name: "armed for another key", args: arm, prepare: armed("U-1 R-1")},
		{script: "restore-disarm", name: "armed", args: disarm, prepare: armed(key), did: did("Remove-ItemProperty "+bot+" Restore", `Unregister-ScheduledTask \ itmsbot-restore`)},
		{script: "restore-disarm", name: "armed for another key", args: disarm, prepare: armed("U-1 R-1")},
		{script: "restore-disarm", name: "nothing there", args: disarm},
		{script: "firewall-read", name: "closings", args: query(), prepare: func(h estateHost) {
			closes("U-1 R-3", key)(h)
			h.set(world.Condition{Field: "closing", Host: "SMP1", Name: key, On: no()})
		}},
		{script: "closing-arm", name: "nothing there", args: closing(key, 604800), did: did(opened)},
		{script: "closing-arm", name: "armed for the same key and another", args: closing(key, 60), prepare: closes(key, "U-1 R-3"), did: did(opened)},
		{script: "closing-disarm", name: "armed", args: disarm, prepare: closes(key, "U-1 R-3"), did: did(`Unregister-ScheduledTask \ itmsbot-close U-1 R-2`)},
		{script: "closing-disarm", name: "armed for another key", args: disarm, prepare: closes("U-1 R-3")},
		{script: "service-switch", name: "off", args: turn(false, "AeXSvc", "no such service", "EventReceiver", "EventEngine"), did: did("Stop-Service EventEngine", "Stop-Service AeXSvc"),
			set: []world.Condition{{Field: "service-start", Host: "SMP1", Name: "EventReceiver", Word: "Disabled"}}},
		{script: "service-switch", name: "on", args: turn(true, "aexsvc", "EventEngine", "EventReceiver"), did: each("Start"),
			set: []world.Condition{{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Stopped"}, {Field: "service", Host: "SMP1", Name: "EventReceiver", Word: "Stopped"}}},
		{script: "host-record", name: "in no domain", host: "GW1", unreached: "Eventing", args: func(world.View) any { return struct{}{} }},
		{script: "disk-read", name: "as it is", windows: true, args: func(world.View) any { return struct{}{} }},
		{script: "queue-read", name: "files beyond the cap", set: []world.Condition{{Field: "files", Number: number(9)}, {Field: "paused", On: yes()}},
			except: []string{"path"}, args: func(world.View) any { return object{"cap": 5, "services": []string{"AeXSvc", "no such service"}} }},
		{script: "reboot-read", name: "nothing", args: func(world.View) any { return object{"key": "U-1 R-2 6.1"} }},
		{script: "reboot-read", name: "everything", args: func(world.View) any { return object{"key": "U-1 R-2 6.1"} }, set: []world.Condition{
			{Field: "pending", Host: "SMP1", Name: "file-rename", On: yes(), Word: `C:\one.dll`}, {Field: "pending", Host: "SMP1", Name: "file-rename", On: yes(), Word: `C:\two.dll`},
			{Field: "pending", Host: "SMP1", Name: "servicing", On: yes()}, {Field: "pending", Host: "SMP1", Name: "windows-update", On: yes()},
			{Field: "pending", Host: "SMP1", Name: "domain-join", On: yes()}, {Field: "pending", Host: "SMP1", Name: "computer-rename", On: yes()},
			{Field: "installer", Host: "SMP1", Name: "msiexec.exe", On: yes()}, {Field: "power-action", Host: "SMP1", On: yes()}, {Field: "schedules", On: yes()}},
			prepare: func(h estateHost) {
				if _, err := h.world.LayBootKey(h.name, "U-1 R-2 6.1"); err != nil {
					h.Fatal(err)
				}
			}},
	}
}

// stage makes the world of a rehearsal and says what the stubs need of it.
func (r rehearsal) stage(t *testing.T) (h estateHost, args any, found object) {
	t.Helper()
	h = newSmallHost(t, cmp.Or(r.host, "SMP1"))
	for _, c := range r.set {
		h.set(c)
	}
	if r.prepare != nil {
		r.prepare(h)
	}
	v, err := h.world.Look(h.name)
	if err != nil {
		t.Fatal(err)
	}
	return h, r.args(v), findings(t, v, h.inside())
}

// twin is what the twin answers, and what it did.
func (r rehearsal) twin(t *testing.T, h estateHost, args any) (object, []string) {
	t.Helper()
	in, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := twins()[r.script](machine{world: h.world, host: h.name}, in)
	if err != nil {
		t.Fatal(err)
	}
	var did []string
	if r.did != nil {
		did = r.did(answer)
	}
	return answer, did
}

// play runs the script in an interpreter and says in what it differs from its twin.
func (r rehearsal) play(t *testing.T, i interpreter) ([]string, error) {
	t.Helper()
	h, args, found := r.stage(t)
	got, err := i.run(t.Context(), fileText(t, "../../estate/winrm/bootstrap.ps1"), fileText(t, "testdata/stubs.ps1"),
		object{"script": fileText(t, "../../estate/winrm/scripts/"+r.script+".ps1"), "args": args, "host": found})
	if err != nil {
		return nil, err
	}
	return r.judge(t, h, args, got), nil
}

// judge says in what an answer differs from the twin's on the same world.
func (r rehearsal) judge(t *testing.T, h estateHost, args any, got staged) []string {
	t.Helper()
	want, did := r.twin(t, h, args)
	list := differences(t, want, got.Answer, append([]string{"now", "name"}, r.except...))
	if !slices.Equal(got.Did, did) {
		list = append(list, fmt.Sprintf("it did %q, the twin %q", got.Did, did))
	}
	return list
}

// TestScriptsInPowerShell runs scripts in a real PowerShell, with stubs in place of the
// commands that ask Windows, and compares them with the twins that the practice estate
// plays.
func TestScriptsInPowerShell(t *testing.T) {
	path := os.Getenv("ITMSBOT_PWSH")
	if path == "" {
		t.Skip("ITMSBOT_PWSH names no PowerShell; scripts and twins are compared by people alone (twins.txt)")
	}
	for _, r := range rehearsals() {
		t.Run(r.script+"/"+r.name, func(t *testing.T) {
			if r.windows && runtime.GOOS != "windows" {
				t.Skip(r.script + " asks .NET for what only Windows has")
			}
			list, err := r.play(t, interpreter{path: path})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				t.Error(d)
			}
		})
	}
}

// TestScriptsWithoutARehearsal says which scripts ITMSBOT_PWSH does not reach. It fails
// only where a script got one or lost it without a word here.
func TestScriptsWithoutARehearsal(t *testing.T) {
	why := map[string]string{
		"evidence-read":    "it reads files beside their writers and the configuration of IIS through .NET",
		"iis-read":         "it reads the configuration of IIS and log files beside their writer through .NET",
		"log-read":         "it reads event logs through .NET and a log file beside its writer",
		"reboot-lay":       "it makes a volatile key through .NET",
		"selftest-cmdlets": "it asks Windows what no stub may answer for it",
		"selftest-exit":    "its end is all that it does, and the harness is tested with such ends",
		"selftest-facts":   "it asks .NET and WSMan what no stub may answer for them",
		"selftest-input":   "it reads the console's input, which is the bootstrap's here",
		"selftest-throw":   "its error is all that it does, and the harness is tested with such errors",
		"reboot-order":     "it starts shutdown.exe and makes a volatile key through .NET",
		"file-newest":      "it walks through a folder of a drive with .NET",
		"firewall-copy":    "it reads back what it has made, and the stubs remember nothing",
	}
	for script := range twins() {
		has := slices.ContainsFunc(rehearsals(), func(r rehearsal) bool { return r.script == script })
		reason, listed := why[script]
		switch {
		case has && listed:
			t.Errorf("%s has a rehearsal; take it out of this table", script)
		case !has && !listed:
			t.Errorf("%s has no rehearsal; add one, or say in this table why not", script)
		case listed:
			t.Logf("not run by ITMSBOT_PWSH: %s; %s", script, reason)
		}
	}
}

// language are the commands that are not Windows'.
var language = []string{"ConvertFrom-Json", "ConvertTo-Json", "ForEach-Object", "Set-StrictMode", "Sort-Object", "Where-Object", "Add-Member", "Add-Type"}

// TestStubsCoverTheirScripts: a command without a stub would reach the machine on
// which the test runs, and a parameter that a stub has not would end the script.
func TestStubsCoverTheirScripts(t *testing.T) {
	stubs := fileText(t, "testdata/stubs.ps1")
	covered := declared(t, stubs)
	for name := range used(t, stubs) {
		if _, ok := covered[name]; !ok && !slices.Contains(language, name) {
			t.Errorf("stubs.ps1 uses %s", name)
		}
	}
	done := map[string]bool{}
	for _, r := range rehearsals() {
		if done[r.script] {
			continue
		}
		done[r.script] = true
		text := fileText(t, "../../estate/winrm/scripts/"+r.script+".ps1")
		own := declared(t, text)
		for name, parameters := range used(t, text) {
			has, ok := covered[name]
			if _, mine := own[name]; mine || slices.Contains(language, name) {
				continue
			}
			if !ok {
				t.Errorf("%s uses %s, which has no stub", r.script, name)
			}
			for _, p := range parameters {
				if !slices.Contains(has, p) {
					t.Errorf("%s gives %s a -%s, which its stub has not", r.script, name, p)
				}
			}
		}
		for _, reach := range []string{"[Microsoft.Win32", "Eventing", "[IO.File]", "Diagnostics.Process"} {
			if strings.Contains(text, reach) && reach != r.unreached {
				t.Errorf("%s uses %s, which no stub stands in for", r.script, reach)
			}
		}
	}
}

// walk parses a script and visits all of its tree.
func walk(t *testing.T, text string, visit func(sitter.Node)) {
	t.Helper()
	p := sitter.NewParser()
	if !p.SetLanguage(sitter.NewLanguage(grammar.GetLanguage())) {
		t.Fatal("the grammar and the parser do not fit")
	}
	tree, err := p.ParseString(context.Background(), nil, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	visitAll(tree.RootNode(), func(n sitter.Node) {
		if n.IsError() || n.IsMissing() {
			t.Errorf("line %d is not PowerShell", n.StartPoint().Row+1)
		}
		visit(n)
	})
}

func visitAll(n sitter.Node, visit func(sitter.Node)) {
	visit(n)
	for i := range n.ChildCount() {
		visitAll(n.Child(i), visit)
	}
}

// declared are the functions of a script with their parameters.
func declared(t *testing.T, text string) map[string][]string {
	t.Helper()
	functions := map[string][]string{}
	walk(t, text, func(n sitter.Node) {
		if n.Type() != "function_statement" {
			return
		}
		name, parameters := "", []string{}
		visitAll(n, func(n sitter.Node) {
			switch n.Type() {
			case "function_name":
				name = n.Content([]byte(text))
			case "script_parameter":
				visitAll(n, func(v sitter.Node) {
					if v.Type() == "variable" {
						parameters = append(parameters, strings.TrimPrefix(v.Content([]byte(text)), "$"))
					}
				})
			}
		})
		functions[name] = parameters
	})
	return functions
}

var commandName = regexp.MustCompile(`^[A-Za-z]+-[A-Za-z]+$`)

// used are the commands of a script with the parameters that it gives them.
func used(t *testing.T, text string) map[string][]string {
	t.Helper()
	commands := map[string][]string{}
	walk(t, text, func(n sitter.Node) {
		if n.Type() != "command" {
			return
		}
		name, parameters := "", []string{}
		for i := range n.NamedChildCount() {
			switch c := n.NamedChild(i); c.Type() {
			case "command_name":
				name = c.Content([]byte(text))
			case "command_elements":
				for j := range c.NamedChildCount() {
					if e := c.NamedChild(j); e.Type() == "command_parameter" {
						parameters = append(parameters, strings.Trim(e.Content([]byte(text)), "-:"))
					}
				}
			}
		}
		if commandName.MatchString(name) {
			commands[name] = append(commands[name], parameters...)
		}
	})
	return commands
}
