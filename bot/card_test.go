package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"itmsbot/actions"
	"itmsbot/commands"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// TestCardsFitSlack draws every state of a request on an estate of four servers
// and on one of eighty, with far-end words of every kind, and holds the result
// against Slack's limits.
func TestCardsFitSlack(t *testing.T) {
	ana, ben := runbook.Person{Team: "T1", User: "UANA"}, runbook.Person{Team: "T1", User: "UBEN"}
	policy := runbook.Policy{Members: []runbook.Member{{Person: ana, Name: "Ana", Role: runbook.Operator}, {Person: ben, Name: "Ben", Role: runbook.Approver}}}
	for _, hosts := range []int{4, 80} {
		e, plan := estateOf(hosts)
		for _, state := range runbook.States {
			if state == runbook.None {
				continue
			}
			r := requestIn(state, plan, ana, ben)
			for _, why := range []runbook.Why{runbook.StepFailed, runbook.StepUnknown, runbook.Stopped, runbook.HasQuestion} {
				r.Waits = &runbook.WaitsBody{Why: why, Text: strings.Repeat("the far end says a lot <!channel> & *more* ", 60)}
				for _, planBlocks := range []bool{false, true} {
					v := view{planBlocks: planBlocks, request: r, plan: &plan, copy: actions.Copy{Title: "Quiesce the estate", Wish: "do it", Means: "It means something.", Confirm: "Really."},
						policy: policy, estate: e, seal: "trail 1 · 0123456789abcdef"}
					d := card(v)
					if err := check(d.text, d.blocks); err != nil {
						t.Errorf("%d hosts, %s, %s: %v", hosts, state, why, err)
					}
					if raw := fmt.Sprintf("%+v", d.text); strings.Contains(raw, "<!channel>") {
						t.Errorf("%s: the far end reaches the whole channel: %s", state, raw)
					}
				}
			}
		}
	}
}

func estateOf(n int) (estate.Estate, runbook.Plan) {
	e := estate.Estate{Name: "Corp", Hosts: []estate.Host{}}
	plan := runbook.Plan{Format: 1, Section: "1.4"}
	for stage := range 10 {
		s := runbook.Stage{ID: fmt.Sprint(stage + 1), Title: "Close the doors", Doing: "closing the doors", Done: "Doors closed"}
		for i := range n {
			name := fmt.Sprintf("SERVER-%02d", i)
			if stage == 0 {
				e.Hosts = append(e.Hosts, estate.Host{Name: name, Role: estate.Site})
			}
			s.Steps = append(s.Steps, runbook.Step{ID: fmt.Sprintf("%d.%d", stage+1, i+1), Host: name,
				Effect: runbook.Effect{What: []string{"Doors to clients", "Snapshot"}[stage%2], Before: "Open, 4 rules", After: "closed"}, WayBack: "back"})
		}
		plan.Stages = append(plan.Stages, s)
	}
	return e, plan
}

func requestIn(state runbook.State, plan runbook.Plan, by, approver runbook.Person) runbook.Request {
	at := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	r := runbook.Request{ID: "R-1", Action: "quiesce", Line: "quiesce", By: by, State: state, AskedAt: at, Digest: strings.Repeat("a", 64),
		Needs: runbook.Needs{Count: 1, Roles: []runbook.Role{runbook.Approver}, NotRequester: true}, Expires: at.Add(time.Hour),
		Seats: []runbook.Seat{{By: approver, At: at}}, Stage: "3", StartedAt: at, Ended: &runbook.Said{By: approver, At: at, Text: "words"},
		No: &runbook.Refusal{Reason: "It could not be read.", Hint: "Look."}, TakenBy: "R-2",
		Moved:    []runbook.Move{{What: "SMP1", Then: "Open", Now: "Closed"}},
		Readings: []runbook.Reading{{What: "Connected", Value: "3", At: at}}}
	for i, s := range plan.Steps() {
		life := runbook.StepLife{ID: s.ID, Attempts: 1, Began: at, Text: strings.Repeat("what the far end said ", 30), Result: runbook.StepDone}
		if i%7 == 0 {
			life.Result, life.Ask = runbook.Asks, &runbook.Question{Finding: strings.Repeat("b", 64),
				Answers: []runbook.Answer{{Word: "accept", Label: "Continue", Leads: "It goes on.", Accepts: true}, {Word: "again", Label: "Look again", Leads: "Again."}}}
		}
		r.Steps = append(r.Steps, life)
	}
	return r
}

func TestEscape(t *testing.T) {
	tests := map[string]string{
		"plain":                  "plain",
		"<!channel> & <@U1>":     "&lt;!channel&gt; &amp; &lt;@U1&gt;",
		"a\u202eb\u200bc\x00d":   "abcd",
		"line\nbreak\ttab":       "line\nbreak tab",
		"\xff":                   "�",
		"&lt; stays what it was": "&amp;lt; stays what it was",
	}
	for in, want := range tests {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
	ours := commands.Time(time.Unix(1795848900, 0)) + " <!here> " + commands.Mention(runbook.Person{Team: "T1", User: "UBEN00001"})
	if got := mrkdwn(ours); got != "<!date^1795848900^{time}|06:55 UTC> &lt;!here&gt; <@UBEN00001>" {
		t.Errorf("mrkdwn: %q", got)
	}
	// Nobody can type what only we write.
	if typed := "@t(1795848900) @p(UBEN00001) @tAAAAAAAAAA(1)"; mrkdwn(typed) != typed || plain(typed) != typed {
		t.Errorf("typed: %q %q", mrkdwn(typed), plain(typed))
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"<!channel>", "@t(1)", "@p(U1)", "\xff<", "&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e := escape(s); strings.ContainsAny(e, "<>") {
			t.Errorf("escape(%q) = %q", s, e)
		}
	})
}

func TestChunks(t *testing.T) {
	for _, s := range []string{strings.Repeat("word ", 2000), strings.Repeat("x", 7000), "short", strings.Repeat("line of text\n", 600)} {
		for _, part := range chunks(s, 3000) {
			if n := len([]rune(part)); n < 1 || n > 3000 {
				t.Errorf("a part of %d characters", n)
			}
		}
	}
	if got := cut("one two three four", 12); got != "one two…" {
		t.Errorf("cut: %q", got)
	}
}
