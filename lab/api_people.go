package lab

import (
	"net/http"
	"strings"
)

// done is the answer of a call that has nothing to say.
var done = struct{}{}

// say answers POST /lab/say: a person types into the channel or a thread. For a
// slash command it returns once the bot has acknowledged, or after Slack's three
// seconds with 504 and Slack's word.
func (p *page) say(r *http.Request) (any, error) {
	var call struct {
		As     string `json:"as"`
		Text   string `json:"text"`
		Thread string `json:"thread"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	m, err := p.member(call.As)
	if err != nil {
		return nil, err
	}
	ts, err := p.Slack.Say(r.Context(), m.ID, p.Channel.ID, call.Thread, call.Text)
	if err != nil {
		return nil, err
	}
	return map[string]string{"ts": ts}, nil
}

// press answers POST /lab/press: a person presses a button, or with value picks
// from a menu, of a message or of an open form. The action is an action_id or
// "block_id/action_id"; the page names the block, whose id changes with each
// version of a card, so that nobody presses what they have not read.
func (p *page) press(r *http.Request) (any, error) {
	var call struct {
		As      string `json:"as"`
		Message string `json:"message"`
		View    string `json:"view"`
		Action  string `json:"action"`
		Value   string `json:"value"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	m, err := p.member(call.As)
	if err != nil {
		return nil, err
	}
	switch {
	case (call.Message == "") == (call.View == ""):
		err = refusef(http.StatusBadRequest, "Name either the message or the view that the button is in.")
	case call.View != "":
		err = p.Slack.PressInView(r.Context(), m.ID, call.View, call.Action)
	default:
		err = p.Slack.Choose(r.Context(), m.ID, p.Channel.ID, call.Message, call.Action, call.Value)
	}
	return done, err
}

// submit answers POST /lab/submit: a person sends a form, or closes it.
func (p *page) submit(r *http.Request) (any, error) {
	var call struct {
		As     string                    `json:"as"`
		View   string                    `json:"view"`
		Values map[string]map[string]any `json:"values"`
		Close  bool                      `json:"close"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	m, err := p.member(call.As)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(call.View) == "" {
		return nil, refusef(http.StatusBadRequest, "Name the view.")
	}
	if call.Close {
		return done, p.Slack.CloseView(m.ID, call.View)
	}
	return done, p.Slack.Submit(r.Context(), m.ID, call.View, call.Values)
}
