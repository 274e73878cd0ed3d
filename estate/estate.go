// Package estate names the machines of an ITMS installation and what can be
// read from them: hosts and their roles, a Windows firewall as one look found
// it, and the ways in which asking a machine goes wrong.
//
// It is vocabulary. It reaches nothing, knows no protocol and no vendor
// library, and imports nothing of ours: the packages below it (winrm, …)
// reach the machines and speak in these words, the engine decides in them.
package estate

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what a host does for ITMS.
type Role string

// The roles of the method's estate (Introduction).
const (
	SMP     Role = "smp"
	SQL     Role = "sql"
	Site    Role = "site"
	Gateway Role = "gateway"
)

// String gives the role as people say it.
func (r Role) String() string {
	switch r {
	case SMP:
		return "SMP server"
	case SQL:
		return "SQL Server"
	case Site:
		return "site server"
	case Gateway:
		return "internet gateway"
	}
	return string(r)
}

// Host is one server of the estate as the configuration names it.
type Host struct {
	// Name is how cards, commands and the trail call the host.
	Name string `json:"name"`
	Role Role   `json:"role"`
	// ClientPorts are the local ports by which clients come in (1.4 item 1:
	// 80, 443, 4726, task ports); empty for a host without client doors.
	ClientPorts []string `json:"client_ports"`
	// DoorPrograms are further executables, by the end of their path, whose
	// any-port rules count as doors: httpd.exe on an internet gateway.
	DoorPrograms []string `json:"door_programs,omitempty"`
	// WinRMPort is the local port of the host's own remote management, 5985
	// or 5986. The bot leaves rules for it alone.
	WinRMPort int `json:"winrm_port"`
	// Way is how the host goes back, empty for BySnapshot. Because says why
	// there is none, with NoWay.
	Way     Way    `json:"way,omitempty"`
	Because string `json:"because,omitempty"`
}

// Way is how a host goes back to what it was before the upgrade.
type Way string

// The ways back. SMP and SQL Server always have one, because they go back
// together, each by its own.
const (
	BySnapshot Way = "snapshot" // with the set of the virtual machines
	ByBackup   Way = "backup"   // a person restores it, and says so by name
	NoWay      Way = "none"     // for a reason that stands on every card
)

// WayBack is the host's way back, which is never empty.
func (h Host) WayBack() Way {
	if h.Way == "" {
		return BySnapshot
	}
	return h.Way
}

// Going lists the hosts that go back this way, in the estate's order.
func (e Estate) Going(way Way) []Host {
	var hosts []Host
	for _, h := range e.Hosts {
		if h.WayBack() == way {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Keeper is somebody who must still come in while the doors are closed: a jump
// host, the console testers, monitoring, backup.
type Keeper struct {
	Name  string   `json:"name"`
	Ports []string `json:"ports"`
	// Remote are addresses, CIDR ranges or first-last ranges. "Any" and the
	// keywords of Windows are refused by the configuration.
	Remote []string `json:"remote"`
	// Hosts limits the keeper to hosts by name; empty means every host with
	// client doors.
	Hosts []string `json:"hosts,omitempty"`
}

// Estate is everything one bot looks after.
type Estate struct {
	Name string `json:"name"`
	// Lab says that the estate is the practice estate; every card shows it.
	Lab   bool     `json:"lab"`
	Hosts []Host   `json:"hosts"`
	Keep  []Keeper `json:"keep"`
}

// Host finds a host by name, in any letter case.
func (e Estate) Host(name string) (Host, bool) {
	for _, h := range e.Hosts {
		if strings.EqualFold(h.Name, name) {
			return h, true
		}
	}
	return Host{}, false
}

// Keeps reports whether an address is one of the keep list, on whatever host.
func (e Estate) Keeps(address string) bool {
	return slices.ContainsFunc(e.Keep, func(k Keeper) bool { return Inside(address, k.Remote) })
}

// WithDoors lists the hosts that have client doors, in the estate's order.
func (e Estate) WithDoors() []Host {
	var hosts []Host
	for _, h := range e.Hosts {
		if len(h.ClientPorts) > 0 {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Names joins host names for a sentence: "SMP1, SITE1 and GW1". More than five
// become "SMP1, … and 45 more".
func Names(hosts []Host) string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return Join(names)
}

// Join puts words into a list as a sentence has it, five at most and the rest
// counted.
func Join(words []string) string {
	const most = 5
	switch n := len(words); {
	case n == 0:
		return "nothing"
	case n == 1:
		return words[0]
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), n-most)
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
