package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/lab"
	"itmsbot/lab/slack"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
)

// checked runs itmsbot check and gives what it prints.
func checked(t *testing.T, path string) (string, error) {
	t.Helper()
	var out strings.Builder
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := runCheck(ctx, &out, path, "")
	return out.String(), err
}

func TestCheckOfAWholeSite(t *testing.T) {
	l, path := practiceSite(t, lab.Options{})
	before := l.World.Dump()
	out, err := checked(t, path)
	if err != nil || strings.Contains(out, "BAD") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, words := range []string{"not there yet", "itmsbot in workspace", "#itms-upgrade", "all that are needed", "UDORA0001, approver", "Socket Mode is on",
		"SMP server answers", "4 rules let clients in", "SQL Server answers",
		`D:\Backup\ITMS can be read; the newest of 6 files is 4h41m`,
		"as itmsbot_reader", "read the backup history", "SITE1 (VirtualMachine:vm-"} {
		if !strings.Contains(out, words) {
			t.Errorf("no word of %q:\n%s", words, out)
		}
	}
	if diff := cmp.Diff(before, l.World.Dump()); diff != "" || l.Slack.Connections() != 0 || len(l.Slack.Messages("UANA00001", "CITMS0001", "")) != 0 {
		t.Error("a check changes nothing, opens no socket and says nothing")
	}
}

// TestCheckSaysWhatIsMissing: each way of being wrong is named at its target.
func TestCheckSaysWhatIsMissing(t *testing.T) {
	_, path := practiceSite(t, lab.Options{Slack: func(c *slack.Config) {
		c.Scopes = []string{"commands", "channels:read", "channels:history", "files:write"}
	}})
	edit(t, path, "UDORA0001", "UDORA0009", "CITMS0001", "CITMS0009")
	dir := filepath.Dir(path)
	for name, content := range map[string]string{"windows-password": "wrong", "app-token": "xapp-wrong", "sql-password": "wrong", "vcenter-password": "wrong"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := checked(t, path)
	if !errors.Is(err, errMissing) {
		t.Error(err)
	}
	for _, words := range []string{
		"channel CITMS0009", "slack says channel_not_found",
		"scope chat:write", "the bot needs it to post and update cards",
		"the scope users:read is needed",
		"app token", "slack says invalid_auth",
		"it was tried once and is not tried again", "log-on parked",
	} {
		if !strings.Contains(out, words) {
			t.Errorf("no word of %q:\n%s", words, out)
		}
	}
	if strings.Contains(out, "wrong") && strings.Contains(out, "xapp-wrong") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	if n := strings.Count(strings.Join(linesOf(out, "remote management"), "\n"), "log-on refused"); n != 1 {
		t.Errorf("the password was tried on %d hosts; once is what an account stands:\n%s", n, out)
	}
}

// linesOf are the lines that hold words.
func linesOf(text, words string) []string {
	var found []string
	for _, l := range strings.Split(text, "\n") {
		if strings.Contains(l, words) {
			found = append(found, l)
		}
	}
	return found
}

// TestCheckOfBackups: what is not there is bad, what is old is a note.
func TestCheckOfBackups(t *testing.T) {
	l, path := practiceSite(t, lab.Options{})
	number := 30
	if err := l.World.Set(world.Condition{Field: "files-age", Host: "SMP1", Number: &number}); err != nil {
		t.Fatal(err)
	}
	out, err := checked(t, path)
	if err != nil || len(linesOf(out, "30h0m0s old")) != 1 || !strings.HasPrefix(linesOf(out, "30h0m0s old")[0], string(note)) {
		t.Errorf("%v\n%s", err, out)
	}
	edit(t, path, `D:\\Backup\\ITMS`, `D:\\Other`)
	out, err = checked(t, path)
	if !errors.Is(err, errMissing) || len(linesOf(out, `there is no folder D:\Other`)) != 1 {
		t.Errorf("%v\n%s", err, out)
	}
	for name, tt := range map[string]struct {
		found estate.NewestFile
		want  standing
	}{
		"young":        {estate.NewestFile{There: true, Files: 1, Newest: &estate.File{Size: 1, Seconds: 60}}, good},
		"old":          {estate.NewestFile{There: true, Files: 1, Newest: &estate.File{Size: 1, Seconds: 90000}}, note},
		"empty":        {estate.NewestFile{There: true, Files: 1, Newest: &estate.File{Seconds: 60}}, note},
		"of tomorrow":  {estate.NewestFile{There: true, Files: 1, Newest: &estate.File{Size: 1, Seconds: -60}}, note},
		"no file":      {estate.NewestFile{There: true}, note},
		"closed":       {estate.NewestFile{There: true, Unread: 1, Trouble: "denied"}, bad},
		"partly":       {estate.NewestFile{There: true, Files: 1, Unread: 1, Newest: &estate.File{Size: 1}}, note},
		"too many":     {estate.NewestFile{There: true, Files: 1, Stopped: "files", Newest: &estate.File{Size: 1}}, note},
		"no such path": {estate.NewestFile{}, bad},
	} {
		if got, says := readBackup(tt.found, 24*time.Hour); got != tt.want {
			t.Errorf("%s is %s: %s", name, got, says)
		}
	}
}

// TestCheckOfWhatIsNotConfigured: without cmdb and vcenter little can be done,
// and a check says so.
func TestCheckOfWhatIsNotConfigured(t *testing.T) {
	_, path := practiceSite(t, lab.Options{})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	text = text[:strings.Index(text, "cmdb:\n")] + text[strings.Index(text, "slack:\n"):]
	text = text[:strings.Index(text, "  - name: \"sql\"\n")] + text[strings.Index(text, "slack:\n"):]
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := checked(t, path)
	if err != nil || len(linesOf(out, "none is configured")) != 2 || len(linesOf(out, "no folder with file backups is configured")) != 1 {
		t.Errorf("%v\n%s", err, out)
	}
}

func edit(t *testing.T, path string, oldnew ...string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(oldnew...).Replace(string(b))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckKnowsItsHosts(t *testing.T) {
	_, path := practiceSite(t, lab.Options{})
	err := runCheck(context.Background(), &strings.Builder{}, path, "SMP9")
	if err == nil || !strings.Contains(err.Error(), "no host SMP9; it has SMP1, SQL1, SITE1 and GW1") {
		t.Error(err)
	}
}

func TestSkew(t *testing.T) {
	asked := time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		took, off time.Duration
		want      standing
	}{
		{time.Second, 0, good}, {time.Second, 90 * time.Second, good}, {0, -2*time.Minute - time.Second, note},
		{0, 4 * time.Minute, note}, {0, 5*time.Minute + time.Second, bad}, {0, -time.Hour, bad},
	} {
		f := skew("SMP1", asked, asked.Add(c.took), asked.Add(c.took/2+c.off))
		if f.stands != c.want {
			t.Errorf("%s off is %s: %s", c.off, f.stands, f.says)
		}
	}
}

func TestCheckOfADatabasesPlace(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]standing{
		filepath.Join(dir, "new.db"): good, file: good,
		filepath.Join(dir, "none", "x.db"): bad, filepath.Join(file, "x.db"): bad,
	} {
		if f := checkDatabase(&config.Config{Database: path}); f.stands != want {
			t.Errorf("%s is %s: %s", path, f.stands, f.says)
		}
	}
}

// TestCheckOfTheWayBack: what a rollback will need is found out before the day: the right
// to go back, and an account for the host whose domain has forgotten it.
func TestCheckOfTheWayBack(t *testing.T) {
	l, path := practiceSite(t, lab.Options{})
	if out, err := checked(t, path); err != nil || len(linesOf(out, "own account")) != 4 {
		t.Errorf("%v\n%s", err, out)
	}
	if err := l.VCenter.Inject(vcenter.Fault{Kind: vcenter.FaultCall, VM: "SMP1", Method: "RevertToSnapshot_Task"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "own-gw1-password"), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := checked(t, path)
	if !errors.Is(err, errMissing) {
		t.Error(err)
	}
	for _, words := range []string{"the account lacks VirtualMachine.State.RevertToSnapshot on it", "it was tried once"} {
		if len(linesOf(out, words)) != 1 {
			t.Errorf("not one line of %q:\n%s", words, out)
		}
	}
}
