package tds

import (
	"strings"

	"itmsbot/lab/world"
)

// caller is who asks, and what there is to see at that moment.
type caller struct {
	view     world.SQLView
	cfg      *Config
	account  string
	database string
	named    map[string]any // the parameters of the statement; see rpc
}

// twin plays one statement.
type twin func(caller) ([]resultSet, *sqlError)

// twins are all there are, by the name that statements.txt uses.
func twins() map[string]twin {
	return map[string]twin{
		"server":       serverTwin,
		"objects":      objectsTwin,
		"objects-msdb": msdbObjectsTwin,
		"queue":        queueTwin,
		"backups":      backupsTwin,
		"neighbours":   neighboursTwin,
		"sites":        sitesTwin,

		"computers-named": computersNamedTwin,
		"computers-at":    computersAtTwin,
		"clients-since":   clientsSinceTwin,
	}
}

// greetings are what drivers and people ask first, normalised.
func greetings() map[string]twin {
	return map[string]twin{
		"select 1":                oneValue("", kindInt, func(caller) any { return int64(1) }),
		"select 1 as one":         oneValue("one", kindInt, func(caller) any { return int64(1) }),
		"select @@version":        oneValue("", kindText, func(caller) any { return versionText }),
		"select @@servername":     oneValue("", kindText, func(c caller) any { return c.cfg.Name }),
		"select db_name()":        oneValue("", kindText, func(c caller) any { return c.database }),
		"select suser_sname()":    oneValue("", kindText, func(c caller) any { return c.account }),
		"select sysutcdatetime()": oneValue("", kindTime, func(c caller) any { return c.view.Now }),
	}
}

const (
	version     = "13.0.7000.253"
	edition     = "Standard Edition (64-bit)"
	versionText = "Microsoft SQL Server 2016 (SP3) - " + version + " (X64) \n\tStandard Edition (64-bit) on Windows Server 2016\n\t(practice estate)\n"
)

// oneValue answers with one column and one row.
func oneValue(name string, kind columnKind, of func(caller) any) twin {
	return func(c caller) ([]resultSet, *sqlError) {
		return []resultSet{{[]column{{name, kind}}, [][]any{{of(c)}}}}, nil
	}
}

// nothing answers a batch that has no result.
func nothing(caller) ([]resultSet, *sqlError) { return nil, nil }

// table is a table or view that the world has, with the columns that statements use.
type table struct {
	database, name string
	columns        []string
}

func (t table) String() string {
	if t.database == world.CMDB {
		return "dbo." + t.name
	}
	return t.database + ".dbo." + t.name
}

func tables() []table {
	return []table{
		{world.CMDB, "EventQueueEntry", []string{"id"}},
		{world.CMDB, "vSiteServices", []string{"Guid", "Host Name", "Primary DNS Suffix"}},
		{world.CMDB, "vComputer", []string{"Guid", "Name", "IP Address"}},
		{world.CMDB, "vComputerResource", []string{"Guid", "IsManaged"}},
		{world.CMDB, "Inv_AeX_AC_Identification", []string{"_ResourceGuid", "Domain", "FQDN"}},
		{world.CMDB, "Inv_AeX_AC_TCPIP", []string{"_ResourceGuid", "IP Address"}},
		{world.CMDB, "Inv_AeX_AC_Client_Agent", []string{"_ResourceGuid", "Agent Name", "Product Version"}},
		{world.CMDB, "Evt_NS_Client_Config_Request", []string{"_ResourceGuid", "_eventTime"}},
		{"msdb", "backupset", []string{
			"media_set_id", "database_guid", "backup_size", "backup_finish_date", "type", "time_zone",
			"database_name", "is_snapshot", "is_damaged", "has_backup_checksums", "is_copy_only",
		}},
		{"msdb", "backupmediafamily", []string{"media_set_id", "physical_device_name", "mirror"}},
	}
}

// sees reports whether the caller finds a table: the database may be entered, it is
// the one of the session where the statement does not name it, and nobody took the
// table away.
func (c caller) sees(t table) bool {
	here := t.database != world.CMDB || strings.EqualFold(c.database, world.CMDB)
	return here && !c.view.Missing(t.database) && !c.view.Missing(t.String())
}

// needs is the error of a statement on a table that is not there, or that has lost a
// column.
func (c caller) needs(names ...string) *sqlError {
	for _, name := range names {
		for _, t := range tables() {
			if t.name != name {
				continue
			}
			if t.database == "msdb" && c.view.Missing("msdb") {
				return &sqlError{916, 14, `The server principal "` + c.account + `" is not able to access the database "msdb" under the current security context.`}
			}
			if !c.sees(t) {
				return &sqlError{208, 16, "Invalid object name '" + t.String() + "'."}
			}
			for _, column := range t.columns {
				if c.view.Missing(t.String() + "." + column) {
					return &sqlError{207, 16, "Invalid column name '" + column + "'."}
				}
			}
		}
	}
	return nil
}

// unlisted is the error for a statement that is not on the list: 208 where it reads
// something that is not there, else 102.
func (c caller) unlisted(text string) *sqlError {
	words := strings.Fields(normalised(text))
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "from" && !c.knows(words[i+1]) {
			return &sqlError{208, 16, "Invalid object name '" + words[i+1] + "'."}
		}
	}
	near := ""
	if len(words) > 0 {
		near = words[0]
	}
	return &sqlError{102, 15, "Incorrect syntax near '" + near + "'."}
}

// knows reports whether a name in a statement is that of a table.
func (c caller) knows(name string) bool {
	for _, t := range tables() {
		if strings.EqualFold(name, t.String()) || strings.EqualFold(name, t.name) {
			return c.sees(t)
		}
	}
	return strings.HasPrefix(name, "sys.") || strings.Contains(name, "information_schema.")
}
