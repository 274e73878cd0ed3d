package world

import (
	"slices"
	"strings"
	"time"
)

// Dump is everything of the world that a back-out must bring back, in a fixed
// order, so that two of them can be compared field by field. Not in it is what
// goes on whatever anybody does: clock, logs, the self-restore, connections, the
// queue and the computers.
type Dump struct {
	Hosts []HostDump
}

// HostDump is one server in a Dump.
type HostDump struct {
	Name, Machine string
	Power         Power
	Version       string
	Products      []Product
	Profiles      []Profile
	Closings      []Closing
	Rules         []Rule // by store and name
	Services      []Service
	Disks         []Disk
	Files         []File
	Folders       []string
	Password      time.Time // when that of the machine account was renewed
	Trusted       bool      // whether the domain knows it

	// Databases are those of the SQL Server, nil on another host.
	Databases *DatabaseDump
}

// DatabaseDump is what of the SQL Server a back-out must bring back.
type DatabaseDump struct {
	Identity string
	Schema   string // the version of ITMS that the CMDB is of
	Sites    []SiteService
	Backups  []Backup
	Others   []string // the other databases, by name
}

// Dump copies it.
func (w *World) Dump() Dump {
	w.lock()
	defer w.mu.Unlock()
	var d Dump
	for _, h := range w.hosts {
		hd := HostDump{
			Name: h.name, Machine: h.machine, Power: h.power, Version: h.version, Products: h.products(),
			Profiles: slices.Clone(h.profiles), Rules: cloneRules(h.rules),
			Services: slices.Clone(h.services), Disks: slices.Clone(h.disks),
			Files: slices.Clone(h.files), Folders: slices.Clone(h.folders),
			Password: h.account.renewed, Trusted: w.trusts(h),
		}
		hd.Closings = cloneClosings(h.closings)
		sortRules(hd.Rules)
		slices.SortFunc(hd.Services, func(a, b Service) int { return strings.Compare(a.Name, b.Name) })
		if h.role == roleSQL {
			hd.Databases = w.database.dump()
		}
		d.Hosts = append(d.Hosts, hd)
	}
	return d
}

func (d database) dump() *DatabaseDump {
	c := d.clone()
	dump := DatabaseDump{Identity: c.identity, Schema: c.schema, Sites: c.sites, Backups: c.backups}
	for _, o := range c.others {
		dump.Others = append(dump.Others, o.Name)
	}
	return &dump
}
