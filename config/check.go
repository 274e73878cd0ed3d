package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
)

// on notes a problem at the value of a path, or at the nearest one around it.
func (d *decoder) on(path, format string, args ...any) {
	for {
		if t := d.places[path]; t != nil || path == "" {
			d.at(t, false, format, args...)
			return
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

// check holds what the file says to what can work together.
func (d *decoder) check(c *Config) {
	d.checkSecrets(c)
	d.checkLogins(c)
	d.checkHosts(c)
	d.checkWaysBack(c)
	d.checkThumbprints(c)
	d.checkCMDB(c)
	d.checkVCenter(c)
	d.checkBackups(c)
	d.checkKeepers(c)
	d.checkPeople(c)
	d.checkTimes(c)
	d.checkSlack(c)
	d.checkHealth(c)
	d.checkLab(c)
}

// checkSecrets: each is in one place.
func (d *decoder) checkSecrets(c *Config) {
	for _, n := range c.allSecrets() {
		if (n.secret.Env == "") == (n.secret.File == "") {
			d.on(n.path, "%s needs either env or file", n.path)
		}
	}
}

// use is a place that names a login.
type use struct{ path, login string }

func (c *Config) uses() []use {
	var list []use
	for i, h := range c.Estate.Hosts {
		list = append(list, use{hostPath(i) + ".winrm.login", h.WinRM.Login})
		if h.WinRM.Rescue != "" {
			list = append(list, use{hostPath(i) + ".winrm.rescue", h.WinRM.Rescue})
		}
	}
	if c.CMDB != nil {
		list = append(list, use{"cmdb.login", c.CMDB.Login})
	}
	if c.VCenter != nil {
		list = append(list, use{"vcenter.login", c.VCenter.Login})
	}
	return list
}

func (d *decoder) checkLogins(c *Config) {
	uses := c.uses()
	for _, u := range uses {
		if !slices.ContainsFunc(c.Logins, func(l Login) bool { return l.Name == u.login }) {
			d.on(u.path, "there is no login %s under logins", u.login)
		}
	}
	for i, h := range c.Estate.Hosts {
		if h.WinRM.Rescue != "" && c.Login(h.WinRM.Rescue).Domain != "" {
			d.on(hostPath(i)+".winrm.rescue", "the login %s is of the domain %s; the account that is needed when the domain does not know the host is one of the host itself", h.WinRM.Rescue, c.Login(h.WinRM.Rescue).Domain)
		}
	}
	seen := map[string]bool{}
	for i, l := range c.Logins {
		path := fmt.Sprintf("logins[%d]", i)
		switch {
		case seen[l.Name]:
			d.on(path+".name", "there are two logins %s", l.Name)
		case !slices.ContainsFunc(uses, func(u use) bool { return u.login == l.Name }):
			d.on(path+".name", "nothing uses the login %s; take it out, or name it as a login", l.Name)
		}
		if strings.ContainsAny(l.User, `\/@`) {
			d.on(path+".user", "the user is written without its domain; write that as domain")
		}
		seen[l.Name] = true
	}
}

func (d *decoder) checkHosts(c *Config) {
	seen := map[string]bool{}
	addresses := map[string]string{}
	smp := false
	for i, h := range c.Estate.Hosts {
		path := hostPath(i)
		smp = smp || h.Role == estate.SMP
		name := strings.ToLower(h.Name)
		if seen[name] {
			d.on(path+".name", "there are two hosts %s", h.Name)
		}
		seen[name] = true
		d.checkWinRM(h, path+".winrm")
		if other := addresses[strings.ToLower(h.WinRM.URL)]; other != "" {
			d.on(path+".winrm.url", "%s has the same address as %s", h.Name, other)
		}
		addresses[strings.ToLower(h.WinRM.URL)] = h.Name
		if len(h.ClientPorts) == 0 && h.Role != estate.SQL {
			d.on(path, "%s has no client_ports, so nothing of it would be closed; only the role sql may be without", h.Name)
		}
		if len(h.ClientPorts) == 0 && len(h.DoorPrograms) > 0 {
			d.on(path+".door_programs", "door_programs do nothing on a host without client_ports")
		}
		d.checkPorts(h.ClientPorts, h.winrmPort(), path+".client_ports")
	}
	if !smp {
		d.on("estate.hosts", "no host has the role smp, so this is no ITMS installation")
	}
}

// checkWinRM finds the combinations that would be unsafe or do nothing.
func (d *decoder) checkWinRM(h Host, path string) {
	w := h.WinRM
	u, err := url.Parse(w.URL)
	if err != nil || u.Hostname() == "" || !portable(u.Port()) {
		d.on(path+".url", "the URL has no host or no port that exists; write https://smp1.corp.example:5986/wsman")
		return
	}
	if w.Port != "" && !portable(w.Port) {
		d.on(path+".port", "there is no port %s", w.Port)
	}
	switch secure := u.Scheme == "https"; {
	case !secure && w.Auth == "basic":
		d.on(path+".auth", "basic on http would send the password in clear; use an https URL, or ntlm, which seals every message")
	case !secure && w.CA != "":
		d.on(path+".ca", "a ca does nothing on http; use an https URL, or take it out")
	case !secure && w.Thumbprint != "":
		d.on(path+".thumbprint", "a thumbprint does nothing on http; use an https URL, or take it out")
	case secure && w.CA == "" && w.Thumbprint == "":
		d.on(path+".url", "https needs a ca or a thumbprint to know the host by")
	}
}

// checkTimes: within these the method works. A restore that comes while the
// doors are being closed would open them again.
func (d *decoder) checkTimes(c *Config) {
	within := func(path string, v *Duration, least, most time.Duration) {
		if v != nil && (time.Duration(*v) < least || time.Duration(*v) > most) {
			d.on(path, "%s is %s; it may be %s to %s", path, v, Duration(least), Duration(most))
		}
	}
	if p := c.Proposals; p != nil {
		within("proposals.expire", &p.Expire, 5*time.Minute, 24*time.Hour)
	}
	if l := c.Limits; l != nil {
		within("limits.restore", l.Restore, 5*time.Minute, time.Hour)
		within("limits.linger", l.Linger, time.Minute, 30*time.Minute)
		within("limits.queue_wait", l.QueueWait, 5*time.Minute, 4*time.Hour)
		within("limits.backup_age", l.BackupAge, time.Hour, 7*24*time.Hour)
		within("limits.reboot", l.Reboot, 5*time.Minute, 2*time.Hour)
		within("limits.shutdown", l.Shutdown, time.Minute, time.Hour)
		within("limits.services", l.Services, 2*time.Minute, 2*time.Hour)
		within("limits.longest_opening", l.Longest, 10*time.Minute, 7*24*time.Hour)
		if *l == (Limits{}) {
			d.on("limits", "limits is empty; write one of its keys, or take it out")
		}
	}
}

func (d *decoder) checkSlack(c *Config) {
	if c.Slack.APIURL == "" {
		return
	}
	u, err := url.Parse(c.Slack.APIURL)
	switch {
	case err != nil || u.Hostname() == "" || !portable(u.Port()):
		d.on("slack.api_url", "the URL has no host or no port that exists")
	case u.Scheme == "http" && c.Lab == nil:
		d.on("slack.api_url", "the tokens would be sent in clear; http is for a practice estate alone")
	}
}

func (d *decoder) checkHealth(c *Config) {
	if c.Health == nil {
		return
	}
	host, _, err := net.SplitHostPort(c.Health.Listen)
	if err == nil && host != "" {
		_, err = netip.ParseAddr(host)
	}
	if err == nil {
		_, err = net.ResolveTCPAddr("tcp", c.Health.Listen)
	}
	if err != nil {
		d.on("health.listen", "health.listen is an address and a port; write 127.0.0.1:8081")
	}
}
