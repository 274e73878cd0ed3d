package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/config"
	"itmsbot/lab"
)

// practiceSite is a lab of this process and the configuration that it writes.
func practiceSite(t *testing.T, o lab.Options) (*lab.Lab, string) {
	t.Helper()
	o.Listen, o.Manual, o.Dir = "127.0.0.1:0", true, t.TempDir()
	l, err := lab.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- l.Run(ctx) }() // the cleanup waits for it
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the lab ended: %v", err)
		}
	})
	path, err := labSite(l.Document(), o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return l, path
}

// TestLabSiteIsTheLab: the bot of the lab and one that is served beside it are
// wired from the same.
func TestLabSiteIsTheLab(t *testing.T) {
	l, path := practiceSite(t, lab.Options{})
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	site, err := sitePlant(c, log)
	if err != nil {
		t.Fatal(err)
	}
	own := plantOf(l.Document(), filepath.Join(filepath.Dir(path), "itmsbot.db"), log)
	for what, pair := range map[string][2]any{
		"estate": {own.estate, site.estate}, "policy": {own.policy, site.policy}, "limits": {own.limits, site.limits},
		"slack": {own.slack, site.slack}, "database": {own.database, site.database},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s (-lab +site):\n%s", what, diff)
		}
	}
	if a, b := own.cmdb, site.cmdb; a.Name != b.Name || a.Address != b.Address || a.Database != b.Database || a.Thumbprint != b.Thumbprint || a.Login.String() != b.Login.String() {
		t.Errorf("cmdb %s on %s as %s, site %s on %s as %s", a.Database, a.Address, a.Login, b.Database, b.Address, b.Login)
	}
	if a, b := own.vcenter, site.vcenter; a.Name != b.Name || strings.TrimSuffix(a.URL, "/") != strings.TrimSuffix(b.URL, "/") || a.Login.Principal() != b.Login.Principal() || a.Thumbprint != b.Thumbprint {
		t.Errorf("vcenter %s as %s, site %s as %s", a.URL, a.Login.Principal(), b.URL, b.Login.Principal())
	}
	for _, pair := range [][2]func() (string, error){{own.cmdb.Login.Password, site.cmdb.Login.Password}, {own.vcenter.Login.Password, site.vcenter.Login.Password}} {
		mine, _ := pair[0]()
		theirs, err := pair[1]()
		if mine != theirs || err != nil {
			t.Errorf("another password, %v", err)
		}
	}
	for i, h := range own.hosts {
		s := site.hosts[i]
		mine, _ := h.Login.Password()
		theirs, err := s.Login.Password()
		if h.Name != s.Name || h.URL != s.URL || h.Login.String() != s.Login.String() || mine != theirs || err != nil {
			t.Errorf("%s at %s as %s, site %s at %s as %s", h.Name, h.URL, h.Login, s.Name, s.URL, s.Login)
		}
	}
}

func TestNotOnAMachineOfTheEstate(t *testing.T) {
	hosts := []config.Host{
		{Name: "SMP1", WinRM: config.WinRM{URL: "https://itms-core.corp.example:5986/wsman"}},
		{Name: "SQL1", WinRM: config.WinRM{URL: "http://10.0.0.7:5985/wsman"}},
		{Name: "GONE", WinRM: config.WinRM{URL: "http://gone.corp.example:5985/wsman"}},
	}
	names := map[string]string{"itms-core.corp.example": "10.0.0.6", "10.0.0.7": "10.0.0.7"}
	lookUp := func(_ context.Context, _, name string) ([]netip.Addr, error) {
		if a, ok := names[name]; ok {
			return []netip.Addr{netip.MustParseAddr("::ffff:" + a)}, nil
		}
		return nil, errors.New("no such name")
	}
	for _, c := range []struct{ machine, address, want string }{
		{"bot", "10.0.0.9", ""},
		{"smp1", "10.0.0.9", "this machine is SMP1"},
		{"SMP1.corp.example", "10.0.0.9", "this machine is SMP1"},
		{"ITMS-CORE", "10.0.0.9", "this machine is SMP1"},
		{"bot", "10.0.0.6", "this machine is SMP1"},
		{"bot", "10.0.0.7", "this machine is SQL1"},
		{"10", "10.0.0.9", ""}, // the first part of an address is no name
		{"", "10.0.0.9", ""},
	} {
		err := partOf(context.Background(), hosts, c.machine, map[netip.Addr]bool{netip.MustParseAddr(c.address): true}, lookUp)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at %s: %v, want %q", c.machine, c.address, err, c.want)
		}
	}
	names["itms-core.corp.example"] = "127.0.1.1"
	if err := partOf(context.Background(), hosts, "bot", nil, lookUp); err == nil {
		t.Error("a name that leads to loopback is this machine")
	}
}
