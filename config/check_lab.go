package config

import (
	"net/netip"
	"net/url"
)

// checkLab: a bot that follows a practice clock must not be able to touch
// anything real, and one that touches loopback has to be in a practice estate,
// because that is the machine it runs on.
func (d *decoder) checkLab(c *Config) {
	for _, t := range c.targets() {
		switch local := loopback(t.address); {
		case c.Lab == nil && local && t.name != "":
			d.on(t.path, "%s would be the machine that the bot runs on, and the bot does not run on a machine that it reboots", t.name)
		case c.Lab != nil && !local:
			d.on(t.path, "with lab, every address is one of this machine (127.0.0.1): a bot that follows a practice clock touches nothing real")
		}
	}
}

// target is an address that the bot connects to. Those with a name are machines
// that it changes, or that hold what it changes.
type target struct{ path, name, address string }

func (c *Config) targets() []target {
	list := []target{{"slack.api_url", "", c.Slack.APIURL}}
	for i, h := range c.Estate.Hosts {
		list = append(list, target{hostPath(i) + ".winrm.url", h.Name, h.WinRM.URL})
	}
	if c.CMDB != nil {
		list = append(list, target{"cmdb.address", c.CMDB.Host, "tds://" + c.CMDB.Address})
	}
	if c.VCenter != nil {
		list = append(list, target{"vcenter.url", "vCenter", c.VCenter.URL})
	}
	if c.Lab != nil {
		list = append(list, target{"lab.url", "", c.Lab.URL})
	}
	return list
}

// loopback reports whether a URL names an address of this machine by number. A
// name, even localhost, may be made to mean something else.
func loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLoopback()
}
