package world

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// CMDB is the name of the database that ITMS works with.
const CMDB = "Symantec_CMDB"

// database is what the world knows of the SQL Server beside the event queue: the
// history in msdb, the databases, and what the CMDB knows of the site. Its nightly
// backup is held for the upgrade; a condition takes one.
type database struct {
	identity string // the CMDB's database GUID
	schema   string // the version of ITMS that the CMDB is of
	backups  []Backup
	others   []Database
	sites    []SiteService
	// computers are those of the world's roll, in its order.
	computers []known
	// missing are objects that are not there, or that nobody may read, in lower
	// case: "dbo.eventqueueentry", "msdb.dbo.backupset", "msdb", "view server state".
	missing map[string]bool
	// kept is what the newest backup that a condition took would bring back, and at the
	// start what last night's would; it never changes, so that copies may share it.
	kept *contents
}

// Backup is a full backup of the CMDB as msdb has it.
type Backup struct {
	Finished time.Time
	CopyOnly bool
	Snapshot bool // written by a tool that takes images
	Damaged  bool
	Checksum bool
	Earlier  bool // of the database before it was last restored
	Bytes    int64
	Device   string
}

// Database is another user database of the instance.
type Database struct {
	Name    string
	Written time.Time // zero when nobody wrote to it since the instance started
	// Program has so many sessions open while the instance runs, and writes.
	Program  string
	Sessions int
}

// helpDesk is the database of another application, at work.
func helpDesk() Database {
	return Database{Name: "HelpDesk", Program: "HelpDesk Application Server", Sessions: 14}
}

// playNeighbours lets the other applications write, once a minute.
func (w *World) playNeighbours() {
	if !w.sql().running("MSSQLSERVER") {
		return
	}
	for i := range w.database.others {
		if o := &w.database.others[i]; o.Sessions > 0 {
			o.Written = w.now
		}
	}
}

// SiteService is a computer that the CMDB knows to offer site services.
type SiteService struct {
	GUID, Name, Suffix string
	Services           int // task, package, …
}

// newDatabase makes the database of a site whose backup ran at two in the morning on
// each of the last five days.
func newDatabase(start time.Time) database {
	d := database{
		identity: "5e0c7c1a-9f3b-4d6e-8a21-7b40c9d2e611",
		schema:   versionBefore,
		missing:  map[string]bool{},
		sites: []SiteService{
			{"8d1f0c6e-52b4-4b7a-9a53-0f6b2f7d1aaa", "SMP1", "lab", 1},
			{"c3a5e8d4-07f1-4a26-b7de-91d3f06a4ccc", "SITE1", "lab", 2},
		},
	}
	night := start.Truncate(24 * time.Hour).Add(2 * time.Hour)
	if night.After(start) {
		night = night.Add(-24 * time.Hour)
	}
	for i := range 5 {
		d.backups = append(d.backups, nightly(night.AddDate(0, 0, i-4)))
	}
	return d
}

// nightly is the backup that a job began at a time.
func nightly(began time.Time) Backup {
	return Backup{
		Finished: began.Add(7*time.Minute + 12*time.Second), Checksum: true, Bytes: 21_474_836_480,
		Device: `E:\Backup\Symantec_CMDB_` + began.Format("20060102") + `.bak`,
	}
}

// clone is a copy that shares nothing, as a VM snapshot keeps one.
func (d database) clone() database {
	d.backups, d.others, d.sites = slices.Clone(d.backups), slices.Clone(d.others), slices.Clone(d.sites)
	d.computers, d.missing = slices.Clone(d.computers), maps.Clone(d.missing)
	return d
}

// SQLView is what somebody logged on to the SQL Server can see: a copy of one moment.
type SQLView struct {
	Now     time.Time
	Machine string    // the computer's NetBIOS name
	Started time.Time // the instance

	Identity  string
	Schema    string     // the version of ITMS that the CMDB is of
	Backups   []Backup   // by time
	Databases []Database // the other user databases, by name
	Sites     []SiteService

	Rows   int64 // of EventQueueEntry
	Oldest int64 // the lowest id; 0 without rows

	roll      []resource
	computers []known

	missing map[string]bool
}

// Newest is the highest id of EventQueueEntry; 0 without rows.
func (v SQLView) Newest() int64 {
	if v.Rows == 0 {
		return 0
	}
	return v.Oldest + v.Rows - 1
}

// Missing reports whether an object, a database or a permission is taken away.
func (v SQLView) Missing(object string) bool { return v.missing[strings.ToLower(object)] }

// SQL shows what is in the SQL Server now. Whether it answers is not asked here.
func (w *World) SQL() SQLView {
	w.lock()
	defer w.mu.Unlock()
	d, q := w.database.clone(), &w.queue
	v := SQLView{
		Now: w.timeOf(w.sql()), Machine: w.sql().name, Started: w.sql().began,
		Identity: d.identity, Schema: d.schema, Backups: d.backups, Databases: d.others, Sites: d.sites,
		Rows: int64(q.database), roll: w.roll, computers: d.computers, missing: d.missing,
	}
	if v.Rows > 0 {
		v.Oldest = q.processed + 1
	}
	return v
}
