package store

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"itmsbot/runbook"
)

// FuzzBody adds bodies from anywhere: what is accepted is the one spelling of
// its value, and is read back byte for byte but for what looks like a secret.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, `{"a": 1}`, `{"b":1,"a":2}`, `{"a":1,"a":1}`, `1e3`, `-0`, `"\u003c"`, `"<"`, `"\ud800"`, "\"\xff\"",
		"\"\u2028\"", `{} {}`, `nul`, `[1.0]`, `{"text":"ü"}`, `{"text":"pwd=x"}`, ` `, "\"\x7f\""} {
		f.Add(s)
	}
	s := opened(f, file(f))
	add(f, s, upgradeOpened(f, "U-1"))
	f.Fuzz(func(t *testing.T, body string) {
		var written runbook.Event
		err := s.Append(func(tx *Tx) (err error) {
			e := event(t, runbook.Noted, "", nil)
			e.Body = json.RawMessage(body)
			written, err = tx.Add(e)
			return err
		})
		if err != nil {
			return
		}
		tail, err := s.Tail(1)
		if err != nil {
			t.Fatal(err)
		}
		if clean, err := runbook.RedactJSON([]byte(body)); body != "" {
			if err != nil {
				t.Fatalf("%q was accepted: %v", body, err)
			}
			body = string(clean)
		}
		if string(tail[0].Body) != body || string(written.Body) != body {
			t.Fatalf("%q was read back as %q", body, tail[0].Body)
		}
		if body == "" {
			return
		}
		again, err := runbook.CanonicalBytes([]byte(body))
		if err != nil || string(again) != body {
			t.Fatalf("%q is not canonical: %q, %v", body, again, err)
		}
		l := lineOf(tail[0], "")
		if l.body != body {
			t.Fatalf("hashed as %q", l.body)
		}
	})
}

// FuzzName takes what names something in an event: what is accepted is read
// back as it was.
func FuzzName(f *testing.F) {
	for _, s := range []string{"", "1.1", "a\x00b", "\xff", "ü", "\u0085", "'; DROP TABLE event; --", strings.Repeat("x", 300)} {
		f.Add(s)
	}
	s := opened(f, file(f))
	add(f, s, upgradeOpened(f, "U-1"))
	f.Fuzz(func(t *testing.T, step string) {
		err := s.Append(func(tx *Tx) error {
			_, err := tx.Add(at(step, event(t, runbook.Noted, "", nil)))
			return err
		})
		if err != nil {
			return
		}
		if tail, err := s.Tail(1); err != nil || tail[0].Step != step {
			t.Fatalf("%q was read back as %+v, %v", step, tail, err)
		}
	})
}

// FuzzDefuse writes a cell into a table and reads it as a spreadsheet does.
func FuzzDefuse(f *testing.F) {
	for _, s := range []string{"", "=1", "+1", "-1", "@a", "\tx", "\r=1", "\n=1", "'=1", `"=1"`, "a=1", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		safe := runbook.Cell(cell)
		if strings.TrimPrefix(safe, "'") != cell && safe != cell {
			t.Fatalf("%q became %q", cell, safe)
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if err := w.Write([]string{safe, "end"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		row, err := csv.NewReader(&b).Read()
		if err != nil || len(row) != 2 {
			t.Fatalf("%q: %q, %v", cell, row, err)
		}
		if row[0] != "" && strings.ContainsAny(row[0][:1], "=+-@\t\r\n") {
			t.Fatalf("%q runs as %q", cell, row[0])
		}
	})
}

// FuzzAnchorLine reads lines of an anchor file from anywhere.
func FuzzAnchorLine(f *testing.F) {
	for _, s := range []string{"", "1 " + genesis, "412 0123456789abcdef", "0 " + genesis, "-1 " + genesis, "1  " + genesis, "99999999999999999999 " + genesis, "1 " + strings.ToUpper(genesis[:15]) + "A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, l string) {
		h, err := parseAnchor(l)
		if err == nil && (h.n < 1 || len(h.hash) != 16 && len(h.hash) != 64) {
			t.Fatalf("%q is read as %+v", l, h)
		}
	})
}
