package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"itmsbot/config"
	"itmsbot/lab"
)

// labAlone is a lab without a bot, until ctx ends.
func labAlone(ctx context.Context, out io.Writer, doc lab.Document, dir string) error {
	path, err := labSite(doc, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The practice estate is open: %s\nNo bot is on it. Start one with: itmsbot serve -c %s\nCtrl-C ends the estate.\n", doc.Page, path)
	<-ctx.Done()
	return nil
}

// labSite writes a configuration for `itmsbot serve` into the lab's folder,
// with the lab's own passwords beside it, and gives its path. The passwords are
// good for this lab alone and change with every start.
func labSite(doc lab.Document, dir string) (string, error) {
	secrets := map[string]string{"bot-token": doc.Slack.BotToken, "app-token": doc.Slack.AppToken, "windows-password": doc.Hosts[0].Password,
		"sql-password": doc.CMDB.Password, "vcenter-password": doc.VCenter.Password}
	for _, h := range doc.Hosts {
		secrets[ownLogin(h.Name)+"-password"] = h.LocalPassword
	}
	for name, value := range secrets {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("write the lab's configuration: %w", err)
		}
	}
	path := filepath.Join(dir, "itmsbot.yaml")
	if err := os.WriteFile(path, config.Encode(labConfig(doc)), 0o600); err != nil {
		return "", fmt.Errorf("write the lab's configuration: %w", err)
	}
	return path, nil
}

// ownLogin names the account that is a host's own.
func ownLogin(host string) string { return "own-" + strings.ToLower(host) }

// labConfig says of a lab what plantOf says of it.
func labConfig(doc lab.Document) config.Config {
	e := practiceEstateOf(doc)
	c := config.Config{Database: "itmsbot.db", Lab: &config.Lab{URL: doc.Page}}
	c.Estate.Name = e.Name
	ways := map[string]lab.HostDocument{}
	for _, h := range doc.Hosts {
		ways[h.Name] = h
	}
	for _, h := range e.Hosts {
		c.Estate.Hosts = append(c.Estate.Hosts, config.Host{Name: h.Name, Role: h.Role, ClientPorts: h.ClientPorts, DoorPrograms: h.DoorPrograms, WayBack: string(h.Way),
			WinRM: config.WinRM{URL: ways[h.Name].WinRM, Port: strconv.Itoa(h.WinRMPort), Login: "windows", Rescue: ownLogin(h.Name)}})
	}
	for _, k := range e.Keep {
		c.Estate.Keep = append(c.Estate.Keep, config.Keeper{Name: k.Name, Ports: k.Ports, From: k.Remote, Hosts: k.Hosts})
	}
	user, domain, _ := strings.Cut(doc.VCenter.User, "@")
	c.Logins = []config.Login{{Name: "windows", User: doc.Hosts[0].User, Domain: doc.Hosts[0].Domain, Password: config.Secret{File: "windows-password"}}}
	for _, h := range e.Hosts {
		c.Logins = append(c.Logins, config.Login{Name: ownLogin(h.Name), User: ways[h.Name].LocalUser, Password: config.Secret{File: ownLogin(h.Name) + "-password"}})
	}
	c.Logins = append(c.Logins,
		config.Login{Name: "sql", User: doc.CMDB.User, Password: config.Secret{File: "sql-password"}},
		config.Login{Name: "vcenter", User: user, Domain: domain, Password: config.Secret{File: "vcenter-password"}})
	c.CMDB = &config.CMDB{Host: "SQL1", Address: doc.CMDB.Address, Database: doc.CMDB.Database, Login: "sql", Trust: config.Trust{Thumbprint: doc.CMDB.Thumbprint}}
	c.VCenter = &config.VCenter{URL: strings.TrimSuffix(doc.VCenter.URL, "/"), Login: "vcenter", Trust: config.Trust{Thumbprint: doc.VCenter.Thumbprint}}
	c.Backups = &config.Backups{}
	for _, f := range practiceLimits().Files {
		age := config.Duration(f.MaxAge)
		c.Backups.Files = append(c.Backups.Files, config.FileBackup{Host: f.Host, Path: f.Path, MaxAge: &age})
	}
	c.Slack = config.Slack{Team: doc.Slack.Team, Channel: doc.Slack.Channel, APIURL: doc.Slack.APIURL,
		BotToken: config.Secret{File: "bot-token"}, AppToken: config.Secret{File: "app-token"}}
	for _, m := range plantOf(doc, "", nil).policy.Members {
		c.People = append(c.People, config.Person{User: m.Person.User, Name: m.Name, Role: string(m.Role)})
	}
	return c
}
