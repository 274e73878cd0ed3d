package config

import (
	"net/url"
	"strconv"
	"time"

	"itmsbot/actions"
	"itmsbot/estate"
	"itmsbot/runbook"
)

// Machines is the estate as the engine knows it.
func (c *Config) Machines() estate.Estate {
	e := estate.Estate{Name: c.Estate.Name, Lab: c.Lab != nil}
	for _, h := range c.Estate.Hosts {
		e.Hosts = append(e.Hosts, estate.Host{Name: h.Name, Role: h.Role, WinRMPort: h.winrmPort(),
			ClientPorts: append([]string{}, h.ClientPorts...), DoorPrograms: h.DoorPrograms,
			Way: estate.Way(h.WayBack), Because: h.Because})
	}
	for _, k := range c.Estate.Keep {
		e.Keep = append(e.Keep, estate.Keeper{Name: k.Name, Ports: k.Ports, Remote: k.From, Hosts: k.Hosts})
	}
	return e
}

// winrmPort is the port of the host's own remote management.
func (h Host) winrmPort() int {
	text := h.WinRM.Port
	u, err := url.Parse(h.WinRM.URL)
	if text == "" && err == nil {
		text = u.Port()
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if err == nil && u.Scheme == "https" { // a URL without a port means the scheme's
		return 443
	}
	return 80
}

// Login finds an account by its name.
func (c *Config) Login(name string) Login {
	for _, l := range c.Logins {
		if l.Name == name {
			return l
		}
	}
	return Login{} // checkLogins lets none pass
}

// Account is the login as DOMAIN\user.
func (l Login) Account() string {
	if l.Domain == "" {
		return l.User
	}
	return l.Domain + `\` + l.User
}

// Policy is the list of people.
func (c *Config) Policy() runbook.Policy {
	var p runbook.Policy
	for _, m := range c.People {
		p.Members = append(p.Members, runbook.Member{Person: runbook.Person{Team: c.Slack.Team, User: m.User}, Name: m.Name, Role: runbook.Role(m.Role)})
	}
	if c.Proposals != nil {
		p.Expiry = time.Duration(c.Proposals.Expire)
	}
	for _, a := range c.Approvals {
		// What is no number has been refused by its pattern.
		if n, err := strconv.Atoi(a.Approvers); err == nil {
			p.More = append(p.More, runbook.More{Action: a.Action, Approvers: n})
		}
	}
	return p
}

// Phones are people's numbers by Slack's user id, where one is given. They decide
// nothing, so that they are no part of Policy or of Digest.
func (c *Config) Phones() map[string]string {
	list := map[string]string{}
	for _, m := range c.People {
		if m.Phone != "" {
			list[m.User] = m.Phone
		}
	}
	return list
}

// Bounds are the limits that bind, the method's own where the file gives none.
func (c *Config) Bounds() actions.Limits {
	b := actions.DefaultLimits()
	b.Files = c.fileBackups()
	l := c.Limits
	if l == nil {
		return b
	}
	for _, span := range []struct {
		given *Duration
		into  *time.Duration
	}{{l.Restore, &b.Restore}, {l.Linger, &b.Linger}, {l.QueueWait, &b.QueueWait}, {l.BackupAge, &b.BackupAge}, {l.Reboot, &b.Reboot}, {l.Shutdown, &b.Shutdown}, {l.Services, &b.Services}, {l.Longest, &b.Longest}} {
		if span.given != nil {
			*span.into = time.Duration(*span.given)
		}
	}
	// What is no number has been refused by its pattern.
	if n, err := strconv.ParseInt(l.QueueEmpty, 10, 64); err == nil {
		b.QueueEmpty = n
	}
	if n, err := strconv.ParseInt(l.FreeGB, 10, 64); err == nil {
		b.FreeBytes = n << 30
	}
	for _, number := range []struct {
		given string
		into  *int
	}{{l.SpacePercent, &b.SpacePercent}, {l.Widest4, &b.Widest4}, {l.Widest6, &b.Widest6}} {
		if n, err := strconv.Atoi(number.given); err == nil {
			*number.into = n
		}
	}
	return b
}

// checkPeople: names tell people apart on cards, and the list has to be able to
// fulfil its own policy (DESIGN §5).
func (d *decoder) checkPeople(c *Config) {
	users, names := map[string]string{}, map[string]bool{}
	for i, m := range c.People {
		path := "people[" + strconv.Itoa(i) + "]"
		switch {
		case users[m.User] != "":
			d.on(path+".user", "%s is %s already; a person has one role", m.User, users[m.User])
			return // the policy would say the same in other words
		case names[m.Name]:
			d.on(path+".name", "there are two people called %s, whom no card would tell apart", m.Name)
		}
		users[m.User], names[m.Name] = m.Name, true
	}
	asked := map[string]bool{}
	for i, a := range c.Approvals {
		path := "approvals[" + strconv.Itoa(i) + "].action"
		switch _, ok := actions.Find(a.Action); {
		case !ok:
			d.on(path, "there is no action %s; itmsbot runbook lists them", a.Action)
		case asked[a.Action]:
			d.on(path, "the approvers of %s are there twice", a.Action)
		}
		asked[a.Action] = true
	}
	if err := c.Policy().Check(); err != nil {
		d.on("people", "%s", err)
	}
}
