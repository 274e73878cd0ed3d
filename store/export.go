package store

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"itmsbot/runbook"
)

// Export writes the whole trail to w, every column of every event as stored,
// and for people the time and the names of artifacts a second time. The database may be in use.
//
// The formats are "jsonl", one object per line, in which body is the text that
// was hashed, so that the chain can be checked from the export alone; and
// "csv", for a spreadsheet. A spreadsheet runs a cell that begins with = + - @,
// a tab or a line break as a formula, and such cells come from people, so they
// are written with a leading apostrophe; csv is for reading, jsonl is the
// evidence.
func Export(path string, w io.Writer, format string) error {
	var write func(line) error
	var flush func() error
	switch format {
	case "jsonl":
		write, flush = exportJSONL(w), func() error { return nil }
	case "csv":
		write, flush = exportCSV(w)
	default:
		return fmt.Errorf("export %s: format %q: formats are jsonl and csv", path, format)
	}
	c, err := openToRead(path)
	if err != nil {
		return fmt.Errorf("export %s: %w", path, err)
	}
	defer c.close()
	if err = each(c, scanLine, write, "SELECT "+eventColumns+" FROM event ORDER BY n"); err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", path, err)
	}
	return nil
}

// artifacts are the files that an event names. They are named a second time,
// outside the body, so that nobody has to read JSON to find that there are any;
// Artifact gives their bytes.
func (l line) artifacts() []runbook.Artifact {
	var b runbook.OutcomeBody
	if e := l.event(); e.Kind != runbook.Outcome || e.Read(&b) != nil {
		return nil
	}
	return b.Artifacts
}

// Artifact gives the bytes of an artifact of the trail at path by their SHA-256;
// fs.ErrNotExist if there is none. The database may be in use.
func Artifact(path, sha string) ([]byte, error) {
	c, err := openToRead(path)
	if err != nil {
		return nil, fmt.Errorf("artifact of %s: %w", path, err)
	}
	defer c.close()
	b, err := tables{q: c}.Artifact(sha)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// when is the time of an event for people.
func (l line) when() string { return clockTime(l.at).Format(time.RFC3339Nano) }

func exportJSONL(w io.Writer) func(line) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return func(l line) error {
		return e.Encode(struct {
			N        int64  `json:"n"`
			Upgrade  string `json:"upgrade"`
			At       int64  `json:"at"`
			Time     string `json:"time"`
			Team     string `json:"actor_team"`
			Actor    string `json:"actor"`
			Door     string `json:"door"`
			Kind     string `json:"kind"`
			Request  string `json:"request"`
			Step     string `json:"step"`
			Delivery int64  `json:"delivery"`
			Body     string `json:"body"`
			Prev     string `json:"prev"`
			Hash     string `json:"hash"`

			Artifacts []runbook.Artifact `json:"artifacts,omitempty"`
		}{l.n, l.upgrade, l.at, l.when(), l.team, l.actor, l.door, l.kind, l.request, l.step, l.delivery, l.body, l.prev, l.hash, l.artifacts()})
	}
}

func exportCSV(w io.Writer) (write func(line) error, flush func() error) {
	out := csv.NewWriter(w)
	header := append(strings.Split(eventColumns, ", "), "time", "artifacts")
	headed := false
	head := func() error {
		if headed {
			return nil
		}
		headed = true
		return out.Write(header)
	}
	write = func(l line) error {
		if err := head(); err != nil {
			return err
		}
		var files []string
		for _, a := range l.artifacts() {
			files = append(files, a.Name+" "+a.SHA256)
		}
		cells := []string{
			strconv.FormatInt(l.n, 10), l.upgrade, strconv.FormatInt(l.at, 10), l.team, l.actor, l.door, l.kind,
			l.request, l.step, strconv.FormatInt(l.delivery, 10), l.body, l.prev, l.hash, l.when(), strings.Join(files, "; "),
		}
		for i, c := range cells {
			cells[i] = runbook.Cell(c)
		}
		return out.Write(cells)
	}
	flush = func() error {
		if err := head(); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	}
	return write, flush
}
