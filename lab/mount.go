package lab

import (
	"net/http"

	"itmsbot/lab/slack"
)

// mount puts workspace and page on the one listener.
func (l *Lab) mount(mux *http.ServeMux, headless bool) {
	app := l.Slack.Handler()
	for _, path := range []string{"/api/", "/link/", "/response/", "/upload/"} {
		mux.Handle(path, app)
	}
	mux.Handle("/", newPage(pageDeps{
		World: l.World, Slack: l.Slack, Hosts: l.Hosts, CMDB: l.CMDB, VCenter: l.VCenter,
		Channel:  slack.Channel{ID: channel, Name: "itms-upgrade", Topic: topic},
		Bot:      pageBot{User: botUser, Name: botName, Command: command, Hint: hint},
		People:   Members(),
		Describe: func() any { return l.doc },
		Headless: headless,
	}))
}
