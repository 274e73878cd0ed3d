//go:build unix

// The program in this folder lets clients that were not written here use a fresh
// lab, one after the other, and prints a line PASS or FAIL for each. It ends with 1
// if one is FAIL; a tool that is not installed is FAIL and never passed over.
//
// It promises that every wait has an end and that everything it starts has ended
// before it does. It knows nothing of the protocols: each client has a script of
// its own, in its own language, which gets the path of lab.json in LAB, says the
// client's version in a line "version …" and ends with 0 if all came out as it
// would on the real thing. README.md says what each proves.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// stranger is a client that was not written here.
type stranger struct {
	name    string
	version string // as pinned; Debian's packages are what the distribution has
	command []string
}

func strangers() []stranger {
	return []stranger{
		{"Bolt for JavaScript", "5.1.0", []string{"node", "bolt.mjs"}},
		{"pywinrm", "0.3.0", []string{"./pywinrm.py"}},
		{"ansible-core", "2.14.18", []string{"ansible-playbook", "-i", "localhost,", "-c", "local", "ansible.yml"}},
		{"FreeTDS tsql", "1.3.17", []string{"./freetds.sh"}},
		{"tedious", "19.2.2", []string{"node", "tedious.mjs"}},
		{"govc", "0.56.0", []string{"./govc.sh"}},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := run(ctx, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "strangers:", err)
	}
	if failed > 0 || err != nil {
		os.Exit(1)
	}
}

// run meets all strangers and gives how many are FAIL.
func run(ctx context.Context, out io.Writer) (failed int, err error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "itmsbot").Output()
	if err != nil {
		return 0, fmt.Errorf("where the sources are: %w", err)
	}
	b := bench{dir: filepath.Join(trim(root), "interop")}
	if b.work, err = os.MkdirTemp("", "strangers-"); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(b.work) }()
	if err := b.prepare(ctx); err != nil {
		return 0, err
	}
	closed, err := b.openLab(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range strangers() {
		m := b.meet(ctx, s)
		if ctx.Err() != nil {
			break
		}
		fmt.Fprint(out, m)
		if !m.pass {
			failed++
		}
	}
	if err := closed(); err != nil {
		return failed, err
	}
	return failed, ctx.Err()
}
