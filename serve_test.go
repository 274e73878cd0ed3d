package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"itmsbot/config"
	"itmsbot/lab/slack"
	"itmsbot/store"
)

// asItself makes this test binary the product: its value are the words of the
// command line, one a line.
const asItself = "ITMSBOT_TEST_ARGS"

// TestAsItself is no test but the product, in a process that a test started.
func TestAsItself(*testing.T) {
	words := os.Getenv(asItself)
	if words == "" {
		return
	}
	os.Args = append([]string{"itmsbot"}, strings.Split(words, "\n")...)
	main()
	os.Exit(0)
}

// program is the product in a process of its own.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and all output is read

	mu   sync.Mutex // protects the following
	out  []string   // lines of both outputs
	news chan struct{}
}

func startProgram(t *testing.T, words ...string) *program {
	t.Helper()
	p := &program{t: t, done: make(chan struct{}), news: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], "-test.run=^TestAsItself$")
	p.cmd.Env = append(os.Environ(), asItself+"="+strings.Join(words, "\n"))
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for s := bufio.NewScanner(r); s.Scan(); {
			p.said(s.Text())
		}
	})
	go func() { // the cleanup waits for it
		_ = p.cmd.Wait()
		_ = w.Close()
		reading.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.done })
	return p
}

func (p *program) said(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = append(p.out, line)
	close(p.news)
	p.news = make(chan struct{})
}

// line waits for a line that holds words, and gives it.
func (p *program) line(words string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		p.mu.Lock()
		lines, news := p.out, p.news
		p.mu.Unlock()
		for _, l := range lines {
			if strings.Contains(l, words) {
				return l
			}
		}
		select {
		case <-news:
		case <-ctx.Done():
			p.t.Fatalf("%v does not say %q, but:\n%s", p.cmd.Env[len(p.cmd.Env)-1], words, strings.Join(lines, "\n"))
		}
	}
}

// ends waits for the end and gives the exit code.
func (p *program) ends() int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		p.t.Fatal("the program does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	return p.ends()
}

// TestServeOnALabInAnotherProcess: estate, workspace and bot are three things
// that know each other by addresses alone.
func TestServeOnALabInAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	lab := startProgram(t, "lab", "--no-bot", "--headless", "--listen", "127.0.0.1:0", "--data", dir)
	_, page, _ := strings.Cut(lab.line("The practice estate is open: "), "open: ")
	path := filepath.Join(dir, "itmsbot.yaml")
	lab.line("itmsbot serve -c " + path)
	withProbes(t, path)

	bot := startProgram(t, "serve", "-c", path)
	bot.line("serves Practice in channel CITMS0001")
	_, probes, _ := strings.Cut(bot.line("Probes are answered at "), "at ")
	probes, _, _ = strings.Cut(probes, "healthz")

	c := practiceClient{t, page}
	c.until("the bot is connected", func(v channelSeen) bool { return v.Bot.Connected })
	c.say("operator", "/itms help")
	c.until("Ana reads the help", func(v channelSeen) bool {
		for _, m := range v.Messages {
			if m.Ephemeral && strings.Contains(flat(m.Blocks), "What this bot can do") {
				return true
			}
		}
		return false
	})
	c.say("operator", "/itms quiesce")
	c.until("the plan is on a card", func(v channelSeen) bool {
		for _, m := range v.Messages {
			if strings.Contains(flat(m.Blocks), "Quiesce the estate") && buttonOf(m.Blocks, "Approve") != "" {
				return true
			}
		}
		return false
	})
	for _, path := range []string{"healthz", "readyz"} {
		if status, body := get(t, probes+path); status != http.StatusOK || body != "ok\n" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}

	second := startProgram(t, "serve", "-c", path)
	if code := second.ends(); code != 1 {
		t.Errorf("a second bot on the same trail ends with %d", code)
	}
	second.line("database in use by another bot")

	if code := bot.stop(); code != 0 {
		t.Errorf("after SIGTERM the bot ends with %d", code)
	}
	if code := lab.stop(); code != 0 {
		t.Errorf("after SIGTERM the lab ends with %d", code)
	}
	database := filepath.Join(dir, "itmsbot.db")
	r, err := store.Verify(database, database+".anchors")
	if err != nil || !r.OK() {
		t.Errorf("the trail: %v %v", err, r.Findings)
	}
	var trail bytes.Buffer
	if err := store.Export(database, &trail, "jsonl"); err != nil {
		t.Fatal(err)
	}
	site, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := site.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{digest, `"bot.started"`, `"bot.stopped"`, `"2026-11-28T`} { // by the lab's clock
		if !strings.Contains(trail.String(), words) {
			t.Errorf("the trail has no %s:\n%s", words, trail.String())
		}
	}
}

// withProbes adds a listener for probes to a configuration.
func withProbes(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("health:\n  listen: \"127.0.0.1:0\"\n"); err != nil {
		t.Fatal(err)
	}
}

// practiceClient drives a lab by HTTP, as any tool may.
type practiceClient struct {
	t    *testing.T
	page string
}

type channelSeen struct {
	Bot      struct{ Connected bool }
	Messages []slack.Message
}

func (c practiceClient) say(as, text string) {
	c.t.Helper()
	body := fmt.Sprintf(`{"as":%q,"text":%q}`, as, text)
	resp, err := http.Post(c.page+"lab/say", "application/json", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		c.t.Fatalf("%s: %s", text, b)
	}
}

// until looks at the channel at each of the lab's own events.
func (c practiceClient) until(what string, ok func(channelSeen) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.page+"lab/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		if s.Text() != "" {
			continue // an event ends with an empty line
		}
		_, body := get(c.t, c.page+"lab/channel?as=operator")
		var v channelSeen
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			c.t.Fatal(err)
		}
		if ok(v) {
			return
		}
	}
	c.t.Fatalf("waited in vain: %s", what)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestServeRefuses: what is wrong is said before anything is opened.
func TestServeRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "itmsbot.yaml")
	if err := os.WriteFile(path, []byte("estate:\n  nam: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, "serve", "-c", path)
	if code := p.ends(); code != 1 {
		t.Errorf("it ends with %d", code)
	}
	p.line("itmsbot.yaml:2:3: there is no key nam in estate; did you mean name?")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("it left %v %v", entries, err)
	}
}
