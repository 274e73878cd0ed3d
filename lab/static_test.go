package lab

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestEveryFileHasItsTypeAndThePolicy(t *testing.T) {
	p := newTestPage(t)
	paths := map[string]string{"/": "text/html; charset=utf-8"}
	eachFile(t, func(name, _ string) {
		for ext, kind := range staticTypes {
			if strings.HasSuffix(name, ext) {
				paths[strings.TrimPrefix(name, "web")] = kind
			}
		}
	})
	if len(paths) < 30 {
		t.Fatalf("only %d files", len(paths))
	}
	for path, kind := range paths {
		r, err := http.NewRequestWithContext(t.Context(), "GET", p.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		h := res.Header
		if res.StatusCode != http.StatusOK || h.Get("Content-Type") != kind || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, res.StatusCode, h)
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	for _, path := range []string{"/js", "/js/", "/nothing.js", "/../lab.go", "/web/index.html"} {
		if e := p.refused(t, "GET", path, nil); e.Status != http.StatusNotFound {
			t.Errorf("%s: %+v", path, e)
		}
	}
}

// Markup from strings, inline scripts and addresses elsewhere have no place on the
// page; what this finds, the browser's policy would find only where it is used.
func TestPageHasNoWayToRunText(t *testing.T) {
	ways := []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "new Function", "srcdoc"}
	elsewhere := regexp.MustCompile(`//[a-z0-9-]+\.[a-z]+`)
	inline := regexp.MustCompile(`<script>|<script type="module">|<style|\sstyle=|\son[a-z]+=|javascript:`)
	eachFile(t, func(name, text string) {
		for _, way := range ways {
			if strings.Contains(text, way) {
				t.Errorf("%s makes markup from text: %s", name, way)
			}
		}
		if hit := elsewhere.FindString(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "")); hit != "" {
			t.Errorf("%s has an address elsewhere: %s", name, hit)
		}
		if hit := inline.FindString(text); strings.HasSuffix(name, ".html") && hit != "" {
			t.Errorf("%s has %q", name, hit)
		}
	})
}

// Every module that a module imports is there, so that no page opens half.
func TestImportsResolve(t *testing.T) {
	imports := regexp.MustCompile(`from '\./([^']+)'|src="/([^"]+)"|href="/([^"#]+\.[a-z]+)"`)
	eachFile(t, func(name, text string) {
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			target := "web/js/" + m[1]
			if m[1] == "" {
				target = "web/" + m[2] + m[3]
			}
			if _, err := fs.Stat(web, target); err != nil {
				t.Errorf("%s needs %s: %v", name, target, err)
			}
		}
	})
}

func TestHeadlessHasTheCallsAlone(t *testing.T) {
	h := newPage(pageDeps{Headless: true, Describe: func() any { return 1 }, People: Members()})
	for path, want := range map[string]int{"/lab": http.StatusOK, "/": http.StatusNotFound, "/js/main.js": http.StatusNotFound} {
		w := serve(h, path)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func eachFile(t *testing.T, do func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(web, "web", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := web.ReadFile(name)
		do(name, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
