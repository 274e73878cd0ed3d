package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
	"itmsbot/lab"
)

// TestParking: whoever has refused an account is not asked again before a person
// says so, and then is.
func TestParking(t *testing.T) {
	_, path := practiceSite(t, lab.Options{})
	dir := filepath.Dir(path)
	right := map[string][]byte{}
	for _, name := range []string{"windows-password", "sql-password", "vcenter-password"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		right[name] = b
		if err := os.WriteFile(filepath.Join(dir, name), []byte("wrong"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sitePlant(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var is parking
	if is.fleet, err = winrm.New(p.hosts, winrm.Options{}); err != nil {
		t.Fatal(err)
	}
	defer is.fleet.Close()
	if is.cmdb, err = sqlserver.New(*p.cmdb, sqlserver.Options{}); err != nil {
		t.Fatal(err)
	}
	defer is.cmdb.Close()
	if is.vms, err = vsphere.New(*p.vcenter); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all := func(want estate.Trouble) {
		t.Helper()
		_, record := is.fleet.Record(ctx, "SMP1", estate.Look)
		_, queue := is.cmdb.Queue(ctx)
		_, vms := is.vms.ByUUID(ctx, "564d0000-0000-4000-8000-000000000000")
		for _, err := range []error{record, queue, vms} {
			if want == "" && err != nil || want != "" && estate.TroubleOf(err) != want {
				t.Errorf("want %q: %v", want, err)
			}
		}
	}
	all(estate.Refused)
	all(estate.Parked)
	for name, b := range right {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all(estate.Parked)
	is.Unpark("SMP1")
	all("")
}

// TestOneAccountIsParkedOnce: what one account is used for shares its parking,
// under whatever names the configuration has it.
func TestOneAccountIsParkedOnce(t *testing.T) {
	c := &config.Config{Logins: []config.Login{
		{Name: "windows", User: "svc", Domain: "CORP"}, {Name: "sql", User: "SVC", Domain: "corp"}, {Name: "reader", User: "svc"}}}
	as := siteLogins(c)
	if as["windows"] != as["sql"] || as["windows"] == as["reader"] {
		t.Errorf("%p %p %p", as["windows"], as["sql"], as["reader"])
	}
	c.CMDB = &config.CMDB{Login: "sql"}
	c.VCenter = &config.VCenter{Login: "windows"}
	var hosts []*trust.Login
	c.Estate.Hosts = []config.Host{{WinRM: config.WinRM{Login: "windows"}}}
	for _, h := range siteHosts(c, as) {
		hosts = append(hosts, h.Login)
	}
	if sql, vc := siteCMDB(c, as).Login, siteVCenter(c, as, nil).Login; sql != hosts[0] || vc != hosts[0] {
		t.Errorf("%p %p %p", hosts[0], sql, vc)
	}
}
