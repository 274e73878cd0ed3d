package lab

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/lab/world"
)

// TestEstates asks each estate over the wire what makes it another one, before and after
// it was put away.
func TestEstates(t *testing.T) {
	for _, name := range Estates() {
		dir := t.TempDir()
		for _, asked := range []string{name, "", name} {
			l, end := keptLab(t, dir, asked)
			doc := l.Document()
			if doc.Estate != name {
				t.Errorf("%q is called %q", name, doc.Estate)
			}
			if vm := l.host(t, "SQL1").VM; (vm == "") != (name == PhysicalSQL) {
				t.Errorf("%s: the machine of SQL1 is %q", name, vm)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			record, err := l.fleet(t).Record(ctx, "SQL1", estate.Look)
			if err != nil {
				t.Fatal(err)
			}
			machines, err := l.vms(t).ByUUID(ctx, record.BIOS)
			if err != nil || (len(machines) == 0) != (name == PhysicalSQL) {
				t.Errorf("%s: vCenter has for the UUID %s %+v, %v", name, record.BIOS, machines, err)
			}
			near := l.neighbours(t, ctx)
			if quiet := len(near.Databases) == 0; quiet != (name != SharedSQL) {
				t.Errorf("%s: other databases are %+v", name, near.Databases)
			}
			cancel()
			end()
		}
	}
}

// neighbours are the other databases of the SQL Server.
func (l *Lab) neighbours(t *testing.T, ctx context.Context) estate.Neighbours {
	t.Helper()
	doc := l.Document().CMDB
	cmdb, err := sqlserver.New(sqlserver.Instance{Name: "SQL1", Address: doc.Address, Database: doc.Database, Peer: trust.Peer{Thumbprint: doc.Thumbprint},
		Login: &trust.Login{User: doc.User, Password: func() (string, error) { return doc.Password, nil }}}, sqlserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer cmdb.Close()
	n, err := cmdb.Neighbours(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEstateIsRefused(t *testing.T) {
	_, err := Start(Options{Listen: "127.0.0.1:0", Manual: true, Estate: "cloud"})
	if err == nil || !strings.Contains(err.Error(), strings.Join(Estates(), ", ")) {
		t.Errorf("an unknown estate: %v", err)
	}
	dir := t.TempDir()
	_, end := keptLab(t, dir, SharedSQL)
	end()
	_, err = Start(Options{Listen: "127.0.0.1:0", Manual: true, Dir: dir, Keep: true, Estate: PhysicalSQL})
	if err == nil || !strings.Contains(err.Error(), SharedSQL) || !strings.Contains(err.Error(), stateFile) {
		t.Errorf("another estate than the folder's: %v", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("the folder has %v, %v", names, err)
	}
}

// TestFaultsOfThePhysicalServer: vCenter offers no fault of what it does not have.
func TestFaultsOfThePhysicalServer(t *testing.T) {
	l, _ := keptLab(t, t.TempDir(), PhysicalSQL)
	if got := l.VCenter.FaultTargets(); slices.Contains(got, "SQL1") || !slices.Contains(got, "SMP1") {
		t.Errorf("targets are %v", got)
	}
	if err := l.World.Set(world.Condition{Field: "restore-database", Host: "SQL1"}); err != nil {
		t.Errorf("its database goes back by a backup: %v", err)
	}
}
