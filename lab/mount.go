package lab

import "net/http"

// mount puts workspace and page on the one listener.
func (l *Lab) mount(mux *http.ServeMux, headless bool) {
	app := l.Slack.Handler()
	for _, path := range []string{"/api/", "/link/", "/response/", "/upload/"} {
		mux.Handle(path, app)
	}
}
