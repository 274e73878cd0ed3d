package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is what a figure is worth nothing without.
type machine struct {
	at         time.Time
	model      string
	processors int
	memory     string
	kernel     string
	goVersion  string
	files      string // kind of the file system that the benchmarks write to
	// others is the share of the processors that others used while the
	// benchmarks ran, negative where it is not known.
	others float64
}

// thisMachine reads /proc. What it does not find there it calls unknown.
func thisMachine(work string) machine {
	m := machine{others: -1, at: time.Now().UTC(), processors: runtime.NumCPU(), goVersion: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		model: field("/proc/cpuinfo", "model name"), memory: field("/proc/meminfo", "MemTotal"), files: fileSystem(work)}
	if kib, err := strconv.ParseFloat(strings.TrimSuffix(m.memory, " kB"), 64); err == nil {
		m.memory = fmt.Sprintf("%.0f GB", kib*1024/1e9)
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		// The kernel's own number; what follows names a builder.
		m.kernel, _, _ = strings.Cut(strings.TrimSpace(string(b)), "-")
	}
	return m
}

// busy reports whether others had so much of the machine that it shows.
func (m machine) busy() bool { return m.others > 0.05 }

// busyTime is how long the processors have worked since the start of the
// system, all of them added up; false where that is not known.
func busyTime() (time.Duration, bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	return busyOf(string(b))
}

// busyOf reads the first line of /proc/stat.
func busyOf(stat string) (time.Duration, bool) {
	line, _, _ := strings.Cut(stat, "\n")
	words := strings.Fields(line)
	// cpu user nice system idle iowait irq softirq steal, in hundredths.
	if len(words) < 9 || words[0] != "cpu" {
		return 0, false
	}
	var sum int64
	for i, w := range words[1:9] {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 {
			sum += n
		}
	}
	return time.Duration(sum) * 10 * time.Millisecond, true
}

// meter tells what of a while was others' work.
type meter struct {
	began time.Time
	busy  time.Duration
	known bool
	own   time.Duration // of the programs that were run
}

func newMeter() *meter {
	m := &meter{began: time.Now()}
	m.busy, m.known = busyTime()
	return m
}

// others is their share of the processors since the meter was made, negative
// where that is not known.
func (m *meter) others(processors int) float64 {
	busy, known := busyTime()
	if !known || !m.known {
		return -1
	}
	return max(0, float64(busy-m.busy-m.own)/float64(time.Since(m.began))/float64(processors))
}

// field gives the value behind a name in a file of lines "name : value".
func field(path, name string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// fileSystem gives the kind of the file system that holds path: that of the
// longest mount point above it.
func fileSystem(path string) string {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "unknown"
	}
	kind, longest := "unknown", -1
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		above := strings.TrimSuffix(words[1], "/") + "/"
		if strings.HasPrefix(path+"/", above) && len(above) >= longest {
			kind, longest = words[2], len(above)
		}
	}
	return kind
}
