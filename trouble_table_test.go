package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testFolder = regexp.MustCompile("(?:`([a-z/]+)` )?`((?:Test|Fuzz)[A-Za-z0-9]+)`")
	testTalk   = regexp.MustCompile("`([a-z-]+\\.txtar)`")
)

// TestTroubleHasTests: docs/trouble.md names a test for each case, in the folder
// where it is.
func TestTroubleHasTests(t *testing.T) {
	page, err := os.ReadFile("docs/trouble.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(page), "\n## ")
	rows, named := 0, 0
	for _, row := range strings.Split(tables, "\n") {
		cells := strings.Split(row, " | ")
		if len(cells) < 3 || strings.HasPrefix(row, "| case |") {
			continue
		}
		rows++
		shown := cells[len(cells)-1]
		tests, talks := testFolder.FindAllStringSubmatch(shown, -1), testTalk.FindAllStringSubmatch(shown, -1)
		if len(tests)+len(talks) == 0 {
			t.Errorf("no test: %s", row)
		}
		named += len(tests) + len(talks)
		for _, m := range tests {
			if !hasTest(t, m[1], m[2]) {
				t.Errorf("there is no %s in %q", m[2], m[1])
			}
		}
		for _, m := range talks {
			if _, err := os.Stat(filepath.Join("testdata", "conversations", m[1])); err != nil {
				t.Error(err)
			}
		}
	}
	if rows < 40 || named < rows {
		t.Errorf("%d rows name %d tests; is the table still a table?", rows, named)
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %q: %v", folder, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
