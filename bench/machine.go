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
	files      string  // kind of the file system that the benchmarks write to
	load       float64 // of the minute before
}

// thisMachine reads /proc. What it does not find there it calls unknown.
func thisMachine(work string) (machine, error) {
	m := machine{at: time.Now().UTC(), processors: runtime.NumCPU(), goVersion: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		model: field("/proc/cpuinfo", "model name"), memory: field("/proc/meminfo", "MemTotal"), files: fileSystem(work)}
	if kib, err := strconv.ParseFloat(strings.TrimSuffix(m.memory, " kB"), 64); err == nil {
		m.memory = fmt.Sprintf("%.0f GB", kib*1024/1e9)
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		// The kernel's own number; what follows names a builder.
		m.kernel, _, _ = strings.Cut(strings.TrimSpace(string(b)), "-")
	}
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return m, fmt.Errorf("how busy the machine is cannot be read: %w", err)
	}
	words := strings.Fields(string(b))
	if len(words) == 0 {
		return m, fmt.Errorf("how busy the machine is cannot be read: /proc/loadavg is empty")
	}
	m.load, err = strconv.ParseFloat(words[0], 64)
	return m, err
}

// busy reports whether others had work for more than a quarter of the machine.
func (m machine) busy() bool { return m.load > float64(m.processors)/4 }

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
