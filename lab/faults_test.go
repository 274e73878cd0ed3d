package lab

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/estate"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
	"itmsbot/lab/slack"
	"itmsbot/lab/tds"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/wsman"
)

func (p *testPage) faults(t *testing.T) faultList {
	t.Helper()
	var list faultList
	p.must(t, "GET", "/lab/faults", nil, &list)
	return list
}

// TestFaultsOfferWhatTheServersOffer makes every fault that a lab offers, of every
// server, on everything that it can be about.
func TestFaultsOfferWhatTheServersOffer(t *testing.T) {
	l, _ := run(t)
	p := &testPage{url: strings.TrimSuffix(l.Document().Page, "/")}
	groups := p.faults(t).Groups
	kinds := map[string]int{"slack": len(slack.FaultKinds()), "winrm": len(wsman.FaultKinds()), "sql": len(tds.FaultKinds()), "vcenter": len(vcenter.FaultKinds())}
	if len(groups) != len(kinds) {
		t.Fatalf("groups %+v", groups)
	}
	want := 0
	for _, g := range groups {
		if len(g.Kinds) != kinds[g.Name] {
			t.Errorf("%s: %d kinds, want %d", g.Name, len(g.Kinds), kinds[g.Name])
		}
		for _, k := range g.Kinds {
			if k.Name == "" || !strings.HasSuffix(k.About, ".") || strings.ToUpper(k.About[:1]) != k.About[:1] {
				t.Errorf("%s says %q", k.Kind, k.About)
			}
			targets := g.Targets
			if k.Targets != nil {
				targets = k.Targets
			}
			for _, target := range targets {
				want++
				body := map[string]any{"kind": k.Kind, "target": target.Target, "count": 1, "after": 5}
				if k.Lasts {
					if e := p.refused(t, "POST", "/lab/faults", body); !strings.Contains(e.Reason, "lasts until it is cleared") {
						t.Errorf("%s counted: %+v", k.Kind, e)
					}
					body = map[string]any{"kind": k.Kind, "target": target.Target}
				}
				p.must(t, "POST", "/lab/faults", body, nil)
			}
		}
	}
	active := p.faults(t).Active
	if len(active) != want {
		t.Errorf("%d faults at work, want %d", len(active), want)
	}
	for _, a := range active {
		if a.Target == "" || a.Waiting != 5 && !a.Lasts || a.UsedUp {
			t.Errorf("%+v", a)
		}
	}
	p.must(t, "POST", "/lab/faults", map[string]any{"clear": true}, nil)
	left := len(l.Slack.Faults()) + len(l.CMDB.Faults()) + len(l.VCenter.Faults()) + len(l.Hosts["SMP1"].Faults())
	if active := p.faults(t).Active; len(active)+left != 0 {
		t.Errorf("after clearing there are %+v", active)
	}
}

// TestFaultsStrikeOnTheWire: what is broken by HTTP is broken for the bot's adapters,
// once, and shows as used up.
func TestFaultsStrikeOnTheWire(t *testing.T) {
	l, fleet := run(t)
	p := &testPage{url: strings.TrimSuffix(l.Document().Page, "/")}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	doc := l.Document()
	cmdb, err := sqlserver.New(sqlserver.Instance{Name: "SQL1", Address: doc.CMDB.Address, Database: doc.CMDB.Database, Peer: trust.Peer{Thumbprint: doc.CMDB.Thumbprint},
		Login: &trust.Login{User: doc.CMDB.User, Password: func() (string, error) { return doc.CMDB.Password, nil }}}, sqlserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cmdb.Close()
	vms := l.vms(t)
	h := l.host(t, "SMP1")
	overTLS := func() error {
		_, err := fleetTLS(t, h, winrm.NTLM, h.CA).Record(ctx, "SMP1", estate.Look)
		return err
	}
	queue := func() error { _, err := cmdb.Queue(ctx); return err }
	machines := func() error { _, err := vms.ByUUID(ctx, "42114d56-9c0f-1e7a-5b3d-60c1a2e4f101"); return err }
	record := func() error { _, err := fleet.Record(ctx, "SITE1", estate.Look); return err }
	for _, tt := range []struct {
		fault, target string
		do            func() error
		want          estate.Trouble
	}{
		{"winrm.refused", "SITE1", record, estate.Refused},
		{"winrm.another-certificate", "SMP1", overTLS, estate.Untrusted},
		{"vcenter.another-certificate", "", machines, estate.Untrusted},
		{"sql.another-certificate", "", queue, estate.Untrusted},
		{"sql.error", "queue", queue, estate.Unreachable}, // a deadlock: asking again helps
		{"vcenter.session-lost", "", machines, ""},        // the adapter logs on again
	} {
		body := map[string]any{"kind": tt.fault, "target": tt.target, "count": 1}
		p.must(t, "POST", "/lab/faults", body, nil)
		if err := tt.do(); (err == nil) != (tt.want == "") || err != nil && estate.TroubleOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.fault, err, tt.want)
		}
		if a := p.faults(t).Active; len(a) != 1 || a[0].Struck != 1 || !a[0].UsedUp {
			t.Errorf("%s afterwards: %+v", tt.fault, a)
		}
		p.must(t, "POST", "/lab/faults", map[string]any{"clear": true}, nil)
	}
	for name, do := range map[string]func() error{"SQL Server": queue, "vCenter": machines} {
		if err := do(); err != nil {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}

// vms reaches the lab's vCenter as its document says.
func (l *Lab) vms(t *testing.T) *vsphere.VCenter {
	t.Helper()
	doc := l.Document().VCenter
	v, err := vsphere.New(vsphere.Config{Name: "vCenter", URL: doc.URL, Peer: trust.Peer{Thumbprint: doc.Thumbprint},
		Login: &trust.Login{User: doc.User, Password: func() (string, error) { return doc.Password, nil }}})
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup // the cleanup waits for it
	running.Go(func() { _ = v.Run(serving) })
	t.Cleanup(func() { stop(); running.Wait() })
	return v
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
