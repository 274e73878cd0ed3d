package wsman

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"itmsbot/lab/world"
)

// Bounds of evidence-read.ps1: bytes in all, and files of one kind or web site.
const (
	evidenceMost  = 2 << 20
	evidenceFiles = 50
)

// hashMost is the size up to which the world's files are summed up. A larger one is what
// the script has no time for.
const hashMost = 64 << 20

// smpLogFile is a name of the SMP's own log in the world.
var smpLogFile = regexp.MustCompile(`(?i)^a[0-9]*\.log$`)

// evidenceFile is a file that was found.
type evidenceFile struct {
	kind, path string
	bytes      int64
	changed    time.Time
	text       func(from, to int64) string
}

// evidence is the script's own record of what it has found.
type evidence struct {
	since         time.Time
	one, budget   int64
	files, missed []object
	paths         map[string][]evidenceFile
}

// evidenceRead is the twin of evidence-read.ps1. No file of the world is closed to an
// administrator, and IIS keeps its logs in the usual folder.
func evidenceRead(m machine, args json.RawMessage) (object, error) {
	in, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	kinds, e, err := evidenceAsked(in)
	if err != nil {
		return nil, err
	}
	most := 0
	for _, kind := range kinds {
		e.paths[kind] = nil
		switch kind {
		case "smp-logs":
			err = e.smpLogs(m)
		case "sim-logs":
			e.simLogs(v)
		case "iis-logs":
			err = e.iisLogs(m)
		case "core-settings":
			e.coreSettings(v)
		}
		if err != nil {
			return nil, err
		}
		most = max(most, len(e.paths[kind]))
	}
	for i := range most {
		for _, kind := range kinds {
			if i < len(e.paths[kind]) {
				e.read(e.paths[kind][i])
			}
		}
	}
	return answerOf(v).with(object{"files": append([]object{}, e.files...), "missed": append([]object{}, e.missed...)}), nil
}

// evidenceAsked reads what is wanted.
func evidenceAsked(in object) (kinds []string, e *evidence, err error) {
	if kinds, err = in.strings("kinds"); err != nil {
		return nil, nil, err
	}
	since, err := property[string](in, "since")
	if err != nil {
		return nil, nil, err
	}
	one, err := property[float64](in, "file_bytes")
	if err != nil {
		return nil, nil, err
	}
	most, err := property[float64](in, "most_bytes")
	if err != nil {
		return nil, nil, err
	}
	known := []string{"smp-logs", "core-settings", "sim-logs", "iis-logs"}
	strange := slices.ContainsFunc(kinds, func(k string) bool { return !slices.Contains(known, k) })
	if strange || most < 1 || most > evidenceMost || one < 1 || one > most {
		return nil, nil, &exception{"System.ArgumentException", "evidence is of kinds that are known, 1 to 2097152 bytes of it, and no more of one file"}
	}
	at, err := time.Parse(time.RFC3339, since)
	if err != nil {
		return nil, nil, &exception{"System.FormatException", "String was not recognized as a valid DateTime."}
	}
	return kinds, &evidence{since: at, one: int64(one), budget: int64(most), paths: map[string][]evidenceFile{}}, nil
}

func (e *evidence) miss(kind, path, why string) {
	e.missed = append(e.missed, object{"kind": kind, "path": path, "why": why})
}

// recent takes of a folder's files, the newest first, the first one and those that were
// written to since the moment.
func (e *evidence) recent(kind, folder string, files []evidenceFile) {
	n := 0
	for _, f := range files {
		if n > 0 && f.changed.Before(e.since) {
			continue
		}
		n++
		if n <= evidenceFiles {
			e.paths[kind] = append(e.paths[kind], f)
		}
	}
	switch {
	case n == 0:
		e.miss(kind, folder, "there is no such file")
	case n > evidenceFiles:
		e.miss(kind, folder, fmt.Sprintf("%d more files were left out", n-evidenceFiles))
	}
}

// logsIn makes of the files of a log what the script finds in their folder.
func logsIn(kind, folder string, logs []world.LogFile) []evidenceFile {
	var files []evidenceFile
	for _, l := range logs {
		files = append(files, evidenceFile{kind, folder + `\` + l.Name, int64(len(l.Text)), l.Modified,
			func(from, to int64) string { return l.Text[from:to] }})
	}
	return files
}

func (e *evidence) smpLogs(m machine) error {
	logs, err := m.world.ReadLogs(m.host)
	if err != nil {
		return err
	}
	e.recent("smp-logs", world.LogFolder, logsIn("smp-logs", world.LogFolder, logs.Files))
	return nil
}

func (e *evidence) iisLogs(m machine) error {
	logs, err := m.world.ReadWebLogs(m.host)
	if err != nil {
		return err
	}
	if !logs.Installed {
		e.miss("iis-logs", "", "IIS is not installed")
	}
	for _, s := range logs.Sites {
		folder := fmt.Sprintf(`%s\W3SVC%d`, world.WebLogFolder, s.ID)
		e.recent("iis-logs", folder, logsIn("iis-logs", folder, s.Files))
	}
	return nil
}

// simLogs are the logs beside the SMP's own, and those in the Installation Manager's
// folders.
func (e *evidence) simLogs(v world.Inside) {
	var files []evidenceFile
	for _, f := range v.Files {
		at := strings.LastIndex(f.Path, `\`)
		folder, name := f.Path[:at], f.Path[at+1:]
		ours := contains([]string{world.LogFolder, world.SIMFolder, world.SIMFolder + `\Logs`}, folder)
		if ours && strings.EqualFold(path.Ext(name), ".log") && !smpLogFile.MatchString(name) {
			files = append(files, evidenceFile{"sim-logs", f.Path, f.Size, f.Written, f.Text})
		}
	}
	slices.SortStableFunc(files, func(a, b evidenceFile) int { return b.changed.Compare(a.changed) })
	e.recent("sim-logs", world.LogFolder, files)
}

func (e *evidence) coreSettings(v world.Inside) {
	for _, f := range v.Files {
		if strings.EqualFold(f.Path, world.CoreSettings) {
			text := v.Settings()
			e.paths["core-settings"] = []evidenceFile{{"core-settings", f.Path, int64(len(text)), f.Written,
				func(from, to int64) string { return text[from:to] }}}
			return
		}
	}
	e.miss("core-settings", world.CoreSettings, "there is no such file")
}

// read takes what there is room for: of the settings the start, of a log the end.
func (e *evidence) read(f evidenceFile) {
	size := min(f.bytes, e.one, e.budget)
	from := f.bytes - size
	if f.kind == "core-settings" {
		from = 0
	}
	e.budget -= size
	sum := ""
	if f.bytes <= hashMost {
		all := sha256.Sum256([]byte(f.text(0, f.bytes)))
		sum = hex.EncodeToString(all[:])
	}
	e.files = append(e.files, object{
		"kind": f.kind, "path": f.path, "bytes": f.bytes, "sha256": sum, "changed": dotnetTime(f.changed), "cut": size < f.bytes,
		"content": base64.StdEncoding.EncodeToString([]byte(f.text(from, from+size))),
	})
}
