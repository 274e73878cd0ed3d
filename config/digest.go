package config

import (
	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// Digest is the SHA-256, in hexadecimal, of everything in the file that
// decides what a plan does and who may agree to it. Secrets, where they are,
// and where the bot keeps its own things are not in it: a changed password
// makes no plan stale.
func (c *Config) Digest() (string, error) {
	type way struct {
		Host       string `json:"host"`
		URL        string `json:"url"`
		Auth       string `json:"auth"`
		Account    string `json:"account"`
		CA         string `json:"ca"` // digest of the file
		Thumbprint string `json:"thumbprint"`
	}
	var ways []way
	for _, h := range c.Estate.Hosts {
		l := c.Login(h)
		w := way{Host: h.Name, URL: h.WinRM.URL, Auth: h.auth(), Account: l.Domain + `\` + l.User, Thumbprint: plainThumbprint(h.WinRM.Thumbprint)}
		if h.WinRM.CA != "" {
			w.CA = runbook.Digest(c.roots[c.path(h.WinRM.CA)])
		}
		ways = append(ways, w)
	}
	if c.Lab != nil {
		ways = nil // a lab's ports change with every start
	}
	b, err := runbook.Canonical(struct {
		Format  string         `json:"format"`
		Estate  estate.Estate  `json:"estate"`
		Ways    []way          `json:"ways"`
		Policy  runbook.Policy `json:"policy"`
		Channel string         `json:"channel"`
		Limits  actions.Limits `json:"limits"`
	}{"itmsbot-config-1", c.Machines(), ways, c.Policy(), c.Slack.Channel, c.Bounds()})
	if err != nil {
		return "", err
	}
	return runbook.Digest(b), nil
}

func (h Host) auth() string {
	if h.WinRM.Auth == "" {
		return "ntlm"
	}
	return h.WinRM.Auth
}
