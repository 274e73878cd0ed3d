package world

import "time"

// Truth is what is so in the world at one moment: a deep copy, in the shape of
// `GET /lab/world`. Times are UTC.
type Truth struct {
	Now  time.Time `json:"now"`
	Pace int       `json:"pace"` // world seconds per real second

	Hosts     []HostTruth     `json:"hosts"` // the servers
	Queue     QueueTruth      `json:"queue"`
	Snapshots []SnapshotTruth `json:"snapshots"`
	Clients   ClientsTruth    `json:"clients"`
	// TestClients are the managed computers on which an upgrade is tried first: always
	// on, and reached by WinRM as the servers are.
	TestClients []HostTruth `json:"test_clients"`
}

// HostTruth is one server.
type HostTruth struct {
	Name    string `json:"name"`
	Role    string `json:"role"`    // smp, sql, site, gateway, client
	Label   string `json:"label"`   // the role as people say it
	Address string `json:"address"` // in the world, not on loopback
	Power   Power  `json:"power"`

	// Boot is when Windows started; while the power is off, when it last did.
	Boot          time.Time `json:"boot"`
	UptimeSeconds int64     `json:"uptime_seconds"` // 0 unless the host is up

	// ClockSeconds is how far the host's own clock is ahead of Now; below 0 behind.
	ClockSeconds int64 `json:"clock_seconds"`

	// Trusted reports whether the domain knows the password of the machine account; a
	// host outside the domain has no trust to lose.
	Trusted bool `json:"trusted"`

	// Answers reports whether the bot's own address gets in by WinRM.
	Answers bool `json:"answers"`

	// Doors says how far the client ports let clients in, and OpenRules counts
	// the enabled allow rules in force that let somebody in by them who is not on
	// the keep list.
	Doors     Doors `json:"doors"`
	OpenRules int   `json:"open_rules"`

	Rules           []Rule    `json:"rules"`
	Profiles        []Profile `json:"profiles"`
	Services        []Service `json:"services"`
	ServicesRunning int       `json:"services_running"` // of those that start by themselves
	ServicesTotal   int       `json:"services_total"`
	Version         string    `json:"version"` // of ITMS; empty where none is installed
	// Schema is the version of ITMS that the CMDB is of, on the SQL Server alone. One
	// that is not the SMP's belongs to an upgrade of which a part went back.
	Schema string `json:"schema"`
	Disks  []Disk `json:"disks"`

	// Restore is the armed self-restore, nil when there is none.
	Restore *RestoreTruth `json:"restore"`

	// Connected is how many managed computers hold a connection to the host.
	Connected int `json:"connected"`
}

// RestoreTruth is a scheduled self-restore of a host's doors.
type RestoreTruth struct {
	Key   string    `json:"key"`
	Due   time.Time `json:"due"`
	Names []string  `json:"names"` // the rules it would switch on
}

// QueueTruth is the event queue of the SMP.
type QueueTruth struct {
	Database  int `json:"database"` // rows
	Files     int `json:"files"`
	Total     int `json:"total"`
	PerMinute int `json:"per_minute"` // change of Total over the last world minute

	Word QueueWord `json:"word"`

	// History is Total at the end of each of the last 60 world minutes, oldest
	// first.
	History []int `json:"history"`
	// EmptySince is nil while something is queued.
	EmptySince *time.Time `json:"empty_since"`
}

// QueueWord sums the queue up for people.
type QueueWord string

// The words for a queue.
const (
	QueueEmpty    QueueWord = "Empty"
	QueueDraining QueueWord = "Draining"
	QueueGrowing  QueueWord = "Backlog grows"
	QueueStalled  QueueWord = "Stalled" // something waits and nothing was processed for three minutes
	QueueUnknown  QueueWord = "Unknown" // the SMP or its database is off
)

// SnapshotTruth is one snapshot of one host.
type SnapshotTruth struct {
	Host  string    `json:"host"`
	Name  string    `json:"name"`
	Taken time.Time `json:"taken"`
	// SizeMB is how large its delta disks have grown.
	SizeMB int64 `json:"size_mb"`
}

// ClientsTruth is the managed computers taken together.
type ClientsTruth struct {
	Managed   int            `json:"managed"`
	Connected int            `json:"connected"`
	Backlog   int            `json:"backlog"` // events that wait on the computers
	ByHost    map[string]int `json:"by_host"` // connected computers by host
	// ArrivalsOutside counts, since the start, the connections that managed
	// computers and other strangers to the keep list made to client ports.
	ArrivalsOutside int64 `json:"arrivals_outside"`
	// Refused counts, since the start, the contacts that got no answer.
	Refused int64 `json:"refused"`
}

// Power is whether a host is on. A host that is Starting answers nobody.
type Power string

// The power states.
const (
	PowerOn       Power = "on"
	PowerOff      Power = "off"
	PowerStarting Power = "starting"
)

// Doors says how far a host's client ports let clients in.
type Doors string

// The states of a host's doors.
const (
	DoorsOpen   Doors = "open"   // every client gets in by every port
	DoorsClosed Doors = "closed" // no client gets in by any port
	DoorsPartly Doors = "partly"
	DoorsNone   Doors = "none" // the host has no client ports
)

// Rule is an inbound firewall rule. Its name is its key within its store.
type Rule struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	Group   string `json:"group"`
	Enabled bool   `json:"enabled"`
	Action  string `json:"action"` // Allow, Block
	// Store is Local or GroupPolicy; Source names the policy object, and is
	// PersistentStore for a local rule.
	Store  string `json:"store"`
	Source string `json:"source"`
	// Profile is "Any" or a list such as "Domain, Private".
	Profile  string   `json:"profile"`
	Protocol string   `json:"protocol"` // TCP, UDP, ICMPv4, Any, …
	Ports    []string `json:"ports"`    // "443", "50120-50124", "Any" or a keyword such as RPC
	Remote   []string `json:"remote"`   // "Any", addresses, CIDR or first-last ranges, LocalSubnet
	Program  string   `json:"program"`  // a path, "System" or "Any"
}

// Profile is one firewall profile as it is in force.
type Profile struct {
	Name    string `json:"name"`   // Domain, Private, Public
	Active  bool   `json:"active"` // the connected network uses it
	Enabled bool   `json:"enabled"`
	Inbound string `json:"inbound"` // Block or Allow: what happens to what no rule names
	// LocalRules reports whether group policy lets local rules count.
	LocalRules bool `json:"local_rules"`
}

// Service is a Windows service.
type Service struct {
	Name    string `json:"name"`
	Display string `json:"display"`
	State   string `json:"state"` // Running, Stopped, Start Pending, Stop Pending
	Start   string `json:"start"` // Auto, Manual, Disabled
	Account string `json:"account"`
}

// Disk is a fixed drive.
type Disk struct {
	Drive  string `json:"drive"` // "C:"
	FreeGB int    `json:"free_gb"`
	SizeGB int    `json:"size_gb"`
}
