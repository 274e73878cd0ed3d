package bot

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/lab/slack"
	"itmsbot/runbook"
)

var update = flag.Bool("update", false, "write what the tests compare with")

// validator is the lab's blocks.validate.
func validator(t *testing.T) func(blocks []slackgo.Block) error {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	workspace := slack.New(slack.Config{URL: "http://" + server.Listener.Addr().String(), TeamID: "T0LAB", AppID: "A0BOT", BotID: "B0BOT", BotUser: "U0BOT",
		BotName: "itmsbot", BotToken: "xoxb-test", AppToken: "xapp-test", Command: "/itms", Now: time.Now})
	server.Config.Handler = workspace.Handler()
	server.Start()
	t.Cleanup(func() { server.Close(); workspace.Close() })
	return func(blocks []slackgo.Block) error {
		raw, err := json.Marshal(blocks)
		if err != nil {
			return err
		}
		res, err := http.PostForm(server.URL+"/api/blocks.validate", url.Values{"blocks": {string(raw)}})
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		var said struct{ OK bool }
		if err := json.Unmarshal(answer, &said); err != nil || !said.OK {
			return fmt.Errorf("blocks.validate: %s %v", answer, err)
		}
		return nil
	}
}

// quiesceView is a request on the practice estate, at a stage of its life.
func quiesceView(state string, planBlocks bool) view {
	ana, ben := runbook.Person{Team: "T1", User: "UANA"}, runbook.Person{Team: "T1", User: "UBEN"}
	v := view{copy: actions.Copy{Title: "Quiesce the estate", Means: "Clients cannot reach ITMS until the doors are opened again.", Done: "The estate is quiet and there is a way back.",
		DoneMeans: "Every server is in one snapshot set.", Next: "1.5, upgrade the SMP."},
		policy:     runbook.Policy{Members: []runbook.Member{{Person: ana, Name: "Ana", Role: runbook.Operator}, {Person: ben, Name: "Ben", Role: runbook.Approver}}},
		estate:     estate.Estate{Name: "Practice", Lab: true, Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}, {Name: "SQL1", Role: estate.SQL}, {Name: "SITE1", Role: estate.Site}, {Name: "GW1", Role: estate.Gateway}}},
		planBlocks: planBlocks, seal: "trail 47 · 3f2a91bc4d5e6f70"}
	began := time.Date(2026, 11, 28, 7, 9, 0, 0, time.UTC)
	stage := func(id, title, doing, done string, hosts ...string) runbook.Stage {
		s := runbook.Stage{ID: id, Title: title, Doing: doing, Done: done}
		for i, h := range hosts {
			s.Steps = append(s.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, i+1), Host: h, Effect: runbook.Effect{What: "Doors to clients", Before: "Open", After: "closed"}, WayBack: "back"})
		}
		return s
	}
	plan := runbook.Plan{Format: 1, Section: "1.4", Stages: []runbook.Stage{
		stage("1", "Close the doors on SMP1, SITE1 and GW1", "closing the doors", "Doors closed on SMP1, SITE1 and GW1", "SMP1", "SITE1", "GW1"),
		stage("2", "Wait for the queues of SMP1", "waiting for the queues", "Queues of SMP1 empty", "SMP1"),
		stage("3", "Read the logs of SMP1 and SQL1", "reading the logs", "Logs of SMP1 and SQL1 read", "SMP1", "SQL1"),
		stage("4", "Restart SMP1", "restarting SMP1", "SMP1 restarted", "SMP1"),
		stage("5", "Snapshot SMP1, SQL1, SITE1 and GW1 as one set", "taking the snapshots", "SMP1, SQL1, SITE1 and GW1 are in one snapshot set", "SMP1", "SQL1", "SITE1", "GW1"),
	}}
	r := runbook.Request{ID: "R-12", Action: "quiesce", Line: "quiesce", By: ana, AskedAt: began.Add(-7 * time.Minute), Digest: strings.Repeat("9f3c21ab", 8),
		Needs: runbook.Needs{Count: 1, Roles: []runbook.Role{runbook.Approver}}, Seats: []runbook.Seat{{By: ben, At: began.Add(-time.Minute)}}, StartedAt: began}
	end := func(id string, minute int, result runbook.Result, text string) {
		at := began.Add(time.Duration(minute) * time.Minute)
		life := runbook.StepLife{ID: id, Attempts: 1, Began: at, Ended: at.Add(time.Minute), Result: result, Text: text}
		if result == "" {
			life.Open, life.Ended = true, time.Time{}
		}
		if result == runbook.Asks {
			life.Ask = &runbook.Question{Finding: strings.Repeat("c", 64), Answers: []runbook.Answer{
				{Word: "accept", Label: "Continue", Leads: "You say that these errors do not stop the upgrade.", Accepts: true}, {Word: "again", Label: "Look again", Leads: "The bot looks again."}}}
		}
		r.Steps = append(r.Steps, life)
	}
	for i, host := range []string{"4 rules off. No client is connected.", "3 rules off. <!channel> *is not markup*.", "1 rule off."} {
		end(fmt.Sprintf("1.%d", i+1), 0, runbook.StepDone, host)
	}
	r.State, r.Stage = runbook.Running, "2"
	switch state {
	case "running":
		end("2.1", 2, "", "412 events left: 398 in the database, 14 files.")
	case "needs-a-person":
		end("2.1", 2, runbook.StepDone, "Empty for 3 samples.")
		end("3.1", 5, runbook.Asks, "3 groups of errors are new or more frequent.")
		end("3.2", 5, runbook.AlreadySo, "No error is new.")
		r.State, r.Stage, r.Waits = runbook.Waiting, "3", &runbook.WaitsBody{Why: runbook.HasQuestion, Text: "SMP1: 3 groups of errors are new or more frequent."}
	case "failed", "unknown":
		end("2.1", 2, runbook.StepDone, "Empty for 3 samples.")
		end("3.1", 5, runbook.Accepted, "3 groups of errors are new or more frequent.")
		r.Steps[len(r.Steps)-1].Judge = &runbook.Said{By: ana, Text: "Continue"}
		end("3.2", 5, runbook.StepDone, "No error is new.")
		if state == "unknown" {
			end("4.1", 9, runbook.Unclear, "The order was given; afterwards the bot could not reach it.")
			r.State, r.Stage, r.Waits = runbook.Waiting, "4", &runbook.WaitsBody{Why: runbook.StepUnknown, Text: "SMP1 may or may not have restarted."}
			break
		}
		end("4.1", 9, runbook.StepDone, "Restarted.")
		for i := range 3 {
			end(fmt.Sprintf("5.%d", i+1), 15, runbook.StepDone, "Snapshot itmsbot R-12, file systems at rest.")
		}
		end("5.4", 15, runbook.NotDone, "vCenter says: “Failed to quiesce the virtual machine.”")
		r.State, r.Stage, r.Waits = runbook.Waiting, "5", &runbook.WaitsBody{Why: runbook.StepFailed, Text: "GW1: vCenter says: “Failed to quiesce the virtual machine.”"}
	case "done":
		r.Steps = nil
		for i, s := range plan.Steps() {
			end(s.ID, i, runbook.StepDone, "As planned.")
		}
		r.State, r.Ended = runbook.WasDone, &runbook.Said{By: runbook.Bot, At: began.Add(17 * time.Minute)}
	}
	v.request, v.plan = r, &plan
	return v
}

// TestCardsAreAsDrawn compares cards with plan blocks and without with files
// that people have looked at.
func TestCardsAreAsDrawn(t *testing.T) {
	validate := validator(t)
	for _, state := range []string{"running", "needs-a-person", "failed", "unknown", "done"} {
		for _, on := range []bool{false, true} {
			name := state + map[bool]string{false: "-sections", true: "-plan"}[on]
			t.Run(name, func(t *testing.T) {
				d := card(quiesceView(state, on))
				if err := check(d.text, d.blocks); err != nil {
					t.Error(err)
				}
				blocks := number(d.blocks, "card:R-12", 47)
				if err := validate(blocks); err != nil {
					t.Error(err)
				}
				var got bytes.Buffer
				e := json.NewEncoder(&got)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				if err := e.Encode(map[string]any{"text": d.text, "blocks": blocks}); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join("testdata", "cards", name+".json")
				if *update {
					if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil || !bytes.Equal(want, got.Bytes()) {
					t.Errorf("the card is not the one in %s (%v); look at it, then write it with go test ./bot -update:\n%s", path, err, got.Bytes())
				}
			})
		}
	}
}

// TestTaskTitles holds the words of every state of a task.
func TestTaskTitles(t *testing.T) {
	for state, want := range map[string][]string{
		"running": {"complete Doors closed on SMP1, SITE1 and GW1, 07:09 to 07:10 UTC", "in_progress Waiting for the queues", "pending Read the logs of SMP1 and SQL1",
			"pending Restart SMP1", "pending Snapshot SMP1, SQL1, SITE1 and GW1 as one set"},
		"needs-a-person": {"complete Doors closed on SMP1, SITE1 and GW1, 07:09 to 07:10 UTC", "complete Queues of SMP1 empty, 07:11 to 07:12 UTC",
			"in_progress Needs a person: read the logs of SMP1 and SQL1, on SMP1", "pending Not started: restart SMP1", "pending Not started: snapshot SMP1, SQL1, SITE1 and GW1 as one set"},
		"unknown": {"complete Doors closed on SMP1, SITE1 and GW1, 07:09 to 07:10 UTC", "complete Queues of SMP1 empty, 07:11 to 07:12 UTC", "complete Logs of SMP1 and SQL1 read, 07:14 to 07:15 UTC",
			"error Unknown: restart SMP1", "pending Not started: snapshot SMP1, SQL1, SITE1 and GW1 as one set"},
		"failed": {"complete Doors closed on SMP1, SITE1 and GW1, 07:09 to 07:10 UTC", "complete Queues of SMP1 empty, 07:11 to 07:12 UTC", "complete Logs of SMP1 and SQL1 read, 07:14 to 07:15 UTC",
			"complete SMP1 restarted, 07:18 to 07:19 UTC", "error Failed: snapshot SMP1, SQL1, SITE1 and GW1 as one set, on GW1"},
	} {
		v := quiesceView(state, true)
		var got []string
		for _, task := range v.planBlock(v.looks()).(*slackgo.PlanBlock).Tasks {
			got = append(got, string(task.Status)+" "+task.Title)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", state, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	// In the middle of a stage it says for whom it waits.
	v := quiesceView("running", true)
	v.request.Steps = v.request.Steps[:2]
	v.request.Steps[0].Open, v.request.Steps[0].Result = true, ""
	if title, status := v.task(v.look(v.plan.Stages[0])); title != "Waiting for SMP1 and GW1: closing the doors" || status != slackgo.TaskCardStatusInProgress {
		t.Errorf("%s %s", status, title)
	}
}

// TestManyTasksFold: what is done shares a task where there are more than a plan
// holds, so that what is not done is always seen.
func TestManyTasksFold(t *testing.T) {
	validate := validator(t)
	for name, c := range map[string]struct {
		done, failed, todo int
		want               []string
	}{
		"40 are shown":       {39, 1, 0, nil},
		"done ones fold":     {60, 1, 5, []string{"Steps 1 to 60 done", "Failed: do it", "Not started: do it"}},
		"so do far-off ones": {10, 1, 90, []string{"Steps 1 to 10 done", "Failed: do it", "Not started: do it", "Not started: steps 49 to 101"}},
		"many bad ones":      {0, 70, 0, []string{"Failed: do it", "Steps 40 to 70: the thread has them"}},
	} {
		v := quiesceView("failed", true)
		v.plan = &runbook.Plan{Section: "1.4"}
		v.request.Steps = nil
		for i := range c.done + c.failed + c.todo {
			id := fmt.Sprint(i + 1)
			v.plan.Stages = append(v.plan.Stages, runbook.Stage{ID: id, Title: "Do it", Doing: "doing it", Done: "It is done", Steps: []runbook.Step{{ID: id + ".1", Host: "SMP1"}}})
			life := runbook.StepLife{ID: id + ".1", Result: runbook.StepDone, Text: "so"}
			if i >= c.done {
				life.Result = runbook.NotDone
			}
			if i < c.done+c.failed {
				v.request.Steps = append(v.request.Steps, life)
			}
		}
		d := card(v)
		if err := check(d.text, d.blocks); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := validate(d.blocks); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		titles := ""
		for _, b := range d.blocks {
			if p, ok := b.(*slackgo.PlanBlock); ok {
				for _, task := range p.Tasks {
					titles += task.Title + "\n"
				}
				if len(p.Tasks) > maxTasks || c.want == nil && len(p.Tasks) != 40 {
					t.Errorf("%s: %d tasks", name, len(p.Tasks))
				}
			}
		}
		for _, w := range c.want {
			if !strings.Contains(titles, w+"\n") {
				t.Errorf("%s: no task %q in\n%s", name, w, titles)
			}
		}
	}
}
