package store

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// The environment makes the test binary another program at a database.
const (
	childRole = "ITMSBOT_STORE_CHILD"
	childPath = "ITMSBOT_STORE_PATH"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		do := map[string]func(path string) error{"write": writeUntilKilled, "short": writeOnShortDisk}[role]
		if err := do(os.Getenv(childPath)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// A check is a database with some hundred commits; the command line can
	// ask for more of them.
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// childCommand runs the test binary in a role.
func childCommand(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}
