package slack_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"itmsbot/lab/slack"
)

// TestBolt lets an app on Slack's own framework use the workspace. It runs
// where ITMSBOT_BOLT names a folder in which @slack/bolt 5.1.0 is installed.
func TestBolt(t *testing.T) {
	modules := os.Getenv("ITMSBOT_BOLT")
	if modules == "" {
		t.Skip("ITMSBOT_BOLT names no folder with @slack/bolt")
	}
	l := newLab(t, nil)
	l.runNode(t, modules, "testdata/bolt.mjs")
	l.until(t, "the app is connected", func() bool { return l.Connections() > 0 })

	say := func(text string) {
		t.Helper()
		if _, err := l.Say(t.Context(), ann, channel, "", text); err != nil {
			t.Fatal(err)
		}
	}
	find := func(text string) (m slack.Message) {
		t.Helper()
		l.until(t, "ann sees "+text, func() bool {
			for _, m = range l.Messages(ann, channel, "") {
				if m.Text == text {
					return true
				}
			}
			return false
		})
		return m
	}
	say("/itms help")
	if m := find("ask me anything"); !m.Ephemeral {
		t.Errorf("help is for everybody: %+v", m)
	}

	say("/itms quiesce")
	card := find("R-1 for <@" + ann + ">")
	if err := l.Press(t.Context(), bob, channel, card.TS, "leave"); err != nil {
		t.Fatal(err)
	}
	l.until(t, "the modal is open", func() bool { return len(l.Open(bob)) == 1 })
	id := l.Open(bob)[0].ID
	var refused *slack.ViewErrors
	if err := l.Submit(t.Context(), bob, id, map[string]map[string]any{"why": {"text": "no"}}); !errors.As(err, &refused) {
		t.Errorf("a short reason: %v", err)
	}
	if err := l.Submit(t.Context(), bob, id, map[string]map[string]any{"why": {"text": "it is late"}}); err != nil {
		t.Error(err)
	}
	find("left: it is late")

	if err := l.Press(t.Context(), ann, channel, card.TS, "approve"); err != nil {
		t.Fatal(err)
	}
	find("Approved")
	if m := find("thank you"); !m.Ephemeral {
		t.Errorf("thanks are for everybody: %+v", m)
	}
	l.until(t, "the file is in the thread", func() bool {
		thread := l.Messages(ann, channel, card.TS)
		return len(thread) == 2 && len(thread[1].Files) == 1
	})
}

// runNode runs a script against the workspace until the test ends.
func (l *lab) runNode(t *testing.T, modules, script string) {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.Base(script))
	if err := errors.Join(os.WriteFile(name, source, 0o600), os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(dir, "node_modules"))); err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer // read after the process has ended
	cmd := exec.CommandContext(t.Context(), "node", name)
	cmd.Env = append(os.Environ(), "SLACK_API_URL="+l.url+"/api/", "SLACK_BOT_TOKEN="+botToken, "SLACK_APP_TOKEN="+appToken, "SLACK_CHANNEL="+channel)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup // waited for in the cleanup
	running.Go(func() { _ = cmd.Wait() })
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		running.Wait()
		if t.Failed() {
			t.Logf("node said:\n%s", output.String())
		}
	})
}
