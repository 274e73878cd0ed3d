package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// plainText is slack-go's plain_text object.
func plainText(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject("plain_text", s, true, false)
}

func mrkdwn(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject("mrkdwn", s, false, false)
}

// card is a message with a button, as a bot would build it with slack-go.
func card(action string) slackgo.MsgOption {
	button := slackgo.NewButtonBlockElement(action, "approve R-1 9f3c21ab", plainText("Approve")).WithStyle(slackgo.StyleDanger)
	button.Confirm = slackgo.NewConfirmationBlockObject(plainText("Approve?"), mrkdwn("Nine steps"), plainText("Approve it"), plainText("Cancel"))
	return slackgo.MsgOptionBlocks(
		slackgo.NewHeaderBlock(plainText("R-1 quiesce")),
		slackgo.NewSectionBlock(mrkdwn("*nine* steps"), []*slackgo.TextBlockObject{mrkdwn("a"), mrkdwn("b")}, nil),
		slackgo.NewContextBlock("", mrkdwn("plan 9f3c21ab")),
		slackgo.NewDividerBlock(),
		slackgo.NewActionBlock("decide", button, slackgo.NewButtonBlockElement("deny", "deny R-1", plainText("Deny"))),
	)
}

func TestCommandThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	got := make(chan slackgo.SlashCommand, 1)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		if cmd, ok := e.Data.(slackgo.SlashCommand); ok {
			got <- cmd
			_ = c.Ack(*e.Request, map[string]any{"text": "on its way"})
		}
	})
	if _, err := l.Say(t.Context(), ann, channel, "", "/itms plan <b> for @bob in #random & https://x.test/?a=1&b"); err != nil {
		t.Fatal(err)
	}
	cmd := <-got
	want := "plan &lt;b&gt; for <@U0BOB|bob> in <#C0RND|random> &amp; <https://x.test/?a=1&amp;b>"
	if cmd.Text != want {
		t.Errorf("text %q, want %q", cmd.Text, want)
	}
	if cmd.Command != "/itms" || cmd.UserID != ann || cmd.UserName != "ann" || cmd.ChannelID != channel || cmd.ChannelName != "upgrade" ||
		cmd.TeamID != "T0LAB" || cmd.TeamDomain != "lab" || cmd.APIAppID != "A0BOT" || cmd.IsEnterpriseInstall {
		t.Errorf("incomplete command: %+v", cmd)
	}
	msgs := l.Messages(ann, channel, "")
	if len(msgs) != 1 || msgs[0].Text != "on its way" || !msgs[0].Ephemeral {
		t.Errorf("acknowledged with a message, but ann sees %+v", msgs)
	}
	if others := l.Messages(bob, channel, ""); len(others) != 0 {
		t.Errorf("bob sees what only ann may: %+v", others)
	}
	if c := l.Counts(); c["envelopes"] != 1 || c["acks"] != 1 || c["apps.connections.open"] != 1 {
		t.Errorf("counts %v", c)
	}
}

func TestCommandInChannel(t *testing.T) {
	l := newLab(t, nil)
	l.connect(t, acking(map[string]any{"response_type": "in_channel", "text": "queues are empty"}))
	ts, err := l.Say(t.Context(), ann, channel, "", "/itms queues")
	if err != nil {
		t.Fatal(err)
	}
	msgs := l.Messages(bob, channel, "")
	if len(msgs) != 2 || msgs[0].TS != ts || msgs[0].User != ann || msgs[0].Text != "/itms queues" || msgs[1].BotID != "B0BOT" {
		t.Errorf("bob sees %+v", msgs)
	}
}

func TestButtonThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	clicks := make(chan slackgo.InteractionCallback, 1)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		if cb, ok := e.Data.(slackgo.InteractionCallback); ok {
			_ = c.Ack(*e.Request)
			clicks <- cb
		}
	})
	_, ts, err := l.api.PostMessage(channel, slackgo.MsgOptionText("R-1 needs approval", false), card("approve"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Press(t.Context(), bob, channel, ts, "approve"); err != nil {
		t.Fatal(err)
	}
	cb := <-clicks
	if len(cb.ActionCallback.BlockActions) != 1 {
		t.Fatalf("actions %+v", cb.ActionCallback)
	}
	a := cb.ActionCallback.BlockActions[0]
	if a.ActionID != "approve" || a.BlockID != "decide" || a.Value != "approve R-1 9f3c21ab" || a.Text.Text != "Approve" || a.ActionTs == "" {
		t.Errorf("action %+v", a)
	}
	if cb.User.ID != bob || cb.Channel.ID != channel || cb.Message.Timestamp != ts || cb.Container.MessageTs != ts ||
		cb.Team.ID != "T0LAB" || cb.APIAppID != "A0BOT" || cb.ResponseURL == "" || cb.TriggerID == "" {
		t.Errorf("incomplete callback: %+v", cb)
	}
	if len(cb.Message.Blocks.BlockSet) != 5 {
		t.Errorf("message quoted with %d blocks", len(cb.Message.Blocks.BlockSet))
	}
	if _, _, _, err := l.api.UpdateMessage(channel, ts, slackgo.MsgOptionText("Approved by bob", false)); err != nil {
		t.Fatal(err)
	}
	m := l.Messages(ann, channel, "")[0]
	if m.Text != "Approved by bob" || m.Blocks != nil || m.Edited == nil || m.UpdatedAt == nil {
		t.Errorf("after the update: %+v", m)
	}
	if err := l.Press(t.Context(), bob, channel, ts, "approve"); err == nil {
		t.Error("a button that is gone could be pressed")
	}
}

func TestEphemeralThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	clicks := make(chan slackgo.InteractionCallback, 1)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		if cb, ok := e.Data.(slackgo.InteractionCallback); ok {
			_ = c.Ack(*e.Request)
			clicks <- cb
		}
	})
	ts, err := l.api.PostEphemeral(channel, ann, slackgo.MsgOptionText("preview", false), card("send"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Press(t.Context(), bob, channel, ts, "send"); err == nil {
		t.Error("bob pressed a button only ann sees")
	}
	if err := l.Press(t.Context(), ann, channel, ts, "send"); err != nil {
		t.Fatal(err)
	}
	cb := <-clicks
	if !cb.Container.IsEphemeral || cb.Message.Timestamp != "" {
		t.Errorf("container %+v, message %+v", cb.Container, cb.Message)
	}
	if _, _, _, err := l.api.UpdateMessage(channel, ts, slackgo.MsgOptionText("x", false)); err == nil || err.Error() != "message_not_found" {
		t.Errorf("chat.update of an ephemeral message: %v", err)
	}
	respond := func(opts ...slackgo.MsgOption) {
		t.Helper()
		if _, _, err := l.api.PostMessage(channel, opts...); err != nil {
			t.Fatal(err)
		}
	}
	respond(slackgo.MsgOptionReplaceOriginal(cb.ResponseURL), slackgo.MsgOptionText("sent", false))
	if m := l.Messages(ann, channel, ""); len(m) != 1 || m[0].Text != "sent" || !m[0].Ephemeral || m[0].Blocks != nil {
		t.Errorf("after replace_original: %+v", m)
	}
	respond(slackgo.MsgOptionResponseURL(cb.ResponseURL, "in_channel"), slackgo.MsgOptionText("for all", false))
	if m := l.Messages(bob, channel, ""); len(m) != 1 || m[0].Text != "for all" {
		t.Errorf("after in_channel: %+v", m)
	}
	respond(slackgo.MsgOptionDeleteOriginal(cb.ResponseURL))
	if m := l.Messages(ann, channel, ""); len(m) != 1 || m[0].Ephemeral {
		t.Errorf("after delete_original: %+v", m)
	}
}

func TestHistoryThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	_, ts, err := l.api.PostMessage(channel, slackgo.MsgOptionText("card", false),
		slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: "itmsbot", EventPayload: map[string]any{"purpose": "card:R-1"}}))
	if err != nil {
		t.Fatal(err)
	}
	_, reply, err := l.api.PostMessage(channel, slackgo.MsgOptionText("detail", false), slackgo.MsgOptionTS(ts))
	if err != nil {
		t.Fatal(err)
	}
	_, cast, err := l.api.PostMessage(channel, slackgo.MsgOptionText("ask", false), slackgo.MsgOptionTS(ts), slackgo.MsgOptionBroadcast())
	if err != nil {
		t.Fatal(err)
	}
	h, err := l.api.GetConversationHistory(&slackgo.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Messages) != 2 || h.Messages[0].Timestamp != cast || h.Messages[0].SubType != "thread_broadcast" || h.Messages[1].Timestamp != ts {
		t.Fatalf("history %+v", h.Messages)
	}
	p := h.Messages[1]
	if p.Metadata.EventType != "itmsbot" || p.Metadata.EventPayload["purpose"] != "card:R-1" {
		t.Errorf("metadata %+v", p.Metadata)
	}
	if p.ReplyCount != 2 || p.LatestReply != cast || p.ThreadTimestamp != ts {
		t.Errorf("parent %+v", p.Msg)
	}
	bare, err := l.api.GetConversationHistory(&slackgo.GetConversationHistoryParameters{ChannelID: channel})
	if err != nil || bare.Messages[1].Metadata.EventType != "" {
		t.Errorf("metadata without include_all_metadata: %+v, %v", bare.Messages[1].Metadata, err)
	}
	r, more, _, err := l.api.GetConversationReplies(&slackgo.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts})
	if err != nil || more || len(r) != 3 || r[0].Timestamp != ts || r[1].Timestamp != reply {
		t.Errorf("replies %+v, %v", r, err)
	}
}

func TestHistoryPages(t *testing.T) {
	l := newLab(t, nil)
	var posted []string
	for range 5 {
		posted = append(posted, l.say(t, nil))
	}
	p := &slackgo.GetConversationHistoryParameters{ChannelID: channel, Limit: 2}
	var got []string
	for {
		h, err := l.api.GetConversationHistory(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range h.Messages {
			got = append([]string{m.Timestamp}, got...)
		}
		if !h.HasMore {
			break
		}
		p.Cursor = h.ResponseMetaData.NextCursor
	}
	if strings.Join(got, " ") != strings.Join(posted, " ") {
		t.Errorf("pages give %v, posted %v", got, posted)
	}
	for _, c := range []struct {
		name      string
		inclusive bool
		want      int
	}{{"exclusive", false, 1}, {"inclusive", true, 3}} {
		h, err := l.api.GetConversationHistory(&slackgo.GetConversationHistoryParameters{
			ChannelID: channel, Oldest: posted[1], Latest: posted[3], Inclusive: c.inclusive,
		})
		if err != nil || len(h.Messages) != c.want {
			t.Errorf("%s: %d messages, want %d (%v)", c.name, len(h.Messages), c.want, err)
		}
	}
}

func TestDirectoryThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	who, err := l.api.AuthTest()
	if err != nil || who.UserID != app || who.BotID != "B0BOT" || who.TeamID != "T0LAB" {
		t.Errorf("auth.test %+v, %v", who, err)
	}
	if scopes := who.Header.Get("X-OAuth-Scopes"); !strings.Contains(scopes, "chat:write") || !strings.Contains(scopes, "commands") {
		t.Errorf("scopes %q", scopes)
	}
	u, err := l.api.GetUserInfo(ann)
	if err != nil || u.Name != "ann" || u.Profile.RealName != "Ann Lee" || u.IsBot {
		t.Errorf("users.info %+v, %v", u, err)
	}
	all, err := l.api.GetUsers()
	if err != nil || len(all) != 3 || !all[0].IsBot {
		t.Errorf("users.list %d, %v", len(all), err)
	}
	c, err := l.api.GetConversationInfo(&slackgo.GetConversationInfoInput{ChannelID: channel, IncludeNumMembers: true})
	if err != nil || c.Name != "upgrade" || !c.IsMember || c.NumMembers != 3 {
		t.Errorf("conversations.info %+v, %v", c, err)
	}
	list, _, err := l.api.GetConversations(&slackgo.GetConversationsParameters{})
	if err != nil || len(list) != 2 {
		t.Errorf("conversations.list %+v, %v", list, err)
	}
	members, _, err := l.api.GetUsersInConversation(&slackgo.GetUsersInConversationParameters{ChannelID: channel})
	if err != nil || len(members) != 3 {
		t.Errorf("conversations.members %v, %v", members, err)
	}
}

func TestPinsThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	ts := l.say(t, nil)
	ref := slackgo.NewRefToMessage(channel, ts)
	if err := l.api.AddPin(channel, ref); err != nil {
		t.Fatal(err)
	}
	if err := l.api.AddPin(channel, ref); err == nil || err.Error() != "already_pinned" {
		t.Errorf("pinned twice: %v", err)
	}
	items, _, err := l.api.ListPins(channel)
	if err != nil || len(items) != 1 || items[0].Message.Timestamp != ts {
		t.Errorf("pins.list %+v, %v", items, err)
	}
	if m := l.Messages(ann, channel, ""); len(m[0].PinnedTo) != 1 {
		t.Errorf("pinned_to %v", m[0].PinnedTo)
	}
	if err := l.api.RemovePin(channel, ref); err != nil {
		t.Fatal(err)
	}
	if err := l.api.RemovePin(channel, ref); err == nil || err.Error() != "no_pin" {
		t.Errorf("unpinned twice: %v", err)
	}
	if err := l.api.AddReaction("white_check_mark", ref); err != nil {
		t.Error(err)
	}
	if _, err := l.api.AddBookmark(channel, slackgo.AddBookmarkParameters{Title: "Run book", Type: "link", Link: "https://wiki.test/"}); err != nil {
		t.Error(err)
	}
	link, err := l.api.GetPermalink(&slackgo.PermalinkParameters{Channel: channel, Ts: ts})
	if err != nil || !strings.HasSuffix(link, "/archives/"+channel+"/p"+strings.ReplaceAll(ts, ".", "")) {
		t.Errorf("permalink %q, %v", link, err)
	}
	if _, _, err := l.api.DeleteMessage(channel, ts); err != nil {
		t.Error(err)
	}
	if m := l.Messages(ann, channel, ""); len(m) != 0 {
		t.Errorf("deleted, but there is %+v", m)
	}
}

func TestMenuInMessage(t *testing.T) {
	l := newLab(t, nil)
	clicks := make(chan slackgo.InteractionCallback, 1)
	l.connect(t, func(e socketmode.Event, c *socketmode.Client) {
		if cb, ok := e.Data.(slackgo.InteractionCallback); ok {
			_ = c.Ack(*e.Request)
			clicks <- cb
		}
	})
	menu := slackgo.NewOverflowBlockElement("more",
		slackgo.NewOptionBlockObject("a", plainText("A"), nil), slackgo.NewOptionBlockObject("b", plainText("B"), nil))
	_, ts, err := l.api.PostMessage(channel, slackgo.MsgOptionBlocks(slackgo.NewSectionBlock(mrkdwn("x"), nil, slackgo.NewAccessory(menu))))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Choose(t.Context(), ann, channel, ts, "more", "b"); err != nil {
		t.Fatal(err)
	}
	if a := (<-clicks).ActionCallback.BlockActions[0]; a.SelectedOption.Value != "b" {
		t.Errorf("chose %+v", a.SelectedOption)
	}
	if err := l.Choose(t.Context(), ann, channel, ts, "more", "c"); err == nil {
		t.Error("chose what is not in the menu")
	}
}

func TestReconnectThroughSlackGo(t *testing.T) {
	l := newLab(t, nil)
	l.connect(t, acking(nil))
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled"} {
		before := l.Counts()["sockets"]
		l.Disconnect(reason)
		l.until(t, "the bot is back", func() bool { return l.Counts()["sockets"] > before && l.Connections() == 1 })
		if _, err := l.Say(t.Context(), ann, channel, "", "/itms"); err != nil {
			t.Errorf("after %s: %v", reason, err)
		}
	}
}

func TestMessageJSON(t *testing.T) {
	l := newLab(t, nil)
	if _, err := l.api.PostEphemeral(channel, ann, slackgo.MsgOptionText("x", false)); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(l.Messages(ann, channel, "")[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"type":"message"`, `"bot_id":"B0BOT"`, `"app_id":"A0BOT"`, `"username":"itmsbot"`, `"ephemeral":true`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	var back slackgo.Message
	if err := json.Unmarshal(b, &back); err != nil || back.Text != "x" {
		t.Errorf("slack-go reads it as %+v, %v", back, err)
	}
}

func TestCallerGivesUp(t *testing.T) {
	l := newLab(t, nil)
	conn, _ := l.dial(t)
	ctx, cancel := context.WithCancel(t.Context())
	said := async(t, func() error { _, err := l.Say(ctx, ann, channel, "", "/itms"); return err })
	read(t, conn) // the envelope is out, nobody acknowledges
	cancel()
	if err := <-said; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
