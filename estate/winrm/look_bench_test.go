package winrm_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// BenchmarkFirewallLook looks at the firewall of a host with more and more rules, whose
// cmdlets take as long as those of a slow server: 40 ms a call, and 0.2 ms for each rule
// that one gives. However many rules there are, a look is one script on one connection.
// One that has no local rule to report ("open") reads less than one that has ("closed"),
// as every look has once the doors were closed.
func BenchmarkFirewallLook(b *testing.B) {
	for _, rules := range []int{10, 50, 100, 300, 600} {
		for _, doors := range []string{"open", "closed"} {
			b.Run(fmt.Sprintf("rules=%d/doors=%s", rules, doors), func(b *testing.B) { benchmarkLook(b, rules, doors == "closed") })
		}
	}
}

// benchmarkLook looks at a host with so many rules; closed names one of them, as a request
// names those that it has switched off.
func benchmarkLook(b *testing.B, rules int, closed bool) {
	costs := wsman.Costs{Call: 40 * time.Millisecond, Rule: 200 * time.Microsecond}
	w := world.New(world.Options{Manual: true, Managed: 50})
	s, f := serveLooks(b, w, "GW1", costs)
	fill(b, w, "GW1", rules)
	query, local := estate.FirewallQuery{Ports: []string{"443"}, WinRMPort: 5985}, 0
	if closed {
		query.Names, local = []string{"WINRM-HTTP-In-TCP"}, 1
	}
	if _, err := f.Firewall(b.Context(), "GW1", estate.Look, query); err != nil { // logs on
		b.Fatal(err)
	}
	before := s.Stats()
	for b.Loop() {
		fw, err := f.Firewall(b.Context(), "GW1", estate.Look, query)
		if err != nil {
			b.Fatal(err)
		}
		if len(fw.Active) != rules || len(fw.Local) != local {
			b.Fatalf("the host shows %d rules and reports %d, want %d and %d", len(fw.Active), len(fw.Local), rules, local)
		}
	}
	after := s.Stats()
	b.ReportMetric(float64(after.Commands-before.Commands)/float64(b.N), "scripts/op")
	b.ReportMetric(float64(after.Connections-before.Connections)/float64(b.N), "connections/op")
}

// fill leaves a host with so many enabled allow rules, that by which the bot comes in
// among them: others are removed, or made.
func fill(b *testing.B, w *world.World, host string, rules int) {
	b.Helper()
	v, err := w.Look(host)
	if err != nil {
		b.Fatal(err)
	}
	v.Rules = slices.DeleteFunc(v.Rules, func(r world.Rule) bool { return !r.Enabled || r.Action != "Allow" })
	n := len(v.Rules)
	for _, r := range v.Rules {
		if n > rules && r.Store == "Local" && !strings.HasPrefix(r.Name, "WINRM") {
			if err := w.Set(world.Condition{Field: "rule-remove", Host: host, Name: r.Name}); err != nil {
				b.Fatal(err)
			}
			n--
		}
	}
	for ; n < rules; n++ {
		rule := world.Rule{Name: fmt.Sprintf("somebody-%d", n), Ports: []string{fmt.Sprint(20000 + n)}, Remote: []string{"10.0.0.0/8"}}
		if err := w.Set(world.Condition{Field: "rule-add", Host: host, Rule: &rule}); err != nil {
			b.Fatal(err)
		}
	}
}

// serveLooks puts a host of the world on loopback, where each script takes its time.
func serveLooks(b *testing.B, w *world.World, host string, c wsman.Costs) (*wsman.Server, *winrm.Fleet) {
	b.Helper()
	s := wsman.New(wsman.Config{
		Name: host, Domain: "LAB", Run: wsman.CostlyPowerShell(w, host, c),
		Password: func(name, _ string) (string, bool) { return password, name == user },
		Answers: func(_ netip.AddrPort, port int) bool {
			return w.Answers(host, netip.MustParseAddr(world.BotAddress), port)
		},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }() // the cleanup waits for it
	f, err := winrm.New([]winrm.Host{{Name: host, URL: "http://" + l.Addr().String() + "/wsman", Login: login()}}, winrm.Options{Operation: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		f.Close()
		s.Close()
		if err := <-served; err != nil {
			b.Error(err)
		}
	})
	return s, f
}
