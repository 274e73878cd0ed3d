package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
	"itmsbot/runbook"
	"itmsbot/store"
)

// BenchmarkCloseDoors carries out both stages of 1.4 item 1, keep list and
// doors, on hosts whose every script takes 400 ms: engine, trail on disk, sealed
// WinRM. All hosts are alike, so that one host alone is what the slowest of
// many would take by itself.
func BenchmarkCloseDoors(b *testing.B) {
	for _, hosts := range []int{1, 50} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			commands := 0
			for b.Loop() {
				b.StopTimer()
				s := openSites(b, hosts, 400*time.Millisecond)
				r := s.approved(b)
				before := s.commands()
				b.StartTimer()
				if err := s.engine.carry(b.Context(), r); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				commands = s.commands() - before
				s.check(b, r.ID)
				s.close(b)
				b.StartTimer()
			}
			b.ReportMetric(float64(commands)/float64(hosts), "scripts/host")
		})
	}
}

// sites are site servers, each of a small world of its own, and an engine that
// reaches them.
type sites struct {
	worlds  []*world.World
	servers []*wsman.Server
	serving sync.WaitGroup
	store   *store.Store
	fleet   *winrm.Fleet
	engine  *Engine
}

func openSites(b *testing.B, n int, each time.Duration) *sites {
	b.Helper()
	const user, password = "svc-itmsbot", "practice makes perfect"
	s := &sites{}
	login := &trust.Login{User: user, Domain: "LAB", Password: func() (string, error) { return password, nil }}
	var hosts []winrm.Host
	e := estate.Estate{Name: "Practice", Lab: true}
	for i := range n {
		// One managed computer, which does not use the site server: nobody
		// has to be waited for.
		w := world.New(world.Options{Manual: true, Managed: 1})
		server := wsman.New(wsman.Config{Name: "SITE1", Domain: "LAB",
			Password: func(name, _ string) (string, bool) { return password, name == user },
			Run:      wsman.SlowPowerShell(w, "SITE1", func(string) time.Duration { return each }),
			Answers:  func(netip.AddrPort, int) bool { return w.Answers("SITE1", netip.MustParseAddr(world.BotAddress), 5985) }})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		s.serving.Go(func() { // close waits for it
			if err := server.Serve(l); err != nil {
				b.Error(err)
			}
		})
		s.worlds, s.servers = append(s.worlds, w), append(s.servers, server)
		name := fmt.Sprintf("SITE%d", i+1)
		hosts = append(hosts, winrm.Host{Name: name, URL: "http://" + l.Addr().String() + "/wsman", Auth: winrm.NTLM, Login: login})
		e.Hosts = append(e.Hosts, estate.Host{Name: name, Role: estate.Site, WinRMPort: 5985, ClientPorts: []string{"80", "443", "50120-50124"}})
	}
	var err error
	if s.fleet, err = winrm.New(hosts, winrm.Options{}); err != nil {
		b.Fatal(err)
	}
	if s.store, err = store.Open(filepath.Join(b.TempDir(), "itmsbot.db"), store.Options{Clock: time.Now}); err != nil {
		b.Fatal(err)
	}
	env := Env{Estate: e, Firewalls: s.fleet, Restores: s.fleet, Hosts: s.fleet, Reboots: s.fleet, Clock: realClock{}, Limits: DefaultLimits()}
	s.engine = NewEngine(trail{s.store}, env, runbook.Policy{}, slog.New(slog.DiscardHandler))
	return s
}

// approved brings a request to where its steps are to be carried out: what a
// person does in between takes no time here.
func (s *sites) approved(b *testing.B) runbook.Request {
	b.Helper()
	r := runbook.Request{ID: "R-1", Upgrade: "U-1"}
	env := s.engine.env
	env.Upgrade, env.Lane = r.Upgrade, estate.Look
	draft, err := closeDoors(b.Context(), env, Ask{Request: r.ID}, nil)
	if err != nil {
		b.Fatal(err)
	}
	plan, digest, err := runbook.Plan{Format: runbook.PlanFormat, Estate: env.Estate.Name, Upgrade: r.Upgrade, Request: r.ID, Action: quiesce.Name,
		Machines: draft.Machines, Stages: draft.Stages, Thresholds: draft.Thresholds}.Seal()
	if err != nil {
		b.Fatal(err)
	}
	ana, ben := runbook.Person{Team: "TLAB00001", User: "UANA00001"}, runbook.Person{Team: "TLAB00001", User: "UBEN00001"}
	err = s.engine.journal.Append(func(tx Tx) error {
		if _, err := tx.SavePlan(plan); err != nil {
			return err
		}
		opened := runbook.UpgradeBody{Estate: env.Estate.Name, Channel: "CITMS0001", Team: ana.Team}
		if err := addTo(tx, Order{By: runbook.Bot, Door: "start"}, runbook.Request{Upgrade: r.Upgrade}, runbook.UpgradeOpened, "", opened); err != nil {
			return err
		}
		for _, e := range []struct {
			by   runbook.Person
			kind runbook.Kind
			body any
		}{
			{ana, runbook.Asked, runbook.AskedBody{Action: quiesce.Name, Line: quiesce.Name, Title: quiesce.Copy.Title, Risk: quiesce.Risk}},
			{runbook.Bot, runbook.Proposed, runbook.ProposedBody{Digest: digest, Needs: runbook.Policy{}.NeedsFor(quiesce.Risk), Expires: tx.Now().Add(time.Hour).Truncate(time.Second)}},
			{ben, runbook.Approved, runbook.ApprovedBody{Digest: digest}},
			{runbook.Bot, runbook.Checking, nil},
			{runbook.Bot, runbook.Started, nil},
		} {
			if err := addTo(tx, Order{By: e.by, Door: "slack"}, r, e.kind, "", e.body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	r, err = s.store.Request(r.ID)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// check holds that what was measured was done.
func (s *sites) check(b *testing.B, id string) {
	b.Helper()
	r, err := s.store.Request(id)
	if err != nil || r.State != runbook.WasDone {
		b.Fatalf("%s is %s, %v: %+v", id, r.State, err, r.Waits)
	}
	for i, w := range s.worlds {
		for _, h := range w.Truth().Hosts {
			if h.Name == "SITE1" && (h.Doors != "closed" || h.Restore != nil) {
				b.Fatalf("site server %d: doors %s, self-restore %v", i+1, h.Doors, h.Restore)
			}
		}
	}
}

func (s *sites) commands() int {
	n := 0
	for _, server := range s.servers {
		n += server.Stats().Commands
	}
	return n
}

func (s *sites) close(b *testing.B) {
	b.Helper()
	errs := []error{s.fleet.Close()}
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.serving.Wait()
	if err := errors.Join(append(errs, s.store.Close())...); err != nil {
		b.Fatal(err)
	}
}

// trail fits the store to the engine, as main does.
type trail struct{ *store.Store }

type trailTx struct{ *store.Tx }

func (t trailTx) Upgrade() (string, error) {
	u, err := t.Tx.Upgrade()
	return u.ID, err
}

func (t trail) Append(decide func(Tx) error) error {
	return t.Store.Append(func(tx *store.Tx) error { return decide(trailTx{tx}) })
}

// AppendNow is Append: the benchmark's disk always has room.
func (t trail) AppendNow(decide func(Tx) error) error { return t.Append(decide) }

func (t trail) Before(request, step string) (json.RawMessage, error) {
	b, err := t.StepBefore(request, step)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b.State, err
}

// realClock is this machine's.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
