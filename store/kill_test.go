package store

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"itmsbot/runbook"
)

// writeUntilKilled says on standard output what was acknowledged to it.
func writeUntilKilled(path string) error {
	s, err := Open(path, Options{Clock: time.Now})
	if err != nil {
		return err
	}
	const writers = 8
	errs := make(chan error)
	for w := range writers { // the first error ends the program, and a kill all of them
		go func() {
			for i := 0; ; i++ {
				var n int64
				text := fmt.Sprintf("%d/%d", w, i)
				err := s.Append(func(tx *Tx) error {
					e, err := runbook.NewEvent(runbook.Noted, "", runbook.TextBody{Text: text})
					if err != nil {
						return err
					}
					e.Upgrade, e.Actor, e.Door = "U-1", runbook.Bot, "engine"
					e, err = tx.Add(e)
					n = e.N
					return err
				})
				if err == nil && i%5 == 0 {
					err = s.Anchor()
				}
				if err != nil {
					errs <- err
					return
				}
				// One write is one line, whatever the kill interrupts.
				os.Stdout.WriteString(fmt.Sprintf("%d %s\n", n, text))
			}
		}()
	}
	return <-errs
}

// TestKill kills a program in the middle of its writing, again and again on one
// database: what it was told is there, and the trail is whole. (A kill does not
// lose what the system has in memory, so it says nothing of fsync.)
func TestKill(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	add(t, s, upgradeOpened(t, "U-1"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]string{}
	for round := range 3 {
		for _, l := range killAfter(t, path, 40*(round+1)) {
			n, text, ok := strings.Cut(l, " ")
			if ok {
				acknowledged[n] = fmt.Sprintf("%d %s", round, text)
			}
		}
		mustBeOK(t, path) // as the kill has left it
	}
	s = opened(t, path)
	defer s.Close()
	events, err := s.Events(0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range events {
		var b runbook.TextBody
		if err := e.Read(&b); err != nil {
			t.Fatal(err)
		}
		if want, ok := acknowledged[fmt.Sprint(e.N)]; ok {
			found++
			if !strings.HasSuffix(want, " "+b.Text) {
				t.Errorf("event %d is %s, acknowledged was %s", e.N, b.Text, want)
			}
		}
	}
	if found != len(acknowledged) || found < 240 {
		t.Errorf("%d of %d acknowledged events are there", found, len(acknowledged))
	}
	mustBeOK(t, path)
}

// killAfter runs a victim, kills it when it has said so many lines, and gives
// all it has said.
func killAfter(t *testing.T, path string, lines int) (said []string) {
	t.Helper()
	cmd := childCommand(t, "write", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	for in.Scan() {
		said = append(said, in.Text())
		if len(said) == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait() // it was killed, which is its error
	if len(said) < lines {
		t.Fatalf("it ended after %d lines", len(said))
	}
	return said
}
