package config

import (
	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/runbook"
)

// Digest is the SHA-256, in hexadecimal, of everything in the file that
// decides what a plan does and who may agree to it. Secrets, where they are,
// and where the bot keeps its own things are not in it: a changed password
// makes no plan stale.
func (c *Config) Digest() (string, error) {
	b, err := runbook.Canonical(struct {
		Format  string         `json:"format"`
		Estate  estate.Estate  `json:"estate"`
		Ways    []way          `json:"ways"`
		Policy  runbook.Policy `json:"policy"`
		Channel string         `json:"channel"`
		Limits  actions.Limits `json:"limits"`
	}{"itmsbot-config-1", c.Machines(), c.ways(), c.Policy(), c.Slack.Channel, c.Bounds()})
	if err != nil {
		return "", err
	}
	return runbook.Digest(b), nil
}

// way is how one target is reached, and as whom.
type way struct {
	Target     string `json:"target"`
	Address    string `json:"address"`
	Auth       string `json:"auth"`
	Account    string `json:"account"`
	CA         string `json:"ca"` // digest of the file
	Thumbprint string `json:"thumbprint"`
	// Name is that of the certificate or the database, where one is given.
	Name string `json:"name"`
}

// ways are left out for a lab: its ports change with every start.
func (c *Config) ways() []way {
	if c.Lab != nil {
		return nil
	}
	var list []way
	add := func(w way, login string, t Trust) {
		w.Account = c.Login(login).Account()
		w.Thumbprint, _ = trust.Thumbprint(t.Thumbprint) // checked at the start; empty stays empty
		if t.CA != "" {
			w.CA = runbook.Digest(c.roots[c.path(t.CA)])
		}
		list = append(list, w)
	}
	for _, h := range c.Estate.Hosts {
		add(way{Target: h.Name, Address: h.WinRM.URL, Auth: h.auth()}, h.WinRM.Login, h.WinRM.Trust)
	}
	if m := c.CMDB; m != nil {
		add(way{Target: "cmdb on " + m.Host, Address: m.Address, Name: m.Database + " " + m.CertificateName}, m.Login, m.Trust)
	}
	if v := c.VCenter; v != nil {
		add(way{Target: "vcenter", Address: v.URL}, v.Login, v.Trust)
	}
	return list
}

func (h Host) auth() string {
	if h.WinRM.Auth == "" {
		return "ntlm"
	}
	return h.WinRM.Auth
}
