package sqlserver

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

func TestQueue(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	for range 3 {
		q, err := s.Queue(p.ctx())
		if err != nil {
			t.Fatal(err)
		}
		e := p.world.Events()
		want := estate.Queue{Now: e.Now, Depth: e.Database, Oldest: e.Oldest, Newest: e.Oldest + e.Database - 1}
		if e.Database == 0 {
			want.Newest = 0
		}
		if q != want {
			t.Errorf("queue %+v, want %+v", q, want)
		}
		p.world.Advance(time.Minute)
	}
	p.set(world.Condition{Field: "queue", Number: of(0)})
	q, err := s.Queue(p.ctx())
	if want := (estate.Queue{Now: p.world.Now()}); err != nil || q != want {
		t.Errorf("an empty queue is %+v, %v, want %+v", q, err, want)
	}
}

func TestBackups(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	p.set(world.Condition{Field: "sql", Name: "backup-age", Number: of(3)})
	tests := []struct {
		name string
		set  world.Condition
		want estate.Backup // the newest in the list
		good time.Duration // age of the newest that counts
	}{
		{"full", world.Condition{Name: "backup-damaged", On: of(false)}, estate.Backup{}, 3 * time.Hour},
		{"copy only", world.Condition{Name: "backup-copy-only", On: of(true)}, estate.Backup{CopyOnly: true}, 3 * time.Hour},
		{"damaged", world.Condition{Name: "backup-damaged", On: of(true)}, estate.Backup{CopyOnly: true, Damaged: true}, 4*time.Hour + 47*time.Minute + 48*time.Second},
		{"not damaged", world.Condition{Name: "backup-damaged", On: of(false)}, estate.Backup{CopyOnly: true}, 3 * time.Hour},
		{"snapshot", world.Condition{Name: "backup-snapshot", On: of(true)}, estate.Backup{CopyOnly: true, Snapshot: true}, 4*time.Hour + 47*time.Minute + 48*time.Second},
		{"no snapshot", world.Condition{Name: "backup-snapshot", On: of(false)}, estate.Backup{CopyOnly: true}, 3 * time.Hour},
		{"of an earlier database", world.Condition{Name: "backup-earlier", On: of(true)}, estate.Backup{CopyOnly: true, Earlier: true}, 4*time.Hour + 47*time.Minute + 48*time.Second},
	}
	for _, tt := range tests {
		tt.set.Field = "sql"
		p.set(tt.set)
		b, err := s.Backups(p.ctx())
		if err != nil || len(b.Full) == 0 {
			t.Fatalf("%s: %+v, %v", tt.name, b, err)
		}
		tt.want.Age, tt.want.Checksum, tt.want.Bytes, tt.want.Devices = 3*time.Hour, true, 21_474_836_480, 1
		tt.want.Device = b.Full[0].Device
		if b.Full[0] != tt.want {
			t.Errorf("%s: the newest is %+v, want %+v", tt.name, b.Full[0], tt.want)
		}
		if newest, ok := b.Newest(); !ok || newest.Age != tt.good {
			t.Errorf("%s: the one that counts is %+v, %v, want one of %v", tt.name, newest, ok, tt.good)
		}
		if b.Recovery != "FULL" || b.Database != world.CMDB || b.Identity == "" || !b.Now.Equal(p.world.Now()) {
			t.Errorf("%s: %+v", tt.name, b)
		}
	}
}

// TestSnapshotsDoNotCrowdOut holds that a tool that takes an image every hour does not
// hide the backup that counts.
func TestSnapshotsDoNotCrowdOut(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	for range 25 {
		p.set(world.Condition{Field: "sql", Name: "backup"})
		p.set(world.Condition{Field: "sql", Name: "backup-snapshot", On: of(true)})
	}
	b, err := s.Backups(p.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if newest, ok := b.Newest(); !ok || newest.Snapshot || len(b.Full) != 10+5 {
		t.Errorf("%d backups, the one that counts %+v, %v", len(b.Full), newest, ok)
	}
}

// TestKnownObjectsCostNothing holds that a queue that is looked at every few seconds
// costs the server one statement a time.
func TestKnownObjectsCostNothing(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	for range 5 {
		if _, err := s.Queue(p.ctx()); err != nil {
			t.Fatal(err)
		}
	}
	if st := p.server.Stats(); st.Statements != 3+5 || st.Logins != 1 {
		t.Errorf("over the wire: %+v", st)
	}
}

func TestNeighbours(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	p.set(world.Condition{Field: "sql", Name: "neighbour", Word: "Helpdesk", Number: of(25)})
	p.set(world.Condition{Field: "sql", Name: "neighbour", Word: "Archive", Number: of(-1)})
	n, err := s.Neighbours(p.ctx())
	if err != nil {
		t.Fatal(err)
	}
	want := []estate.Neighbour{
		{Name: "Archive", State: "ONLINE"},
		{Name: "Helpdesk", State: "ONLINE", Written: true, Age: 25 * time.Minute},
	}
	if !slices.Equal(n.Databases, want) || n.Watched < 24*time.Hour {
		t.Errorf("neighbours %+v, want %+v", n, want)
	}
}

func TestSiteServers(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	p.set(world.Condition{Field: "sql", Name: "site", Word: "SITE2", On: of(true)})
	l, err := s.SiteServers(p.ctx())
	if err != nil {
		t.Fatal(err)
	}
	left := l.NotIn(estate.Estate{Hosts: []estate.Host{{Name: "smp1"}, {Name: "SITE1.lab"}, {Name: "SQL1"}}})
	if len(left) != 1 || left[0].FQDN() != "SITE2.lab" || left[0].GUID == "" {
		t.Errorf("not in the configuration: %+v", left)
	}
}

func TestProbe(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	p.set(world.Condition{Field: "sql", Name: "missing", Word: "dbo.EventQueueEntry", On: of(true)})
	c, err := s.Probe(p.ctx())
	want := estate.CMDB{
		Now: p.world.Now(), Server: "SQL1", Machine: "SQL1", Version: "13.0.7000.253", Edition: "Standard Edition (64-bit)",
		Database: world.CMDB, Identity: c.Identity, Login: sqlUser,
		Looks: []estate.CMDBLook{
			{Doing: "read the event queue", Missing: []string{"dbo.EventQueueEntry"}},
			{Doing: "read the backup history", Missing: []string{}},
			{Doing: "read the other databases", Missing: []string{}},
			{Doing: "read the site servers", Missing: []string{}},
			{Doing: "look for a computer", Missing: []string{}},
			{Doing: "read which computers came in", Missing: []string{}},
		},
	}
	if err != nil || !reflect.DeepEqual(c, want) || c.Identity == "" {
		t.Errorf("probe %+v, %v\nwant %+v", c, err, want)
	}
}

// TestMissing takes objects away and gives them back while the connection stays.
func TestMissing(t *testing.T) {
	tests := []struct {
		object string
		looks  string
		want   []string
	}{
		{"dbo.EventQueueEntry", "queue", []string{"dbo.EventQueueEntry"}},
		{"dbo.EventQueueEntry.id", "queue", []string{"dbo.EventQueueEntry"}},
		{"dbo.vSiteServices", "sites", []string{"dbo.vSiteServices"}},
		{"dbo.vSiteServices.Host Name", "sites", []string{"dbo.vSiteServices (column Host Name)"}},
		{"msdb.dbo.backupset", "backups", []string{"msdb.dbo.backupset"}},
		{"msdb.dbo.backupmediafamily.mirror", "backups", []string{"msdb.dbo.backupmediafamily (column mirror)"}},
		{"msdb", "backups", []string{"msdb.dbo.backupset", "msdb.dbo.backupmediafamily"}},
		{"permission VIEW SERVER STATE", "neighbours", []string{"permission VIEW SERVER STATE"}},
		{"dbo.vComputer", "named at since", []string{"dbo.vComputer"}},
		{"dbo.vComputer.IP Address", "named at since", []string{"dbo.vComputer (column IP Address)"}},
		{"dbo.vComputerResource", "named at", []string{"dbo.vComputerResource"}},
		{"dbo.Inv_AeX_AC_Identification.FQDN", "named at", []string{"dbo.Inv_AeX_AC_Identification (column FQDN)"}},
		{"dbo.Inv_AeX_AC_TCPIP", "named at", []string{"dbo.Inv_AeX_AC_TCPIP"}},
		{"dbo.Inv_AeX_AC_Client_Agent", "named at since", []string{"dbo.Inv_AeX_AC_Client_Agent"}},
		{"dbo.Evt_NS_Client_Config_Request", "named at since", []string{"dbo.Evt_NS_Client_Config_Request"}},
		{"dbo.Evt_NS_Client_Config_Request._ResourceGuid", "named at since", []string{"dbo.Evt_NS_Client_Config_Request (column _ResourceGuid)"}},
	}
	for _, tt := range tests {
		concerned := strings.Fields(tt.looks)
		t.Run(tt.object, func(t *testing.T) {
			p := newPractice(t)
			s := p.open(p.instance(), Options{})
			taken := world.Condition{Field: "sql", Name: "missing", Word: tt.object, On: of(true)}
			p.set(taken)
			for name, look := range looksOf(s) {
				_, err := look(p.ctx())
				var gone *estate.Missing
				switch {
				case !slices.Contains(concerned, name) && err != nil:
					t.Errorf("%s: %v", name, err)
				case !slices.Contains(concerned, name):
				case estate.TroubleOf(err) != estate.Unavailable || !errors.As(err, &gone) || !slices.Equal(gone.Objects, tt.want):
					t.Errorf("%s: %v, want %q unavailable", name, err, tt.want)
				}
			}
			taken.On = of(false)
			p.set(taken)
			for _, name := range concerned {
				if _, err := looksOf(s)[name](p.ctx()); err != nil {
					t.Errorf("%s, given back: %v", name, err)
				}
			}
			// Taken away when it is known to be there, the server itself has to say so.
			taken.On = of(true)
			p.set(taken)
			for _, name := range concerned {
				if _, err := looksOf(s)[name](p.ctx()); estate.TroubleOf(err) != estate.Unavailable {
					t.Errorf("%s, taken away again: %v", name, err)
				}
			}
			if st := p.server.Stats(); st.Connections != 1 || st.Unlisted != 0 {
				t.Errorf("over the wire: %+v", st)
			}
		})
	}
}

// TestAfterARestart holds that a restart costs nobody an error, and that what was
// known before it is looked at again.
func TestAfterARestart(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	if _, err := s.Queue(p.ctx()); err != nil {
		t.Fatal(err)
	}
	before := p.server.Stats().Statements
	p.server.Reset()
	if _, err := s.Queue(p.ctx()); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	// database/sql finds the dead connection with the statement itself, so that the
	// objects are looked for with the next look.
	if _, err := s.Queue(p.ctx()); err != nil {
		t.Error(err)
	}
	st := p.server.Stats()
	if st.Connections != 2 || st.Statements-before < 4 {
		t.Errorf("over the wire: %+v, %d statements before", st, before)
	}
}

func TestManyLooksAtOnce(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	var wait sync.WaitGroup
	for range 10 {
		for name, look := range looksOf(s) {
			wait.Go(func() {
				if _, err := look(p.ctx()); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	wait.Wait()
	if st := p.server.Stats(); st.Connections > connections {
		t.Errorf("%d connections, want %d at most", st.Connections, connections)
	}
}
