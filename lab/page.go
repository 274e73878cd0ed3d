package lab

import (
	"net/http"
	"strings"

	"itmsbot/lab/slack"
	"itmsbot/lab/tds"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// pageDeps is what the page stands on.
type pageDeps struct {
	World *world.World
	Slack *slack.Server
	// What the fault panel can break beside Slack: the hosts by name, and the others
	// where there are any.
	Hosts   map[string]*wsman.Server
	CMDB    *tds.Server
	VCenter *vcenter.Server

	Channel slack.Channel // the one the page shows
	Bot     pageBot
	People  []Member // who may be acted as, in the order of the page

	Describe func() any // the /lab document
	Headless bool       // without the page's own files
}

// pageBot is what the page says about the app.
type pageBot struct {
	User    string `json:"user"` // its user id
	Name    string `json:"name"`
	Command string `json:"command"`
	Hint    string `json:"hint"` // what Slack shows behind the command
	// Connected reports whether the bot has a socket open.
	Connected bool `json:"connected"`
}

// page answers the lab's own HTTP calls.
type page struct {
	pageDeps
	faults *faultDesk
}

// newPage returns the page and the calls behind it, for the root of the lab's
// listener. It answers whom guard lets in.
func newPage(d pageDeps) http.Handler {
	sources := []faultSource{slackFaults(d.Slack), hostFaults(d.Hosts)}
	if d.CMDB != nil {
		sources = append(sources, sqlFaults(d.CMDB))
	}
	if d.VCenter != nil {
		sources = append(sources, vcenterFaults(d.VCenter))
	}
	p := &page{d, newFaultDesk(sources...)}
	mux := http.NewServeMux()
	mux.Handle("GET /lab", answer(p.describe))
	mux.Handle("GET /lab/channel", answer(p.channel))
	mux.Handle("GET /lab/world", answer(p.truth))
	mux.Handle("GET /lab/faults", answer(p.listFaults))
	mux.HandleFunc("GET /lab/events", p.events)
	mux.HandleFunc("GET /lab/file/{id}", p.file)
	mux.Handle("POST /lab/say", answer(p.say))
	mux.Handle("POST /lab/press", answer(p.press))
	mux.Handle("POST /lab/submit", answer(p.submit))
	mux.Handle("POST /lab/world", answer(p.changeWorld))
	mux.Handle("POST /lab/faults", answer(p.changeFaults))
	mux.Handle("POST /lab/snapshots", answer(p.removeSnapshot))
	if !d.Headless {
		mux.Handle("GET /", staticFiles())
	}
	return guard(mux)
}

func (p *page) describe(*http.Request) (any, error) { return p.Describe(), nil }

// member finds who acts by the key that a call names them with.
func (p *page) member(key string) (Member, error) {
	for _, m := range p.People {
		if m.Key == key {
			return m, nil
		}
	}
	var keys []string
	for _, m := range p.People {
		keys = append(keys, m.Key)
	}
	return Member{}, refusef(http.StatusBadRequest, "Say who acts: \"as\" is one of %s, not %q.", strings.Join(keys, ", "), key)
}
