package store

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// anchorFile is FILE.anchors: a line "n hash" per anchor, only ever added to.
type anchorFile struct {
	mu   sync.Mutex // the writer and Anchor both add
	f    *os.File
	last head // of the last line
}

func openAnchors(path string) (*anchorFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	a := &anchorFile{f: f}
	if err := a.load(path); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// load finds the last anchor. A line that a crash tore is taken away, so that
// the next one begins on its own; it never was an anchor.
func (a *anchorFile) load(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(raw, '\n') + 1
	if torn := raw[whole:]; len(torn) > 0 {
		if err := a.f.Truncate(int64(whole)); err != nil {
			return fmt.Errorf("the torn line %q at its end: %w", torn, err)
		}
	}
	for l := range strings.Lines(string(raw[:whole])) {
		if h, err := parseAnchor(l); err == nil && h.n > a.last.n {
			a.last = h
		}
	}
	return nil
}

// add writes an anchor and waits until it is on disk. One that is not above the
// last is there already.
func (a *anchorFile) add(h head) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h.n <= a.last.n {
		return nil
	}
	if _, err := fmt.Fprintf(a.f, "%d %s\n", h.n, h.hash); err != nil {
		return err
	}
	if err := a.f.Sync(); err != nil {
		return err
	}
	a.last = h
	return nil
}

func (a *anchorFile) close() { a.f.Close() }

// parseAnchor reads a line of an anchor file. The hash may be its first 16
// digits, as in the footer of a message.
func parseAnchor(l string) (head, error) {
	number, hash, ok := strings.Cut(strings.TrimSpace(l), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 1 {
		return head{}, fmt.Errorf("%q is not a number and a hash", l)
	}
	if len(hash) != 64 && len(hash) != 16 || strings.Trim(hash, "0123456789abcdef") != "" {
		return head{}, fmt.Errorf("%q is neither 64 nor 16 hex digits", hash)
	}
	return head{n: n, hash: hash}, nil
}
