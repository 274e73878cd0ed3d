package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"itmsbot/actions"
	"itmsbot/commands"
)

// TestRunbookIsKept keeps docs/runbook.md and the README's table in step with the catalog.
func TestRunbookIsKept(t *testing.T) {
	kept, err := os.ReadFile("docs/runbook.md")
	if err != nil || string(kept) != runbookPage() {
		t.Errorf("docs/runbook.md is not what the catalog says (%v); renew it with: make runbook", err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if renewed, err := withActionTable(string(readme)); err != nil || renewed != string(readme) {
		t.Errorf("the table of the README is not what the catalog says (%v); renew it with: make runbook", err)
	}
}

// TestTableHasItsPlace: a page that has lost one of the two lines is left alone.
func TestTableHasItsPlace(t *testing.T) {
	renewed, err := withActionTable("a\n" + tableBegins + "old\n" + tableEnds + "b\n")
	if err != nil || !strings.HasPrefix(renewed, "a\n"+tableBegins+"| of the method |") || !strings.HasSuffix(renewed, tableEnds+"b\n") || strings.Contains(renewed, "\nold\n") {
		t.Errorf("%v\n%s", err, renewed)
	}
	for _, page := range []string{"", "a\n", tableBegins, "a\n" + tableEnds + tableBegins} {
		if renewed, err := withActionTable(page); err == nil {
			t.Errorf("%q became %q", page, renewed)
		}
	}
}

// TestMethodIsWhole: every action says its way back and stands where the method has such
// an item, every item is somebody's, and what shows it is a command.
func TestMethodIsWhole(t *testing.T) {
	// The items keep the numbers of the method.
	count := map[string]int{"1.1": 3, "1.3": 5, "1.4": 7, "1.5": 13, "1.6": 4, "1.7": 5, "1.8": 8, "1.9": 4, "1.10": 4}
	looks := map[string]bool{}
	for _, u := range commands.Usages() {
		if u.Looks {
			looks[strings.Fields(u.Line)[1]] = true
		}
	}
	var signs []string
	for _, s := range actions.Method {
		if n := len(s.Items); !s.Loose && n != count[s.Number] || n == 0 {
			t.Errorf("%s %s has %d items, the method %d", s.Number, s.Title, n, count[s.Number])
		}
		for i, item := range s.Items {
			does := !s.Loose && len(actions.At(s.Number, i+1)) > 0
			if item.Text == "" || !does && item.Hand == "" && item.Look == "" {
				t.Errorf("%s item %d (%s) is nobody's: no action, no hand, no look", s.Number, i+1, item.Text)
			}
			if item.Look != "" && !looks[item.Look] {
				t.Errorf("%s item %d: there is no look %q", s.Number, i+1, item.Look)
			}
		}
		signs = append(signs, s.Signs...)
	}
	if want := actions.SignedFacts(); !slices.Equal(signs, want) {
		t.Errorf("the sections end with %q, people sign %q", signs, want)
	}
	for _, a := range actions.Catalog {
		if a.WayBack == "" || strings.HasSuffix(a.WayBack, ".") || a.People() == "" {
			t.Errorf("action %s: its way back is %q and the people %q", a.Name, a.WayBack, a.People())
		}
		if strings.HasPrefix(a.Of(), "1.") != (len(a.Places()) > 0) {
			t.Errorf("action %s: where %q is in the method cannot be read", a.Name, a.Of())
		}
		for _, p := range a.Places() {
			i := slices.IndexFunc(actions.Method, func(s actions.Section) bool { return s.Number == p.Section })
			if i < 0 {
				t.Errorf("action %s: the method has no section %s", a.Name, p.Section)
				continue
			}
			for _, n := range p.Items {
				if n < 1 || n > len(actions.Method[i].Items) {
					t.Errorf("action %s: section %s has no item %d", a.Name, p.Section, n)
				}
			}
		}
	}
}
