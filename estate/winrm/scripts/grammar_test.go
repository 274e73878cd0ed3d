package scripts

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	powershell "github.com/alexaandru/go-sitter-forest/powershell"
	sitter "github.com/alexaandru/go-tree-sitter-bare"
)

// source is one script with its syntax tree.
type source struct {
	text   []byte
	tree   *sitter.Tree // keeps root alive
	root   sitter.Node
	faults []string
}

// parse reads a script. What the grammar does not understand is a fault.
func parse(t *testing.T, text string) *source {
	t.Helper()
	p := sitter.NewParser()
	if !p.SetLanguage(sitter.NewLanguage(powershell.GetLanguage())) {
		t.Fatal("the grammar and the parser do not fit")
	}
	s := &source{text: []byte(text)}
	tree, err := p.ParseString(context.Background(), nil, s.text)
	if err != nil {
		t.Fatal(err)
	}
	s.tree, s.root = tree, tree.RootNode()
	s.each(s.root, func(n sitter.Node) {
		if n.IsError() || n.IsMissing() {
			s.fault(n, "not PowerShell 5.1")
		}
	})
	return s
}

func (s *source) fault(n sitter.Node, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	s.faults = append(s.faults, fmt.Sprintf("line %d: %s: %.60q", n.StartPoint().Row+1, what, s.of(n)))
}

// of is the text of a node, empty for a null node.
func (s *source) of(n sitter.Node) string {
	if n.IsNull() {
		return ""
	}
	return n.Content(s.text)
}

// each walks a node and everything under it, in the order of the text.
func (s *source) each(n sitter.Node, visit func(sitter.Node)) {
	visit(n)
	for i := range n.ChildCount() {
		s.each(n.Child(i), visit)
	}
}

// all are the nodes of a kind.
func (s *source) all(kind string) []sitter.Node {
	var list []sitter.Node
	s.each(s.root, func(n sitter.Node) {
		if n.IsNamed() && n.Type() == kind {
			list = append(list, n)
		}
	})
	return list
}

// child is the first named child of a kind; a null node when there is none.
func child(n sitter.Node, kind string) sitter.Node {
	for i := range n.NamedChildCount() {
		if c := n.NamedChild(i); c.Type() == kind {
			return c
		}
	}
	return sitter.Node{}
}

// within finds the nearest node of one of the kinds around n, or null.
func within(n sitter.Node, kinds ...string) sitter.Node {
	for n = n.Parent(); !n.IsNull(); n = n.Parent() {
		if slices.Contains(kinds, n.Type()) {
			return n
		}
	}
	return n
}

// check holds a script to everything that does not depend on which script it is.
func (s *source) check() {
	s.checkCommands()
	s.checkTypes()
	s.checkVariables()
	s.checkComparisons()
}

// checkCommands holds every command to the table, with its parameters written out.
func (s *source) checkCommands() {
	own := map[string]bool{}
	for _, n := range s.all("function_name") {
		own[s.of(n)] = true
	}
	for _, n := range s.all("command_invokation_operator") {
		s.fault(n, "a call through & or . runs what a value says")
	}
	for _, n := range s.all("foreach_command") {
		if !strings.HasPrefix(s.of(n), "ForEach-Object ") {
			s.fault(n, "an alias")
		}
	}
	for _, n := range s.all("command") {
		if !child(n, "foreach_command").IsNull() {
			continue // the grammar has a kind of its own for it
		}
		name := s.of(child(n, "command_name"))
		parameters, known := commands()[name]
		if !known && !own[name] {
			s.fault(n, "command %q is not in the table", name)
			continue
		}
		for _, e := range s.elements(n) {
			word := s.of(e)
			switch e.Type() {
			case "command_parameter":
				if !slices.Contains(parameters, strings.TrimPrefix(word, "-")) {
					s.fault(e, "%s has no parameter %s in the table", name, word)
				}
			case "generic_token":
				if !plainWord.MatchString(word) {
					s.fault(e, "not a plain word")
				}
			case "redirection", "stop_parsing":
				s.fault(e, "not used here")
			}
		}
	}
}

// plainWord is a word that PowerShell takes as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func (s *source) elements(command sitter.Node) []sitter.Node {
	var list []sitter.Node
	if e := child(command, "command_elements"); !e.IsNull() {
		for i := range e.NamedChildCount() {
			list = append(list, e.NamedChild(i))
		}
	}
	return list
}

// checkTypes holds types and what is called on them to a list: [ScriptBlock] and
// [Activator] would be ways around the table of commands.
func (s *source) checkTypes() {
	for _, n := range s.all("type_literal") {
		if name := strings.Trim(s.of(n), "[]"); !slices.Contains(types(), strings.TrimSuffix(name, "[]")) && name != "" {
			s.fault(n, "type %s is not in the list", name)
		}
	}
	for _, n := range s.all("member_name") {
		switch strings.ToLower(s.of(n)) {
		case "invoke", "invokescript", "getnewclosure", "invokecommand":
			s.fault(n, "runs what a value says")
		}
		if !child(n, "variable").IsNull() {
			s.fault(n, "a member whose name is a value")
		}
	}
}

// checkComparisons refuses to compare what Windows writes in its own language.
func (s *source) checkComparisons() {
	for _, n := range s.all("comparison_expression") {
		if child(n, "comparison_operator").IsNull() {
			continue
		}
		text := s.of(n)
		for _, word := range localised() {
			if strings.Contains(text, "."+word) && !slices.Contains(ourOwnText(), text) {
				s.fault(n, "%s is in the language of Windows", word)
			}
		}
	}
	for _, n := range s.all("string_literal") {
		if accountName.MatchString(s.of(n)) && !slices.Contains(ourLogs(), s.of(within(n, "command", "invokation_expression"))) {
			s.fault(n, "an account's name is translated; its SID is not")
		}
	}
}

var accountName = regexp.MustCompile(`(?i)^['"](.*\\)?(system|administrators?|everyone|users|network service|local service)['"]$`)
