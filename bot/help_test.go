package bot

import (
	"log/slog"
	"testing"

	"itmsbot/actions"
	"itmsbot/commands"
	"itmsbot/runbook"
)

// TestHelpFits: the help grows with the catalog, and has to fit into one answer.
func TestHelpFits(t *testing.T) {
	ana := runbook.Person{Team: "T1", User: "UANA"}
	policy := runbook.Policy{Members: []runbook.Member{{Person: ana, Name: "Ana", Role: runbook.Viewer}}}
	router := commands.NewRouter(actions.NewEngine(nil, actions.Env{}, policy, slog.New(slog.DiscardHandler)), nil, nil, nil)
	lines := []string{"help"}
	for _, a := range actions.Catalog {
		lines = append(lines, "help "+a.Name)
	}
	for _, line := range lines {
		reply, err := router.Do(nil, commands.Call{By: ana, Door: "slack", Line: line})
		if err != nil {
			t.Fatal(err)
		}
		d := drawReply(reply)
		if err := check(d.text, d.blocks); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		t.Logf("%s: %d blocks, %d characters", line, len(d.blocks), reading(d.blocks))
	}
}
