package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPlanBlocksOnTheWire runs a request with Slack's plan blocks on: the lab
// takes every post and update, one plan block stands on the card, and at the end
// all of its tasks are complete.
func TestPlanBlocksOnTheWire(t *testing.T) {
	s := openStage(t)
	s.stopBot()
	s.plant.slack.PlanBlocks = true
	s.startBot()
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	plans := 0
	for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, "") {
		var blocks []struct {
			Type  string
			Title json.RawMessage
			Tasks []struct{ Title, Status string }
		}
		if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
			continue
		}
		for _, b := range blocks {
			if b.Type != "plan" {
				continue
			}
			plans++
			if len(b.Tasks) < 10 || !strings.Contains(string(b.Title), "11 of 11 steps done") {
				t.Errorf("%s with %d tasks", b.Title, len(b.Tasks))
			}
			for _, task := range b.Tasks {
				if task.Status != "complete" {
					t.Errorf("%s: %s", task.Status, task.Title)
				}
			}
		}
	}
	if plans != 1 {
		t.Errorf("%d plan blocks in the channel:\n%s", plans, s.channel("Cleo"))
	}
}
