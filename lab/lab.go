package lab

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"itmsbot/lab/pki"
	"itmsbot/lab/slack"
	"itmsbot/lab/tds"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// Options say what lab to start.
type Options struct {
	// Listen is the loopback address of page and workspace; empty is
	// 127.0.0.1:8080, and port 0 is any free port.
	Listen string
	// Dir gets lab.json; empty writes none.
	Dir string
	// Keep takes up what a former lab has left in Dir, and leaves the same there again.
	Keep bool
	// Estate is one of Estates; empty is that of the lab which is taken up, or TheEstate.
	Estate string
	// Database is the file of the bot that runs on the lab, for the document alone;
	// empty where there is none.
	Database string
	// Pace is how many of the world's seconds pass in a real one, 1 to 1000.
	Pace int
	// Manual stops the world's clock between calls of World.Advance.
	Manual bool
	// Headless leaves out the page; the workspace and /lab are served.
	Headless bool
	// Slack changes the workspace's settings before it starts, for tests.
	Slack func(*slack.Config)
	Log   *slog.Logger
}

// Lab is a running practice estate.
type Lab struct {
	World *world.World
	Slack *slack.Server
	// Hosts are the servers and the test clients by name.
	Hosts map[string]*wsman.Server
	// CMDB is the SQL Server.
	CMDB *tds.Server
	// VCenter has the hosts' virtual machines among forty others.
	VCenter *vcenter.Server

	log       *slog.Logger
	keep      string     // the file that the lab is put away in; empty is nowhere
	keeping   sync.Mutex // one writes it at a time
	former    *state     // the lab that goes on here; nil for a new one
	authority *pki.Authority
	doc       Document
	listeners map[string]net.Listener
	front     net.Listener
	web       *http.Server
}

// Document tells any tool how to reach the lab. It is served at /lab and
// written to lab.json. Its passwords are good for this lab alone and change
// with every start.
type Document struct {
	Page string `json:"page"`
	// Estate is one of Estates.
	Estate string         `json:"estate"`
	Slack  SlackDocument  `json:"slack"`
	Hosts  []HostDocument `json:"hosts"`
	CMDB   CMDBDocument   `json:"cmdb"`
	// VCenter is how to reach vCenter.
	VCenter VCenterDocument `json:"vcenter"`
	// Database is the file of the bot that runs on the lab, empty without one. Read it
	// with itmsbot audit.
	Database string `json:"database"`
}

// VCenterDocument is how to reach vCenter, with any client that can pin a
// certificate or be given its CA.
type VCenterDocument struct {
	URL        string `json:"url"`
	User       string `json:"user"`
	Password   string `json:"password"`
	Thumbprint string `json:"thumbprint"`
	CA         string `json:"ca"` // PEM
}

// SlackDocument is how to reach the workspace.
type SlackDocument struct {
	APIURL   string            `json:"api_url"`
	BotToken string            `json:"bot_token"`
	AppToken string            `json:"app_token"`
	Team     string            `json:"team"`
	Channel  string            `json:"channel"`
	People   map[string]string `json:"people"`
}

// CMDBDocument is how to reach the SQL Server. Any client has to encrypt.
type CMDBDocument struct {
	Address    string `json:"address"`
	Database   string `json:"database"`
	User       string `json:"user"`
	Password   string `json:"password"`
	Thumbprint string `json:"thumbprint"`
	CA         string `json:"ca"` // PEM
	// DSN is the same for go-mssqldb, which cannot pin by thumbprint.
	DSN string `json:"dsn"`
}

// The workspace of the lab.
const (
	team    = "TLAB00001"
	channel = "CITMS0001"
	topic   = "ITMS 8.0 to 8.1, Saturday 28 November"
	botUser = "UITMS0001"
	botName = "itmsbot"
	command = "/itms"
	hint    = "[quiesce | allow | golive | rollback | status | help]"
	domain  = "LAB"
	account = "svc-itmsbot"
	rescue  = "itms-rescue" // on every machine, for when the domain does not trust it
)

// Member is somebody of the lab to act as.
type Member struct {
	Key  string `json:"key"` // operator, approver, approver2, viewer
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"` // as the page says it
}

// Members are the lab's people, in the order in which the page offers them.
func Members() []Member {
	return []Member{
		{"operator", "UANA00001", "Ana", "operator"},
		{"approver", "UBEN00001", "Ben", "approver"},
		{"approver2", "UDORA0001", "Dora", "approver"},
		{"viewer", "UCLEO0001", "Cleo", "stakeholder"},
	}
}

// Start opens the lab's listeners and begins to serve. Run keeps it going.
func Start(o Options) (*Lab, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Lab{log: o.Log, Hosts: map[string]*wsman.Server{}, listeners: map[string]net.Listener{}}
	err := l.startWorld(o)
	if err != nil {
		return nil, err
	}
	if l.authority, err = pki.NewAuthority("Practice estate CA"); err != nil {
		return nil, err
	}
	l.doc.Database = o.Database
	if err := l.listen(o.Listen); err != nil {
		return nil, err
	}
	if err := l.startHosts(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := l.startCMDB(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := l.startVCenter(o); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.startSlack(o)
	if err := l.resume(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	l.mount(mux, o.Headless)
	l.web = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	if o.Dir != "" {
		if err := l.write(filepath.Join(o.Dir, "lab.json")); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// Document is how to reach everything.
func (l *Lab) Document() Document { return l.doc }

// Run serves until ctx ends, then closes everything and waits for it.
func (l *Lab) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { l.World.Run(ctx); return nil })
	g.Go(func() error { l.keepPuttingAway(ctx); return nil })
	g.Go(func() error { return l.VCenter.Run(ctx) })
	g.Go(func() error { return l.CMDB.Serve(l.listeners["cmdb"]) })
	for name, s := range l.Hosts {
		g.Go(func() error { return s.Serve(l.listeners[name+overHTTP]) })
		g.Go(func() error { return s.ServeTLS(l.listeners[name+overHTTPS]) })
	}
	g.Go(func() error {
		if err := l.web.Serve(l.front); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("lab page: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		// Before the servers close, with whom a part of it would go.
		return errors.Join(l.putAway(), l.Close())
	})
	return g.Wait()
}

// Close stops everything that Start opened.
func (l *Lab) Close() error {
	if l.Slack != nil {
		l.Slack.Close()
	}
	var errs []error
	if l.web != nil {
		errs = append(errs, l.web.Close())
	}
	for _, s := range l.Hosts {
		errs = append(errs, s.Close())
	}
	if l.VCenter != nil {
		errs = append(errs, l.VCenter.Close())
	}
	if l.CMDB != nil {
		errs = append(errs, l.CMDB.Close())
	}
	for _, ln := range l.listeners {
		_ = ln.Close() // its server has closed it, unless Run was never called
	}
	_ = l.front.Close()
	return errors.Join(errs...)
}

// listen opens the front door, on loopback alone.
func (l *Lab) listen(address string) error {
	if address == "" {
		address = "127.0.0.1:8080"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("listen on %s: the lab has no secrets and listens on loopback only, such as 127.0.0.1:8080", address)
	}
	if l.front, err = net.Listen("tcp", address); err != nil {
		return fmt.Errorf("the lab's page: %w", err)
	}
	l.doc.Page = "http://" + l.front.Addr().String() + "/"
	return nil
}

// startCMDB gives SQL1 its SQL Server. It answers while the host is up.
func (l *Lab) startCMDB() error {
	const host, user, database = "SQL1", "itmsbot_reader", "Symantec_CMDB"
	certificate, err := l.certify(host)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the SQL Server of %s: %w", host, err)
	}
	l.listeners["cmdb"] = ln
	password := rand.Text()
	l.CMDB = tds.New(tds.Config{Name: host, Domain: domain, Certificate: certificate, World: l.World, Log: l.log,
		Password: func(u, d string) (string, bool) { return password, u == user && d == "" },
		Answers:  func() bool { return l.World.Answers(host, netip.MustParseAddr(world.BotAddress), 1433) }})
	address := ln.Addr().String()
	l.doc.CMDB = CMDBDocument{Address: address, Database: database, User: user, Password: password, Thumbprint: pki.Thumbprint(certificate), CA: string(l.authority.PEM()),
		DSN: fmt.Sprintf("sqlserver://%s:%s@%s?database=%s&encrypt=true&TrustServerCertificate=true", user, password, address, database)}
	l.World.OnPowerLoss(func(lost string) {
		if lost == host {
			l.CMDB.Reset()
		}
	})
	return nil
}

// startVCenter starts the vCenter. A task takes seconds of the world, or none
// where its clock stands still.
func (l *Lab) startVCenter(o Options) error {
	cfg := vcenter.Config{World: l.World, User: account + "@lab.test", Password: rand.Text(), Log: l.log}
	if !o.Manual {
		cfg.Delay = vcenter.Delay{World: 20 * time.Second}
	}
	s, err := vcenter.New(cfg)
	if err != nil {
		return fmt.Errorf("the lab's vCenter: %w", err)
	}
	l.VCenter = s
	l.doc.VCenter = VCenterDocument{URL: s.URL(), User: cfg.User, Password: cfg.Password, Thumbprint: s.Thumbprint(), CA: string(s.CA())}
	return nil
}

func (l *Lab) startSlack(o Options) {
	base := "http://" + l.front.Addr().String()
	cfg := slack.Config{URL: base, TeamID: team, TeamDomain: "practice", AppID: "AITMS0001", BotID: "BITMS0001", BotUser: botUser, BotName: botName,
		BotToken: "xoxb-lab-" + rand.Text(), AppToken: "xapp-lab-" + rand.Text(), Command: command, UsageHint: hint,
		Channels: []slack.Channel{{ID: channel, Name: "itms-upgrade", Topic: topic}},
		Now:      l.World.Now, Log: l.log}
	people := map[string]string{}
	for _, m := range Members() {
		cfg.People = append(cfg.People, slack.Person{ID: m.ID, Name: m.Name, RealName: m.Name})
		people[m.Key] = m.ID
	}
	if o.Slack != nil {
		o.Slack(&cfg)
	}
	l.Slack = slack.New(cfg)
	l.doc.Slack = SlackDocument{APIURL: base + "/api/", BotToken: cfg.BotToken, AppToken: cfg.AppToken, Team: team, Channel: channel, People: people}
}

func (l *Lab) write(path string) error {
	b, err := json.MarshalIndent(l.doc, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
