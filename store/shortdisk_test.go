package store

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"itmsbot/runbook"
)

// TestWriteRefusedByTheSystem has the system refuse to write the log further,
// which is an I/O error in the commit. It is done in another program, because
// the limit holds for all files of one.
func TestWriteRefusedByTheSystem(t *testing.T) {
	path := file(t)
	if err := childCommand(t, "short", path).Run(); err != nil {
		t.Fatal(err)
	}
	if r := mustBeOK(t, path); r.Head != 2 {
		t.Errorf("head %d, want the two that were acknowledged", r.Head)
	}
}

func writeOnShortDisk(path string) error {
	s, err := Open(path, Options{Clock: time.Now})
	if err != nil {
		return err
	}
	write := func(kind runbook.Kind) error {
		return s.Append(func(tx *Tx) error {
			e, err := runbook.NewEvent(kind, "", runbook.UpgradeBody{Estate: "lab"})
			if err != nil {
				return err
			}
			e.Upgrade, e.Actor, e.Door = "U-1", runbook.Bot, "start"
			_, err = tx.Add(e)
			return err
		})
	}
	if err := write(runbook.UpgradeOpened); err != nil {
		return err
	}
	lift, err := limitFiles(path + "-wal")
	if err != nil {
		return err
	}
	err = write(runbook.BotStarted)
	var refused *Unwritable
	if !errors.As(err, &refused) {
		return fmt.Errorf("on a short disk: %v, want *Unwritable", err)
	}
	if n, _ := s.Head(); n != 1 {
		return fmt.Errorf("head %d after a refused write", n)
	}
	if err := lift(); err != nil {
		return err
	}
	if err := write(runbook.BotStarted); err != nil {
		return fmt.Errorf("after there was room again: %w", err)
	}
	return s.Close()
}

// limitFiles lets no file grow beyond the size that one has now.
func limitFiles(path string) (lift func() error, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	signal.Ignore(syscall.SIGXFSZ) // the write itself is to say it
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return nil, err
	}
	short := limit
	short.Cur = uint64(info.Size())
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &short); err != nil {
		return nil, err
	}
	return func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit) }, nil
}
