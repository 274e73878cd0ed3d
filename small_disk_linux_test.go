package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"itmsbot/lab"
)

// byLimit stands for a disk of its own on a machine that gives nobody one: the
// system refuses to let any file of the process grow, which is an I/O error and
// not a full disk.
const byLimit = "limit"

// smallDisk mounts a disk of that size where only this process sees it.
func smallDisk(dir, size string) (string, error) {
	if size == byLimit {
		signal.Ignore(syscall.SIGXFSZ) // the write itself is to say it
		return dir, nil
	}
	folder := filepath.Join(dir, "disk")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size="+size); err != nil {
		return "", fmt.Errorf("mount a small disk: %w", err)
	}
	return folder, nil
}

// obey fills the disk of a folder and frees it, until its orders end.
func obey(folder string, orders io.Reader) {
	ballast := filepath.Join(folder, "ballast")
	limit := os.Getenv(childDisk) == byLimit
	var free syscall.Rlimit
	for lines := bufio.NewScanner(orders); lines.Scan(); {
		var err error
		switch {
		case lines.Text() == "fill" && limit:
			err = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free)
			if info, e := os.Stat(filepath.Join(folder, "itmsbot.db-wal")); e == nil && err == nil {
				err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(info.Size()), Max: free.Max})
			}
		case lines.Text() == "fill":
			err = fill(ballast)
		case limit:
			err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free)
		default:
			err = os.Remove(ballast)
		}
		fmt.Println(lines.Text(), err)
	}
}

// fill writes a file until not one byte more fits.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return f.Close()
}

// TestDiskFull runs a bot on a disk that is really full, before a click and in
// the middle of a request, and then has room again.
func TestDiskFull(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	probe := exec.Command("true")
	probe.SysProcAttr = cmd.SysProcAttr
	disk, full := "4m", "The bot's disk is full"
	hint := "Free space on its data disk"
	if err := probe.Run(); err != nil {
		t.Logf("this machine gives nobody a disk of their own, so the system's limit stands for it: %v", err)
		cmd.SysProcAttr = nil
		disk, full, hint = byLimit, "The bot's disk cannot be written", "Look at its data disk and its log"
	}
	l, err := lab.Start(lab.Options{Listen: "127.0.0.1:0", Pace: worldSpeed, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = l.Run(ctx) })
	defer serving.Wait()
	defer stop()
	s := &stage{t: t, lab: l, dir: dir, ctx: ctx, ids: map[string]string{}, heard: map[string]int{}}
	s.plant.slack.Channel = l.Document().Slack.Channel
	for _, m := range lab.Members() {
		s.ids[m.Name] = m.ID
	}

	cmd.Env = append(os.Environ(), childDir+"="+dir, childDisk+"="+disk)
	cmd.Stderr = testLog{t}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	lines := bufio.NewScanner(out)
	order := func(word, answer string) {
		t.Helper()
		if word != "" {
			_, _ = io.WriteString(in, word+"\n")
		}
		if !lines.Scan() || lines.Text() != answer {
			t.Fatalf("%q was answered with %q", word, lines.Text())
		}
	}
	order("", "ready")
	s.until("the bot is connected", func() bool { return l.Slack.Connections() > 0 })

	s.say("Ana", "/itms quiesce")
	s.sees("approval needed", "R-1")
	order("fill", "fill <nil>")
	s.say("Ana", "/itms note on a full disk")
	told := "*Nothing was done.* " + full + ", so it cannot record who asked for what. " + hint + ", then ask again."
	s.reads("Ana", told)
	s.press("Dora", "Approve", "R-1")
	s.reads("Dora", told)
	s.sees("*Nothing can be recorded. " + full + ".*")
	order("free", "free <nil>")
	s.sees("~" + full + ", so nothing could be recorded.~ Over.")

	s.press("Ben", "Approve", "R-1")
	s.sees("R-1", "Stop after this step")
	order("fill", "fill <nil>")
	s.sees("*Nothing can be recorded. "+full+".*", "no further step starts")
	order("free", "free <nil>")
	s.finish("quiesce", "Quiesce the estate (1.4)")
	for _, h := range l.World.Truth().Hosts {
		if h.Doors != "closed" && h.Doors != "none" || h.Restore != nil {
			t.Errorf("%s: doors %s, self-restore %v", h.Name, h.Doors, h.Restore)
		}
	}
	if card := s.channel("Cleo"); strings.Contains(card, "on a full disk") {
		t.Errorf("what could not be recorded was done:\n%s", card)
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the bot did not leave well, or its trail is not whole: %v", err)
	}
}
