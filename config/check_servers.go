package config

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"itmsbot/estate"
)

// checkCMDB: the database is on a server of the estate, and is known by its
// certificate.
func (d *decoder) checkCMDB(c *Config) {
	if c.CMDB == nil {
		return
	}
	h, ok := c.Machines().Host(c.CMDB.Host)
	switch {
	case !ok:
		d.on("cmdb.host", "there is no host %s", c.CMDB.Host)
	case h.Role != estate.SQL:
		d.on("cmdb.host", "%s is a %s; the CMDB is on a host of the role sql", h.Name, h.Role)
	}
	if host, port := c.CMDB.place(); host == "" || !portable(port) {
		d.on("cmdb.address", "the address has no host or no port that exists; write sql1.corp.example:1433")
	}
	d.known("cmdb", c.CMDB.Trust)
	if c.CMDB.CertificateName != "" && c.CMDB.CA == "" {
		d.on("cmdb.certificate_name", "without a ca no name in the certificate is looked at")
	}
}

// place splits the address as estate/sqlserver does.
func (m CMDB) place() (host, port string) {
	host, port, err := net.SplitHostPort(m.Address)
	if err != nil {
		return strings.Trim(m.Address, "[]"), ""
	}
	return host, port
}

func (d *decoder) checkVCenter(c *Config) {
	if c.VCenter == nil {
		return
	}
	if u, err := url.Parse(c.VCenter.URL); err != nil || u.Hostname() == "" || !portable(u.Port()) {
		d.on("vcenter.url", "the URL has no host or no port that exists; write https://vcenter.corp.example")
	}
	d.known("vcenter", c.VCenter.Trust)
}

// known refuses a TLS peer that nothing is known of.
func (d *decoder) known(path string, t Trust) {
	if t.CA == "" && t.Thumbprint == "" {
		d.on(path, "%s needs a ca or a thumbprint to be known by", path)
	}
}

// portable reports whether a port is none, or one that exists.
func portable(port string) bool {
	if port == "" {
		return true
	}
	p, err := netip.ParseAddrPort("127.0.0.1:" + port)
	return err == nil && p.Port() != 0
}
