//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// bench is where strangers are met.
type bench struct {
	dir  string // this folder
	work string // a temporary one: programs, lab.json, settings
}

// The longest that things may take.
const (
	buildWithin = 10 * time.Minute
	openWithin  = time.Minute
	meetWithin  = 90 * time.Second
	endWithin   = 10 * time.Second
)

// openssl lets Python's NTLM have MD4, which OpenSSL 3 keeps in a provider of its own.
const openssl = `openssl_conf = conf
[conf]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`

// prepare builds what is built here and installs what npm has. What a stranger
// misses is said when it is met.
func (b bench) prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, buildWithin)
	defer cancel()
	if err := os.WriteFile(b.path("openssl.cnf"), []byte(openssl), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(b.path("ansible.cfg"), nil, 0o600); err != nil {
		return err
	}
	for _, step := range []struct {
		what    string
		dir     string
		command []string
		needed  bool
	}{
		{"build itmsbot", "..", []string{"go", "build", "-o", b.path("itmsbot"), "."}, true},
		{"build govc", "govc", []string{"go", "build", "-o", b.path("govc"), "."}, false},
		{"install package-lock.json", ".", []string{"npm", "ci"}, false},
	} {
		c := b.command(ctx, step.command...)
		c.Dir = filepath.Join(b.dir, step.dir)
		said, err := c.CombinedOutput()
		if err != nil && (step.needed || ctx.Err() != nil) {
			return fmt.Errorf("%s: %w\n%s", step.what, err, said)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "strangers: %s: %v\n%s", step.what, err, said)
		}
	}
	return nil
}

// openLab starts a lab without a bot and waits for lab.json. closed ends it.
func (b bench) openLab(ctx context.Context) (closed func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	c := b.command(ctx, b.path("itmsbot"), "lab", "--headless", "--no-bot", "--listen", "127.0.0.1:0", "--data", b.path("lab"), "--pace", "60")
	var said bytes.Buffer // read when the lab has ended
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("open the lab: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }() // closed waits for it
	closed = func() error {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("the lab did not end well: %w\n%s", err, said.String())
		}
		return nil
	}
	late := time.After(openWithin)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if text, err := os.ReadFile(b.lab()); err == nil && json.Valid(text) {
			return closed, nil
		}
		select {
		case <-again.C:
		case <-late:
			return nil, errors.Join(fmt.Errorf("there is no lab.json after %v", openWithin), closed())
		case err := <-ended:
			cancel()
			return nil, fmt.Errorf("the lab ended while it opened: %w\n%s", err, said.String())
		}
	}
}

// meeting is how a stranger got on.
type meeting struct {
	stranger
	pass  bool
	said  string // its own version
	took  time.Duration
	error error
	last  []string // lines of its output
}

// meet lets a stranger use the lab.
func (b bench) meet(ctx context.Context, s stranger) meeting {
	ctx, cancel := context.WithTimeout(ctx, meetWithin)
	defer cancel()
	began := time.Now()
	c := b.command(ctx, s.command...)
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("not done after %v", meetWithin)
	}
	if c.Process != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // what it has left behind, if anything
	}
	m := meeting{stranger: s, pass: err == nil, took: time.Since(began), error: err}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n")
		if _, v, ok := strings.Cut(line, "version "); ok && m.said == "" {
			m.said = strings.TrimRight(v, `"`) // Ansible says it in JSON
		}
		m.last = append(m.last, line)
	}
	m.last = m.last[max(0, len(m.last)-20):]
	if m.said == "" {
		m.pass, m.said = false, s.name+", version unknown"
	}
	return m
}

// String is one line, and the end of what was said if it is FAIL.
func (m meeting) String() string {
	verdict, pin := "FAIL", ""
	if m.pass {
		verdict = "PASS"
	}
	if !strings.HasPrefix(m.said, m.name+" "+m.version) {
		pin = ", pinned is " + m.version
	}
	line := fmt.Sprintf("%s  %s%s, %.1f s\n", verdict, m.said, pin, m.took.Seconds())
	if m.pass {
		return line
	}
	if m.error != nil {
		line += fmt.Sprintf("      %v\n", m.error)
	}
	for _, l := range m.last {
		line += "      | " + l + "\n"
	}
	return line
}

// command is one that ends with ctx, and with it all that it has started.
func (b bench) command(ctx context.Context, words ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Dir = b.dir
	c.Env = append(os.Environ(),
		"LAB="+b.lab(), "GOVC="+b.path("govc"),
		"OPENSSL_CONF="+b.path("openssl.cnf"), "LC_ALL=C.UTF-8", "NO_PROXY=127.0.0.1,localhost", "no_proxy=127.0.0.1,localhost",
		"ANSIBLE_CONFIG="+b.path("ansible.cfg"), "ANSIBLE_HOME="+b.path("ansible"), "ANSIBLE_LOCAL_TEMP="+b.path("ansible"), "ANSIBLE_REMOTE_TEMP="+b.path("ansible"), "ANSIBLE_NOCOLOR=1")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = endWithin
	return c
}

func (b bench) path(name string) string { return filepath.Join(b.work, name) }

func (b bench) lab() string { return b.path(filepath.Join("lab", "lab.json")) }

func trim(b []byte) string { return string(bytes.TrimSpace(b)) }
