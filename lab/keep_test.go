package lab

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

// keptLab runs a lab of an estate on a folder until the function that it gives is called.
func keptLab(t *testing.T, dir, estate string) (*Lab, func()) {
	t.Helper()
	l, err := Start(Options{Listen: "127.0.0.1:0", Manual: true, Dir: dir, Keep: true, Estate: estate})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- l.Run(ctx) }() // stopped below
	end := func() {
		if ctx.Err() != nil {
			return
		}
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return l, end
}

// TestLabIsKept: what was done in a lab is so in the next one on the same folder, and
// whoever reaches it with the new document finds the hosts as they were left.
func TestLabIsKept(t *testing.T) {
	dir := t.TempDir()
	l, end := keptLab(t, dir, "")
	if l.Resumed() {
		t.Error("a new lab goes on from nowhere")
	}
	if _, err := l.World.DisableRule("SMP1", "ITMS-CEM-4726"); err != nil {
		t.Fatal(err)
	}
	if err := l.World.KeepHost("SITE1", "snapshot-900", "kept"); err != nil {
		t.Fatal(err)
	}
	l.World.Advance(3 * time.Hour)
	if _, err := l.Slack.Say(context.Background(), Members()[0].ID, channel, "", "good night"); err != nil {
		t.Fatal(err)
	}
	truth, dump := l.World.Truth(), l.World.Dump()
	end()
	if info, err := os.Stat(filepath.Join(dir, stateFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state: %v, %v", info, err)
	}

	again, end := keptLab(t, dir, "")
	if !again.Resumed() || !again.World.Now().Equal(truth.Now) {
		t.Errorf("resumed %t at %v, want %v", again.Resumed(), again.World.Now(), truth.Now)
	}
	if diff := cmp.Diff(dump, again.World.Dump()); diff != "" {
		t.Errorf("the hosts (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(truth, again.World.Truth()); diff != "" {
		t.Errorf("the truth (-before +after):\n%s", diff)
	}
	said := again.Slack.Messages(Members()[1].ID, channel, "")
	if len(said) != 1 || said[0].Text != "good night" {
		t.Errorf("said was %+v", said)
	}
	if again.Document().Hosts[0].Password == l.Document().Hosts[0].Password {
		t.Error("a password outlived its lab")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	record, err := again.fleet(t).Record(ctx, "SMP1", estate.Look)
	if err != nil || !record.Now.Equal(truth.Now.Truncate(time.Second)) {
		t.Errorf("over the wire it is %v, %v; want %v", record.Now, err, truth.Now)
	}
	end()
}

// TestLabIsNotKeptElsewhere: without Keep a folder has no state, and none is read.
func TestLabIsNotKeptElsewhere(t *testing.T) {
	dir := t.TempDir()
	l, end := keptLab(t, dir, "")
	off := false
	if err := l.World.Set(world.Condition{Field: "power", Host: "SMP1", On: &off}); err != nil {
		t.Fatal(err)
	}
	end()
	fresh, err := Start(Options{Listen: "127.0.0.1:0", Manual: true, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if fresh.Resumed() || fresh.World.Truth().Hosts[0].Power != world.PowerOn {
		t.Error("a lab that is not kept goes on from another")
	}
	if err := fresh.Close(); err != nil {
		t.Error(err)
	}
}

// TestUnreadableLab: what cannot be taken up is named, and nothing is opened.
func TestUnreadableLab(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "{", "another format": `{"world":{"Format":99},"vcenter":{},"slack":{}}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, stateFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Start(Options{Listen: "127.0.0.1:0", Manual: true, Dir: dir, Keep: true})
		if err == nil || !strings.Contains(err.Error(), stateFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDocumentNamesTheDatabase: only where a bot runs on the lab.
func TestDocumentNamesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []string{"", filepath.Join(dir, "itmsbot.db")} {
		l, err := Start(Options{Listen: "127.0.0.1:0", Manual: true, Dir: dir, Database: want})
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
		if err == nil {
			err = json.Unmarshal(b, &doc)
		}
		if err != nil || doc["database"] != want {
			t.Errorf("database %v, %v; want %q", doc["database"], err, want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
