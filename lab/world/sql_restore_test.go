package world

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRestoreOfTheDatabase: what the newest backup holds comes back, and what is no part
// of it stays.
func TestRestoreOfTheDatabase(t *testing.T) {
	l := newSmall(t)
	atStart := l.SQL()
	l.Advance(time.Hour)
	l.set(Condition{Field: "sql", Name: "site", Word: "SITE2", On: on(true)})
	backedUp := l.SQL()
	l.set(Condition{Field: "sql", Name: "backup"})
	for _, c := range []Condition{
		{Field: "upgrade", Word: "smp"}, {Field: "sql", Name: "site", Word: "SITE2", On: on(false)},
		{Field: "sql", Name: "neighbour", Word: "Payroll"}, {Field: "sql", Name: "missing", Word: "dbo.vSiteServices", On: on(true)},
		{Field: "queue", Number: number(4000)}, {Field: "rule", Host: "SQL1", Name: "SQL-Server-1433", On: on(false)},
	} {
		l.set(c)
	}
	l.Advance(time.Hour)
	l.set(Condition{Field: "restore-database", Host: "SQL1"})
	got := l.SQL()
	if got.Schema != "8.0" || len(got.Sites) != 3 || got.Rows != backedUp.Rows || got.Oldest != backedUp.Oldest {
		t.Errorf("restored: schema %s, %d sites, %d rows from %d; want 8.0, 3, %d from %d", got.Schema, len(got.Sites), got.Rows, got.Oldest, backedUp.Rows, backedUp.Oldest)
	}
	if len(got.Backups) != len(atStart.Backups)+1 || len(got.Databases) != 1 || !got.Missing("dbo.vSiteServices") {
		t.Errorf("the rest of the server: %d backups, %d other databases", len(got.Backups), len(got.Databases))
	}
	sql := l.host("SQL1")
	if i := slices.IndexFunc(sql.Rules, func(r Rule) bool { return r.Name == "SQL-Server-1433" }); sql.Rules[i].Enabled || l.host("SMP1").Version != "8.1" {
		t.Error("a restore of the database changed a server")
	}
	if e := l.Events(); e.Produced+e.Injected != e.Waiting+e.Database+e.Files+e.Processed {
		t.Errorf("the books do not balance: %+v", e)
	}

	// It can be restored again, and after the lab was put away.
	l.set(Condition{Field: "upgrade", Word: "smp"})
	again := resumed(t, l.World)
	if err := again.Set(Condition{Field: "restore-database", Host: "SQL1"}); err != nil || again.SQL().Schema != "8.0" || len(again.SQL().Sites) != 3 {
		t.Errorf("%v: schema %s, sites %+v", err, again.SQL().Schema, again.SQL().Sites)
	}

	// Without a backup by hand it is last night's.
	first := newSmall(t)
	first.set(Condition{Field: "upgrade", Word: "smp"})
	first.set(Condition{Field: "restore-database", Host: "SQL1"})
	if got := first.SQL(); got.Schema != "8.0" || got.Rows != atStart.Rows {
		t.Errorf("last night's backup: schema %s, %d rows, want %d", got.Schema, got.Rows, atStart.Rows)
	}
}

func TestRestoreIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		first Condition
		host  string
		says  string
	}{
		"another host":       {Condition{Field: "queue", Number: number(1)}, "SMP1", "SQL1 has"},
		"a host that is off": {Condition{Field: "power", Host: "SQL1", On: on(false)}, "SQL1", "not running"},
		"a stopped instance": {Condition{Field: "service", Host: "SQL1", Name: "MSSQLSERVER", Word: "Stopped"}, "SQL1", "does not run"},
		"a damaged backup":   {Condition{Field: "sql", Name: "backup-damaged", On: on(true)}, "SQL1", "damaged"},
	} {
		l := newSmall(t)
		l.set(tt.first)
		if err := l.Set(Condition{Field: "restore-database", Host: tt.host}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

// TestPhysicalSQLServer: no hypervisor has it, and otherwise it is as any other host.
func TestPhysicalSQLServer(t *testing.T) {
	w := New(Options{Manual: true, Managed: 100, PhysicalSQL: true})
	for name, w := range map[string]*World{"new": w, "resumed": resumed(t, w)} {
		var virtual []string
		for _, m := range w.Machines() {
			virtual = append(virtual, m.Host)
		}
		v, err := w.Inside("SQL1")
		if !slices.Equal(virtual, []string{"SMP1", "SITE1", "GW1"}) || err != nil || v.BIOS != physicalBIOS {
			t.Errorf("%s: virtual are %v, SQL1 has the UUID %s, %v", name, virtual, v.BIOS, err)
		}
		if err := w.KeepHost("SQL1", "a", ""); err == nil || !strings.Contains(err.Error(), "no virtual machine") {
			t.Errorf("%s: a snapshot of it: %v", name, err)
		}
		if err := w.Restart("SQL1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := newSmall(t).Inside("SQL1"); err != nil || v.BIOS == physicalBIOS {
		t.Errorf("the usual SQL1 has the UUID %s, %v", v.BIOS, err)
	}
}

// TestSharedSQLServer: the other application writes for as long as the instance runs.
func TestSharedSQLServer(t *testing.T) {
	l := lab{t, New(Options{Manual: true, Managed: 100, SharedSQL: true})}
	near := func() Database {
		t.Helper()
		list := l.SQL().Databases
		if len(list) != 1 || list[0].Name != "HelpDesk" || list[0].Sessions == 0 || list[0].Program == "" {
			t.Fatalf("the other databases: %+v", list)
		}
		return list[0]
	}
	for range 2 {
		if age := l.Now().Sub(near().Written); age < 0 || age > time.Minute {
			t.Errorf("last written %s ago", age)
		}
		l.Advance(time.Hour)
	}
	l.set(Condition{Field: "service", Host: "SQL1", Name: "MSSQLSERVER", Word: "Stopped"})
	l.Advance(time.Hour)
	if age := l.Now().Sub(near().Written); age < time.Hour {
		t.Errorf("written %s ago although the instance is stopped", age)
	}
	if got := newSmall(t).SQL().Databases; len(got) != 0 {
		t.Errorf("the usual SQL Server has %+v", got)
	}
}
