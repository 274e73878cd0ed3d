package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/lab"
	"itmsbot/store"
)

// The bot of these tests is a process of its own, so that SIGKILL takes from
// it what a power cut would. It is this test binary with these variables set.
const (
	childDir  = "ITMSBOT_TEST_CHILD"  // the lab's folder
	childDies = "ITMSBOT_TEST_DIE_AT" // the event after which it kills itself; 0 is never, below 0 counts from its start
	childDisk = "ITMSBOT_TEST_DISK"   // size of a disk of its own for the database, empty is none
	// childDiffers makes it a bot whose plans differ.
	childDiffers = "ITMSBOT_TEST_DIFFERS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// worldSpeed is the pace of the lab's world in these tests: the self-restore of
// ten minutes comes due within six real seconds.
const worldSpeed = 100

// child runs a bot against the lab of a folder until it is told to leave, or
// kills itself.
func child(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if err != nil {
		return err
	}
	var doc lab.Document
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	folder := dir
	if size := os.Getenv(childDisk); size != "" {
		if folder, err = smallDisk(dir, size); err != nil {
			return err
		}
	}
	p := plantOf(doc, filepath.Join(folder, "itmsbot.db"), slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	clock, err := newPracticeClock(ctx, doc.Page)
	if err != nil {
		return err
	}
	go clock.follow(ctx, p.log) // ends with ctx
	p.clock = clock
	p.policy.Expiry = 24 * time.Hour
	p.slack.Hurry = true
	if os.Getenv(childDiffers) != "" {
		differently(&p)
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	n, _ := strconv.ParseInt(os.Getenv(childDies), 10, 64)
	if head, _ := w.store.Head(); n < 0 {
		n = head - n
	}
	if n > 0 {
		go func() { // nobody waits: it ends the process
			if _, err := w.store.Wait(ctx, n-1); err == nil {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}()
	}
	fmt.Println("ready")
	go func() { // the parent closes our input to make us leave
		obey(folder, os.Stdin)
		leave()
	}()
	if err := w.run(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	report, err := store.Verify(p.database, p.database+".anchors")
	if err == nil && !report.OK() {
		err = fmt.Errorf("the trail: %v", report.Findings)
	}
	return err
}

// process is a child and the way to end it.
type process struct {
	cmd  *exec.Cmd
	in   io.Closer
	done chan struct{} // closed when it has ended
	err  error         // how, once done is closed
}

func startChild(t *testing.T, dir string, dieAt int64, more ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childDir+"="+dir, fmt.Sprintf("%s=%d", childDies, dieAt)), more...)
	cmd.Stderr = testLog{t}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, in: in, done: make(chan struct{})}
	go func() { // the cleanup waits for it
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-p.done })
	return p
}

func (p *process) leave(t *testing.T) {
	t.Helper()
	_ = p.in.Close()
	<-p.done
	if p.err != nil {
		t.Errorf("the bot did not leave well: %v", p.err)
	}
}

// TestKilledAfterEveryEvent kills the bot after events of closing the doors
// (every ninth one, or with ITMSBOT_LONG every third), starts it again and lets people finish. Whatever the moment: no event
// is lost, nothing is done twice, the doors end closed, and the way back leads
// to the world as it was before.
func TestKilledAfterEveryEvent(t *testing.T) {
	every := int64(9)
	if os.Getenv("ITMSBOT_LONG") != "" { // .ci/run
		every = 3
	}
	for n := int64(3); n <= 72; n += every {
		t.Run(fmt.Sprintf("event %d", n), func(t *testing.T) {
			t.Parallel()
			killedAfter(t, n)
		})
	}
}

func killedAfter(t *testing.T, n int64) {
	ctx, stop := context.WithCancel(context.Background())
	dir := t.TempDir()
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
	before := l.World.Dump()

	bot := startChild(t, dir, n)
	s.until("the bot is connected", func() bool { return l.Slack.Connections() > 0 })
	alive, ended := context.WithTimeout(ctx, patience)
	go func() { // ends with the bot or with alive
		select {
		case <-bot.done:
			ended()
		case <-alive.Done():
		}
	}()
	_, finished := s.drive(alive, "quiesce", "Quiesce the estate (1.4)")
	if finished || alive.Err() == context.DeadlineExceeded {
		t.Fatalf("the bot was not killed after event %d", n)
	}
	s.until("the dead bot's socket is gone", func() bool { return l.Slack.Connections() == 0 })

	bot = startChild(t, dir, 0)
	s.until("the bot is back", func() bool { return l.Slack.Connections() > 0 })
	id := s.finish("quiesce", "Quiesce the estate (1.4)")
	for _, h := range l.World.Truth().Hosts {
		if h.Doors != "closed" && h.Doors != "none" || h.Restore != nil {
			t.Errorf("%s: doors %s, self-restore %v", h.Name, h.Doors, h.Restore)
		}
	}
	keepRulesOnce(t, l, id)
	s.press("Ana", "Back out", id)
	s.finish("undo "+id, "Back out of "+id)
	if diff := cmp.Diff(before, l.World.Dump()); diff != "" {
		t.Errorf("the world is not as before (-before +after):\n%s", diff)
	}
	bot.leave(t)
	report, err := store.Verify(filepath.Join(dir, "itmsbot.db"), filepath.Join(dir, "itmsbot.db.anchors"))
	if err != nil || !report.OK() {
		t.Errorf("the trail: %v %v", err, report.Findings)
	}
	oneCardEach(t, s)
}

// try says something to a bot that may die while it hears it.
func (s *stage) try(ctx context.Context, who, text string) {
	_, _ = s.lab.Slack.Say(ctx, s.ids[who], s.plant.slack.Channel, "", text)
}

func (s *stage) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, patience)
}

// finish does what people do with whatever the bot shows: ask again, approve,
// let it go on; until the card of the request says done. It gives the request.
func (s *stage) finish(line, title string) string {
	s.t.Helper()
	ctx, cancel := s.within()
	defer cancel()
	id, done := s.drive(ctx, line, title)
	if !done {
		s.t.Fatalf("%s is not done:\n%s", title, s.channel("Cleo"))
	}
	return id
}

// drive is finish until ctx ends.
func (s *stage) drive(ctx context.Context, line, title string) (id string, done bool) {
	asked := false
	for pressed := map[string]bool{}; ; {
		seen := s.lab.Slack.Version()
		open := false
		for _, m := range s.lab.Slack.Messages(s.ids["Dora"], s.plant.slack.Channel, "") {
			text := flat(m.Blocks)
			if m.Ephemeral || m.ThreadTS != "" && m.ThreadTS != m.TS || !hasPrefix(text, title+":", title+" (") {
				continue
			}
			if contains(text, ": done |") {
				return requestIn(text), true
			}
			open = !contains(text, ": no plan |")
			if a := buttonOf(m.Blocks, "Look again"); a != "" && !pressed[a] && contains(text, ": outcome unknown |") {
				pressed[a] = true
				_ = s.lab.Slack.Press(ctx, s.ids["Ana"], s.plant.slack.Channel, m.TS, a)
			}
			for label, who := range map[string]string{"Approve": "Dora", "Go on": "Ana", "Try again": "Ana", "Continue": "Ana",
				"Accept all 2": "Ana", "Accept all 3": "Ana", "Accept all 4": "Ana", "The backup is current": "Ana", "They may go back too": "Ana", "Go on so": "Ana"} {
				if a := buttonOf(m.Blocks, label); a != "" && !pressed[a] {
					pressed[a] = true
					_ = s.lab.Slack.Press(ctx, s.ids[who], s.plant.slack.Channel, m.TS, a)
				}
			}
		}
		if !open && !asked {
			asked = true
			s.try(ctx, "Ana", "/itms "+line)
		}
		if _, err := s.lab.Slack.Wait(ctx, seen); err != nil {
			return "", false
		}
	}
}

// keepRulesOnce: an intent that was begun, killed and begun again has made its
// rules once.
func keepRulesOnce(t *testing.T, l *lab.Lab, request string) {
	t.Helper()
	for _, h := range l.World.Truth().Hosts {
		names := map[string]int{}
		for _, r := range h.Rules {
			if r.Group == "itmsbot" {
				names[r.Name]++
			}
		}
		for name, n := range names {
			if n != 1 || !contains(name, request) {
				t.Errorf("%s: rule %s stands %d times; the request is %s", h.Name, name, n, request)
			}
		}
	}
}

// oneCardEach: a bot that died between posting and knowing it found its card
// again.
func oneCardEach(t *testing.T, s *stage) {
	t.Helper()
	cards := map[string]int{}
	for _, m := range s.lab.Slack.Messages(s.ids["Cleo"], s.plant.slack.Channel, "") {
		var meta struct {
			Payload struct {
				Purpose string `json:"purpose"`
			} `json:"event_payload"`
		}
		if json.Unmarshal(m.Metadata, &meta) == nil && hasPrefix(meta.Payload.Purpose, "card:") {
			cards[meta.Payload.Purpose]++
		}
	}
	for purpose, n := range cards {
		if n != 1 {
			t.Errorf("%s stands %d times in the channel:\n%s", purpose, n, s.channel("Cleo"))
		}
	}
	if len(cards) == 0 {
		t.Error("no card carries its purpose")
	}
}

func hasPrefix(s string, any ...string) bool {
	for _, p := range any {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func contains(s, part string) bool { return strings.Contains(s, part) }

var inFoot = regexp.MustCompile(`\* · (R-\d+)`)

// requestIn reads a card's request from its small print.
func requestIn(card string) string {
	if m := inFoot.FindStringSubmatch(card); m != nil {
		return m[1]
	}
	return ""
}
