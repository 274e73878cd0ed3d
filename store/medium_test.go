package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"itmsbot/runbook"
)

// note gives a call that writes one remark.
func note(t testing.TB, text string) *call {
	return newCall(func(tx *Tx) error {
		_, err := tx.Add(event(t, runbook.Noted, "", runbook.TextBody{Text: text}))
		return err
	})
}

// TestDiskFull lets the file grow no further, before a group and in the middle
// of one. Whoever was told that it is written must find it, and nobody else.
func TestDiskFull(t *testing.T) {
	path := file(t)
	s, err := open(path, options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	s.w.group([]*call{newCall(func(tx *Tx) error {
		_, err := tx.Add(upgradeOpened(t, "U-1"))
		return err
	})})
	limit := func(pages string) {
		if err := s.w.c.script("PRAGMA max_page_count = " + pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // it cannot be less than what there is

	large := newCall(func(tx *Tx) error {
		_, _, err := tx.SaveArtifact(make([]byte, 1<<20))
		return err
	})
	middle := []*call{note(t, "a"), large, note(t, "b")}
	s.w.group(middle)
	var full *Unwritable
	if !errors.As(large.err, &full) {
		t.Fatalf("large artifact on a full disk: %v, want *Unwritable", large.err)
	}

	var told []string
	for i, c := range []*call{middle[0], nil, middle[2]} {
		if c != nil && c.err == nil {
			told = append(told, string(rune('a'+i/2)))
		}
	}
	for i := 0; ; i++ {
		if i > 1000 {
			t.Fatal("the disk is never full")
		}
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", 2000))
		c := note(t, text)
		s.w.group([]*call{c})
		if c.err != nil {
			if !errors.As(c.err, &full) || full.Why() != Full {
				t.Fatalf("full disk: %v, want an *Unwritable that says so", c.err)
			}
			break
		}
		told = append(told, text)
	}

	limit("1000000")
	c := note(t, "room again")
	s.w.group([]*call{c})
	if c.err != nil {
		t.Fatalf("after there was room again: %v", c.err)
	}
	told = append(told, "room again")
	var texts []string
	events, err := s.Events(1, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		var b runbook.TextBody
		if err := e.Read(&b); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, b.Text)
	}
	if strings.Join(texts, "|") != strings.Join(told, "|") {
		t.Errorf("%d events, %d acknowledged", len(texts), len(told))
	}
	s.release()
	mustBeOK(t, path)
}

func TestLockedByAnotherProgram(t *testing.T) {
	s := fresh(t)
	other := raw(t, s.path(t))
	if err := other.script("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	err := s.Append(func(tx *Tx) error {
		_, err := tx.Add(asked(t, "R-1"))
		return err
	})
	var locked *Unwritable
	if !errors.As(err, &locked) {
		t.Errorf("locked: %v, want *Unwritable", err)
	}
	if err := other.script("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	add(t, s, asked(t, "R-1"))
}

// TestTransactionLostWithinACall has a call end the transaction under the
// writer, which is what SQLite does by itself on some errors.
func TestTransactionLostWithinACall(t *testing.T) {
	s, err := open(file(t), options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	opening := newCall(func(tx *Tx) error {
		_, err := tx.Add(upgradeOpened(t, "U-1"))
		return err
	})
	calls := []*call{opening, newCall(func(tx *Tx) error { return tx.c.exec("ROLLBACK") }), note(t, "a")}
	s.w.group(calls)
	for i, c := range calls {
		var lost *Unwritable
		if !errors.As(c.err, &lost) {
			t.Errorf("call %d: %v, want *Unwritable", i, c.err)
		}
	}
	if n, _ := s.Head(); n != 0 {
		t.Errorf("head %d, want nothing", n)
	}
	again := newCall(opening.decide)
	s.w.group([]*call{again})
	if again.err != nil {
		t.Errorf("next group: %v", again.err)
	}
}

func TestConnectionInDoubtIsOpenedAnew(t *testing.T) {
	s, err := open(file(t), options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	s.w.c.close()
	s.w.c = nil
	c := newCall(func(tx *Tx) error {
		_, err := tx.Add(upgradeOpened(t, "U-1"))
		return err
	})
	s.w.group([]*call{c})
	if c.err != nil {
		t.Error(c.err)
	}
}

func TestTwoOpens(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		_, err := Open(p, options(newClock()))
		if !errors.Is(err, ErrInUse) || !strings.Contains(fmt.Sprint(err), path+".lock") {
			t.Errorf("%v, want ErrInUse and the file", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opened(t, path)
}

// TestLostFence opens the file a second time past the lock, as after somebody
// has removed it.
func TestLostFence(t *testing.T) {
	s := fresh(t)
	path := s.path(t)
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	second := opened(t, path)
	err := s.Append(func(tx *Tx) error {
		_, err := tx.Add(asked(t, "R-1"))
		return err
	})
	var typed *Unwritable
	if !errors.Is(err, ErrFenced) || !errors.As(err, &typed) {
		t.Errorf("%v, want ErrFenced in an *Unwritable", err)
	}
	add(t, second, asked(t, "R-1"))
	if err := s.Close(); !errors.Is(err, ErrFenced) {
		t.Errorf("close: %v, want ErrFenced", err)
	}
	mustBeOK(t, path)
}

// TestCallThatEndsTheWriter is what FailNow in a decide function does.
func TestCallThatEndsTheWriter(t *testing.T) {
	s := fresh(t)
	err := s.Append(func(tx *Tx) error {
		if _, err := tx.Add(asked(t, "R-1")); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	if err := s.Append(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if r := mustBeOK(t, s.path(t)); r.Head != 1 {
		t.Errorf("head %d, want nothing of the call", r.Head)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := finished(t)
	foreign := func(t *testing.T, statements string) string {
		path := file(t)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := raw(t, path).script(statements); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		path func(*testing.T) string
		says string
	}{
		{"a directory that is not there", func(t *testing.T) string { return filepath.Join(t.TempDir(), "x", "y.db") }, "no such file"},
		{"a database of another program", func(t *testing.T) string { return foreign(t, "CREATE TABLE x (y)") }, "of another program"},
		{"a newer database", func(t *testing.T) string {
			return foreign(t, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 99; CREATE TABLE x (y)", applicationID))
		}, "a newer version"},
		{"a changed last event", func(t *testing.T) string {
			path := copied(t, good)
			unguarded(t, path, "UPDATE event SET actor = 'x' WHERE n = (SELECT max(n) FROM event)")
			return path
		}, "is not what was written"},
		{"a cut tail", func(t *testing.T) string {
			path := copied(t, good)
			unguarded(t, path, "DELETE FROM event WHERE n > 5")
			return path
		}, "the trail was cut"},
		{"another anchored event", func(t *testing.T) string {
			path := copied(t, good)
			if err := os.WriteFile(path+".anchors", []byte("5 "+genesis+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, "not the one that was anchored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Open(c.path(t), options(newClock()))
			if err == nil {
				s.Close()
			}
			if !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("%v, want an error that says %q", err, c.says)
			}
		})
	}
	if _, err := Open(file(t), Options{}); err == nil {
		t.Error("opened without a clock")
	}
}
