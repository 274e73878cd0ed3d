package actions

import (
	"context"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// oneFolder is a host whose newest file is what it is told to be.
type oneFolder struct {
	Hosts
	found estate.NewestFile
	err   error
}

func (f oneFolder) NewestFile(context.Context, string, estate.Lane, string) (estate.NewestFile, error) {
	return f.found, f.err
}

// TestFilesCurrent: only a young file that is not empty passes; everything else that
// was seen asks a person, and what could not be asked is an error.
func TestFilesCurrent(t *testing.T) {
	file := func(size, seconds int64) *estate.File {
		return &estate.File{Path: `D:\B\x.zip`, Size: size, Seconds: seconds}
	}
	for _, tt := range []struct {
		name  string
		found estate.NewestFile
		want  Standing
		words string
	}{
		{"young", estate.NewestFile{There: true, Files: 2, Newest: file(2048, 7200)}, IsDone, "2\u00a0h old and has 2\u00a0KB"},
		{"just young enough", estate.NewestFile{There: true, Newest: file(1, 86400)}, IsDone, "24\u00a0h old and has 1\u00a0KB"},
		{"young, and not all was seen", estate.NewestFile{There: true, Newest: file(1, 60), Stopped: "time", Unread: 1}, IsDone, "x.zip"},
		{"too old", estate.NewestFile{There: true, Newest: file(1, 86401)}, Otherwise, "24\u00a0h is asked for."},
		{"too old, and not all was seen", estate.NewestFile{There: true, Files: 100000, Newest: file(1, 90000), Stopped: "files"}, Otherwise, "ended after 100000 files."},
		{"too old, and it took too long", estate.NewestFile{There: true, Files: 9, Newest: file(1, 90000), Stopped: "time"}, Otherwise, "took too long"},
		{"empty", estate.NewestFile{There: true, Newest: file(0, 60)}, Otherwise, "empty"},
		{"of tomorrow", estate.NewestFile{There: true, Newest: file(1, -3600)}, Otherwise, "60\u00a0min in the future"},
		{"no file", estate.NewestFile{There: true}, Otherwise, "no file below"},
		{"unreadable", estate.NewestFile{There: true, Unread: 1, Trouble: "Access is denied."}, Otherwise, "1\u00a0folder below could not be looked into (Access is denied)."},
		{"no folder", estate.NewestFile{}, Otherwise, "no folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			step := runbook.Step{ID: "6.3", Host: "SMP1", Params: []byte(`{"path":"D:\\B","max_age_seconds":86400}`)}
			f, err := filesCurrent.Look(t.Context(), Env{Hosts: oneFolder{found: tt.found}}, step)
			if err != nil || f.Standing != tt.want || !strings.Contains(f.Text, tt.words) || (len(f.Ask) > 0) != (tt.want == Otherwise) {
				t.Errorf("%s %q, %d answers, %v; want %s with %q", f.Standing, f.Text, len(f.Ask), err, tt.want, tt.words)
			}
		})
	}
	away := &estate.Error{Kind: estate.Unreachable, Host: "SMP1", Op: "look for the newest file"}
	step := runbook.Step{ID: "6.3", Host: "SMP1", Params: []byte(`{"path":"D:\\B","max_age_seconds":1}`)}
	if f, err := filesCurrent.Look(t.Context(), Env{Hosts: oneFolder{err: away}}, step); err == nil {
		t.Errorf("a host that does not answer is %s %q", f.Standing, f.Text)
	}
}

// TestBackupStage: every folder of a host that is not left out is looked at; without
// one a person is asked.
func TestBackupStage(t *testing.T) {
	env := Env{Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}, {Name: "SQL1", Role: estate.SQL}}}, Limits: DefaultLimits()}
	paths := func() (hosts, paths string) {
		stage, err := backups(env, "6")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range stage.Steps {
			if s.Kind == filesCurrent.Name {
				p, err := params[fileParams](s.Params, s.ID)
				if err != nil {
					t.Fatal(err)
				}
				hosts, paths = hosts+" "+s.Host, paths+" "+p.Path
			}
		}
		return hosts, paths
	}
	if h, p := paths(); h != " SMP1" || p != " " {
		t.Errorf("without a folder: %q on %q, want a step that asks", p, h)
	}
	f, err := filesCurrent.Look(t.Context(), env, runbook.Step{Params: []byte(`{"path":"","max_age_seconds":0}`)})
	if err != nil || f.Standing != Otherwise || len(f.Ask) == 0 || !strings.Contains(f.Text, "No folder with file backups is configured") {
		t.Errorf("without a folder: %+v %v", f, err)
	}
	env.Limits.Files = []FileBackup{{"SITE1", `D:\A`, time.Hour}, {"smp1", `D:\B`, time.Hour}, {"SQL1", `E:\C`, time.Hour}}
	if h, p := paths(); h != " SMP1 SQL1" || p != ` D:\B E:\C` {
		t.Errorf("%q on %q, want those of the hosts that are not left out", p, h)
	}
}
