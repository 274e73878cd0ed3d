package actions

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/estate"
	"itmsbot/runbook"
)

func TestParseExceptions(t *testing.T) {
	for _, tt := range []struct {
		words string // split at |
		want  map[string]string
		no    string
	}{
		{"", nil, ""},
		{"except|SITE1|is rebuilt", map[string]string{"except SITE1": "is rebuilt"}, ""},
		{"EXCEPT|SITE1|is|rebuilt", map[string]string{"except SITE1": "is rebuilt"}, ""},
		{"except|SITE1|is rebuilt|except|GW1|by hand", map[string]string{"except SITE1": "is rebuilt", "except GW1": "by hand"}, ""},
		{"except|SMP1|rule|My App|needs any port", map[string]string{"except SMP1 rule My App": "needs any port"}, ""},
		{"except", nil, "needs a server and a reason"},
		{"except|SITE1", nil, "needs a server and a reason"},
		{"except|SITE1|except|GW1|x", nil, "needs a server and a reason"},
		{"except|SMP1|rule|My App", nil, "needs a server and a reason"},
		{"now", nil, "`now` is not known"},
	} {
		var words []string
		if tt.words != "" {
			words = strings.Split(tt.words, "|")
		}
		got, no := parseExceptions(words)
		if d := cmp.Diff(tt.want, got); d != "" || (no == nil) != (tt.no == "") {
			t.Errorf("%q: %s, refusal %v", tt.words, d, no)
		}
		if no != nil && !strings.Contains(no.Reason, tt.no) {
			t.Errorf("%q: %q, want %q", tt.words, no.Reason, tt.no)
		}
	}
}

func TestExceptionsOf(t *testing.T) {
	e := estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}, {Name: "SQL1", Role: estate.SQL}, {Name: "SITE1", Role: estate.Site}}}
	for args, want := range map[string]string{"except smp1": "cannot be left out", "except SQL1": "cannot be left out", "except SITE9": "no server SITE9"} {
		_, err := exceptionsOf(e, map[string]string{args: "why"})
		var no *runbook.Refusal
		if !errors.As(err, &no) || !strings.Contains(no.Reason, want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	x, err := exceptionsOf(e, map[string]string{"except site1": "is rebuilt", "except SMP1 rule My App": "any port"})
	if err != nil {
		t.Fatal(err)
	}
	want := exceptions{{Host: "SMP1", Rule: "My App", Because: "any port"}, {Host: "SITE1", Because: "is rebuilt"}}
	if d := cmp.Diff(want, x); d != "" {
		t.Error(d)
	}
	if got := estate.Names(x.without(e).Hosts); got != "SMP1 and SQL1" || len(e.Hosts) != 3 {
		t.Errorf("left: %s", got)
	}
	if d := cmp.Diff([]runbook.LeftOut{want[0]}, x.spared("SMP1")); d != "" {
		t.Error(d)
	}
}
