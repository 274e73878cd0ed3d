package estate

import (
	"strings"
	"time"
)

// Unavailable: the far end answered, but an object that the look needs is not
// there, or the account may not read it. It is never "none" and never "good"
// (reference/itms.md §0): Missing, under the error, names the objects.
const Unavailable Trouble = "unavailable"

// Missing is under an Error of the kind Unavailable.
type Missing struct {
	// Objects are names such as "dbo.EventQueueEntry", "dbo.vSiteServices
	// (column Guid)" or "permission VIEW SERVER STATE".
	Objects []string
}

func (m *Missing) Error() string {
	if len(m.Objects) == 1 {
		return m.Objects[0] + " is missing, or the account may not read it"
	}
	return Join(m.Objects) + " are missing, or the account may not read them"
}

// CMDB is what the SQL Server says about itself, and what of it can be read. It
// does not fail because an object is missing: that is what it tells.
type CMDB struct {
	// Now is the SQL Server's clock in UTC, of the moment of this look; so it is
	// in every answer below.
	Now time.Time `json:"now"`
	// Server is what the instance calls itself, SQL1 or SQL1\ITMS; Machine is the
	// computer on which it runs at the moment, another one after a failover.
	Server  string `json:"server"`
	Machine string `json:"machine"`
	// Version is the product version, 13.0.7000.253; Edition is in words.
	Version string `json:"version"`
	Edition string `json:"edition"`
	// Clustered and Available report a failover cluster instance and an instance
	// with availability groups: neither may go back by a VM snapshot alone
	// (reference/infra.md D3).
	Clustered bool `json:"clustered"`
	Available bool `json:"available"`
	// Database is the CMDB's name and Identity its database GUID: a restored or
	// rebuilt database has another. Identity is empty where the account may not
	// see it.
	Database string `json:"database"`
	Identity string `json:"identity"`
	// Login is the account as which the bot is logged on.
	Login string `json:"login"`
	// Looks says for each kind of look whether it can be made.
	Looks []CMDBLook `json:"looks"`
}

// CMDBLook is one kind of look at the CMDB.
type CMDBLook struct {
	// Doing is what it does: "read the event queue".
	Doing string `json:"doing"`
	// Missing are the objects without which it cannot be made; empty means that
	// it can.
	Missing []string `json:"missing"`
}

// Queue is the event queue as the database has it (reference/itms.md §1). Events
// that still are files on the SMP are not in it.
type Queue struct {
	Now time.Time `json:"now"`
	// Depth counts the rows, read uncommitted: rows that are being written or
	// taken away may be counted or not.
	Depth int64 `json:"depth"`
	// Oldest and Newest are the lowest and highest id; both 0 when Depth is 0. An
	// Oldest that stands still while Depth is not 0 is a stalled queue.
	Oldest int64 `json:"oldest"`
	Newest int64 `json:"newest"`
}

// Backups is the backup history of the CMDB as msdb has it (1.4 item 5). A row
// proves that a backup was written, not that its file still exists.
type Backups struct {
	Now      time.Time `json:"now"`
	Database string    `json:"database"`
	// Identity is the database GUID, empty where the account may not see it;
	// Backup.Earlier is then unknown and false.
	Identity string `json:"identity"`
	// Recovery is the database's recovery model now: SIMPLE, FULL, BULK_LOGGED.
	Recovery string `json:"recovery"`
	// Full are the newest full backups, newest first, good or not: of each sort
	// (snapshot or not, damaged or not) ten at most.
	Full []Backup `json:"full"`
}

// Backup is one full backup.
type Backup struct {
	// Age is how long ago it finished, computed by the SQL Server with the time
	// zone that the backup was written in.
	Age time.Duration `json:"age"`
	// ZoneUnknown reports that the backup does not say its time zone. Its age is
	// computed with the server's present one, and wrong by an hour when the clocks
	// were changed since.
	ZoneUnknown bool `json:"zone_unknown"`
	CopyOnly    bool `json:"copy_only"`
	// Snapshot is set for what a VSS or VM-image backup wrote.
	Snapshot bool `json:"snapshot"`
	Damaged  bool `json:"damaged"`
	Checksum bool `json:"checksum"`
	// Earlier reports a backup of another database that had this name, or of this
	// one before it was last restored.
	Earlier bool `json:"earlier"`
	// Bytes is the size of the database pages in it, before compression.
	Bytes int64 `json:"bytes"`
	// Device is where it was written, the first of Devices.
	Device  string `json:"device"`
	Devices int    `json:"devices"`
}

// Finished is when the backup was complete, on the clock that b came with.
func (b Backups) Finished(one Backup) time.Time { return b.Now.Add(-one.Age) }

// Newest is the newest full backup from which the CMDB could be restored. A
// damaged one does not count, nor does a snapshot, which cannot be restored
// without the tool that took it, nor an Earlier one. A copy-only backup counts.
func (b Backups) Newest() (Backup, bool) {
	for _, one := range b.Full {
		if !one.Damaged && !one.Snapshot && !one.Earlier {
			return one, true
		}
	}
	return Backup{}, false
}

// Neighbours are the other user databases of the instance that has the CMDB. A
// rollback of the SQL Server's machine takes them back too.
type Neighbours struct {
	Now time.Time `json:"now"`
	// Watched is how far back the instance remembers writes: since it started.
	Watched   time.Duration `json:"watched"`
	Databases []Neighbour   `json:"databases"` // by name
}

// Neighbour is another user database.
type Neighbour struct {
	Name string `json:"name"`
	// State is ONLINE, RESTORING, OFFLINE, …
	State    string `json:"state"`
	ReadOnly bool   `json:"read_only"`
	// Written reports whether a write was seen since the instance started, and
	// Age is how long ago the last one was.
	Written bool          `json:"written"`
	Age     time.Duration `json:"age"`
}

// WrittenWithin lists the databases that were written to within d. certain is
// false when the instance does not remember so far back, so that the others may
// have been as well.
func (n Neighbours) WrittenWithin(d time.Duration) (recent []Neighbour, certain bool) {
	for _, one := range n.Databases {
		if one.Written && one.Age <= d {
			recent = append(recent, one)
		}
	}
	return recent, n.Watched >= d || len(n.Databases) == 0
}

// SiteServers are the computers that offer site services as the CMDB knows them
// (reference/itms.md §7). The SMP is usually among them.
type SiteServers struct {
	Now     time.Time    `json:"now"`
	Servers []SiteServer `json:"servers"` // by name
}

// SiteServer is a computer with site services.
type SiteServer struct {
	GUID string `json:"guid"` // of the resource in the CMDB, lower case, no braces
	Name string `json:"name"` // NetBIOS
	// Suffix is the DNS suffix; it may be empty.
	Suffix string `json:"suffix"`
}

// FQDN is the server's name in DNS, as far as the CMDB knows it.
func (s SiteServer) FQDN() string {
	if s.Suffix == "" {
		return s.Name
	}
	return s.Name + "." + s.Suffix
}

// NotIn lists the servers that no host of the estate is, whatever its role. A
// host may be named by its short or its full name.
func (s SiteServers) NotIn(e Estate) []SiteServer {
	var left []SiteServer
	for _, one := range s.Servers {
		known := false
		for _, h := range e.Hosts {
			known = known || strings.EqualFold(h.Name, one.Name) || strings.EqualFold(h.Name, one.FQDN())
		}
		if !known {
			left = append(left, one)
		}
	}
	return left
}
