package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"itmsbot/lab"
)

// smallDisk mounts a disk of that size where only this process sees it.
func smallDisk(dir, size string) (string, error) {
	folder := filepath.Join(dir, "disk")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size="+size); err != nil {
		return "", fmt.Errorf("mount a small disk: %w", err)
	}
	return folder, nil
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
	if err := probe.Run(); err != nil {
		stop()
		t.Skipf("this machine gives nobody a disk of their own: %v", err)
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

	cmd.Env = append(os.Environ(), childDir+"="+dir, childDisk+"=4m")
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
	order("fill", "full <nil>")
	s.say("Ana", "/itms note on a full disk")
	const told = "*Nothing was done.* The bot's disk is full, so it cannot record who asked for what. Free space on its data disk, then ask again."
	s.reads("Ana", told)
	s.press("Dora", "Approve", "R-1")
	s.reads("Dora", told)
	s.sees("*Nothing can be recorded. The bot's disk is full.*")
	order("free", "free <nil>")
	s.sees("~The bot's disk is full, so nothing could be recorded.~ Over.")

	s.press("Ben", "Approve", "R-1")
	s.sees("R-1", "Stop after this step")
	order("fill", "full <nil>")
	s.sees("*Nothing can be recorded. The bot's disk is full.*", "no further step starts")
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
