package tds

import (
	"slices"
	"strings"
	"time"

	"itmsbot/lab/world"
)

// The twins of estate/sqlserver/queries. They give the columns that those statements
// give, by their own names, and not the structs of the product.

// serverTwin plays server.sql.
func serverTwin(c caller) ([]resultSet, *sqlError) {
	state := int64(1)
	if c.view.Missing(serverState) {
		state = 0
	}
	var identity any
	if strings.EqualFold(c.database, world.CMDB) {
		identity = c.view.Identity
	}
	return []resultSet{{
		[]column{
			{"now", kindTime}, {"server", kindText}, {"machine", kindText}, {"version", kindText}, {"edition", kindText},
			{"clustered", kindInt}, {"available", kindInt}, {"database_name", kindText}, {"database_identity", kindText},
			{"login_name", kindText}, {"server_state", kindInt},
		},
		[][]any{{
			c.view.Now, c.cfg.Name, c.view.Machine, version, edition,
			int64(0), int64(0), c.database, identity, c.account, state,
		}},
	}}, nil
}

// serverState is the permission that neighbours.sql needs.
const serverState = "permission VIEW SERVER STATE"

// objectsTwin plays objects.sql.
func objectsTwin(c caller) ([]resultSet, *sqlError) { return c.objectsOf(world.CMDB), nil }

// msdbObjectsTwin plays objects-msdb.sql.
func msdbObjectsTwin(c caller) ([]resultSet, *sqlError) {
	if c.view.Missing("msdb") {
		return nil, c.needs("backupset")
	}
	return c.objectsOf("msdb"), nil
}

func (c caller) objectsOf(database string) []resultSet {
	set := resultSet{columns: []column{{"TABLE_SCHEMA", kindText}, {"TABLE_NAME", kindText}, {"COLUMN_NAME", kindText}}}
	for _, t := range tables() {
		if t.database != database || !c.sees(t) {
			continue
		}
		for _, name := range t.columns {
			if !c.view.Missing(t.String() + "." + name) {
				set.rows = append(set.rows, []any{"dbo", t.name, name})
			}
		}
	}
	return []resultSet{set}
}

// queueTwin plays queue.sql.
func queueTwin(c caller) ([]resultSet, *sqlError) {
	if e := c.needs("EventQueueEntry"); e != nil {
		return nil, e
	}
	var oldest, newest any
	if c.view.Rows > 0 {
		oldest, newest = c.view.Oldest, c.view.Newest()
	}
	return []resultSet{{
		[]column{{"now", kindTime}, {"depth", kindBigInt}, {"oldest", kindBigInt}, {"newest", kindBigInt}},
		[][]any{{c.view.Now, c.view.Rows, oldest, newest}},
	}}, nil
}

// earlierIdentity is the database GUID before the CMDB was last restored.
const earlierIdentity = "0d4f7a90-1c22-4f0b-9d5e-6a8873b1f0c4"

// backupsTwin plays backups.sql.
func backupsTwin(c caller) ([]resultSet, *sqlError) {
	if e := c.needs("backupset", "backupmediafamily"); e != nil {
		return nil, e
	}
	about := resultSet{
		[]column{{"now", kindTime}, {"database_name", kindText}, {"recovery", kindText}, {"database_identity", kindText}},
		[][]any{{c.view.Now, c.database, "FULL", c.view.Identity}},
	}
	list := resultSet{columns: []column{
		{"age_seconds", kindInt}, {"zone_unknown", kindInt}, {"copy_only", kindInt}, {"snapshot", kindInt},
		{"damaged", kindInt}, {"checksums", kindInt}, {"backup_identity", kindText}, {"bytes", kindBigInt},
		{"device", kindText}, {"devices", kindInt},
	}}
	if strings.EqualFold(c.database, world.CMDB) {
		list.rows = c.backupRows()
	}
	return []resultSet{about, list}, nil
}

// backupRows are the ten newest of each sort, newest first.
func (c caller) backupRows() [][]any {
	backups := slices.Clone(c.view.Backups)
	slices.SortStableFunc(backups, func(a, b world.Backup) int { return b.Finished.Compare(a.Finished) })
	places := map[[2]bool]int{}
	var rows [][]any
	for _, b := range backups {
		sort := [2]bool{b.Snapshot, b.Damaged}
		if places[sort]++; places[sort] > 10 {
			continue
		}
		identity := c.view.Identity
		if b.Earlier {
			identity = earlierIdentity
		}
		rows = append(rows, []any{
			c.age(b.Finished), int64(0), bit(b.CopyOnly), bit(b.Snapshot), bit(b.Damaged), bit(b.Checksum),
			identity, b.Bytes, b.Device, int64(1),
		})
	}
	return rows
}

// age is what DATEDIFF(second, …) makes of a time.
func (c caller) age(of time.Time) int64 { return c.view.Now.Unix() - of.Unix() }

func bit(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// neighboursTwin plays neighbours.sql.
func neighboursTwin(c caller) ([]resultSet, *sqlError) {
	if c.view.Missing(serverState) {
		return nil, &sqlError{300, 14, "VIEW SERVER STATE permission was denied on object 'server', database 'master'."}
	}
	watched := resultSet{
		[]column{{"now", kindTime}, {"watched_seconds", kindInt}},
		[][]any{{c.view.Now, c.age(c.view.Started)}},
	}
	list := resultSet{columns: []column{{"name", kindText}, {"state", kindText}, {"read_only", kindInt}, {"age_seconds", kindInt}}}
	for _, d := range c.view.Databases {
		var age any
		if !d.Written.IsZero() && !d.Written.Before(c.view.Started) {
			age = c.age(d.Written)
		}
		list.rows = append(list.rows, []any{d.Name, "ONLINE", int64(0), age})
	}
	return []resultSet{watched, list}, nil
}

// sitesTwin plays sites.sql.
func sitesTwin(c caller) ([]resultSet, *sqlError) {
	if e := c.needs("vSiteServices"); e != nil {
		return nil, e
	}
	list := resultSet{columns: []column{{"guid", kindText}, {"name", kindText}, {"suffix", kindText}}}
	for _, s := range c.view.Sites {
		list.rows = append(list.rows, []any{s.GUID, s.Name, s.Suffix})
	}
	slices.SortFunc(list.rows, func(a, b []any) int { return strings.Compare(a[1].(string), b[1].(string)) })
	now := resultSet{[]column{{"now", kindTime}}, [][]any{{c.view.Now}}}
	return []resultSet{now, list}, nil
}
