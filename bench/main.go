// Bench runs the benchmarks that docs/benchmarks.md speaks of, several times in
// turn, and writes that page: each figure as the median of its runs with the
// least and the most, the baseline that was measured beside it, and whether the
// aim is met.
//
// It promises no more than `go test -bench` says: it runs that, reads what it
// prints and what /proc says of the machine. It knows nothing of the product and
// imports nothing of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	out := flag.String("o", "docs/benchmarks.md", "the page to write")
	rounds := flag.Int("rounds", 5, "how often everything is measured; an even number has no middle one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *out, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// suite is the benchmarks of one package and how long each runs.
type suite struct {
	dir, benchmarks, time string
}

// suites are run in this order, and all of them before any is run again, so that
// a machine that gets slower meanwhile is slower for a figure and its baseline.
var suites = []suite{
	{".", "^Benchmark(Ack|IntakeCommit)$", "2000x"},
	{"store", "^Benchmark(Append|BareInsert)$", "1s"},
	{"actions", "^Benchmark(CloseDoors|OpenAndClose)$", "1x"},
	{"estate/winrm", "^BenchmarkFirewallLook$/^rules=(10|600)$", "2x"},
	{"estate/vsphere", "^Benchmark(FiftySnapshots|BareSnapshots)$", "1x"},
	{".", "^BenchmarkRollback$", "1x"},
	{".", "^BenchmarkServe$", "1s"},
}

func measure(ctx context.Context, out string, rounds int) error {
	if rounds < 1 {
		return errors.New("at least one round has to be measured")
	}
	work, err := os.MkdirTemp("", "itmsbot-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	m := thisMachine(work)
	programs, err := compile(ctx, work)
	if err != nil {
		return err
	}
	results, meanwhile := runs{}, newMeter()
	for round := range rounds {
		for _, s := range suites {
			fmt.Printf("%s  round %d of %d: %s %s\n", time.Now().Format("15:04:05"), round+1, rounds, s.dir, s.benchmarks)
			text, err := s.run(ctx, programs[s.dir], meanwhile)
			if err != nil {
				return err
			}
			if err := results.read(strings.NewReader(text)); err != nil {
				return err
			}
		}
	}
	m.others = meanwhile.others(m.processors)
	page, err := write(m, rounds, results)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, []byte(page), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	fmt.Printf("Written: %s\n", out)
	return nil
}

// compile builds the test program of each package once.
func compile(ctx context.Context, work string) (map[string]string, error) {
	programs := map[string]string{}
	for _, s := range suites {
		if programs[s.dir] != "" {
			continue
		}
		fmt.Printf("%s  compiling %s\n", time.Now().Format("15:04:05"), s.dir)
		path := filepath.Join(work, strings.NewReplacer("/", "-", ".", "root").Replace(s.dir)+".test")
		c := exec.CommandContext(ctx, "go", "test", "-c", "-o", path, "./"+s.dir)
		if text, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("compile the benchmarks of %s: %w\n%s", s.dir, err, text)
		}
		programs[s.dir] = path
	}
	return programs, nil
}

// run runs the benchmarks once, shows what they print, and gives it.
func (s suite) run(ctx context.Context, program string, meanwhile *meter) (string, error) {
	var text strings.Builder
	c := exec.CommandContext(ctx, program, "-test.run=^$", "-test.bench="+s.benchmarks, "-test.benchtime="+s.time, "-test.timeout=10m")
	c.Dir = s.dir
	c.Stdout = io.MultiWriter(&text, os.Stdout)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("benchmarks of %s: %w", s.dir, err)
	}
	meanwhile.own += c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	return text.String(), nil
}
