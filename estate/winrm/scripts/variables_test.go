package scripts

import (
	"strings"

	sitter "github.com/alexaandru/go-tree-sitter-bare"
)

// checkVariables holds that every variable that is read is a parameter or was
// assigned before, in the same function or the script. It goes by the order of the
// text; which way an if takes it does not know.
func (s *source) checkVariables() {
	scopes := map[uint]map[string]uint{} // by start of the function: name -> end of first assignment
	assign := func(n sitter.Node, name string, at uint) {
		id := scopeOf(n)
		if scopes[id] == nil {
			scopes[id] = map[string]uint{}
		}
		if old, ok := scopes[id][name]; !ok || at < old {
			scopes[id][name] = at
		}
	}
	for _, n := range s.all("script_parameter") {
		assign(n, s.name(child(n, "variable")), n.StartByte())
	}
	for _, n := range s.all("foreach_statement") {
		v := child(n, "variable")
		assign(n, s.name(v), v.StartByte())
	}
	for _, n := range s.all("assignment_expression") {
		if v, ok := s.target(n); ok && s.of(child(n, "assignement_operator")) == "=" {
			assign(n, s.name(v), n.EndByte())
		}
	}
	for _, n := range s.all("variable") {
		name := s.name(n)
		switch name {
		case "_", "true", "false", "null":
			continue
		}
		if strings.Contains(name, ":") {
			s.fault(n, "a variable of another scope")
			continue
		}
		if at, ok := scopes[scopeOf(n)][name]; (!ok || n.StartByte() < at) && !s.isTarget(n) {
			s.fault(n, "read before it is assigned")
		}
	}
}

// name is a variable without its dollar sign, in lower case: PowerShell does not tell
// them apart.
func (s *source) name(variable sitter.Node) string {
	return strings.ToLower(strings.Trim(s.of(variable), "${}"))
}

// scopeOf tells functions apart by where they start; the script itself is 0. A script
// block in a pipeline belongs to what is around it.
func scopeOf(n sitter.Node) uint {
	if f := within(n, "function_statement"); !f.IsNull() {
		return f.StartByte() + 1
	}
	return 0
}

// target is the variable that an assignment gives its value to; false when it is a
// member or an element of one.
func (s *source) target(assignment sitter.Node) (sitter.Node, bool) {
	left := child(assignment, "left_assignment_expression")
	var v sitter.Node
	found := false
	s.each(left, func(n sitter.Node) {
		if n.IsNamed() && n.Type() == "variable" && s.of(n) == s.of(left) {
			v, found = n, true
		}
	})
	return v, found
}

// isTarget reports whether a variable stands where an assignment without reading puts
// its value.
func (s *source) isTarget(n sitter.Node) bool {
	a := within(n, "assignment_expression")
	for ; !a.IsNull(); a = within(a, "assignment_expression") {
		if v, ok := s.target(a); ok && v.Equal(n) && s.of(child(a, "assignement_operator")) == "=" {
			return true
		}
	}
	return false
}
