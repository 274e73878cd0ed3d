package world

import (
	"fmt"
	"net/netip"
	"time"
)

// Test clients: workstations of the five thousand on which an agent's upgrade is tried
// before the others' (run book, 1.7). They are never switched off by their users and
// can be reached by WinRM. One has its tasks from the SMP, the other from the site
// server.

// isStation reports whether a workstation is a test client.
func isStation(name string) bool { return name == "WS-0412" || name == "WS-0977" }

// machines are the servers and the test clients: what has power, rules and services.
func (w *World) machines() []*host {
	return append(w.hosts[:len(w.hosts):len(w.hosts)], w.stations...)
}

// prepare makes a workstation a machine of its own, if it is a test client.
func (w *World) prepare(c *client, number int) {
	if !isStation(c.name) {
		return
	}
	c.server = stationHost(c.name, number, c.address)
	c.server.install(moment(w.at).Add(-6*24*time.Hour - time.Duration(number)*time.Minute))
	w.stations = append(w.stations, c.server)
}

// stationHost is a Windows 10 with the management agent and no doors of its own.
func stationHost(name string, number int, address netip.Addr) *host {
	return &host{
		name: name, role: roleClient, label: "test client", version: versionBefore, windows: "10.0.19045",
		machine:  fmt.Sprintf("5a3c71e0-44d2-4f0b-8a6e-2c9d1b7e%04d", number),
		bios:     fmt.Sprintf("4c4c4544-0051-3710-8043-b4c04f52%04d", number),
		address:  address,
		subnet:   netip.PrefixFrom(address, 24).Masked(),
		profiles: profiles("Domain"),
		rules:    []Rule{agentRule()},
		services: agentServices(),
		disks:    []Disk{{"C:", 131, 237}},
	}
}
