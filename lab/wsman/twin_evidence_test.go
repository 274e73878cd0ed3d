package wsman

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

// evidence reads what a revert of the host would erase.
func (h estateHost) evidence(q estate.EvidenceQuery) estate.Evidence {
	h.Helper()
	var e estate.Evidence
	h.call("evidence-read", q, &e)
	return e
}

// of are the files of a kind.
func of(e estate.Evidence, kind string) []estate.EvidenceFile {
	return slices.DeleteFunc(slices.Clone(e.Files), func(f estate.EvidenceFile) bool { return f.Kind != kind })
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestEvidence(t *testing.T) {
	h := newHost(t, "SMP1")
	h.set(world.Condition{Field: "log", Host: "SMP1", Name: "SMP", Number: number(3), Word: "the upgrade went wrong"})
	h.world.Advance(time.Minute)
	e := h.evidence(estate.EvidenceQuery{Kinds: estate.EvidenceKinds(), Since: h.world.Now(), FileBytes: 500, MostBytes: 1 << 20})
	if e.Machine != smpGUID || len(e.Missed) != 0 {
		t.Errorf("answer %+v, missed %+v", e.Answer, e.Missed)
	}
	logs, err := h.world.ReadLogs("SMP1")
	if err != nil {
		t.Fatal(err)
	}
	whole := logs.Files[0].Text
	smp := of(e, estate.EvidenceSMPLogs)
	if len(smp) != 1 || smp[0].Path != world.LogFolder+`\a.log` || smp[0].Bytes != int64(len(whole)) || !smp[0].Cut ||
		string(smp[0].Content) != whole[len(whole)-500:] || smp[0].SHA256 != sha(whole) || smp[0].Changed.IsZero() {
		t.Errorf("logs of the SMP: %+v, want the end of the newest and the sum of all of it", smp)
	}
	if !strings.Contains(string(smp[0].Content), "the upgrade went wrong") {
		t.Errorf("the newest entries are not in %q", smp[0].Content)
	}
	settings := of(e, estate.EvidenceCoreSettings)
	if len(settings) != 1 || settings[0].Path != world.CoreSettings || !strings.HasPrefix(string(settings[0].Content), "<?xml") || !settings[0].Cut {
		t.Errorf("settings: %+v, want their start", settings)
	}
	if sim := of(e, estate.EvidenceSIMLogs); len(sim) != 1 || sim[0].Path != world.LogFolder+`\SIM.log` || sim[0].Bytes != 48_128 || len(sim[0].Content) != 500 {
		t.Errorf("logs of the Installation Manager: %+v", sim)
	}
	iis := of(e, estate.EvidenceIISLogs)
	if len(iis) != 2 || !strings.HasPrefix(iis[0].Path, world.WebLogFolder+`\W3SVC1\u_ex`) || !strings.HasPrefix(iis[1].Path, world.WebLogFolder+`\W3SVC2\u_ex`) {
		t.Errorf("logs of IIS: %+v, want one of each site", iis)
	}
}

// TestEvidenceHasTheSecret: the file is kept as it is, so that somebody else has to take
// its secrets out.
func TestEvidenceHasTheSecret(t *testing.T) {
	h := newHost(t, "SMP1")
	e := h.evidence(estate.EvidenceQuery{Kinds: []string{estate.EvidenceCoreSettings}, FileBytes: 1 << 16, MostBytes: 1 << 16})
	if len(e.Files) != 1 || e.Files[0].Cut || !strings.Contains(string(e.Files[0].Content), world.SettingsPassword) ||
		e.Files[0].Bytes != int64(len(e.Files[0].Content)) || e.Files[0].SHA256 != sha(string(e.Files[0].Content)) {
		t.Errorf("%+v, want all of the settings", e.Files)
	}
}

// TestEvidenceSince: older files than asked about are left out, but for the newest.
func TestEvidenceSince(t *testing.T) {
	h := newHost(t, "SMP1")
	for _, name := range []string{`\SIM-1.log`, `\sim-2.LOG`, `\a7.log`, `\other.txt`} {
		h.set(world.Condition{Field: "file", Host: "SMP1", Name: world.LogFolder + name, Number: number(10)})
	}
	h.set(world.Condition{Field: "file", Host: "SMP1", Name: world.SIMFolder + `\Logs\deep.log`, Number: number(0)})
	made := h.world.Now()
	h.world.Advance(time.Hour)
	h.set(world.Condition{Field: "file", Host: "SMP1", Name: world.SIMFolder + `\new.log`, Number: number(5)})
	names := func(since time.Time) string {
		var list []string
		for _, f := range h.evidence(estate.EvidenceQuery{Kinds: []string{estate.EvidenceSIMLogs}, Since: since, FileBytes: 1000, MostBytes: 1000}).Files {
			list = append(list, f.Path[strings.LastIndex(f.Path, `\`)+1:])
		}
		return strings.Join(list, " ")
	}
	for name, c := range map[string]struct {
		since time.Time
		want  string
	}{
		"ever":            {time.Time{}, "new.log SIM-1.log sim-2.LOG deep.log SIM.log"},
		"the window":      {made.Truncate(time.Second), "new.log SIM-1.log sim-2.LOG deep.log"},
		"the last minute": {h.world.Now().Add(-time.Minute), "new.log"},
		"later than all":  {h.world.Now().Add(time.Hour), "new.log"},
	} {
		if got := names(c.since); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestEvidenceIsBounded: no more is read than was asked for, the newest of every kind
// first, and what there is no room for is still named and summed up.
func TestEvidenceIsBounded(t *testing.T) {
	h := newHost(t, "SMP1")
	for i := range 60 {
		h.set(world.Condition{Field: "file", Host: "SMP1", Name: world.SIMFolder + `\part` + string(rune('A'+i/26)) + string(rune('A'+i%26)) + ".log", Number: number(100)})
	}
	e := h.evidence(estate.EvidenceQuery{Kinds: []string{estate.EvidenceSIMLogs, estate.EvidenceCoreSettings}, FileBytes: 100, MostBytes: 250})
	var all int
	for _, f := range e.Files {
		all += len(f.Content)
		if f.SHA256 == "" || f.Cut != (int64(len(f.Content)) < f.Bytes) {
			t.Errorf("%s: sum %q, cut %t with %d of %d bytes", f.Path, f.SHA256, f.Cut, len(f.Content), f.Bytes)
		}
	}
	if all != 250 || len(e.Files) != 51 {
		t.Errorf("%d bytes of %d files, want 250 of 51", all, len(e.Files))
	}
	if settings := of(e, estate.EvidenceCoreSettings); len(settings) != 1 || len(settings[0].Content) != 100 {
		t.Errorf("the many files of one kind left no room for another: %+v", settings)
	}
	if len(e.Missed) != 1 || e.Missed[0].Kind != estate.EvidenceSIMLogs || e.Missed[0].Why != "11 more files were left out" {
		t.Errorf("missed %+v, want the files beyond fifty", e.Missed)
	}
}

// TestEvidenceThatIsNotThere is no error.
func TestEvidenceThatIsNotThere(t *testing.T) {
	h := newHost(t, "SQL1")
	e := h.evidence(estate.EvidenceQuery{Kinds: estate.EvidenceKinds(), FileBytes: 100, MostBytes: 100})
	var kinds []string
	for _, m := range e.Missed {
		kinds = append(kinds, m.Kind)
	}
	if len(e.Files) != 0 || !slices.Equal(kinds, estate.EvidenceKinds()) {
		t.Errorf("files %+v, missed %+v, want all kinds missed", e.Files, e.Missed)
	}
	h = newHost(t, "SMP1")
	h.set(world.Condition{Field: "files-gone", Host: "SMP1", Name: `C:\ProgramData\Symantec\SMP\Settings`})
	e = h.evidence(estate.EvidenceQuery{Kinds: []string{estate.EvidenceCoreSettings}, FileBytes: 100, MostBytes: 100})
	if len(e.Files) != 0 || len(e.Missed) != 1 || e.Missed[0].Path != world.CoreSettings {
		t.Errorf("files %+v, missed %+v, want the settings missed", e.Files, e.Missed)
	}
}

func TestEvidenceRefuses(t *testing.T) {
	h := newHost(t, "SMP1")
	for name, q := range map[string]estate.EvidenceQuery{
		"another kind":         {Kinds: []string{"smp-logs", "registry"}, FileBytes: 1, MostBytes: 1},
		"in other letters":     {Kinds: []string{"SMP-logs"}, FileBytes: 1, MostBytes: 1},
		"nothing":              {Kinds: []string{}, FileBytes: 0, MostBytes: 0},
		"too much":             {Kinds: []string{}, FileBytes: 1, MostBytes: estate.EvidenceLargest + 1},
		"more of one than all": {Kinds: []string{}, FileBytes: 2, MostBytes: 1},
	} {
		err := h.try("evidence-read", q, new(estate.Evidence))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("%s: err = %v, want an ArgumentException", name, err)
		}
	}
}
