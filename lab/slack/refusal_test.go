package slack_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"itmsbot/lab/slack"
)

func TestAuthorisation(t *testing.T) {
	l := newLab(t, func(c *slack.Config) { c.Scopes = []string{"chat:write", "commands"} })
	for _, c := range []struct {
		name, path, contentType, bearer, body, want string
	}{
		{"no token", "/api/auth.test", "application/x-www-form-urlencoded", "", "", "not_authed"},
		{"wrong token", "/api/auth.test", "application/x-www-form-urlencoded", "", "token=xoxb-else", "invalid_auth"},
		{"app token", "/api/auth.test", "application/x-www-form-urlencoded", appToken, "", "not_allowed_token_type"},
		{"form token", "/api/auth.test", "application/x-www-form-urlencoded", "", "token=" + botToken, ""},
		{"header token", "/api/auth.test", "application/x-www-form-urlencoded", botToken, "", ""},
		{"header token, JSON", "/api/auth.test", "application/json; charset=utf-8", botToken, "{}", ""},
		{"token in JSON", "/api/auth.test", "application/json", "", `{"token":"` + botToken + `"}`, "not_authed"},
		{"query token", "/api/auth.test?token=" + botToken, "application/x-www-form-urlencoded", "", "", ""},
		{"missing scope", "/api/pins.list", "application/x-www-form-urlencoded", botToken, "channel=" + channel, "missing_scope"},
		{"broken JSON", "/api/auth.test", "application/json", botToken, "{", "invalid_json"},
		{"JSON array", "/api/auth.test", "application/json", botToken, "[]", "json_not_object"},
		{"unknown method", "/api/chat.shout", "application/json", botToken, "{}", "unknown_method"},
		{"socket, form token", "/api/apps.connections.open", "application/x-www-form-urlencoded", "", "token=" + appToken, "not_authed"},
		{"socket, bot token", "/api/apps.connections.open", "application/json", botToken, "", "not_allowed_token_type"},
		{"socket, wrong token", "/api/apps.connections.open", "application/json", "xapp-else", "", "invalid_auth"},
		{"socket", "/api/apps.connections.open", "application/json", appToken, "", ""},
	} {
		r := body(t, l.post(t, c.path, c.contentType, c.bearer, c.body))
		got, _ := r["error"].(string)
		if got != c.want || r["ok"] != (c.want == "") {
			t.Errorf("%s: %v, want %q", c.name, r, c.want)
		}
		if c.want == "missing_scope" && (r["needed"] != "pins:read" || r["provided"] != "chat:write,commands") {
			t.Errorf("%s: %v", c.name, r)
		}
	}
}

func TestRefusals(t *testing.T) {
	l := newLab(t, nil)
	mine := l.say(t, nil)
	theirs, err := l.Say(t.Context(), ann, channel, "", "hi")
	if err != nil {
		t.Fatal(err)
	}
	reply := l.say(t, url.Values{"thread_ts": {mine}})
	long := strings.Repeat("x", 4001)
	for _, c := range []struct{ method, args, want string }{
		{"chat.postMessage", "channel=C0NONE&text=x", "channel_not_found"},
		{"chat.postMessage", "channel=" + channel, "no_text"},
		{"chat.postMessage", "channel=%23upgrade&text=x", ""},
		{"chat.postMessage", "channel=" + channel + "&text=x&blocks={}", "invalid_blocks_format"},
		{"chat.postMessage", "channel=" + channel + "&text=x&blocks=[{}]", "invalid_blocks"},
		{"chat.postMessage", "channel=" + channel + "&text=x&markdown_text=y", "markdown_text_conflict"},
		{"chat.postMessage", "channel=" + channel + "&text=x&metadata=7", "invalid_metadata_format"},
		{"chat.postMessage", "channel=" + channel + `&text=x&metadata={"event_type":"a"}`, "invalid_metadata_format"},
		{"chat.postMessage", "channel=" + channel + `&text=x&metadata={"event_type":"a","event_payload":{"b":"` + strings.Repeat("x", 17000) + `"}}`, "metadata_too_large"},
		{"chat.postMessage", "channel=" + channel + "&text=x&thread_ts=" + reply, "cannot_reply_to_message"},
		{"chat.postMessage", "channel=" + channel + "&text=" + long, ""},
		{"chat.postMessage", "channel=" + channel + `&attachments=[{"text":"x"}]`, ""},
		{"chat.postMessage", "channel=" + channel + `&attachments=x`, "invalid_attachments"},
		{"chat.postMessage", "channel=" + channel + `&attachments=[` + strings.Repeat("{},", 100) + `{}]`, "too_many_attachments"},
		{"chat.postMessage", "channel=" + channel + "&markdown_text=" + strings.Repeat("x", 12001), "msg_too_long"},
		{"chat.update", "channel=" + channel + "&ts=1.000001&text=x", "message_not_found"},
		{"chat.update", "channel=C0RND&ts=" + mine + "&text=x", "message_not_found"},
		{"chat.update", "channel=" + channel + "&ts=" + theirs + "&text=x", "cant_update_message"},
		{"chat.update", "channel=" + channel + "&ts=" + mine + "&text=" + long, "msg_too_long"},
		{"chat.update", "channel=" + channel + "&ts=" + mine, "no_text"},
		{"chat.update", "channel=" + channel + "&ts=" + mine + "&text=y", ""},
		{"chat.delete", "channel=" + channel + "&ts=" + theirs, "cant_delete_message"},
		{"chat.delete", "channel=" + channel + "&ts=1.000001", "message_not_found"},
		{"chat.postEphemeral", "channel=" + channel + "&text=x", "user_not_in_channel"},
		{"chat.postEphemeral", "channel=" + channel + "&text=x&user=U0NOBODY", "user_not_in_channel"},
		{"chat.getPermalink", "channel=" + channel + "&message_ts=1.000001", "message_not_found"},
		{"conversations.history", "channel=C0NONE", "channel_not_found"},
		{"conversations.history", "channel=" + channel + "&oldest=yesterday", "invalid_ts_oldest"},
		{"conversations.history", "channel=" + channel + "&latest=NaN", "invalid_ts_latest"},
		{"conversations.history", "channel=" + channel + "&cursor=guessed", "invalid_cursor"},
		{"conversations.replies", "channel=" + channel + "&ts=1.000001", "thread_not_found"},
		{"conversations.info", "channel=upgrade", "channel_not_found"},
		{"users.info", "user=U0NOBODY", "user_not_found"},
		{"pins.add", "channel=" + channel, "no_item_specified"},
		{"pins.add", "channel=" + channel + "&timestamp=now", "bad_timestamp"},
		{"pins.add", "channel=" + channel + "&timestamp=1.000001", "message_not_found"},
		{"pins.remove", "channel=" + channel + "&timestamp=" + mine, "no_pin"},
		{"reactions.add", "channel=" + channel + "&timestamp=" + mine + "&name=no way", "invalid_name"},
		{"reactions.add", "channel=" + channel + "&timestamp=" + mine + "&name=eyes", ""},
		{"reactions.add", "channel=" + channel + "&timestamp=" + mine + "&name=:eyes:", "already_reacted"},
		{"bookmarks.add", "channel_id=" + channel + "&title=x&type=link&link=ftp://x", "invalid_link"},
		{"bookmarks.add", "channel_id=" + channel + "&title=x&type=folder", "invalid_bookmark_type"},
		{"files.getUploadURLExternal", "filename=x&length=0", "missing_argument"},
		{"files.getUploadURLExternal", "filename=x&length=1&alt_txt=" + strings.Repeat("x", 1001), "alt_txt_too_large"},
		{"files.getUploadURLExternal", "filename=x&length=2000000&snippet_type=text", "snippet_too_large"},
		{"files.completeUploadExternal", `files=[{"id":"F0"}]`, "file_not_found"},
		{"files.info", "file=F0", "file_not_found"},
		{"views.open", `view={"type":"modal","title":{"type":"plain_text","text":"x"},"blocks":[]}&trigger_id=1.2.3`, "invalid_trigger_id"},
		{"views.open", "trigger_id=1.2.3", "invalid_arguments"},
		{"views.open", `view={"type":"home","blocks":[]}&trigger_id=1.2.3`, "invalid_arguments"},
		{"views.publish", `view={"type":"home","blocks":[]}&user_id=U0NOBODY`, "user_not_found"},
		{"views.update", "view_id=V0", "not_found"},
		{"blocks.validate", "", "invalid_arguments"},
		{"blocks.validate", "blocks=[]&view={}", "invalid_arguments"},
		{"blocks.validate", `blocks=[{"type":"divider"}]`, ""},
		{"api.test", "error=my_error", "my_error"},
	} {
		args, err := url.ParseQuery(c.args)
		if err != nil {
			t.Fatal(err)
		}
		r := l.call(t, c.method, args)
		if got, _ := r["error"].(string); got != c.want || r["ok"] != (c.want == "") {
			t.Errorf("%s %.100s: %v, want %q", c.method, c.args, r, c.want)
		}
	}
}

func TestForeignPages(t *testing.T) {
	l := newLab(t, nil)
	for origin, want := range map[string]int{"": 200, l.url: 200, "https://evil.test": 403} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+"/api/auth.test?token="+botToken, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("from %q: %s", origin, resp.Status)
		}
	}
}

func TestEphemeralAcrossThreads(t *testing.T) {
	l := newLab(t, nil)
	parent := l.say(t, nil)
	r := l.call(t, "chat.postEphemeral", url.Values{"channel": {channel}, "user": {ann}, "text": {"psst"}, "thread_ts": {parent}})
	if r["ok"] != true {
		t.Fatal(r)
	}
	if m := l.Messages(ann, channel, parent); len(m) != 2 || m[0].ReplyCount != 0 {
		t.Errorf("ann sees %+v", m)
	}
	if m := l.Messages(bob, channel, parent); len(m) != 1 {
		t.Errorf("bob sees %+v", m)
	}
}

func TestLookingAround(t *testing.T) {
	l := newLab(t, nil)
	if m := l.Members(channel); len(m) != 2 || m[0].ID != ann {
		t.Errorf("members %+v", m)
	}
	if l.Members("C0NONE") != nil || l.Messages(ann, "C0NONE", "") != nil || l.Bookmarks("C0NONE") != nil {
		t.Error("a channel that is none has something")
	}
	l.call(t, "bookmarks.add", url.Values{"channel_id": {channel}, "title": {"Run book"}, "type": {"link"}, "link": {"https://wiki.test/"}})
	if b := l.Bookmarks(channel); len(b) != 1 || b[0].Title != "Run book" {
		t.Errorf("bookmarks %+v", b)
	}
	if r := l.call(t, "bookmarks.list", url.Values{"channel_id": {channel}}); len(r["bookmarks"].([]any)) != 1 {
		t.Errorf("bookmarks.list %v", r)
	}
	before := l.Version()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Wait(ctx, before); err == nil {
		t.Error("Wait returned without a change")
	}
	l.say(t, nil)
	if v, err := l.Wait(t.Context(), before); err != nil || v <= before {
		t.Errorf("Wait: %d, %v", v, err)
	}
}

func TestReplyToWhatIsGone(t *testing.T) {
	l := newLab(t, nil)
	ts := l.say(t, url.Values{"thread_ts": {"1.000001"}})
	if m := l.Messages(ann, channel, ""); len(m) != 1 || m[0].TS != ts || m[0].ThreadTS != "" {
		t.Errorf("Slack posts it into the channel, here: %+v", m)
	}
}

func TestDeletedParentLeavesTombstone(t *testing.T) {
	l := newLab(t, nil)
	parent := l.say(t, nil)
	l.say(t, url.Values{"thread_ts": {parent}})
	if r := l.call(t, "chat.delete", url.Values{"channel": {channel}, "ts": {parent}}); r["ok"] != true {
		t.Fatal(r)
	}
	if m := l.Messages(ann, channel, parent); len(m) != 2 || m[0].Subtype != "tombstone" {
		t.Errorf("thread %+v", m)
	}
	if r := l.call(t, "chat.update", url.Values{"channel": {channel}, "ts": {parent}, "text": {"x"}}); r["error"] != "message_not_found" {
		t.Errorf("a tombstone was edited: %v", r)
	}
}

func TestUpdateKeepsWhatIsNotMentioned(t *testing.T) {
	const blocks, metadata = `[{"type":"divider","block_id":"d"}]`, `{"event_type":"e","event_payload":{"k":"v"}}`
	for _, c := range []struct {
		name, args           string
		text, blocks, metada string
	}{
		{"text alone", "text=new", "new", "", metadata},
		{"blocks alone", `blocks=[{"type":"divider","block_id":"n"}]`, "This content can't be displayed.", `[{"type":"divider","block_id":"n"}]`, metadata},
		{"both", `text=new&blocks=[{"type":"divider","block_id":"n"}]`, "new", `[{"type":"divider","block_id":"n"}]`, metadata},
		{"no blocks any more", "text=new&blocks=[]", "new", "", metadata},
		{"no metadata any more", "text=new&metadata={}", "new", "", ""},
	} {
		l := newLab(t, nil)
		ts := l.say(t, url.Values{"text": {"old"}, "blocks": {blocks}, "metadata": {metadata}})
		args, err := url.ParseQuery(c.args)
		if err != nil {
			t.Fatal(err)
		}
		args.Set("channel", channel)
		args.Set("ts", ts)
		if r := l.call(t, "chat.update", args); r["ok"] != true {
			t.Errorf("%s: %v", c.name, r)
			continue
		}
		m := l.Messages(ann, channel, "")[0]
		if m.Text != c.text || string(m.Blocks) != c.blocks || string(m.Metadata) != c.metada {
			t.Errorf("%s: %q %s %s", c.name, m.Text, m.Blocks, m.Metadata)
		}
	}
}
