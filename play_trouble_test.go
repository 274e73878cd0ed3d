package main

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/slack"
	"itmsbot/lab/tds"
	"itmsbot/lab/world"
)

// The workspace of a test has somebody who is on no list, and a channel that is
// not the upgrade's.
const (
	guest     = "UGUEST001"
	elsewhere = "CELSE0001"
)

func withGuest(c *slack.Config) {
	c.People = append(c.People, slack.Person{ID: guest, Name: "guest", RealName: "Guest"})
	c.Channels = append(c.Channels, slack.Channel{ID: elsewhere, Name: "random", Topic: "everything else"})
}

// gate holds back waits of one length, so that a conversation can do something
// in the middle of a step.
type gate struct {
	held atomic.Int64 // the length, as a time.Duration; 0 holds nothing
	free atomic.Pointer[chan struct{}]
}

func (g *gate) hold(d time.Duration) {
	free := make(chan struct{})
	g.free.Store(&free)
	g.held.Store(int64(d))
}

func (g *gate) open() {
	if g.held.Swap(0) != 0 {
		close(*g.free.Load())
	}
}

// pass waits while waits of this length are held back.
func (g *gate) pass(ctx context.Context, d time.Duration) error {
	if time.Duration(g.held.Load()) != d {
		return nil
	}
	select {
	case <-*g.free.Load():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passwords answers log-ons with the right password or with a wrong one.
func passwords(hosts []winrm.Host, wrong *atomic.Bool) {
	asked := map[*trust.Login]bool{}
	for _, h := range hosts {
		if asked[h.Login] {
			continue
		}
		asked[h.Login] = true
		right := h.Login.Password
		h.Login.Password = func() (string, error) {
			if wrong.Load() {
				return "not the password", nil
			}
			return right()
		}
	}
}

var manyTimes = regexp.MustCompile(`(\S)\{(\d+)\}`)

// repeated writes x{4000} out.
func (p *player) repeated(s string) string {
	return manyTimes.ReplaceAllStringFunc(s, func(part string) string {
		m := manyTimes.FindStringSubmatch(part)
		return strings.Repeat(m[1], atoi(p.t, m[2]))
	})
}

// once waits until exactly one message that everybody sees holds all of the
// words.
func (p *player) once(words ...string) {
	p.t.Helper()
	p.sees(words...)
	n := 0
	for _, m := range p.lab.Slack.Messages(p.id("Cleo"), p.plant.slack.Channel, "") {
		if !m.Ephemeral && holdsAll(flat(m.Blocks), words) {
			n++
		}
	}
	if n != 1 {
		p.t.Errorf("%d messages hold %q\n%s", n, words, p.channel("Cleo"))
	}
}

// saidTwice lists the purposes that more than one message was posted for, in the
// channel or in a thread: a post of unknown fate that was not found again.
func (s *stage) saidTwice() []string {
	posted := map[string]map[string]bool{} // purpose -> ts
	note := func(list []slack.Message) {
		for _, m := range list {
			var meta struct {
				Payload struct {
					Purpose string `json:"purpose"`
				} `json:"event_payload"`
			}
			if json.Unmarshal(m.Metadata, &meta) != nil || meta.Payload.Purpose == "" {
				continue
			}
			if posted[meta.Payload.Purpose] == nil {
				posted[meta.Payload.Purpose] = map[string]bool{}
			}
			posted[meta.Payload.Purpose][m.TS] = true
		}
	}
	channel := s.lab.Slack.Messages(s.ids["Cleo"], s.plant.slack.Channel, "")
	note(channel)
	for _, m := range channel {
		note(s.lab.Slack.Messages(s.ids["Cleo"], s.plant.slack.Channel, m.TS))
	}
	var twice []string
	for purpose, stamps := range posted {
		if len(stamps) > 1 {
			twice = append(twice, purpose)
		}
	}
	slices.Sort(twice)
	return twice
}

func holdsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func (p *player) snapshots(host string, want int) {
	p.t.Helper()
	if n := p.countSnapshots(host); n != want {
		p.t.Errorf("%s has %d snapshots, want %d", host, n, want)
	}
}

func (p *player) countSnapshots(host string) (n int) {
	for _, s := range p.lab.World.Truth().Snapshots {
		if s.Host == host {
			n++
		}
	}
	return n
}

// untilSnapshots waits for the world, not for the channel.
func (p *player) untilSnapshots(host string, want int) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	for {
		seen := p.lab.World.Version()
		if p.countSnapshots(host) == want {
			return
		}
		if _, err := p.lab.World.Wait(ctx, seen); err != nil {
			p.t.Fatalf("%s never had %d snapshots", host, want)
		}
	}
}

// upFor holds that a host has not booted for so long.
func (p *player) upFor(host, least string) {
	p.t.Helper()
	for _, h := range p.lab.World.Truth().Hosts {
		if up := time.Duration(h.UptimeSeconds) * time.Second; h.Name == host && up < p.duration(least) {
			p.t.Errorf("%s booted %s ago", host, up)
		}
	}
}

func (p *player) sqlFault(s string) {
	var f tds.Fault
	if err := json.Unmarshal([]byte(s), &f); err != nil {
		p.t.Fatal(err)
	}
	if err := p.lab.CMDB.Inject(f); err != nil {
		p.t.Fatal(err)
	}
}

// moveHost lets the next bot look for a host where another one answers.
func (p *player) moveHost(host, to string) {
	p.t.Helper()
	var there string
	for _, h := range p.lab.Document().Hosts {
		if h.Name == to {
			there = h.WinRM
		}
	}
	for i, h := range p.plant.hosts {
		if h.Name == host && there != "" {
			p.plant.hosts[i].URL = there
			return
		}
	}
	p.t.Fatalf("no host %s or %s", host, to)
}

// selfRestore lays a task on a host that opens its doors again, as one that was
// not taken away.
func (p *player) selfRestore(host, in string) {
	p.t.Helper()
	var names []string
	for i, h := range p.lab.World.Dump().Hosts {
		for _, was := range p.first.Hosts[i].Rules {
			if h.Name == host && was.Enabled && slices.ContainsFunc(h.Rules, func(r world.Rule) bool { return r.Name == was.Name && !r.Enabled }) {
				names = append(names, was.Name)
			}
		}
	}
	if len(names) == 0 {
		p.t.Fatalf("no rule of %s was switched off, so nothing would be opened", host)
	}
	due := p.lab.World.Now().Add(p.duration(in))
	task := world.Task{Key: "U-1 R-1", Due: due, End: due.Add(5 * time.Minute), Names: names}
	if err := errors.Join(p.lab.World.RegisterTask(host, task), p.lab.World.SetMarker(host, task.Key)); err != nil {
		p.t.Fatal(err)
	}
}

// replaceBot starts a program whose plans would differ.
func (p *player) replaceBot() {
	p.stopBot()
	differently(&p.plant)
	p.startBot()
}

// waitForHosts lets the next bot wait less long than the bot of a site does.
func (p *player) waitForHosts(s string) {
	d := p.duration(s)
	p.plant.remote = winrm.Options{Operation: d / 2, LookLimit: d, ChangeLimit: 2 * d}
}

func (p *player) duration(s string) time.Duration {
	p.t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// refusedLogOns holds what all hosts together have counted: the account of a
// service is locked by a few.
func (p *player) refusedLogOns(want int) {
	p.t.Helper()
	n := 0
	for _, h := range p.lab.Hosts {
		n += h.Stats().Refused
	}
	if n != want {
		p.t.Errorf("the hosts refused %d log-ons, want %d", n, want)
	}
}

// anotherVCenter lets the next bot expect another certificate than vCenter has.
func (p *player) anotherVCenter() {
	other := *p.plant.vcenter
	other.Thumbprint = strings.Repeat("ab", 32)
	p.plant.vcenter = &other
}
