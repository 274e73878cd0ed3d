package slack_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
)

func TestUploadThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	parent := l.say(t, nil)
	content := "time,queue\n1,9000\n"
	sum, err := l.api.UploadFile(slackgo.UploadFileParameters{
		Content: content, FileSize: len(content), Filename: "curve.csv", Title: "Curve", Channel: channel, ThreadTimestamp: parent,
		InitialComment: "the curve",
	})
	if err != nil {
		t.Fatal(err)
	}
	m := l.Messages(ann, channel, parent)
	if len(m) != 2 || len(m[1].Files) != 1 || m[1].Files[0].Title != "Curve" || m[1].Text != "the curve" {
		t.Fatalf("thread %+v", m)
	}
	f, _, _, err := l.api.GetFileInfo(sum.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if f.Shares.Public[channel][0].Ts != m[1].TS {
		t.Errorf("shares %+v", f.Shares)
	}
	var got bytes.Buffer
	if err := l.api.GetFile(f.URLPrivate, &got); err != nil || got.String() != content {
		t.Errorf("downloaded %q, %v", got.String(), err)
	}
	if _, b, ok := l.Download(sum.ID); !ok || string(b) != content {
		t.Errorf("for the page: %q, %v", b, ok)
	}
}

func TestUploadIsChecked(t *testing.T) {
	l := newLab(t, nil)
	r := l.call(t, "files.getUploadURLExternal", url.Values{"filename": {"a.txt"}, "length": {"5"}})
	link := strings.TrimPrefix(r["upload_url"].(string), l.url)
	send := func(content string) int {
		resp := l.post(t, link, "application/octet-stream", "", content)
		resp.Body.Close()
		return resp.StatusCode
	}
	id := url.Values{"files": {`[{"id":"` + r["file_id"].(string) + `"}]`}, "channel_id": {channel}}
	if got := l.call(t, "files.completeUploadExternal", id); got["error"] != "file_not_found" {
		t.Errorf("completed before the bytes came: %v", got)
	}
	if got := send("toolong"); got != 400 {
		t.Errorf("more than announced: %d", got)
	}
	if got := send("right"); got != 200 {
		t.Errorf("the right bytes: %d", got)
	}
	if got := send("right"); got != 400 {
		t.Errorf("a second time: %d", got)
	}
	if got := l.call(t, "files.completeUploadExternal", id); got["ok"] != true {
		t.Errorf("complete: %v", got)
	}
	if got := l.call(t, "files.completeUploadExternal", id); got["error"] != "file_not_found" {
		t.Errorf("completed twice: %v", got)
	}
	if m := l.Messages(ann, channel, ""); len(m) != 1 {
		t.Fatalf("shared %d times", len(m))
	}
	resp, err := http.Get(l.Messages(ann, channel, "")[0].Files[0].URLPrivate)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 404 {
		t.Errorf("downloaded without a token: %s", resp.Status)
	}
}
