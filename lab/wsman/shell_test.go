package wsman

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"
)

func TestCreateReply(t *testing.T) {
	_, url := startHost(t, Config{})
	p := newPeer(t, url)
	p.mustLogOn(t)
	m := strings.Replace(winrm.NewOpenShellRequest(url, params()).String(), "<rsp:OutputStreams>", "<rsp:IdleTimeOut>PT90S</rsp:IdleTimeOut><rsp:OutputStreams>", 1)
	reply, err := p.call(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	// pywinrm takes the id from the selector, masterzen from the shell.
	for _, want := range []string{
		`<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse</a:Action>`,
		`<x:ResourceCreated>`, `<w:Selector Name="ShellId">`, `<rsp:ShellId>`, `<a:RelatesTo>uuid:`,
		`<rsp:Owner>LAB\svc-bot</rsp:Owner>`, `<rsp:IdleTimeOut>PT90.000S</rsp:IdleTimeOut>`,
	} {
		if !strings.Contains(reply, want) {
			t.Errorf("no %s in %s", want, reply)
		}
	}
}

func TestCommandAsSent(t *testing.T) {
	got := make(chan *Command, 1)
	_, p, shell := ready(t, Config{Run: func(_ context.Context, c *Command) { got <- c }})
	line := `powershell.exe -Command "a < b && c > d" 'ü€𝄞'`
	m := winrm.NewExecuteCommandRequest(p.url, shell, line, []string{"one two", "&"}, params()).String()
	m = strings.Replace(m, `WINRS_CONSOLEMODE_STDIN">TRUE`, `WINRS_CONSOLEMODE_STDIN">FALSE`, 1)
	m = strings.Replace(m, `WINRS_SKIP_CMD_SHELL">FALSE`, `WINRS_SKIP_CMD_SHELL">TRUE`, 1)
	if _, err := p.call(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	c := <-got
	if c.Line != line || !slices.Equal(c.Args, []string{"one two", "&"}) || c.ConsoleStdin || !c.SkipCmdShell || c.NoProfile ||
		c.User != `LAB\svc-bot` || c.Shell != shell || c.ID == "" {
		t.Errorf("got line %q, args %q, %+v", c.Line, c.Args, c)
	}
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(context.Context, *Command)
		want int
	}{
		{"none called", func(context.Context, *Command) {}, 0},
		{"3", func(_ context.Context, c *Command) { c.Exit(3) }, 3},
		{"-1 is unsigned", func(_ context.Context, c *Command) { c.Exit(-1) }, 4294967295},
		{"STATUS_CONTROL_C_EXIT", func(_ context.Context, c *Command) { c.Exit(0xC000013A) }, 3221225786},
		{"the first counts", func(_ context.Context, c *Command) { c.Exit(4); c.Exit(5) }, 4},
		{"nobody to run it", nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, p, shell := ready(t, Config{Run: test.run})
			command := p.startCommand(t, shell, "x")
			if _, _, exit := p.receiveAll(t, shell, command); exit != test.want {
				t.Errorf("exit %d, want %d", exit, test.want)
			}
			if _, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params()); code(err) != codeSelectors {
				t.Errorf("a Receive after the end: %v", err)
			}
		})
	}
}

// TestOutputFitsTheEnvelope wants more output than an answer of the size that the
// client can take.
func TestOutputFitsTheEnvelope(t *testing.T) {
	t.Parallel()
	want := strings.Repeat("0123456789abcdef", 10_000)
	_, p, shell := ready(t, Config{Run: func(_ context.Context, c *Command) {
		io.WriteString(c.Stdout(), want)
		io.WriteString(c.Stderr(), want)
	}})
	command := p.startCommand(t, shell, "x")
	small := winrm.NewParameters("PT5S", "en-US", 20_000)
	var out, errs string
	for n := 0; ; n++ {
		reply, err := p.call(t.Context(), winrm.NewGetOutputRequest(p.url, shell, command, "stdout stderr", small).String())
		if err != nil {
			t.Fatal(err)
		}
		if len(reply) > 20_000 {
			t.Fatalf("answer of %d bytes", len(reply))
		}
		var o, e strings.Builder
		done, _, err := winrm.ParseSlurpOutputErrResponse(reply, &o, &e)
		if err != nil {
			t.Fatal(err)
		}
		out, errs = out+o.String(), errs+e.String()
		if done {
			break
		}
	}
	if out != want || errs != want {
		t.Errorf("got %d and %d bytes, want %d each", len(out), len(errs), len(want))
	}
}

func TestOperationTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	_, p, shell := ready(t, Config{Run: func(ctx context.Context, c *Command) {
		select {
		case <-release:
			io.WriteString(c.Stdout(), "late")
		case <-ctx.Done():
		}
	}})
	command := p.startCommand(t, shell, "x")
	begun := time.Now()
	_, _, _, _, err := p.receiveOnce(t.Context(), shell, command, winrm.NewParameters("PT0.5S", "en-US", 153600))
	if code(err) != codeTimeout {
		t.Fatalf("got %v, want a timeout", err)
	}
	if d := time.Since(begun); d < 500*time.Millisecond {
		t.Errorf("after %v", d)
	}
	close(release)
	if out, _, _ := p.receiveAll(t, shell, command); out != "late" {
		t.Errorf("got %q after the timeout", out)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	hold := func(ctx context.Context, c *Command) { <-ctx.Done() }
	s, p, shell := ready(t, Config{Run: hold, MaxShells: 2, MaxProcesses: 1, MaxEnvelopeKB: 32})
	create := winrm.NewOpenShellRequest(p.url, params()).String()

	second := p.openShell(t)
	if _, err := p.call(t.Context(), create); code(err) != codeShellQuota {
		t.Errorf("third shell: %v", err)
	}
	local := newPeer(t, p.url)
	local.domain = ""
	local.mustLogOn(t)
	theirs := local.openShell(t)
	if err := p.deleteShell(t, theirs); code(err) != codeSelectors {
		t.Errorf("shell of another user: %v", err)
	}
	if err := p.deleteShell(t, second); err != nil {
		t.Error(err)
	}
	p.openShell(t) // there is room again

	p.startCommand(t, shell, "x")
	start := winrm.NewExecuteCommandRequest(p.url, shell, "y", nil, params()).String()
	if _, err := p.call(t.Context(), start); code(err) != codeCommandQuota {
		t.Errorf("second command: %v", err)
	}
	long := winrm.NewExecuteCommandRequest(p.url, shell, strings.Repeat("x", 33<<10), nil, params()).String()
	if _, err := p.call(t.Context(), long); code(err) != codeEncodingLimit {
		t.Errorf("large envelope: %v", err)
	}
	if n := s.Stats().Faults; n != 4 {
		t.Errorf("%d faults counted", n)
	}
	huge := strings.Repeat("x", 1<<20)
	if resp, _, err := p.post(t.Context(), sealType, "", p.wrap(huge)); err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("larger than anything sensible: %v", err)
	}
}

func TestSignals(t *testing.T) {
	started := make(chan struct{})
	run := func(ctx context.Context, c *Command) {
		started <- struct{}{}
		io.Copy(io.Discard, c.Stdin()) // a signal is the end of it
		<-ctx.Done()
		io.WriteString(c.Stdout(), "cleaned up")
	}
	_, p, shell := ready(t, Config{Run: run})

	for _, signal := range []string{"ctrl_c", "ctrl_break"} {
		command := p.startCommand(t, shell, "x")
		<-started
		if err := p.signal(t, shell, command, signal); err != nil {
			t.Fatalf("%s: %v", signal, err)
		}
		if out, _, exit := p.receiveAll(t, shell, command); out != "cleaned up" || exit != exitInterrupted {
			t.Errorf("%s: %q, exit %d", signal, out, exit)
		}
		if err := p.signal(t, shell, command, "terminate"); err != nil {
			t.Errorf("terminate after the end: %v", err)
		}
	}
	command := p.startCommand(t, shell, "x")
	<-started
	if err := p.signal(t, shell, command, "terminate"); err != nil {
		t.Fatal(err)
	}
	if _, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params()); code(err) != codeSelectors {
		t.Errorf("Receive after terminate: %v", err)
	}
}

// TestDeleteWhileReceiving ends a shell over a second connection.
func TestDeleteWhileReceiving(t *testing.T) {
	ended := make(chan struct{}, 1)
	s, p, shell := ready(t, Config{Run: untilEnded(ended)})
	command := p.startCommand(t, shell, "x")
	received := make(chan error, 1)
	waiting := awaitReceive(s, shell, command)
	go func() { // received waits for it
		_, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params())
		received <- err
	}()
	<-waiting
	other := newPeer(t, p.url)
	other.mustLogOn(t)
	if err := other.deleteShell(t, shell); err != nil {
		t.Fatal(err)
	}
	if err := <-received; code(err) != codeAborted {
		t.Errorf("the Receive that waited: %v", err)
	}
	<-ended
	if err := p.deleteShell(t, shell); code(err) != codeSelectors {
		t.Errorf("second Delete: %v", err)
	}
	if n := s.Stats().Shells; n != 0 {
		t.Errorf("%d shells are left", n)
	}
}

// awaitReceive is closed as soon as a Receive waits for the command's output.
func awaitReceive(s *Server, shell, command string) <-chan struct{} {
	s.mu.Lock()
	c := s.shells[shell].commands[command]
	s.mu.Unlock()
	waiting := make(chan struct{})
	go func() { // ends with the next Receive, which every caller makes
		c.mu.Lock()
		defer c.mu.Unlock()
		for before := c.receiver; c.receiver == before; {
			c.changed.Wait()
		}
		close(waiting)
	}()
	return waiting
}

// TestNewestReceive has a client come back while the Receive of its lost
// connection still waits: the output is the new one's.
func TestNewestReceive(t *testing.T) {
	c := newCommand("x")
	first := make(chan *soapFault, 1)
	go func() { // first waits for it
		_, fault := c.receive(t.Context(), desired{stdout: true}, time.Minute, 100)
		first <- fault
	}()
	c.mu.Lock()
	for c.receiver == 0 {
		c.changed.Wait()
	}
	c.mu.Unlock()
	second := make(chan output, 1)
	go func() { // second waits for it
		o, _ := c.receive(t.Context(), desired{stdout: true}, time.Minute, 100)
		second <- o
	}()
	if fault := <-first; fault == nil || fault.code != codeAborted {
		t.Errorf("older Receive: %v", fault)
	}
	io.WriteString(c.Stdout(), "x")
	if o := <-second; string(o.stdout) != "x" {
		t.Errorf("newer Receive: %q", o.stdout)
	}
}

// TestClientGone takes no output for a client that has left.
func TestClientGone(t *testing.T) {
	c := newCommand("x")
	io.WriteString(c.Stdout(), "x")
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, fault := c.receive(gone, desired{stdout: true}, time.Minute, 100); fault == nil {
		t.Error("output for nobody")
	}
	if o, fault := c.receive(t.Context(), desired{stdout: true}, time.Minute, 100); fault != nil || string(o.stdout) != "x" {
		t.Errorf("the output is lost: %q, %v", o.stdout, fault)
	}
}

// TestBusyInput fills the pipe of a process that does not read.
func TestBusyInput(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	_, p, shell := ready(t, Config{Run: func(ctx context.Context, c *Command) {
		select {
		case <-read:
		case <-ctx.Done():
			return
		}
		b, _ := io.ReadAll(c.Stdin())
		fmt.Fprint(c.Stdout(), len(b))
	}})
	command := p.startCommand(t, shell, "x")
	m := winrm.NewSendInputRequest(p.url, shell, command, make([]byte, 70_000), false, winrm.NewParameters("PT0.5S", "en-US", 153600)).String()
	if _, err := p.call(t.Context(), m); code(err) != codeTimeout {
		t.Errorf("more than the pipe holds: %v", err)
	}
	if err := p.send(t, shell, command, []byte("x"), false); code(err) != codeBusy {
		t.Errorf("the next: %v", err)
	}
	close(read)
	// The pipe is free as soon as the process has read; until then it is busy.
	for err := faultError(codeBusy); err != nil; {
		if err = p.send(t, shell, command, []byte("x"), true); err != nil && code(err) != codeBusy {
			t.Fatal(err)
		}
	}
	if out, _, _ := p.receiveAll(t, shell, command); out != "70001" {
		t.Errorf("the process read %s bytes", out)
	}
	if err := p.send(t, shell, command, []byte("x"), true); err != nil {
		t.Errorf("input after the end of the process: %v", err)
	}
}

func faultError(code uint32) error { return &wsmanError{Code: code} }

func TestShellsThatEndByThemselves(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		ended := make(chan struct{}, 1)
		_, p, shell := ready(t, Config{Run: untilEnded(ended), IdleTimeout: 50 * time.Millisecond})
		p.startCommand(t, shell, "x")
		<-ended
		if err := p.deleteShell(t, shell); code(err) != codeSelectors {
			t.Errorf("got %v, want no such shell", err)
		}
	})
	t.Run("idle as the client asked", func(t *testing.T) {
		t.Parallel()
		ended := make(chan struct{}, 1)
		_, url := startHost(t, Config{Run: untilEnded(ended)})
		p := newPeer(t, url)
		p.mustLogOn(t)
		m := winrm.NewOpenShellRequest(url, params()).String()
		reply, err := p.call(t.Context(), strings.Replace(m, "<rsp:OutputStreams>", "<rsp:IdleTimeOut>PT0.05S</rsp:IdleTimeOut><rsp:OutputStreams>", 1))
		if err != nil {
			t.Fatal(err)
		}
		shell, err := winrm.ParseOpenShellResponse(reply)
		if err != nil {
			t.Fatal(err)
		}
		p.startCommand(t, shell, "x")
		<-ended
	})
	t.Run("a Receive that waits is no idleness", func(t *testing.T) {
		t.Parallel()
		ended := make(chan struct{}, 1)
		_, p, shell := ready(t, Config{Run: untilEnded(ended), IdleTimeout: 300 * time.Millisecond})
		command := p.startCommand(t, shell, "x")
		_, _, _, _, err := p.receiveOnce(t.Context(), shell, command, winrm.NewParameters("PT0.6S", "en-US", 153600))
		if code(err) != codeTimeout {
			t.Errorf("got %v, want a timeout", err)
		}
	})
	t.Run("too old", func(t *testing.T) {
		t.Parallel()
		ended := make(chan struct{}, 1)
		_, p, shell := ready(t, Config{Run: untilEnded(ended), MaxShellRunTime: 200 * time.Millisecond})
		command := p.startCommand(t, shell, "x")
		_, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params())
		if code(err) != codeAborted {
			t.Errorf("got %v, want aborted", err)
		}
		<-ended
	})
}
