package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"itmsbot/lab/slack"
)

const (
	botToken = "xoxb-lab"
	appToken = "xapp-1-lab"
	channel  = "C0OPS"
	ann      = "U0ANN"
	bob      = "U0BOB"
	app      = "U0BOT"
)

// lab is a workspace under test behind a real listener.
type lab struct {
	*slack.Server
	url string
	api *slackgo.Client
}

// newLab starts a workspace. Nothing waits for long unless change says so: an
// acknowledgement may take ten seconds, so that a slow machine fails no test.
func newLab(t *testing.T, change func(*slack.Config)) *lab {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	cfg := slack.Config{
		URL:    "http://" + web.Listener.Addr().String(),
		TeamID: "T0LAB", TeamDomain: "lab",
		AppID: "A0BOT", BotID: "B0BOT", BotUser: app, BotName: "itmsbot",
		BotToken: botToken, AppToken: appToken, Command: "/itms",
		Channels:  []slack.Channel{{ID: channel, Name: "upgrade"}, {ID: "C0RND", Name: "random"}},
		People:    []slack.Person{{ID: ann, Name: "ann", RealName: "Ann Lee"}, {ID: bob, Name: "bob", RealName: "Bob Ray"}},
		AckWithin: 10 * time.Second,
	}
	if change != nil {
		change(&cfg)
	}
	s := slack.New(cfg)
	web.Config.Handler = s.Handler()
	web.Start()
	t.Cleanup(web.Close)
	t.Cleanup(s.Close)
	return &lab{s, cfg.URL, slackgo.New(botToken,
		slackgo.OptionAPIURL(cfg.URL+"/api/"), slackgo.OptionAppLevelToken(appToken))}
}

// connect runs slack-go's Socket Mode client, and handle for each of its
// events, until the test ends.
func (l *lab) connect(t *testing.T, handle func(socketmode.Event, *socketmode.Client)) {
	t.Helper()
	smc := socketmode.New(l.api)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup // waited for in the cleanup
	running.Go(func() { _ = smc.RunContext(ctx) })
	running.Go(func() {
		for {
			select {
			case e := <-smc.Events:
				handle(e, smc)
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	l.until(t, "the bot is connected", func() bool { return l.Connections() > 0 })
}

// acking is a handler that acknowledges everything with payload.
func acking(payload any) func(socketmode.Event, *socketmode.Client) {
	return func(e socketmode.Event, c *socketmode.Client) {
		if e.Request != nil && e.Request.EnvelopeID != "" {
			_ = c.Ack(*e.Request, payload)
		}
	}
}

// until waits for a condition that some change of the workspace brings about.
func (l *lab) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for v := l.Version(); !ok(); {
		var err error
		if v, err = l.Wait(ctx, v); err != nil {
			t.Fatalf("waiting until %s: %v", what, err)
		}
	}
}

// call makes one Web API call with a form and the bot token.
func (l *lab) call(t *testing.T, method string, args url.Values) map[string]any {
	t.Helper()
	form := url.Values{"token": {botToken}}
	for k, v := range args {
		form[k] = v
	}
	resp, err := http.PostForm(l.url+"/api/"+method, form)
	if err != nil {
		t.Fatal(err)
	}
	return body(t, resp)
}

func body(t *testing.T, resp *http.Response) map[string]any {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%s: %.200s: %v", resp.Status, b, err)
	}
	return m
}

// post sends a body with a Bearer token, and is for what a form cannot say.
func (l *lab) post(t *testing.T, path, contentType, bearer, content string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+path, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// say posts a message as the app and returns its ts.
func (l *lab) say(t *testing.T, args url.Values) string {
	t.Helper()
	form := url.Values{"channel": {channel}, "text": {"hello"}}
	for k, v := range args {
		form[k] = v
	}
	r := l.call(t, "chat.postMessage", form)
	if r["ok"] != true {
		t.Fatalf("chat.postMessage: %v", r)
	}
	return r["ts"].(string)
}

// frame is what the workspace sends over a socket.
type frame struct {
	Type         string          `json:"type"`
	EnvelopeID   string          `json:"envelope_id"`
	Accepts      bool            `json:"accepts_response_payload"`
	RetryAttempt *int            `json:"retry_attempt"`
	RetryReason  string          `json:"retry_reason"`
	Reason       string          `json:"reason"`
	NumSockets   int             `json:"num_connections"`
	Payload      json.RawMessage `json:"payload"`
}

// dial opens a bare socket and returns it with its hello.
func (l *lab) dial(t *testing.T) (*websocket.Conn, frame) {
	t.Helper()
	conn, err := l.handshake(l.ticket(t), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, read(t, conn)
}

// ticket returns a socket URL.
func (l *lab) ticket(t *testing.T) string {
	t.Helper()
	r := body(t, l.post(t, "/api/apps.connections.open", "application/json", appToken, ""))
	if r["ok"] != true {
		t.Fatalf("apps.connections.open: %v", r)
	}
	return r["url"].(string)
}

func (l *lab) handshake(link, origin string) (*websocket.Conn, error) {
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	conn, resp, err := websocket.DefaultDialer.Dial(link, h)
	if err != nil && resp != nil {
		return nil, errors.New(resp.Status)
	}
	return conn, err
}

// read returns the next frame; ten seconds without one fail the test.
func read(t *testing.T, conn *websocket.Conn) frame {
	t.Helper()
	var f frame
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := conn.ReadJSON(&f); err != nil {
		t.Fatalf("read a frame: %v", err)
	}
	return f
}

func write(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// async runs something a person does and returns where its result will be.
func async(t *testing.T, do func() error) <-chan error {
	done := make(chan error, 1)
	var running sync.WaitGroup // waited for in the cleanup
	running.Go(func() { done <- do() })
	t.Cleanup(running.Wait)
	return done
}

// notAnswered returns the reason a person was given, "" if there is none.
func notAnswered(err error) string {
	var na *slack.NotAnswered
	if errors.As(err, &na) {
		return na.Reason
	}
	return ""
}

func decode(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%.200s: %v", raw, err)
	}
}
