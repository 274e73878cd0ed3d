package wsman

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	sitter "github.com/alexaandru/go-tree-sitter-bare"

	"itmsbot/lab/world"
)

// asksWindows are the cmdlets behind which something of Windows is asked, and that take
// their time: firewall, network, tasks, services, CIM and programs.
var asksWindows = regexp.MustCompile(`^[A-Za-z]+-(Net[A-Z].*|ScheduledTask.*|CimInstance|Service|Process|ComputerSecureChannel)$`)

// listsRules are those that give all rules of a store, or their filters.
var listsRules = regexp.MustCompile(`^Get-NetFirewall(Rule|[A-Za-z]+Filter) .*-PolicyStore `)

// eachOfPipe are those that do something with each thing that comes through a pipe.
var eachOfPipe = regexp.MustCompile(`^(ForEach|Where)-Object `)

// A turn is how often something in a script is done.
type turn int

const (
	onceOnly  turn = iota
	eachItem       // of a list that the caller gave
	eachThing      // of anything else
)

// reader derives the cost of a script from its text.
type reader struct {
	text      []byte
	functions map[string]sitter.Node
	given     map[string]bool // variables that were made of what the caller gave
}

// derive reads what a script costs.
func derive(t *testing.T, text string) cost {
	t.Helper()
	r := reader{text: []byte(text), functions: map[string]sitter.Node{}, given: map[string]bool{}}
	var root sitter.Node
	walk(t, text, func(n sitter.Node) {
		if root.IsNull() {
			root = n
		}
		switch n.Type() {
		case "function_statement":
			name := ""
			visitAll(n, func(c sitter.Node) {
				if c.Type() == "function_name" {
					name = r.of(c)
				}
			})
			r.functions[name] = n
		case "assignment_expression":
			left, right, _ := strings.Cut(r.of(n), "=")
			if strings.Contains(right, "$in.") {
				r.given[strings.TrimSpace(left)] = true
			}
		}
	})
	return r.cost(root, sitter.Node{})
}

func (r *reader) of(n sitter.Node) string { return n.Content(r.text) }

// cost adds up the calls of a function, or those of the script outside of its functions.
func (r *reader) cost(n, function sitter.Node) cost {
	var c cost
	visitAll(n, func(n sitter.Node) {
		if n.Type() != "command" || !around(n, "function_statement").Equal(function) {
			return
		}
		name, _, _ := strings.Cut(r.of(n), " ")
		inner := cost{}
		switch f, own := r.functions[name]; {
		case own:
			inner = r.cost(f, f)
		case asksWindows.MatchString(name):
			inner.once = 1
			if listsRules.MatchString(r.of(n) + " ") {
				inner.lists = 1
			}
		}
		switch r.turn(n, function) {
		case onceOnly:
			if r.forLocal(n, function) {
				inner.local, inner.localLists = inner.once, inner.lists
			}
			c.once, c.item, c.rule, c.lists = c.once+inner.once, c.item+inner.item, c.rule+inner.rule, c.lists+inner.lists
			c.local, c.localLists = c.local+inner.local, c.localLists+inner.localLists
		case eachItem:
			c.item, c.rule = c.item+inner.once+inner.item, c.rule+inner.rule
		case eachThing:
			c.rule += inner.once + inner.item + inner.rule
		}
	})
	return c
}

// around is the nearest node of a kind around n; null when there is none.
func around(n sitter.Node, kind string) sitter.Node {
	for n = n.Parent(); !n.IsNull() && n.Type() != kind; {
		n = n.Parent()
	}
	return n
}

// forLocal reports whether a command is passed over where there are no local rules to
// report. What stands behind that if, in an else, is not.
func (r *reader) forLocal(n, function sitter.Node) bool {
	for child, p := n, n.Parent(); !p.IsNull() && !p.Equal(function); child, p = p, p.Parent() {
		if p.Type() == "if_statement" && child.Type() == "statement_block" && strings.HasPrefix(r.of(p), "if ($wanted.Count -gt 0) {") {
			return true
		}
	}
	return false
}

// turn is how often a command is called each time its function is. What stands in the
// head of a foreach is called once, and so is what is before a pipe.
func (r *reader) turn(n, function sitter.Node) turn {
	most := onceOnly
	for child, p := n, n.Parent(); !p.IsNull() && !p.Equal(function); child, p = p, p.Parent() {
		source := ""
		switch {
		case p.Type() == "foreach_statement" && child.Type() == "statement_block":
			for i := range p.NamedChildCount() {
				if s := p.NamedChild(i); s.Type() == "pipeline" {
					source = r.of(s)
				}
			}
		case p.Type() == "for_statement" || p.Type() == "while_statement" || p.Type() == "do_statement":
			source = "a condition"
		case p.Type() == "command" && eachOfPipe.MatchString(r.of(p)):
			source = r.of(p.Parent())
		default:
			continue
		}
		if strings.Contains(source, "$in.") || r.given[source] {
			most = max(most, eachItem)
		} else {
			most = max(most, eachThing)
		}
	}
	return most
}

// TestCostsAreTheScripts: what a script is said to cost is what stands in its text, so
// that nobody makes one that asks more often without saying so.
func TestCostsAreTheScripts(t *testing.T) {
	files, err := filepath.Glob("../../estate/winrm/scripts/*.ps1")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: %d, %v", len(files), err)
	}
	said := costs()
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".ps1")
		if got := derive(t, fileText(t, file)); got != said[name] {
			t.Errorf("%s costs %+v, and is said to cost %+v", name, got, said[name])
		}
		delete(said, name)
	}
	for name := range said {
		t.Errorf("there is no script %s", name)
	}
}

// TestNoLookAsksForEachThing: a look that asked Windows anew for each rule or service
// would take minutes on a host that has many.
func TestNoLookAsksForEachThing(t *testing.T) {
	for name, c := range costs() {
		if c.rule > 0 || strings.HasSuffix(name, "-read") && c.item > 0 {
			t.Errorf("%s calls %d cmdlets for each thing that Windows has, %d for each that was named", name, c.rule, c.item)
		}
	}
}

// TestCostIsRead holds the derivation itself.
func TestCostIsRead(t *testing.T) {
	for text, want := range map[string]cost{
		"Get-Item -LiteralPath 'x'":                                                                          {},
		"Get-NetIPAddress":                                                                                   {once: 1},
		"Get-NetFirewallRule -PolicyStore ActiveStore":                                                       {once: 1, lists: 1},
		"Get-NetFirewallRule -Enabled True -PolicyStore ActiveStore":                                         {once: 1, lists: 1},
		"Get-NetFirewallPortFilter -AssociatedNetFirewallRule $rule":                                         {once: 1},
		"if ($true) { Get-NetIPAddress } else { Get-NetIPAddress }":                                          {once: 2},
		"foreach ($r in @(Get-NetIPAddress)) { $r }":                                                         {once: 1},
		"foreach ($r in @(Get-NetIPAddress)) { Get-NetTCPConnection }":                                       {once: 1, rule: 1},
		"foreach ($n in $in.names) { Get-Service -Name $n }":                                                 {item: 1},
		"$names = @($in.names)\nforeach ($n in $names) { Get-Service -Name $n }":                             {item: 1},
		"@(Get-NetIPAddress | ForEach-Object { Get-NetTCPConnection })":                                      {once: 1, rule: 1},
		"@(Get-NetIPAddress | Where-Object { $_.A -eq (Get-NetTCPConnection) })":                             {once: 1, rule: 1},
		"while ($true) { Get-NetIPAddress }":                                                                 {rule: 1},
		"function Get-A { Get-NetFirewallRule -PolicyStore X }\n$a = Get-A\n$b = Get-A 1":                    {once: 2, lists: 2},
		"function Get-A { Get-NetIPAddress }\nforeach ($r in @(Get-NetTCPConnection)) { Get-A }":             {once: 1, rule: 1},
		"function Get-A { foreach ($n in $in.names) { Get-NetIPAddress } }\nforeach ($r in $x) { Get-A }":    {rule: 1},
		"function Get-A { Get-NetIPAddress }\nfunction Get-B { foreach ($n in $in.names) { Get-A } }\nGet-B": {item: 1},
		"foreach ($n in $in.names) { foreach ($r in $rules) { Get-NetIPAddress } }":                          {rule: 1},
		"if ($wanted.Count -gt 0) { Get-NetIPAddress } else { Get-NetTCPConnection }":                        {once: 2, local: 1},
		"function Get-A { Get-NetFirewallRule -PolicyStore X }\nif ($wanted.Count -gt 0) { Get-A }\nGet-A":   {once: 2, lists: 2, local: 1, localLists: 1},
		"function Get-Unused { Get-NetIPAddress }":                                                           {},
		"$body = @'\nGet-NetIPAddress\n'@":                                                                   {},
	} {
		if got := derive(t, text); got != want {
			t.Errorf("%q costs %+v, want %+v", text, got, want)
		}
	}
}

// TestCostlyPowerShell: a look costs what is said of it, whatever it costs.
func TestCostlyPowerShell(t *testing.T) {
	w := world.New(world.Options{Manual: true, Managed: 50})
	v, err := w.Look("SMP1")
	if err != nil {
		t.Fatal(err)
	}
	p := costly(w, "SMP1", Costs{Call: time.Hour, Rule: time.Second})
	look := costs()["firewall-read"]
	want := time.Duration(look.once-look.local)*time.Hour + time.Duration((look.lists-look.localLists)*len(v.Rules))*time.Second
	if got := p("firewall-read", json.RawMessage(`{"names":["a","b"],"ports":["1"]}`)); got != want || look.local == 0 || look.localLists == 0 {
		t.Errorf("a look at the firewall takes %s, want %s", got, want)
	}
	want = time.Duration(look.once)*time.Hour + time.Duration(look.lists*len(v.Rules))*time.Second
	if got := p("firewall-read", json.RawMessage(`{"names":["a","itms-cem-4726"],"ports":["1"]}`)); got != want {
		t.Errorf("a look at the firewall that has a rule to report takes %s, want %s", got, want)
	}
	turn := costs()["firewall-switch"]
	want = time.Duration(turn.once+3*turn.item)*time.Hour + time.Duration(turn.lists*len(v.Rules))*time.Second
	if got := p("firewall-switch", json.RawMessage(`{"machine":"m","names":["a","b","c"],"on":true}`)); got != want || turn.item == 0 {
		t.Errorf("switching three rules takes %s, want %s", got, want)
	}
	if got := p("file-newest", json.RawMessage(`{}`)); got != 0 {
		t.Errorf("what asks Windows nothing takes %s", got)
	}
}
