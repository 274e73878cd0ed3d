package config

import (
	"crypto/x509"
	"fmt"
	"os"
)

// certificates reads every ca file.
func (d *decoder) certificates(c *Config) {
	c.roots = map[string][]byte{}
	for i, h := range c.Estate.Hosts {
		if h.WinRM.CA == "" {
			continue
		}
		path := c.path(h.WinRM.CA)
		b, err := os.ReadFile(path)
		switch {
		case err != nil:
			d.on(hostPath(i)+".winrm.ca", "%s", err)
		case !x509.NewCertPool().AppendCertsFromPEM(b):
			d.on(hostPath(i)+".winrm.ca", "%s holds no certificate in PEM", path)
		}
		c.roots[path] = b
	}
}

// Roots are the authorities to believe for a host, nil where it has no ca.
func (c *Config) Roots(h Host) *x509.CertPool {
	if h.WinRM.CA == "" {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.roots[c.path(h.WinRM.CA)])
	return pool
}

func hostPath(i int) string { return fmt.Sprintf("estate.hosts[%d]", i) }
