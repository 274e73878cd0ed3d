package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"itmsbot/lab/slack"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// testPage is a page on real servers: a world whose clock stands, a workspace,
// one host to break. No app is connected unless a test does so.
type testPage struct {
	*slack.Server
	world *world.World
	url   string
	ended chan string // the path of every call that has returned
}

func newTestPage(t *testing.T, change ...func(*slack.Config)) *testPage {
	t.Helper()
	p := &testPage{world: world.New(world.Options{Manual: true, Managed: 50}), ended: make(chan string, 1000)}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.url = server.URL
	ch := slack.Channel{ID: "C0LAB", Name: "itms-upgrade", Topic: "Saturday"}
	cfg := slack.Config{
		URL: server.URL, TeamID: "T0LAB", TeamDomain: "lab", AppID: "A0BOT", BotID: "B0BOT", BotUser: "U0BOT", BotName: "itmsbot",
		BotToken: "xoxb-test", AppToken: "xapp-test", Command: "/itms", Channels: []slack.Channel{ch},
		Now: p.world.Now, AckWithin: 50 * time.Millisecond, Redeliver: []time.Duration{},
	}
	for _, m := range Members() {
		cfg.People = append(cfg.People, slack.Person{ID: m.ID, Name: strings.ToLower(m.Name), RealName: m.Name})
	}
	for _, c := range change {
		c(&cfg)
	}
	p.Server = slack.New(cfg)
	t.Cleanup(p.Close)
	host := wsman.New(wsman.Config{Name: "SMP1"})
	t.Cleanup(func() { _ = host.Close() })
	for _, path := range []string{"/api/", "/link/", "/upload/"} {
		mux.Handle(path, p.Handler())
	}
	page := newPage(pageDeps{
		World: p.world, Slack: p.Server, Hosts: map[string]*wsman.Server{"SMP1": host},
		Channel: ch, Bot: pageBot{User: "U0BOT", Name: "itmsbot", Command: "/itms"}, People: Members(),
		Describe: func() any { return map[string]string{"page": server.URL} },
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		defer func() { p.ended <- r.URL.Path }()
		page.ServeHTTP(w, r)
	})
	return p
}

// call makes a call and returns its status and body; a string is sent as it is.
func (p *testPage) call(t *testing.T, method, path string, body any, edit func(*http.Request)) (int, []byte) {
	t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, content)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if edit != nil {
		edit(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

// must makes a call that has to succeed, and reads its answer.
func (p *testPage) must(t *testing.T, method, path string, body, into any) {
	t.Helper()
	status, answer := p.call(t, method, path, body, nil)
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

// refused makes a call that has to be declined, and returns how.
func (p *testPage) refused(t *testing.T, method, path string, body any) refusal {
	t.Helper()
	status, answer := p.call(t, method, path, body, nil)
	e := refusal{Status: status}
	if err := json.Unmarshal(answer, &e); err != nil || e.Reason == "" {
		t.Fatalf("%s %s: %d without a sentence: %s", method, path, status, answer)
	}
	return e
}

// bot calls a method of the Web API as the app.
func (p *testPage) bot(t *testing.T, method string, args map[string]any) map[string]any {
	t.Helper()
	status, answer := p.call(t, "POST", "/api/"+method, args, func(r *http.Request) { r.Header.Set("Authorization", "Bearer xoxb-test") })
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil || out["ok"] != true {
		t.Fatalf("%s: %d %s", method, status, answer)
	}
	return out
}

func (p *testPage) view(t *testing.T, query string) channelView {
	t.Helper()
	var v channelView
	p.must(t, "GET", "/lab/channel?"+query, nil, &v)
	return v
}

func TestPeopleTalk(t *testing.T) {
	p := newTestPage(t)
	var said struct{ TS string }
	p.must(t, "POST", "/lab/say", map[string]string{"as": "operator", "text": "Starting 1.4."}, &said)
	p.must(t, "POST", "/lab/say", map[string]string{"as": "viewer", "text": "Good luck", "thread": said.TS}, nil)

	v := p.view(t, "as=approver")
	if len(v.Messages) != 1 || v.Messages[0].User != "UANA00001" || v.Messages[0].ReplyCount != 1 {
		t.Errorf("Ben sees %+v", v.Messages)
	}
	if len(v.People) != 4 || v.Channel.Name != "itms-upgrade" || v.Bot.Connected {
		t.Errorf("people %v, channel %v, bot %v", v.People, v.Channel, v.Bot)
	}
	thread := p.view(t, "as=approver&thread="+said.TS).Messages
	if last := thread[len(thread)-1]; last.Text != "Good luck" || last.User != "UCLEO0001" {
		t.Errorf("the thread ends with %+v", last)
	}
}

func TestSlackSaysThatNobodyAnswered(t *testing.T) {
	p := newTestPage(t)
	e := p.refused(t, "POST", "/lab/say", map[string]string{"as": "operator", "text": "/itms quiesce"})
	if e.Status != http.StatusGatewayTimeout || e.Code != "app is not connected" {
		t.Errorf("a command without a bot: %+v", e)
	}
	e = p.refused(t, "POST", "/lab/say", map[string]string{"as": "operator", "text": "/nonsense"})
	if e.Status != http.StatusConflict || !strings.Contains(e.Reason, "not a valid command") {
		t.Errorf("a command that nobody has: %+v", e)
	}
}

func TestPressNamesTheVersionOfTheCard(t *testing.T) {
	p := newTestPage(t)
	card := func(version string) string {
		return `[{"type":"actions","block_id":"` + version + `","elements":[{"type":"button","action_id":"approve","value":"R-1","text":{"type":"plain_text","text":"Approve"}}]}]`
	}
	posted := p.bot(t, "chat.postMessage", map[string]any{"channel": "C0LAB", "text": "card", "blocks": card("v1")})
	ts := posted["ts"].(string)
	press := map[string]string{"as": "approver", "message": ts, "action": "v1/approve"}
	if e := p.refused(t, "POST", "/lab/press", press); e.Status != http.StatusGatewayTimeout {
		t.Errorf("press without a bot: %+v", e)
	}
	p.bot(t, "chat.update", map[string]any{"channel": "C0LAB", "ts": ts, "text": "card", "blocks": card("v2")})
	if e := p.refused(t, "POST", "/lab/press", press); e.Status != http.StatusBadRequest {
		t.Errorf("press on a card that has changed: %+v", e)
	}
	if e := p.refused(t, "POST", "/lab/press", map[string]string{"as": "approver", "action": "approve"}); e.Status != http.StatusBadRequest {
		t.Errorf("press on nothing: %+v", e)
	}
}

func TestSubmitWithoutForm(t *testing.T) {
	p := newTestPage(t)
	for _, body := range []map[string]any{
		{"as": "operator"},
		{"as": "operator", "view": "V0NONE"},
		{"as": "operator", "view": "V0NONE", "close": true},
	} {
		if e := p.refused(t, "POST", "/lab/submit", body); e.Status != http.StatusBadRequest {
			t.Errorf("%v: %+v", body, e)
		}
	}
}

func TestWhoActs(t *testing.T) {
	p := newTestPage(t)
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/lab/channel", nil},
		{"GET", "/lab/channel?as=ana", nil},
		{"POST", "/lab/say", map[string]string{"as": "UANA00001", "text": "x"}},
		{"POST", "/lab/press", map[string]string{"as": "", "message": "1.1", "action": "x"}},
		{"POST", "/lab/submit", map[string]string{"as": "bot", "view": "V1"}},
	} {
		e := p.refused(t, call.method, call.path, call.body)
		if e.Status != http.StatusBadRequest || !strings.Contains(e.Reason, "operator, approver, approver2, viewer") {
			t.Errorf("%s %s: %+v", call.method, call.path, e)
		}
	}
}

func TestWorldIsSeenAndChanged(t *testing.T) {
	p := newTestPage(t)
	p.must(t, "POST", "/lab/world", map[string]any{"field": "queue", "number": 77}, nil)
	p.must(t, "POST", "/lab/world", map[string]any{"pace": 60}, nil)
	var truth world.Truth
	p.must(t, "GET", "/lab/world", nil, &truth)
	if truth.Queue.Database != 77 || truth.Pace != 60 {
		t.Errorf("queue %d, pace %d", truth.Queue.Database, truth.Pace)
	}
	p.must(t, "POST", "/lab/world", map[string]any{"upgrade": "site"}, nil)
	p.must(t, "GET", "/lab/world", nil, &truth)
	if v := truth.Hosts[2].Version; v != "8.1" {
		t.Errorf("SITE1 has version %s", v)
	}
	for _, body := range []map[string]any{
		{"pace": 0},
		{"upgrade": "site"}, // twice
		{"upgrade": "client"},
		{"upgrade": "smp", "pace": 10},
		{"pace": 10, "field": "queue"},
		{"field": "weather"},
		{"field": "power", "host": "NOSUCH", "on": true},
		{},
	} {
		if e := p.refused(t, "POST", "/lab/world", body); e.Status != http.StatusBadRequest {
			t.Errorf("%v: %+v", body, e)
		}
	}
}

func TestDescription(t *testing.T) {
	p := newTestPage(t)
	var doc map[string]string
	p.must(t, "GET", "/lab", nil, &doc)
	if doc["page"] != p.url {
		t.Errorf("/lab says %v", doc)
	}
}

func TestFilesAreShownButNeverRun(t *testing.T) {
	p := newTestPage(t)
	for _, c := range []struct{ name, kind string }{
		{"errors.txt", "text/plain; charset=utf-8"},
		{"evil.html", "text/plain; charset=utf-8"},
		{"evil.svg", "application/octet-stream"},
	} {
		id := p.upload(t, c.name, "<script>alert(1)</script>")
		r, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/lab/file/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != c.kind {
			t.Errorf("%s: %d %s, want %s", c.name, res.StatusCode, got, c.kind)
		}
		if got := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox") {
			t.Errorf("%s: policy %q", c.name, got)
		}
	}
	if e := p.refused(t, "GET", "/lab/file/FNONE", nil); e.Status != http.StatusNotFound {
		t.Errorf("a file that is not: %+v", e)
	}
}

// upload puts a file into the channel as the app, and returns its id.
func (p *testPage) upload(t *testing.T, name, content string) string {
	t.Helper()
	form := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer xoxb-test")
		r.Header.Set("Content-Type", "application/json")
	}
	var up struct {
		UploadURL string `json:"upload_url"`
		FileID    string `json:"file_id"`
	}
	_, answer := p.call(t, "POST", "/api/files.getUploadURLExternal", map[string]any{"filename": name, "length": len(content)}, form)
	if err := json.Unmarshal(answer, &up); err != nil {
		t.Fatal(err)
	}
	if status, answer := p.call(t, "POST", strings.TrimPrefix(up.UploadURL, p.url), content, nil); status != http.StatusOK {
		t.Fatalf("upload %s: %d %s", name, status, answer)
	}
	p.bot(t, "files.completeUploadExternal", map[string]any{"files": []map[string]string{{"id": up.FileID, "title": name}}, "channel_id": "C0LAB"})
	return up.FileID
}

// within is how long a test waits for what has to happen.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}
