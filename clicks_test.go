package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"itmsbot/runbook"
)

// approveButton waits for the card of R-1 and gives its message and button.
func (s *stage) approveButton(label string) (ts, action string) {
	s.t.Helper()
	s.until("a card with "+label, func() bool {
		for _, m := range s.lab.Slack.Messages(s.id("Ben"), s.plant.slack.Channel, "") {
			if a := buttonOf(m.Blocks, label); a != "" {
				ts, action = m.TS, a
			}
		}
		return ts != ""
	})
	return ts, action
}

// click presses a button that may have vanished meanwhile, and says whether
// Slack delivered it.
func (s *stage) click(who, channel, ts, action string) bool {
	ctx, cancel := s.within()
	defer cancel()
	return s.lab.Slack.Press(ctx, s.ids[who], channel, ts, action) == nil
}

// countOf is how often the kinds stand in the trail of R-1.
func (s *stage) countOf(kinds ...runbook.Kind) (n int) {
	s.t.Helper()
	events, err := s.bot.store.EventsOf("R-1")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range events {
		for _, k := range kinds {
			if e.Kind == k {
				n++
			}
		}
	}
	return n
}

// TestEveryClickIsAnswered: of twenty clicks of two approvers one counts, and
// whoever made one is told what became of it.
func TestEveryClickIsAnswered(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	ts, action := s.approveButton("Approve")
	var clicks sync.WaitGroup
	delivered := make([]bool, 20)
	for i := range delivered {
		clicks.Go(func() {
			delivered[i] = s.click([]string{"Ben", "Dora"}[i%2], s.plant.slack.Channel, ts, action)
		})
	}
	clicks.Wait()
	s.sees("Quiesce the estate (1.4): done")
	for n, who := range []string{"Ben", "Dora"} {
		clicked := 0
		for i, ok := range delivered {
			if ok && i%2 == n {
				clicked++
			}
		}
		s.until(who+" has an answer to each click", func() bool { return len(s.private(s.plant.slack.Channel, who)) >= clicked })
		if got := len(s.private(s.plant.slack.Channel, who)); got != clicked {
			t.Errorf("%s clicked %d times and has %d answers", who, clicked, got)
		}
	}
	approved := 0
	for _, who := range []string{"Ben", "Dora"} {
		for _, m := range s.private(s.plant.slack.Channel, who) {
			text := flat(m.Blocks)
			switch {
			case strings.Contains(text, "*Approved.*"):
				approved++
			case !hasPrefix(text, "*Nothing was done.* R-1 "):
				t.Errorf("%s reads %q", who, text)
			}
		}
	}
	if n := s.countOf(runbook.Approved); approved != 1 || n != 1 {
		t.Errorf("%d people read that they approved, %d approvals are in the trail", approved, n)
	}
}

// TestApproverAgainstApprover: one approves and another denies in the same
// moment. One of them is first, nothing happens by halves, and the other is
// told.
func TestApproverAgainstApprover(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	before := s.lab.World.Dump()
	s.say("Ana", "/itms quiesce")
	ts, approve := s.approveButton("Approve")
	_, deny := s.approveButton("Deny")
	// A button that has gone from the card before the finger comes down is not
	// delivered, and nobody waits for an answer to it.
	var clicks sync.WaitGroup
	var benClicked, doraClicked bool
	clicks.Go(func() { benClicked = s.click("Ben", s.plant.slack.Channel, ts, approve) })
	clicks.Go(func() { doraClicked = s.click("Dora", s.plant.slack.Channel, ts, deny) })
	clicks.Wait()
	if !benClicked && !doraClicked {
		t.Fatal("neither click was delivered")
	}
	heard := func(who string) string {
		if told := s.private(s.plant.slack.Channel, who); len(told) > 0 {
			return flat(told[0].Blocks)
		}
		return ""
	}
	s.until("whoever clicked is answered", func() bool {
		return (!benClicked || heard("Ben") != "") && (!doraClicked || heard("Dora") != "")
	})
	r, err := s.bot.store.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	ben, dora := heard("Ben"), heard("Dora")
	switch n := s.countOf(runbook.Denied); {
	case n == 1 && s.countOf(runbook.Checking, runbook.Started, runbook.Intent) == 0:
		// Dora was first, or came before the start.
		if !contains(dora, "*R-1 is denied.*") || r.State != runbook.WasDeny {
			t.Errorf("it is %s; Ben reads %q, Dora %q", r.State, ben, dora)
		}
		if now := s.lab.World.Dump(); len(now.Hosts) != len(before.Hosts) || len(now.Hosts[0].Rules) != len(before.Hosts[0].Rules) {
			t.Error("it was denied, and yet something was done")
		}
	case n == 0:
		if !contains(ben, "*Approved.*") || doraClicked && !contains(dora, "Nothing was done") {
			t.Errorf("it is %s; Ben reads %q, Dora %q", r.State, ben, dora)
		}
		s.sees("Quiesce the estate (1.4): done")
	default:
		t.Errorf("denied %d times and begun all the same", n)
	}
	// Too late for certain: it runs.
	s.say("Ana", "/itms quiesce")
	s.gate.hold(30 * time.Second)
	s.press("Ben", "Approve", "R-2")
	s.sees("R-2", ": running")
	s.say("Dora", "/itms deny R-2")
	s.reads("Dora", "*Nothing was done.* R-2 is approved already and running.")
	s.gate.open()
	s.sees("(1.4): done", "R-2")
}

// TestClickFromElsewhere: the same button, posted by the same app, counts on the
// card and nowhere else.
func TestClickFromElsewhere(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.approveButton("Approve")
	r, err := s.bot.store.Request("R-1")
	if err != nil {
		t.Fatal(err)
	}
	api := slackgo.New(s.plant.slack.BotToken, slackgo.OptionAPIURL(s.plant.slack.APIURL))
	button := slackgo.NewActionBlock("copy", slackgo.NewButtonBlockElement("approve", "approve R-1 "+r.Digest, slackgo.NewTextBlockObject("plain_text", "Approve copy", false, false)))
	for _, tt := range []struct{ channel, want string }{
		{elsewhere, "This upgrade is run in another channel."},
		{s.plant.slack.Channel, "That button is on a message that this bot does not know."},
	} {
		_, ts, err := api.PostMessageContext(s.ctx, tt.channel, slackgo.MsgOptionText("a copy", false), slackgo.MsgOptionBlocks(button))
		if err != nil {
			t.Fatal(err)
		}
		if !s.click("Ben", tt.channel, ts, "approve") {
			t.Fatal("the click was not delivered")
		}
		s.readsIn(tt.channel, "Ben", tt.want)
	}
	if n := s.countOf(runbook.Approved, runbook.Checking); n != 0 {
		t.Errorf("a copy of the card counted, %d events", n)
	}
	refused, err := s.bot.store.Tail(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range refused {
		if e.Kind != runbook.Refused || e.Actor.User != s.id("Ben") {
			t.Errorf("event %d is %s by %s, want a refusal of Ben", e.N, e.Kind, e.Actor.User)
		}
	}
	// And on the card it counts.
	s.press("Ben", "Approve", "R-1")
	s.reads("Ben", "*Approved.*")
}
