package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// house says which package may import which of ours. A folder that is not here
// fails the test: write it here, with what it may know, and into
// ARCHITECTURE.md.
var house = map[string][]string{
	".":                    {"actions", "bot", "commands", "config", "estate", "estate/trust", "estate/winrm", "estate/sqlserver", "estate/vsphere", "lab", "lab/world", "runbook", "store"},
	"actions":              {"estate", "runbook"},
	"bench":                {},
	"bot":                  {"actions", "commands", "estate", "runbook"},
	"commands":             {"actions", "estate", "runbook"},
	"config":               {"actions", "estate", "estate/trust", "runbook"},
	"estate":               {},
	"estate/trust":         {"estate"},
	"estate/winrm":         {"estate", "estate/trust", "estate/winrm/scripts"},
	"estate/winrm/scripts": {},
	"estate/sqlserver":     {"estate", "estate/trust"},
	"estate/vsphere":       {"estate", "estate/trust"},
	"interop":              {},
	"interop/govc":         {},
	"lab":                  {"lab/pki", "lab/slack", "lab/tds", "lab/vcenter", "lab/world", "lab/wsman"},
	"lab/ntlm":             {},
	"lab/pki":              {},
	"lab/slack":            {},
	"lab/tds":              {"lab/ntlm", "lab/pki", "lab/world"},
	"lab/vcenter":          {"lab/pki", "lab/world"},
	"lab/world":            {},
	"lab/wsman":            {"lab/ntlm", "lab/pki", "lab/world"},
	"runbook":              {},
	"store":                {"runbook"},
}

// outside says which module only one place may use: the word of a vendor stays
// where it is translated.
var outside = map[string][]string{
	"github.com/slack-go/slack":              {"bot"},
	"github.com/masterzen/winrm":             {"estate/winrm"},
	"github.com/bodgit/ntlmssp":              {"estate/winrm"},
	"github.com/mattn/go-sqlite3":            {"store"},
	"github.com/microsoft/go-mssqldb":        {"estate/sqlserver"},
	"github.com/vmware/govmomi":              {"estate/vsphere", "interop/govc", "lab/vcenter"},
	"github.com/spf13/cobra":                 {"."},
	"github.com/gorilla/websocket":           {"bot", "lab/slack"},
	"golang.org/x/crypto":                    {"lab/ntlm"},
	"github.com/goccy/go-yaml":               {"config"},
	"github.com/alexaandru/go-sitter-forest": {},
}

// source is one Go file that is no test.
type source struct {
	dir, path string
	file      *ast.File
	set       *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		all = append(all, source{filepath.ToSlash(filepath.Dir(path)), path, f, set})
		return err
	})
	if err != nil || len(all) < 50 {
		t.Fatalf("%d files: %v", len(all), err)
	}
	return all
}

func TestImportsPointOneWay(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := house[s.dir]
		if !known {
			t.Errorf("%s: the folder %s is not in the house; write in arch_test.go what it may import, and in ARCHITECTURE.md what it is for", s.path, s.dir)
			continue
		}
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if ours, ok := strings.CutPrefix(path, "itmsbot/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s; %s may import %v", s.path, ours, s.dir, allowed)
			}
			for module, places := range outside {
				if (path == module || strings.HasPrefix(path, module+"/")) && !slices.Contains(places, s.dir) {
					t.Errorf("%s imports %s, which only %v may", s.path, path, places)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	docs := map[string]int{}
	for _, s := range sources(t) {
		docs[s.dir] += 0
		if s.file.Doc != nil {
			docs[s.dir]++
		}
	}
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s has %d package comments", dir, n)
		}
	}
}

// TestHabits holds what review would otherwise have to say each time.
func TestHabits(t *testing.T) {
	for _, s := range sources(t) {
		if lines := s.set.Position(s.file.End()).Line; lines > 500 {
			t.Errorf("%s has %d lines; is it one subject?", s.path, lines)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s: init; what it does belongs where it can be seen", s.path)
				}
				if lines := s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line; lines > 80 {
					t.Errorf("%s: %s has %d lines", s.path, n.Name.Name, lines)
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					for _, word := range []string{"failed to ", "unable to "} {
						if strings.Contains(n.Value, word) {
							t.Errorf("%s: %q; say what was being done, not that it failed", s.path, n.Value)
						}
					}
				}
			}
			return true
		})
	}
}

// TestNoForbiddenNames keeps the places where things go to be forgotten from
// coming up.
func TestNoForbiddenNames(t *testing.T) {
	for _, s := range sources(t) {
		for _, bad := range []string{"utils", "util", "common", "helpers", "types", "misc", "constants", "interfaces"} {
			if s.file.Name.Name == bad || strings.TrimSuffix(filepath.Base(s.path), ".go") == bad {
				t.Errorf("%s: a file or package called %s says nothing of what it holds", s.path, bad)
			}
		}
	}
	if _, err := os.Stat("ARCHITECTURE.md"); err != nil {
		t.Error(err)
	}
}
