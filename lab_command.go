package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"itmsbot/actions"
	"itmsbot/bot"
	"itmsbot/estate"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
	"itmsbot/lab"
	"itmsbot/lab/world"
	"itmsbot/runbook"
)

// labCommand is `itmsbot lab`: the practice estate with the bot on it.
func labCommand() *cobra.Command {
	var o lab.Options
	var verbose, noBot bool
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Open the practice estate: a Slack channel in the browser, four servers, nothing real",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelDebug
			}
			o.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
			return runLab(cmd.Context(), cmd.OutOrStdout(), o, noBot)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "loopback address of page and workspace")
	f.StringVar(&o.Dir, "data", "", "folder to keep between runs (default: a temporary one)")
	f.IntVar(&o.Pace, "pace", 10, "how many minutes of the practice world pass in a real one, 1 to 1000")
	f.StringVar(&o.Estate, "estate", "", "which practice estate: "+strings.Join(lab.Estates(), ", ")+" (default: that of the folder, or the first)")
	f.BoolVar(&o.Headless, "headless", false, "serve the workspace and the hosts without the page")
	f.BoolVar(&noBot, "no-bot", false, "leave the bot out and write a configuration for itmsbot serve")
	f.BoolVar(&verbose, "verbose", false, "log what the parts say to each other")
	return cmd
}

func runLab(ctx context.Context, out io.Writer, o lab.Options, noBot bool) (err error) {
	o.Keep = o.Dir != ""
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "itmsbot-lab-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(o.Dir) }()
	} else if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return fmt.Errorf("the lab's folder: %w", err)
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return fmt.Errorf("the lab's folder: %w", err)
	}
	if !noBot {
		o.Database = filepath.Join(o.Dir, "itmsbot.db")
	}
	l, err := lab.Start(o)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var labGroup errgroup.Group
	labGroup.Go(func() error { return l.Run(serving) })
	if noBot {
		fmt.Fprint(out, goesOn(l))
		err := labAlone(ctx, out, l.Document(), o.Dir)
		stop()
		return errors.Join(err, labGroup.Wait())
	}
	w, err := labPlant(l, o.Database, o.Log).wire()
	if err != nil {
		stop()
		_ = labGroup.Wait()
		return err
	}
	fmt.Fprintf(out, "The practice estate is open: %s\n%sType /itms quiesce there. Ctrl-C ends it.\n", l.Document().Page, goesOn(l))
	// The bot leaves first, so that a step that is running still finds its
	// hosts; then the lab closes.
	err = w.run(ctx)
	if closed := w.close(); err == nil {
		err = closed
	}
	stop()
	if ended := labGroup.Wait(); err == nil {
		err = ended
	}
	return err
}

// goesOn says where a lab that was put away is taken up.
func goesOn(l *lab.Lab) string {
	if !l.Resumed() {
		return ""
	}
	return fmt.Sprintf("It goes on where it was left, on %s.\n", l.World.Now().Format("Monday 2 January, 15:04 UTC"))
}

// labPlant wires a bot to a lab, with the world's clock as its own.
func labPlant(l *lab.Lab, database string, log *slog.Logger) plant {
	p := plantOf(l.Document(), database, log)
	p.clock = labClock{l.World}
	return p
}

// plantOf wires a bot to whatever lab a document describes, over the wire
// alone. The clock is left to the caller.
func plantOf(doc lab.Document, database string, log *slog.Logger) plant {
	p := plant{database: database, log: log, limits: practiceLimits(), estate: practiceEstateOf(doc),
		slack: bot.Config{BotToken: doc.Slack.BotToken, AppToken: doc.Slack.AppToken, APIURL: doc.Slack.APIURL, Team: doc.Slack.Team, Channel: doc.Slack.Channel}}
	var accounts trust.Accounts
	as := func(user, domain, password string) *trust.Login {
		return accounts.One(&trust.Login{User: user, Domain: domain, Password: func() (string, error) { return password, nil }})
	}
	for _, h := range doc.Hosts {
		if _, ok := p.estate.Host(h.Name); !ok {
			continue // a test client is no host of the estate
		}
		p.hosts = append(p.hosts, winrm.Host{Name: h.Name, URL: h.WinRM, Auth: winrm.NTLM, Login: as(h.User, h.Domain, h.Password), Rescue: as(h.LocalUser, h.Name, h.LocalPassword)})
	}
	p.cmdb = &sqlserver.Instance{Name: "SQL1", Address: doc.CMDB.Address, Database: doc.CMDB.Database,
		Login: as(doc.CMDB.User, "", doc.CMDB.Password), Peer: trust.Peer{Thumbprint: doc.CMDB.Thumbprint}}
	p.vcenter = &vsphere.Config{Name: "vCenter", URL: doc.VCenter.URL,
		Login: as(doc.VCenter.User, "", doc.VCenter.Password), Peer: trust.Peer{Thumbprint: doc.VCenter.Thumbprint}, Options: vsphere.Options{Log: log}}
	roles := map[string]runbook.Role{"operator": runbook.Operator, "approver": runbook.Approver, "approver2": runbook.Approver, "viewer": runbook.Viewer}
	for _, m := range lab.Members() {
		p.policy.Members = append(p.policy.Members, runbook.Member{Person: runbook.Person{Team: doc.Slack.Team, User: m.ID}, Name: m.Name, Role: roles[m.Key]})
	}
	p.digest = configDigest(p)
	return p
}

// practiceLimits are the method's, and the folder in which the practice estate keeps
// its file backups.
func practiceLimits() actions.Limits {
	l := actions.DefaultLimits()
	l.Files = []actions.FileBackup{{Host: "SMP1", Path: world.FileBackups, MaxAge: 24 * time.Hour}}
	return l
}

// practiceEstate is the method's estate: one SMP, its SQL Server, a site
// server and an internet gateway (Introduction).
func practiceEstate() estate.Estate {
	return estate.Estate{Name: "Practice", Lab: true,
		Hosts: []estate.Host{
			{Name: "SMP1", Role: estate.SMP, WinRMPort: 5985, ClientPorts: []string{"80", "443", "4726", "50120-50124"}},
			{Name: "SQL1", Role: estate.SQL, WinRMPort: 5985, ClientPorts: []string{}},
			{Name: "SITE1", Role: estate.Site, WinRMPort: 5985, ClientPorts: []string{"80", "443", "50120-50124"}},
			{Name: "GW1", Role: estate.Gateway, WinRMPort: 5985, ClientPorts: []string{"443"}, DoorPrograms: []string{`\httpd.exe`}},
		},
		Keep: []estate.Keeper{
			{Name: "jump host", Ports: []string{"443"}, Remote: []string{world.JumpAddress}},
			{Name: "console testers", Ports: []string{"80", "443"}, Remote: []string{world.TestersNetwork}, Hosts: []string{"SMP1"}},
		}}
}

// practiceEstateOf is the estate of a lab. A SQL Server that is no virtual machine goes
// back by a backup; one that is shared is said to go back with the set, so that the bot
// has to find the other application by itself.
func practiceEstateOf(doc lab.Document) estate.Estate {
	e := practiceEstate()
	for i := range e.Hosts {
		if h := &e.Hosts[i]; h.Role == estate.SQL && doc.Estate == lab.PhysicalSQL {
			h.Way = estate.ByBackup
		}
	}
	return e
}

// configDigest is over what decides: the estate, the people, the limits.
// Addresses and secrets of a lab change with every start and are left out.
func configDigest(p plant) string {
	b, err := json.Marshal(struct {
		Estate estate.Estate
		Policy runbook.Policy
		Limits actions.Limits
	}{p.estate, p.policy, p.limits})
	if err != nil {
		panic(err) // plain data of our own
	}
	return runbook.Digest(b)
}

// labClock is the practice world's clock as the domain clock.
type labClock struct{ w *world.World }

func (c labClock) Now() time.Time { return c.w.Now() }

// Sleep waits until the world's clock has moved on by d.
func (c labClock) Sleep(ctx context.Context, d time.Duration) error {
	until := c.w.Now().Add(d)
	for seen := c.w.Version(); ; {
		if !c.w.Now().Before(until) {
			return nil
		}
		v, err := c.w.Wait(ctx, seen)
		if err != nil {
			return err
		}
		seen = v
	}
}
