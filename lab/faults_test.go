package lab

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/lab/slack"
	"itmsbot/lab/wsman"
)

func (p *testPage) faults(t *testing.T) faultList {
	t.Helper()
	var list faultList
	p.must(t, "GET", "/lab/faults", nil, &list)
	return list
}

func TestFaultsOfferWhatTheServersOffer(t *testing.T) {
	p := newTestPage(t)
	groups := p.faults(t).Groups
	if len(groups) != 2 || len(groups[0].Kinds) != len(slack.FaultKinds()) || len(groups[1].Kinds) != len(wsman.FaultKinds()) {
		t.Fatalf("groups %+v", groups)
	}
	for _, g := range groups {
		for _, k := range g.Kinds {
			for _, target := range g.Targets {
				p.must(t, "POST", "/lab/faults", map[string]any{"kind": k.Kind, "target": target.Target, "count": 1, "after": 5}, nil)
			}
		}
	}
	want := 0
	for _, g := range groups {
		want += len(g.Kinds) * len(g.Targets)
	}
	if got := len(p.faults(t).Active); got != want {
		t.Errorf("%d faults at work, want %d", got, want)
	}
	p.must(t, "POST", "/lab/faults", map[string]any{"clear": true}, nil)
	if left := p.faults(t).Active; len(left) != 0 || len(p.Faults()) != 0 {
		t.Errorf("after clearing there are %+v", left)
	}
}

func TestFaultIsCountedAndKeptUntilCleared(t *testing.T) {
	p := newTestPage(t)
	fault := map[string]any{"kind": "slack.down", "target": "auth.test", "count": 2, "after": 1}
	if e := p.refused(t, "POST", "/lab/faults", fault); e.Status != http.StatusBadRequest {
		t.Fatalf("a target that is not offered: %+v", e)
	}
	fault["target"] = "chat.postMessage"
	p.must(t, "POST", "/lab/faults", fault, nil)
	p.must(t, "POST", "/lab/faults", map[string]any{"kind": "slack.slow-ack", "target": ""}, nil)

	post := func() (status int) {
		status, _ = p.call(t, "POST", "/api/chat.postMessage", map[string]any{"channel": "C0LAB", "text": "x"},
			func(r *http.Request) { r.Header.Set("Authorization", "Bearer xoxb-test") })
		return status
	}
	down := activeFault{Kind: "slack.down", Name: "down", Group: "Slack", Target: "post", Count: 2, Waiting: 1}
	slow := activeFault{Kind: "slack.slow-ack", Name: "slow-ack", Group: "Slack", Target: "every call"}
	for _, step := range []struct {
		status, struck, waiting int
		usedUp                  bool
	}{
		{http.StatusOK, 0, 0, false},
		{http.StatusServiceUnavailable, 1, 0, false},
		{http.StatusServiceUnavailable, 2, 0, true},
		{http.StatusOK, 2, 0, true},
	} {
		if got := post(); got != step.status {
			t.Fatalf("post answered %d, want %d", got, step.status)
		}
		down.Struck, down.Waiting, down.UsedUp = step.struck, step.waiting, step.usedUp
		if diff := cmp.Diff([]activeFault{down, slow}, p.faults(t).Active); diff != "" {
			t.Fatalf("after a post (-want +got):\n%s", diff)
		}
	}
}

func TestFaultsMadeElsewhereAreListed(t *testing.T) {
	p := newTestPage(t)
	if err := p.Inject(slack.Fault{Kind: "lost", Method: "chat.update", Count: 3}); err != nil {
		t.Fatal(err)
	}
	want := []activeFault{{Kind: "slack.lost", Name: "lost", Group: "Slack", Target: "update", Count: 3}}
	if diff := cmp.Diff(want, p.faults(t).Active); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	p := newTestPage(t)
	for _, body := range []map[string]any{
		{"kind": "slack.nonsense"},
		{"kind": "down"},
		{"kind": "winrm.drop", "target": "SQL9"},
		{"kind": "slack.down", "target": "", "count": -1},
		{},
	} {
		if e := p.refused(t, "POST", "/lab/faults", body); e.Status != http.StatusBadRequest {
			t.Errorf("%v: %+v", body, e)
		}
	}
	if active := p.faults(t).Active; len(active) != 0 {
		t.Errorf("still there are %+v", active)
	}
}
