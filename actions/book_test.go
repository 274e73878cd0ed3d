package actions

import (
	"fmt"
	"testing"

	"itmsbot/runbook"
)

func TestPlaces(t *testing.T) {
	for section, want := range map[string]string{
		"1.4":                            "[{1.4 []}]",
		"1.10":                           "[{1.10 []}]",
		"1.4 item 6, 1.5 item 6":         "[{1.4 [6]} {1.5 [6]}]",
		"1.7 item 2, 1.8 items 4 and 7":  "[{1.7 [2]} {1.8 [4 7]}]",
		"1.5 items 7 to 10":              "[{1.5 [7 8 9 10]}]",
		"1.5 items 1 to 3 and 12, 1.10":  "[{1.5 [1 2 3 12]} {1.10 []}]",
		"1.7, 1.9":                       "[{1.7 []} {1.9 []}]",
		"back out":                       "[]",
		"":                               "[]",
		"1.5 item 13, and 1.10 item 4 …": "[{1.5 [13]} {1.10 [4]}]",
	} {
		if got := fmt.Sprint((&Action{Section: section}).Places()); got != want {
			t.Errorf("%q: %s, want %s", section, got, want)
		}
	}
	exact := &Action{Section: "1.7, 1.8", Items: "1.7 item 2"}
	if got := fmt.Sprint(exact.Places()); got != "[{1.7 [2]}]" {
		t.Errorf("the items do not come first: %s", got)
	}
}

func TestAgree(t *testing.T) {
	p := runbook.Policy{}
	for _, tt := range []struct {
		needs runbook.Needs
		want  string
	}{
		{p.NeedsFor(runbook.Changes), "one operator or approver, the asker too"},
		{p.NeedsFor(runbook.Outage), "one approver other than the asker"},
		{p.NeedsFor(runbook.Outage).Overriding(), "two approvers other than the asker"},
		{p.NeedsFor(runbook.Irreversible), "two approvers other than the asker; then everything is read again, and one of them starts it within 10 minutes"},
		{runbook.Needs{Count: 4, Roles: []runbook.Role{runbook.Approver}}, "4 approvers, the asker too"},
	} {
		if got := Agree(tt.needs); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.needs, got, tt.want)
		}
	}
}
