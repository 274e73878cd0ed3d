package config

import (
	"crypto/x509"
	"fmt"
	"os"

	"itmsbot/estate/trust"
)

// peer is something that is known by a certificate, and where it stands in the
// file.
type peer struct {
	path string
	Trust
}

func (c *Config) peers() []peer {
	var list []peer
	for i, h := range c.Estate.Hosts {
		list = append(list, peer{hostPath(i) + ".winrm", h.WinRM.Trust})
	}
	if c.CMDB != nil {
		list = append(list, peer{"cmdb", c.CMDB.Trust})
	}
	if c.VCenter != nil {
		list = append(list, peer{"vcenter", c.VCenter.Trust})
	}
	return list
}

// certificates reads every ca file.
func (d *decoder) certificates(c *Config) {
	c.roots = map[string][]byte{}
	for _, p := range c.peers() {
		if p.CA == "" {
			continue
		}
		path := c.path(p.CA)
		b, err := os.ReadFile(path)
		switch {
		case err != nil:
			d.on(p.path+".ca", "%s", err)
		case !x509.NewCertPool().AppendCertsFromPEM(b):
			d.on(p.path+".ca", "%s holds no certificate in PEM", path)
		}
		c.roots[path] = b
	}
}

// Roots are the authorities to believe, nil where t has no ca.
func (c *Config) Roots(t Trust) *x509.CertPool {
	if t.CA == "" {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.roots[c.path(t.CA)])
	return pool
}

// checkThumbprints: the SHA-1 that Windows shows is the commonest slip.
func (d *decoder) checkThumbprints(c *Config) {
	for _, p := range c.peers() {
		if p.Thumbprint == "" {
			continue
		}
		if _, err := trust.Thumbprint(p.Thumbprint); err != nil {
			d.on(p.path+".thumbprint", "a thumbprint here is the SHA-256 of the certificate, 64 hexadecimal digits; Windows shows the SHA-1, which has 40")
		}
	}
}

func hostPath(i int) string { return fmt.Sprintf("estate.hosts[%d]", i) }
