package wsman_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// serveHost puts a host of the world on loopback, reached through the shipping adapter.
func serveHost(t *testing.T, w *world.World, host string) *winrm.Fleet {
	t.Helper()
	s := wsman.New(wsman.Config{
		Name: host, Domain: "LAB",
		Password: func(user, domain string) (string, bool) { return "correct horse", user == "itmsbot" },
		Run:      wsman.PowerShell(w, host),
		Answers: func(_ netip.AddrPort, port int) bool {
			return w.Answers(host, netip.MustParseAddr(world.BotAddress), port)
		},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }() // the cleanup waits for it
	fleet, err := winrm.New([]winrm.Host{{
		Name: host, URL: "http://" + l.Addr().String() + "/wsman",
		Login: &trust.Login{User: "itmsbot", Domain: "LAB", Password: func() (string, error) { return "correct horse", nil }},
	}}, winrm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return fleet
}

// TestBotReachesTheWorld goes the whole way: typed call, script, NTLM, shell,
// bootstrap, twin, world, and back.
func TestBotReachesTheWorld(t *testing.T) {
	w := world.New(world.Options{Manual: true})
	fleet := serveHost(t, w, "SMP1")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	query := estate.FirewallQuery{Names: []string{}, Ports: []string{"443"}, WinRMPort: 5985}
	fw, err := fleet.Firewall(ctx, "SMP1", estate.Look, query)
	if err != nil {
		t.Fatal(err)
	}
	if len(fw.Callers) != 1 || fw.Callers[0] != world.BotAddress {
		t.Errorf("callers = %q, want the bot", fw.Callers)
	}
	names := []string{"IIS-WebServerRole-HTTP-In-TCP", "IIS-WebServerRole-HTTPS-In-TCP", "ITMS-CEM-4726", "ITMS-Tasks-50120-50124"}
	changed, err := fleet.SwitchRules(ctx, "SMP1", fw.Machine, names, false)
	if err != nil || len(changed.Changed) != len(names) {
		t.Errorf("changed = %q, %v, want %q", changed.Changed, err, names)
	}
	if got := w.Truth().Hosts[0].Doors; got != world.DoorsClosed {
		t.Errorf("doors = %s, want closed", got)
	}
	if _, err := fleet.RemoveRules(ctx, "SMP1", "another machine", names); estate.TroubleOf(err) != estate.WrongMachine {
		t.Errorf("err = %v, want wrong machine", err)
	}
}

// TestClosingWinRMLocksTheBotOut is the mistake that the self-restore is for.
func TestClosingWinRMLocksTheBotOut(t *testing.T) {
	w := world.New(world.Options{Manual: true})
	fleet := serveHost(t, w, "SMP1")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	fw, err := fleet.Firewall(ctx, "SMP1", estate.Look, estate.FirewallQuery{WinRMPort: 5985})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"WINRM-HTTP-In-TCP-NoScope"}
	order := estate.RestoreOrder{Key: "U-1 R-12", Seconds: 600, Names: names}
	if _, err := fleet.ArmRestore(ctx, "SMP1", fw.Machine, order); err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.SwitchRules(ctx, "SMP1", fw.Machine, names, false); estate.TroubleOf(err) != estate.Unknown {
		t.Errorf("err = %v, want the outcome unknown: the answer cannot come back", err)
	}
	if _, err := fleet.Firewall(ctx, "SMP1", estate.Look, estate.FirewallQuery{WinRMPort: 5985}); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("err = %v, want unreachable", err)
	}
	w.Advance(10 * time.Minute)
	if _, err := fleet.Firewall(ctx, "SMP1", estate.Look, estate.FirewallQuery{WinRMPort: 5985}); err != nil {
		t.Errorf("after the self-restore: %v", err)
	}
}

func TestUnknownScriptIsRefused(t *testing.T) {
	w := world.New(world.Options{Manual: true})
	fleet := serveHost(t, w, "SMP1")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	script := winrm.Script{Name: "other", Text: "param($in) Get-Process", Doing: "list processes"}
	err := fleet.Run(ctx, "SMP1", estate.Look, script, struct{}{}, new(estate.Answer))
	if estate.TroubleOf(err) != estate.Failed || !strings.Contains(err.Error(), "twins.txt") {
		t.Errorf("err = %v, want failed, and where the list is", err)
	}
}

// TestEvidenceComesOverTheWire: the most that can be asked for is well within what the
// adapter takes, and the kinds come in the order in which they were asked for.
func TestEvidenceComesOverTheWire(t *testing.T) {
	w := world.New(world.Options{Manual: true, Managed: 200})
	fleet := serveHost(t, w, "SMP1")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	size := 2 * estate.EvidenceLargest
	if err := w.Set(world.Condition{Field: "file", Host: "SMP1", Name: world.LogFolder + `\SIM-new.log`, Number: &size}); err != nil {
		t.Fatal(err)
	}
	e, err := fleet.Evidence(ctx, "SMP1", estate.Change, estate.EvidenceQuery{
		Kinds: []string{estate.EvidenceCoreSettings, estate.EvidenceSIMLogs}, Since: w.Now().Add(-9999 * time.Hour), FileBytes: estate.EvidenceLargest, MostBytes: estate.EvidenceLargest})
	if err != nil {
		t.Fatal(err)
	}
	all, kinds := 0, ""
	for _, f := range e.Files {
		all += len(f.Content)
		kinds += f.Kind + " "
	}
	if all != estate.EvidenceLargest || kinds != "core-settings sim-logs sim-logs " || e.Files[1].Bytes != int64(size) || !e.Files[1].Cut {
		t.Errorf("%d bytes of %s, want %d", all, kinds, estate.EvidenceLargest)
	}
}
