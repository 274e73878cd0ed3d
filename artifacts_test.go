package main

import (
	"strings"
	"testing"

	"itmsbot/commands"
	"itmsbot/lab/slack"
	"itmsbot/runbook"
)

// artifactsOf lists what the outcomes of a request name: step, name in the
// thread, bytes.
func (s *stage) artifactsOf(request string) map[string]string {
	s.t.Helper()
	named := map[string]string{}
	for _, e := range s.events() {
		var b runbook.OutcomeBody
		if e.Kind != runbook.Outcome || e.Request != request {
			continue
		}
		if err := e.Read(&b); err != nil {
			s.t.Fatal(err)
		}
		for _, a := range b.Artifacts {
			content, err := s.bot.store.Artifact(a.SHA256)
			if err != nil || int64(len(content)) != a.Bytes {
				s.t.Fatalf("event %d: %s of %d bytes: %d, %v", e.N, a.Name, a.Bytes, len(content), err)
			}
			base, ext, _ := strings.Cut(a.Name, ".")
			named[base+"-"+a.SHA256[:8]+"."+ext] = string(content)
		}
	}
	return named
}

// filesInThread counts the files of the threads of the channel by name.
func (s *stage) filesInThread() map[string]int {
	files := map[string]int{}
	for _, card := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, "") {
		if card.ThreadTS != "" && card.ThreadTS != card.TS {
			continue
		}
		for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, card.TS) {
			for _, f := range m.Files {
				files[f.Name]++
			}
		}
	}
	return files
}

// TestArtifactsInTheThread: what the steps found lies in the thread as files,
// each exactly once, whatever happened to the uploads, and never in the way of a
// card.
func TestArtifactsInTheThread(t *testing.T) {
	for name, faults := range map[string][]slack.Fault{
		"all is well":                     nil,
		"refused once":                    {{Kind: "down", Method: "files.completeUploadExternal", Count: 1}},
		"the bytes got lost":              {{Kind: "lost", Method: "upload", Count: 2}},
		"of unknown fate":                 {{Kind: "unknown", Method: "files.completeUploadExternal", Count: 2}},
		"asked to wait":                   {{Kind: "rate-limited", Method: "files.getUploadURLExternal", Count: 1}},
		"slow: nothing of it for a while": {{Kind: "down", Method: "files.getUploadURLExternal", Count: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openStage(t)
			for _, f := range faults {
				if err := s.lab.Slack.Inject(f); err != nil {
					t.Fatal(err)
				}
			}
			s.say("Ana", "/itms quiesce")
			s.press("Ben", "Approve", "R-1")
			s.sees("Quiesce the estate (1.4): done") // whatever the files do
			s.allThere()
		})
	}
}

// allThere waits until every artifact is in the thread, and holds that each is
// there once, with its bytes.
func (s *stage) allThere() {
	s.t.Helper()
	named := s.artifactsOf("R-1")
	if len(named) < 4 {
		s.t.Fatalf("the steps of R-1 named %d files", len(named))
	}
	s.until("every file is in the thread", func() bool {
		files := s.filesInThread()
		for name := range named {
			if files[name] == 0 {
				return false
			}
		}
		return true
	})
	for name, n := range s.filesInThread() {
		if n != 1 {
			s.t.Errorf("%s is there %d times", name, n)
		}
		if want, ok := named[name]; ok && s.fileInThread(name) != want {
			s.t.Errorf("%s does not hold what was found", name)
		}
	}
}

// TestArtifactsAfterARestart ends the bot while uploads are of unknown fate, and
// starts it again.
func TestArtifactsAfterARestart(t *testing.T) {
	s := openStage(t)
	if err := s.lab.Slack.Inject(slack.Fault{Kind: "unknown", Method: "files.completeUploadExternal", Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.lab.Slack.Inject(slack.Fault{Kind: "down", Method: "files.completeUploadExternal", After: 3}); err != nil {
		t.Fatal(err)
	}
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	s.until("some files are there and some are not", func() bool { return len(s.filesInThread()) >= 2 })
	s.stopBot()
	s.lab.Slack.Clear()
	s.startBot()
	s.allThere()
	audit := ""
	for _, e := range s.events() {
		audit += commands.Describe(e, s.plant.policy) + "\n" // what `/itms audit` shows
	}
	if strings.Count(audit, " File `errors-SMP1.csv`, ") != 1 {
		t.Errorf("the trail in words does not name errors-SMP1.csv once:\n%s", audit)
	}
	var told string
	for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, s.card("R-1")) {
		told += flat(m.Blocks)
	}
	for name := range s.artifactsOf("R-1") {
		if !strings.Contains(told, "the whole list is in the file `"+name+"`") {
			t.Errorf("the thread does not say that the list is in %s:\n%s", name, told)
		}
	}
}

// card is the ts of a request's card.
func (s *stage) card(request string) string {
	s.t.Helper()
	m, ok, err := s.bot.store.Message("card:" + request)
	if err != nil || !ok {
		s.t.Fatalf("the card of %s: %t %v", request, ok, err)
	}
	return m.TS
}
