package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"itmsbot/lab"
)

// BenchmarkServe is `itmsbot serve` as it is shipped, in a process of its own,
// on a practice estate in another one.
func BenchmarkServe(b *testing.B) {
	if _, err := exec.LookPath("go"); err != nil {
		b.Skip("the go command is needed to build the programs that are measured")
	}
	dir := b.TempDir()
	product, bare := buildProgram(b, dir, "itmsbot", "."), buildProgram(b, dir, "bareloop", "./testdata/bareloop")
	e := openEstate(b, product, dir)
	serve := func() *exec.Cmd { return exec.Command(product, "serve", "-c", filepath.Join(dir, "itmsbot.yaml")) }
	// The first start makes the database; later ones find it.
	e.start(b, serve()).end(b)
	b.Run("start/by=bot", func(b *testing.B) { e.starts(b, serve) })
	b.Run("start/by=bare", func(b *testing.B) {
		to := e.doc.Slack
		e.starts(b, func() *exec.Cmd {
			c := exec.Command(bare)
			c.Env = append(os.Environ(), "SLACK_API_URL="+to.APIURL, "SLACK_BOT_TOKEN="+to.BotToken, "SLACK_APP_TOKEN="+to.AppToken)
			return c
		})
	})
	b.Run("memory", func(b *testing.B) { e.memory(b, serve) })
}

// buildProgram makes a program of this module.
func buildProgram(b *testing.B, dir, name, pkg string) string {
	b.Helper()
	path := filepath.Join(dir, name)
	if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// otherEstate is a practice estate in a process of its own.
type otherEstate struct{ doc lab.Document }

func openEstate(b *testing.B, product, dir string) *otherEstate {
	b.Helper()
	c := exec.Command(product, "lab", "--no-bot", "--headless", "--listen", "127.0.0.1:0", "--data", dir)
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { endProcess(b, c) })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "itmsbot serve -c") { // all is written
			text, err := os.ReadFile(filepath.Join(dir, "lab.json"))
			e := &otherEstate{}
			if err == nil {
				err = json.Unmarshal(text, &e.doc)
			}
			if err != nil {
				b.Fatal(err)
			}
			return e
		}
	}
	b.Fatal("the practice estate did not open")
	return nil
}

// endProcess asks a program to leave and waits until it has.
func endProcess(b *testing.B, c *exec.Cmd) {
	b.Helper()
	_ = c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		b.Errorf("%s: %v", c, err)
	}
}

// benchProcess is a program that has a socket to the workspace.
type benchProcess struct {
	cmd  *exec.Cmd
	e    *otherEstate
	took time.Duration // from its exec until the socket was open
}

// start starts a program and waits until it is connected.
func (e *otherEstate) start(b *testing.B, c *exec.Cmd) benchProcess {
	b.Helper()
	begin := time.Now()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	e.until(b, "connected", func(s benchChannel) bool { return s.Bot.Connected })
	return benchProcess{c, e, time.Since(begin)}
}

func (p benchProcess) end(b *testing.B) {
	b.Helper()
	endProcess(b, p.cmd)
	p.e.until(b, "gone", func(s benchChannel) bool { return !s.Bot.Connected })
}

// benchChannel is what the benchmark reads of a channel.
type benchChannel struct {
	Bot      struct{ Connected bool }
	Messages []struct{ Ephemeral bool }
}

// until looks at the channel until ok. It looks often rather than being told,
// so that what it costs is the same for every program.
func (e *otherEstate) until(b *testing.B, what string, ok func(benchChannel) bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	often := time.NewTicker(500 * time.Microsecond)
	defer often.Stop()
	for {
		var s benchChannel
		e.call(b, http.MethodGet, "lab/channel?as=viewer", "", &s)
		if ok(s) {
			return
		}
		select {
		case <-often.C:
		case <-ctx.Done():
			b.Fatalf("waited in vain: %s", what)
		}
	}
}

func (e *otherEstate) call(b *testing.B, method, path, body string, into any) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, e.doc.Page+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("%s %s: %s", method, path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		b.Fatal(err)
	}
}

// starts measures from exec to an open socket.
func (e *otherEstate) starts(b *testing.B, program func() *exec.Cmd) {
	var took []time.Duration
	for b.Loop() {
		p := e.start(b, program())
		took = append(took, p.took)
		b.StopTimer()
		p.end(b)
		b.StartTimer()
	}
	reportTimes(b, took)
}

// settles is how long a program that is connected is left alone before it
// counts as idle.
const settles = 2 * time.Second

// memory reads what the kernel says of the product's resident memory: idle,
// after a thousand commands, and the most it ever was.
func (e *otherEstate) memory(b *testing.B, program func() *exec.Cmd) {
	const commands = 1000
	for b.Loop() {
		p := e.start(b, program())
		<-time.After(settles)
		idle := resident(b, p.cmd, "VmRSS:")
		for n := range commands {
			line := []string{"help", "status", "audit", "firewall"}[n%4]
			e.call(b, http.MethodPost, "lab/say", fmt.Sprintf(`{"as":"viewer","text":"/itms %s"}`, line), new(any))
		}
		e.until(b, "every command is answered", func(s benchChannel) bool { return privateMessages(s) >= commands })
		b.ReportMetric(idle, "idle-MB")
		b.ReportMetric(resident(b, p.cmd, "VmRSS:"), "after-1000-MB")
		b.ReportMetric(resident(b, p.cmd, "VmHWM:"), "peak-MB")
		b.StopTimer()
		p.end(b)
		b.StartTimer()
	}
}

func privateMessages(s benchChannel) int {
	n := 0
	for _, m := range s.Messages {
		if m.Ephemeral {
			n++
		}
	}
	return n
}

// resident reads one figure of /proc in MB of a million bytes.
func resident(b *testing.B, c *exec.Cmd, what string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	if err != nil {
		b.Skip("this system has no /proc to read resident memory from")
	}
	words := strings.Fields(string(text))
	i := slices.Index(words, what)
	if i < 0 || i+1 == len(words) {
		b.Fatalf("/proc says nothing of %s", what)
	}
	kib, err := strconv.ParseFloat(words[i+1], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib * 1024 / 1e6
}
