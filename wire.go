package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"itmsbot/actions"
	"itmsbot/bot"
	"itmsbot/commands"
	"itmsbot/estate"
	"itmsbot/estate/sqlserver"
	"itmsbot/estate/vsphere"
	"itmsbot/estate/winrm"
	"itmsbot/runbook"
	"itmsbot/store"
)

// plant is everything that a bot is wired from. It is the same for a practice
// estate and a real one.
type plant struct {
	database string
	slack    bot.Config
	estate   estate.Estate
	hosts    []winrm.Host
	policy   runbook.Policy
	phones   map[string]string   // by user id; for the way-back sheet alone
	cmdb     *sqlserver.Instance // nil where none is configured
	vcenter  *vsphere.Config     // the same
	remote   winrm.Options       // how long hosts are waited for; zero is good
	limits   actions.Limits
	clock    actions.Clock
	// digest is of the effective configuration; every plan carries it.
	digest string
	log    *slog.Logger
}

// wired is a bot ready to run.
type wired struct {
	folder string // of the database; the way-back sheets lie beside it
	store  *store.Store
	room   *room
	fleet  *winrm.Fleet
	cmdb   *sqlserver.Server
	vms    *vsphere.VCenter
	engine *actions.Engine
	bot    *bot.Bot
	people []actions.Contact // whom to call on the day the bot is gone
	clock  actions.Clock
	parked chan runbook.ParkedBody // accounts that were refused
	log    *slog.Logger
}

// wire joins the parts. It opens the database and touches nothing else.
func (p plant) wire() (*wired, error) {
	if err := p.policy.Check(); err != nil {
		return nil, fmt.Errorf("the list of people: %w", err)
	}
	remote := p.remote
	remote.Log = p.log
	fleet, err := winrm.New(p.hosts, remote)
	if err != nil {
		return nil, err
	}
	var cmdb *sqlserver.Server
	if p.cmdb != nil {
		if cmdb, err = sqlserver.New(*p.cmdb, sqlserver.Options{Log: p.log}); err != nil {
			return nil, errors.Join(err, fleet.Close())
		}
	}
	db, err := store.Open(p.database, store.Options{Log: p.log, Clock: p.clock.Now})
	if err != nil {
		errs := []error{err, fleet.Close()}
		if cmdb != nil {
			errs = append(errs, cmdb.Close())
		}
		return nil, errors.Join(errs...)
	}
	env := actions.Env{Estate: p.estate, Firewalls: fleet, Restores: fleet, Closings: fleet, Services: fleet, Evidences: fleet, Rescues: fleet, Hosts: fleet, Reboots: fleet, Clock: p.clock, Config: p.digest, Limits: p.limits}
	if cmdb != nil {
		env.CMDB = cmdb
	}
	var vms *vsphere.VCenter
	if p.vcenter != nil {
		if vms, err = vsphere.New(*p.vcenter); err != nil {
			return nil, errors.Join(err, fleet.Close(), db.Close())
		}
		env.VMs = vms
	}
	space := newRoom(p.log)
	j := journal{db, space}
	engine := actions.NewEngine(j, env, p.policy, p.log)
	router := commands.NewRouter(engine, actions.NewLooks(env, j), parking{fleet, cmdb, vms}, j)
	w := &wired{folder: filepath.Dir(p.database), store: db, room: space, fleet: fleet, cmdb: cmdb, vms: vms, engine: engine, people: p.contacts(), clock: p.clock, log: p.log}
	w.bot = bot.New(p.slack, bot.Deps{Router: router, Intake: intake{db, space}, Trail: db, Shown: shown{db, space}, Medium: medium{space, db}, Policy: p.policy, Estate: p.estate,
		Sheet: w.sheet, Log: p.log})
	w.hearParked(p.logins())
	if err := w.begin(p); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// contacts is the phone list: everybody on the list of people, whether their
// number is known or not.
func (p plant) contacts() []actions.Contact {
	var list []actions.Contact
	for _, m := range p.policy.Members {
		list = append(list, actions.Contact{Name: m.Name, Role: string(m.Role), Phone: p.phones[m.Person.User]})
	}
	return list
}

// begin opens the first upgrade where there is none, and records that this
// program began to serve with this configuration.
func (w *wired) begin(p plant) error {
	return w.store.Append(func(t *store.Tx) error {
		u, err := t.Upgrade()
		if errors.Is(err, fs.ErrNotExist) {
			u.ID = "U-1"
			body := runbook.UpgradeBody{Estate: p.estate.Name, Channel: p.slack.Channel, Team: p.slack.Team}
			err = record(t, u.ID, runbook.UpgradeOpened, body)
		}
		if err != nil {
			return err
		}
		return record(t, u.ID, runbook.BotStarted, runbook.StartBody{Version: version(), Config: p.digest})
	})
}

func record(t *store.Tx, upgrade string, kind runbook.Kind, body any) error {
	e, err := runbook.NewEvent(kind, "", body)
	if err != nil {
		return err
	}
	e.Upgrade, e.Actor, e.Door = upgrade, runbook.Bot, "start"
	_, err = t.Add(e)
	return err
}

// run serves until ctx ends: planning, carrying out, timers, and Slack.
func (w *wired) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, w.room.stop)()
	if err := w.engine.Recover(ctx); err != nil {
		return fmt.Errorf("ask the estate what an earlier run left behind: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.engine.Plan(ctx, w.store) })
	// What does not wait by itself ends the round, and the next one begins with
	// a look.
	g.Go(func() error { return w.room.patiently(func() error { return w.engine.Run(ctx, w.store) }) })
	if w.vms != nil {
		g.Go(func() error { return w.vms.Run(ctx) })
	}
	g.Go(func() error { return w.tellParked(ctx) })
	g.Go(func() error { return w.keepTime(ctx) })
	g.Go(func() error { return w.keepSheets(ctx) })
	g.Go(func() error { return w.bot.Run(ctx) })
	return g.Wait()
}

// watchPause is how often closed doors are looked at, by the domain clock
// (DESIGN §13). The first look after a start is at once.
const watchPause = 5 * time.Minute

// keepTime carries out what is due. That a click comes too late is decided in
// its own transaction; this is for what nobody clicks.
func (w *wired) keepTime(ctx context.Context) error {
	var watched time.Time
	for {
		now := w.clock.Now()
		due, err := w.store.Due(w.clock.Now())
		if err != nil {
			return err
		}
		// All at once, and before anything is looked at: a host that does not answer
		// keeps no other opening open.
		var round errgroup.Group
		for _, t := range due {
			round.Go(func() error {
				if err := w.carryOut(ctx, t); err != nil && ctx.Err() == nil {
					return fmt.Errorf("timer %s: %w", t.ID, err)
				}
				return nil
			})
		}
		if err := round.Wait(); err != nil {
			return err
		}
		if now.Sub(watched) >= watchPause {
			if err := w.engine.Watch(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("watch the doors: %w", err)
			}
			if err := w.engine.Observe(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("look what openings do: %w", err)
			}
			if err := w.engine.AgeSet(); err != nil && ctx.Err() == nil {
				return fmt.Errorf("watch the age of the set: %w", err)
			}
			watched = now
		}
		if err := w.remind(); err != nil {
			return fmt.Errorf("remind people: %w", err)
		}
		// What comes due while this round looks is found at once by the next.
		if err := w.clock.Sleep(ctx, min(timerPause, timerPause-w.clock.Now().Sub(now))); err != nil {
			return nil //nolint:nilerror // asked to leave
		}
	}
}

// carryOut does what is due. Whether it is still so is decided where it is written.
func (w *wired) carryOut(ctx context.Context, t store.Timer) error {
	what, _, _ := strings.Cut(t.Line, " ")
	switch what {
	case "expire":
		return w.now(func(s *store.Tx) error {
			_, err := w.engine.Expire(tx{s}, actions.Order{By: runbook.Clock, Door: "clock", Line: t.Line}, t.Origin)
			return err
		})
	case "warn":
		return w.now(func(s *store.Tx) error { return w.engine.WarnEnd(tx{s}, t.Origin) })
	case "end":
		return w.unwritten(w.engine.EndOpening(ctx, t.Origin))
	}
	return fmt.Errorf("nobody knows what %q means", t.Line)
}

// remind looks first whether anything needs anybody, so that an idle bot does
// not write.
func (w *wired) remind() error {
	live, err := w.store.Live()
	if err != nil || len(live) == 0 {
		return err
	}
	return w.now(func(s *store.Tx) error { return w.engine.Remind(tx{s}) })
}

// now writes what will be due again if it cannot be written now.
func (w *wired) now(decide func(*store.Tx) error) error {
	return w.unwritten(w.room.note(w.store.Append(decide)))
}

// unwritten is nil for what could not be written now and is tried again.
func (w *wired) unwritten(err error) error {
	var no *bot.CannotWrite
	if errors.As(err, &no) {
		return nil
	}
	return err
}

// close ends what wire opened. The last line says that the bot stopped.
func (w *wired) close() error {
	err := w.store.Append(func(t *store.Tx) error {
		u, err := t.Upgrade()
		if err != nil {
			return err
		}
		return record(t, u.ID, runbook.BotStopped, nil)
	})
	errs := []error{err, w.fleet.Close()}
	if w.cmdb != nil {
		errs = append(errs, w.cmdb.Close())
	}
	return errors.Join(append(errs, w.store.Close())...)
}

// timerPause is how often, by the domain clock, due timers are looked for.
const timerPause = 10 * time.Second
