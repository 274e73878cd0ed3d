package lab

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
)

// web holds the page: plain HTML, CSS and ES modules, served as they are.
//
//go:embed web
var web embed.FS

// staticTypes are the kinds of file that the page consists of. The machine's own
// table of types is not asked; a wrong entry there would break the page.
var staticTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// staticFiles serves exactly the embedded files, "/" being index.html. A file of
// an unknown kind is a mistake in the build and panics; a test walks all of them.
func staticFiles() http.Handler {
	type file struct {
		kind string
		body []byte
	}
	files := map[string]file{}
	err := fs.WalkDir(web, "web", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind, ok := staticTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s: no content type for this kind of file", name)
		}
		body, err := web.ReadFile(name)
		files[name[len("web"):]] = file{kind, body}
		return err
	})
	if err != nil {
		panic(err)
	}
	files["/"] = files["/index.html"]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			writeRefusal(w, refusef(http.StatusNotFound, "The lab has no page %s.", r.URL.Path))
			return
		}
		w.Header().Set("Content-Type", f.kind)
		w.Header().Set("Cache-Control", "no-cache")
		// The client being gone is its own affair.
		_, _ = w.Write(f.body)
	})
}
