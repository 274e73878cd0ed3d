package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"itmsbot/bot"
	"itmsbot/config"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
)

// sitePlant wires a bot to what a configuration names. The clock is left to
// the caller.
func sitePlant(c *config.Config, log *slog.Logger) (plant, error) {
	as := siteLogins(c)
	p := plant{database: c.Database, estate: c.Machines(), policy: c.Policy(), phones: c.Phones(), limits: c.Bounds(), hosts: siteHosts(c, as),
		cmdb: siteCMDB(c, as), vcenter: siteVCenter(c, as, log), log: log}
	digest, err := c.Digest()
	if err != nil {
		return p, fmt.Errorf("the configuration's digest: %w", err)
	}
	p.digest = digest
	p.slack, err = siteSlack(c)
	return p, err
}

// siteSlack reads the tokens; they are used for as long as the bot runs.
func siteSlack(c *config.Config) (bot.Config, error) {
	cfg := bot.Config{APIURL: c.Slack.APIURL, Team: c.Slack.Team, Channel: c.Slack.Channel, PlanBlocks: c.Slack.PlanBlocks == "on"}
	var err error
	if cfg.BotToken, err = c.Slack.BotToken.Read(); err != nil {
		return cfg, fmt.Errorf("slack's bot token: %w", err)
	}
	if cfg.AppToken, err = c.Slack.AppToken.Read(); err != nil {
		return cfg, fmt.Errorf("slack's app token: %w", err)
	}
	return cfg, nil
}

// siteLogins are the accounts by the names that the configuration gives them.
// Whatever uses one account shares its parking: hosts, SQL Server and vCenter.
func siteLogins(c *config.Config) map[string]*trust.Login {
	var accounts trust.Accounts
	logins := map[string]*trust.Login{}
	for _, l := range c.Logins {
		logins[l.Name] = accounts.One(&trust.Login{User: l.User, Domain: l.Domain, Password: l.Password.Read})
	}
	return logins
}

// sitePeer is what a target is known by.
func sitePeer(c *config.Config, t config.Trust) trust.Peer {
	return trust.Peer{Roots: c.Roots(t), Thumbprint: t.Thumbprint}
}

// siteHosts are the ways to the machines.
func siteHosts(c *config.Config, as map[string]*trust.Login) []winrm.Host {
	var hosts []winrm.Host
	for _, h := range c.Estate.Hosts {
		hosts = append(hosts, winrm.Host{Name: h.Name, URL: h.WinRM.URL, Auth: winrm.Auth(h.WinRM.Auth), Login: as[h.WinRM.Login], Rescue: as[h.WinRM.Rescue], Peer: sitePeer(c, h.WinRM.Trust)})
	}
	return hosts
}

// siteCMDB is nil where none is configured.
func siteCMDB(c *config.Config, as map[string]*trust.Login) *sqlserver.Instance {
	m := c.CMDB
	if m == nil {
		return nil
	}
	return &sqlserver.Instance{Name: m.Host, Address: m.Address, Database: m.Database, CertificateName: m.CertificateName,
		Login: as[m.Login], Peer: sitePeer(c, m.Trust)}
}

// siteVCenter is nil where none is configured.
func siteVCenter(c *config.Config, as map[string]*trust.Login, log *slog.Logger) *vsphere.Config {
	v := c.VCenter
	if v == nil {
		return nil
	}
	return &vsphere.Config{Name: "vCenter", URL: v.URL, Login: as[v.Login], Peer: sitePeer(c, v.Trust), Options: vsphere.Options{Log: log}}
}

// ownLimit bounds finding out which machine this is.
const ownLimit = 5 * time.Second

// notOnEstate refuses a machine that is part of the estate: the bot would
// reboot itself, and go back in time with its own snapshot. A practice estate
// is on this machine by nature. What cannot be resolved in time is not taken
// for this machine; it cannot be reached either.
func notOnEstate(ctx context.Context, c *config.Config) error {
	if c.Lab != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ownLimit)
	defer cancel()
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find out which machine this is: %w", err)
	}
	own, err := ownAddresses()
	if err != nil {
		return fmt.Errorf("find out which addresses this machine has: %w", err)
	}
	return partOf(ctx, c.Estate.Hosts, name, own, net.DefaultResolver.LookupNetIP)
}

func ownAddresses() (map[netip.Addr]bool, error) {
	list, err := net.InterfaceAddrs()
	own := map[netip.Addr]bool{}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own[p.Addr().Unmap()] = true
		}
	}
	return own, err
}

// partOf says which of the hosts the machine of that name and those addresses
// is. Names are resolved side by side; each host has its place in the answer.
func partOf(ctx context.Context, hosts []config.Host, name string, own map[netip.Addr]bool, lookUp func(context.Context, string, string) ([]netip.Addr, error)) error {
	found := make([]error, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		u, err := url.Parse(h.WinRM.URL)
		if err != nil {
			return fmt.Errorf("the URL of %s: %w", h.Name, err)
		}
		if sameName(name, h.Name) || sameName(name, u.Hostname()) {
			return partError(h.Name, "it has that name")
		}
		wg.Go(func() {
			addresses, _ := lookUp(ctx, "ip", u.Hostname())
			for _, a := range addresses {
				if a.Unmap().IsLoopback() || own[a.Unmap()] {
					found[i] = partError(h.Name, u.Hostname()+" is one of its addresses")
				}
			}
		})
	}
	wg.Wait()
	for _, err := range found {
		if err != nil {
			return err
		}
	}
	return nil
}

func partError(host, why string) error {
	return fmt.Errorf("this machine is %s of the estate (%s); the bot has to run on a machine that it does not close, reboot or revert", host, why)
}

// sameName compares computer names, of which a domain is no part.
func sameName(a, b string) bool {
	if _, err := netip.ParseAddr(b); err == nil {
		return false
	}
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return a != "" && strings.EqualFold(a, b)
}
