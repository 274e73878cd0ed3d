package slack_test

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"
)

// TestSavedWorkspace: whoever looks sees the same as before, and what is said next comes
// after it.
func TestSavedWorkspace(t *testing.T) {
	l := newLab(t, nil)
	parent := l.say(t, nil)
	l.call(t, "chat.postMessage", url.Values{"channel": {channel}, "thread_ts": {parent}, "text": {"in the thread"}, "reply_broadcast": {"true"},
		"metadata": {`{"event_type":"card","event_payload":{"purpose":"card:R-1"}}`}})
	l.call(t, "chat.postEphemeral", url.Values{"channel": {channel}, "user": {ann}, "text": {"for Ann alone"}})
	l.call(t, "chat.update", url.Values{"channel": {channel}, "ts": {parent}, "text": {"edited"}})
	l.call(t, "pins.add", url.Values{"channel": {channel}, "timestamp": {parent}})
	l.call(t, "reactions.add", url.Values{"channel": {channel}, "timestamp": {parent}, "name": {"eyes"}})
	l.call(t, "bookmarks.add", url.Values{"channel_id": {channel}, "title": {"Book"}, "type": {"link"}, "link": {"https://example.com"}})
	if _, err := l.Say(context.Background(), bob, channel, "", "Starting"); err != nil {
		t.Fatal(err)
	}
	content := "time,queue\n"
	sum, err := l.api.UploadFile(slackgo.UploadFileParameters{Content: content, FileSize: len(content), Filename: "curve.csv", Channel: channel})
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Save()
	if err != nil {
		t.Fatal(err)
	}
	again := newLab(t, nil)
	if err := again.Resume(b); err != nil {
		t.Fatal(err)
	}
	times := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	for _, who := range []string{ann, bob} {
		for _, thread := range []string{"", parent} {
			was, is := l.Messages(who, channel, thread), again.Messages(who, channel, thread)
			for i := range was {
				for j := range was[i].Files { // they are served elsewhere now
					was[i].Files[j].URLPrivate = strings.Replace(was[i].Files[j].URLPrivate, l.url, again.url, 1)
				}
			}
			if diff := cmp.Diff(was, is, times); diff != "" || len(was) == 0 {
				t.Errorf("%s, thread %q (-was +is):\n%s", who, thread, diff)
			}
		}
	}
	for _, method := range []string{"pins.list", "bookmarks.list", "conversations.history"} {
		args := url.Values{"channel": {channel}, "channel_id": {channel}, "include_all_metadata": {"true"}}
		was, is := l.call(t, method, args), again.call(t, method, args)
		if diff := cmp.Diff(drop(was, l.url), drop(is, again.url)); diff != "" || was["ok"] != true {
			t.Errorf("%s (-was +is):\n%s", method, diff)
		}
	}
	f, _, _, err := again.api.GetFileInfo(sum.ID, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := again.api.GetFile(f.URLPrivate, &got); err != nil || got.String() != content {
		t.Errorf("downloaded %q, %v", got.String(), err)
	}
	before := again.Messages(ann, channel, "")
	if ts, err := again.Say(context.Background(), ann, channel, "", "next"); err != nil || ts <= before[len(before)-1].TS {
		t.Errorf("the next message is at %s, %v; the last was at %s", ts, err, before[len(before)-1].TS)
	}
}

// drop makes answers comparable that name where they came from.
func drop(answer any, from string) any {
	switch v := answer.(type) {
	case map[string]any:
		for k := range v {
			v[k] = drop(v[k], from)
		}
	case []any:
		for i := range v {
			v[i] = drop(v[i], from)
		}
	case string:
		return strings.ReplaceAll(v, from, "")
	}
	return answer
}

func TestResumeRefuses(t *testing.T) {
	l := newLab(t, nil)
	for _, saved := range []string{"", `{"Rooms":[{"ID":"C0ELSE"}]}`} {
		if err := l.Resume([]byte(saved)); err == nil {
			t.Errorf("%q was taken up", saved)
		}
	}
}
