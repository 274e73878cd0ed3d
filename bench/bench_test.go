package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const printed = `goos: linux
pkg: itmsbot
BenchmarkAck/by=bot/callers=1-2         	    2000	    831620 ns/op	      1202 answered/s	         0.6570 p50-ms
    ack_bench_test.go:1: something was said
BenchmarkIntakeCommit-16 	    2000	    362617 ns/op	         0.2003 p50-ms	         3.736 p99-ms
PASS
`

func TestRunsAreRead(t *testing.T) {
	r := runs{}
	for range 2 {
		if err := r.read(strings.NewReader(printed)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.read(strings.NewReader("BenchmarkIntakeCommit-16 9 1 ns/op 0.1 p50-ms")); err != nil {
		t.Fatal(err)
	}
	got, err := r.of("IntakeCommit p50-ms", 3, 1000)
	if want := (figure{200.3, 100, 200.3}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if got, err := r.of("Ack/by=bot/callers=1 answered/s", 2, 1); err != nil || got.median != 1202 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, key := range []string{"IntakeCommit p99-ms", "Ack/by=bot/callers=1 p50-ms", "nothing of the kind"} {
		if got, err := r.of(key, 3, 1); err == nil {
			t.Errorf("%s was not measured in every round, and yet is %+v", key, got)
		}
	}
	if err := r.read(strings.NewReader("BenchmarkX 1 many ns/op")); err == nil {
		t.Error("a value that is no number was read")
	}
}

func TestMedianOfTwoIsBetweenThem(t *testing.T) {
	r := runs{"X ns/op": {4, 1, 2, 9}}
	if got, err := r.of("X ns/op", 4, 1); err != nil || got != (figure{3, 1, 9}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestVerdicts: an aim that is missed is written so.
func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		aim          aim
		ours, beside float64
		want         string
	}{
		{aim{most: true, factor: 1, more: 0.2}, 0.5, 0.3, "met"},
		{aim{most: true, factor: 1, more: 0.2}, 0.51, 0.3, "**not met**"},
		{aim{least: true, factor: 0.5}, 50, 100, "met"},
		{aim{least: true, factor: 0.5}, 49, 100, "**not met**"},
		{aim{most: true, more: 60}, 61, 0, "**not met**"},
		{aim{}, 1, 1, ""},
	} {
		if got := tt.aim.verdict(tt.ours, tt.beside); got != tt.want {
			t.Errorf("%+v: %g beside %g is %q, want %q", tt.aim, tt.ours, tt.beside, got, tt.want)
		}
	}
}

// TestPage writes the page of a machine on which everything took three units.
func TestPage(t *testing.T) {
	r := runs{}
	for _, s := range sections {
		for _, row := range s.rows {
			for _, key := range append(row.beside, row.ours) {
				r[key] = []float64{3, 3, 3}
			}
		}
	}
	m := machine{at: time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC), model: "Some CPU", processors: 2, memory: "8 GB", kernel: "6.1.0", goVersion: "go1.26", files: "ext4", others: 0.04}
	page, err := write(m, 3, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2026-11-28 07:00 UTC", "Some CPU, 2 processors, 8 GB", "| 1 caller, p50 | 3.000 ms (3.000 to 3.000) | bare loop + one commit: 6.000 ms (6.000 to 6.000) | 0.50 | at most that + 0.2 ms | met |",
		"| others meanwhile | 4 % of the processors |", "| memory, idle | 3.0 MB (3.0 to 3.0) |  |  | under 60 MB | met |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	m.others = 0.5
	if page, _ := write(m, 3, r); !strings.Contains(page, "busy with other work") {
		t.Error("the page does not say that the machine was busy")
	}
	m.others = -1
	if page, _ := write(m, 3, r); !strings.Contains(page, "| others meanwhile | unknown |") {
		t.Error("what is not known is not said to be so")
	}
	delete(r, "Serve/memory idle-MB")
	if _, err := write(m, 3, r); err == nil {
		t.Error("a figure that was not measured does not keep the page from being written")
	}
}

// TestFiguresHaveBenchmarks: every benchmark that a line names is in the tree
// and is run.
func TestFiguresHaveBenchmarks(t *testing.T) {
	var source strings.Builder
	for _, s := range suites {
		files, err := filepath.Glob(filepath.Join("..", s.dir, "*bench_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v %v", s.dir, files, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
	}
	for _, s := range sections {
		for _, row := range s.rows {
			for _, key := range append(row.beside, row.ours) {
				name, unit, _ := strings.Cut(key, " ")
				name, _, _ = strings.Cut(name, "/")
				run := false
				for _, s := range suites {
					run = run || strings.Contains(s.benchmarks, name)
				}
				if !run || !strings.Contains(source.String(), "func Benchmark"+name+"(") {
					t.Errorf("%s: no benchmark of that name is run", key)
				}
				if p, ok := strings.CutSuffix(unit, "-ms"); !ok && unit != "ns/op" && !strings.Contains(source.String(), `"`+unit+`"`) || ok && p[0] != 'p' {
					t.Errorf("%s: no benchmark reports that unit", key)
				}
			}
		}
	}
}

func TestBusyTime(t *testing.T) {
	if got, known := busyOf("cpu  100 20 30 4000 500 6 7 80 9 9\ncpu0 1 1 1 1 1 1 1 1"); !known || got != 2430*time.Millisecond {
		t.Errorf("%v, %v", got, known)
	}
	for _, stat := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu 1 2 3 4 5 6 7 many"} {
		if got, known := busyOf(stat); known {
			t.Errorf("%q is %v", stat, got)
		}
	}
	m := newMeter()
	m.own = time.Hour // more than can have been
	if got := m.others(2); got > 0 {
		t.Errorf("others had %g of the processors", got)
	}
	m.known = false
	if got := m.others(2); got >= 0 {
		t.Errorf("what is not known is %g", got)
	}
}

func TestNumber(t *testing.T) {
	for want, v := range map[string]float64{"0": 0.2, "12": 12, "999": 999, "1,000": 1000, "1,234,568": 1234567.8} {
		if got := number(v, 0); got != want {
			t.Errorf("%g is %q, want %q", v, got, want)
		}
	}
	if got := number(12345.678, 1); got != "12,345.7" {
		t.Errorf("got %q", got)
	}
}
