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
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
	"itmsbot/lab"
)

// wrongSite is a practice site whose passwords are all wrong, and what is right.
type wrongSite struct {
	*testing.T
	parking
	lab   *lab.Lab
	dir   string
	right map[string][]byte // by the name of the file
}

func newWrongSite(t *testing.T, change func(*config.Config)) wrongSite {
	t.Helper()
	l, path := practiceSite(t, lab.Options{})
	s := wrongSite{T: t, lab: l, dir: filepath.Dir(path), right: map[string][]byte{}}
	for _, name := range []string{"windows-password", "sql-password", "vcenter-password"} {
		b, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		s.right[name] = b
		s.write(name, []byte("wrong"))
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	p, err := sitePlant(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if s.fleet, err = winrm.New(p.hosts, winrm.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.fleet.Close() })
	if s.cmdb, err = sqlserver.New(*p.cmdb, sqlserver.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmdb.Close() })
	if s.vms, err = vsphere.New(*p.vcenter); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s wrongSite) write(name string, password []byte) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), password, 0o600); err != nil {
		s.Fatal(err)
	}
}

// ask asks a host, the SQL Server and vCenter, in this order.
func (s wrongSite) ask(windows, sql, vms estate.Trouble) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, record := s.fleet.Record(ctx, "SMP1", estate.Look)
	_, queue := s.cmdb.Queue(ctx)
	_, found := s.vms.ByUUID(ctx, "564d0000-0000-4000-8000-000000000000")
	for _, c := range []struct {
		err  error
		want estate.Trouble
	}{{record, windows}, {queue, sql}, {found, vms}} {
		if c.want == "" && c.err != nil || c.want != "" && estate.TroubleOf(c.err) != c.want {
			s.Errorf("want %q: %v", c.want, c.err)
		}
	}
}

// TestParking: whoever has refused an account is not asked again before a person
// says so, and then is.
func TestParking(t *testing.T) {
	s := newWrongSite(t, nil)
	s.ask(estate.Refused, estate.Refused, estate.Refused)
	s.ask(estate.Parked, estate.Parked, estate.Parked)
	for name, password := range s.right {
		s.write(name, password)
	}
	s.ask(estate.Parked, estate.Parked, estate.Parked)
	s.Unpark("SMP1")
	s.ask("", "", "")
}

// TestOneAccountIsParkedOnce: the account that a host has refused is shown neither to
// the SQL Server nor to vCenter, under whatever name the configuration has it there.
func TestOneAccountIsParkedOnce(t *testing.T) {
	s := newWrongSite(t, func(c *config.Config) {
		again := c.Login("windows")
		again.Name, again.Domain = "again", "lab"
		if c.Login("windows").Domain != "LAB" {
			t.Fatalf("the hosts' domain is %s", c.Login("windows").Domain)
		}
		c.Logins = append(c.Logins, again)
		c.CMDB.Login, c.VCenter.Login = "again", "windows"
	})
	s.ask(estate.Refused, estate.Parked, estate.Parked)
	sql, vc := s.lab.CMDB.Stats(), s.lab.VCenter.Stats()
	if sql.Logins != 0 || sql.Refused != 0 || vc.Calls["Login"] != 0 {
		t.Errorf("it was shown to the SQL Server %d times and to vCenter %d times", sql.Refused+sql.Logins, vc.Calls["Login"])
	}
	s.Unpark("SQL1")
	s.ask(estate.Refused, estate.Parked, estate.Parked)
}
