package actions

import (
	"strings"
	"testing"

	"itmsbot/estate"
)

// TestServersAreSpelledAsConfigured: a server that was typed in another case appears as
// the configuration writes it, and no other word is touched.
func TestServersAreSpelledAsConfigured(t *testing.T) {
	e := estate.Estate{Hosts: []estate.Host{{Name: "SMP1"}, {Name: "sql1"}, {Name: "Cold"}}}
	tests := []struct {
		action *Action
		words  []string
		want   string
	}{
		{reboot, []string{"smp1"}, "SMP1"},
		{reboot, []string{"SQL1"}, "sql1"},
		{reboot, []string{"smp9"}, "smp9"},
		{snapshot, []string{"take", "smp1", "SQL1", "cold"}, "take SMP1 sql1 Cold"},
		{snapshot, []string{"--override", "smp1"}, "--override smp1"},
		{startServices, []string{"smp1", "Sql1"}, "SMP1 Sql1"},
		{quiesce, []string{"except", "smp1", "rule", "smp1", "smp1"}, "except SMP1 rule smp1 smp1"},
		{quiesce, []string{"smp1"}, "smp1"},
		{block, []string{"smp1"}, "smp1"},
	}
	for _, tt := range tests {
		typed := strings.Join(tt.words, " ")
		if got := strings.Join(tt.action.Spelled(e, tt.words), " "); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.action.Name, typed, got, tt.want)
		}
		if strings.Join(tt.words, " ") != typed {
			t.Errorf("%s %s: the words of the caller were changed", tt.action.Name, typed)
		}
	}
}
