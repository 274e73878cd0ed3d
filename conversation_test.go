package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"itmsbot/estate"
	"itmsbot/lab/slack"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
	"itmsbot/store"
)

// TestConversations plays every file of testdata/conversations through the real
// bot, a real database and the lab, over the wire. A file reads like the
// channel; its lines are explained in testdata/conversations/README.md.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/conversations/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			t.Parallel() // each has an estate of its own
			archive, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			play(t, f, archive)
		})
	}
}

// play plays one conversation. At its end nothing was said twice, and the trail
// is whole.
func play(t *testing.T, name string, archive *txtar.Archive) {
	s := openStageOn(t, estateOf(archive.Comment))
	p := &player{stage: s, first: s.lab.World.Dump()}
	for _, file := range archive.Files {
		for i, line := range strings.Split(string(file.Data), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if !p.line(line) {
				t.Fatalf("%s, %s line %d: nobody understands %q", name, file.Name, i+1, line)
			}
			if t.Failed() {
				t.Fatalf("%s, %s line %d: %s\n%s", name, file.Name, i+1, line, s.channel("Cleo"))
			}
		}
	}
	if twice := s.saidTwice(); len(twice) > 0 {
		t.Errorf("%s: said twice: %q", name, twice)
	}
	s.stopBot()
	report, err := store.Verify(s.plant.database, s.plant.database+".anchors")
	if err != nil || !report.OK() {
		t.Errorf("the trail after it: %v %v", err, report.Findings)
	}
	s.startBot()
}

// player carries out the lines of a conversation.
type player struct {
	*stage
	first world.Dump
	kept  world.Dump // what "remember the world" has kept
	last  string     // who acted last, and in which channel: whose private
	where string     // answers are read
}

// lineForm is one kind of line, and what it does with the parts that it found.
type lineForm struct {
	form *regexp.Regexp
	do   func(p *player, m []string)
}

var lines = []lineForm{
	{regexp.MustCompile(`^(Ana|Ben|Dora|Cleo|Guest): (.+)$`), func(p *player, m []string) {
		p.last, p.where = m[1], p.plant.slack.Channel
		p.say(m[1], p.repeated(unquote(m[2])))
	}},
	{regexp.MustCompile(`^(Ana|Ben|Dora|Cleo|Guest) elsewhere: (.+)$`), func(p *player, m []string) { p.last, p.where = m[1], elsewhere; p.sayIn(elsewhere, m[1], m[2]) }},
	{regexp.MustCompile(`^(Ana|Ben|Dora|Cleo|Guest) presses (.+) on (.+)$`), func(p *player, m []string) { p.last, p.where = m[1], p.plant.slack.Channel; p.press(m[1], m[2], m[3]) }},
	{regexp.MustCompile(`^(Ana|Ben|Dora|Cleo|Guest) fills in: (.*)$`), func(p *player, m []string) {
		p.last, p.where = m[1], p.plant.slack.Channel
		p.fillIn(m[1], unquote(m[2]))
	}},
	{regexp.MustCompile(`^(Ana|Ben|Dora|Cleo|Guest) closes the form$`), func(p *player, m []string) { p.closeForm(m[1]) }},
	{regexp.MustCompile(`^(Ana|Ben|Dora|Cleo|Guest) has no form$`), func(p *player, m []string) { p.noForm(m[1]) }},
	{regexp.MustCompile(`^< (.+)$`), func(p *player, m []string) { p.readsIn(p.where, p.last, m[1]) }},
	{regexp.MustCompile(`^> (.+)$`), func(p *player, m []string) { p.sees(strings.Split(m[1], " … ")...) }},
	{regexp.MustCompile(`^once> (.+)$`), func(p *player, m []string) { p.once(strings.Split(m[1], " … ")...) }},
	{regexp.MustCompile(`^!> (.+)$`), func(p *player, m []string) { p.neverSaw(m[1]) }},
	{regexp.MustCompile(`^world as at the start$`), func(p *player, _ []string) {
		if d := cmp.Diff(p.first, p.lab.World.Dump()); d != "" {
			p.t.Errorf("the world is not as at the start (-start +now):\n%s", d)
		}
	}},
	{regexp.MustCompile(`^world: (\S+) doors (\S+)$`), func(p *player, m []string) { p.doors(m[1], m[2]) }},
	{regexp.MustCompile(`^world: (\S+) has (\d+) snapshots?$`), func(p *player, m []string) { p.snapshots(m[1], atoi(p.t, m[2])) }},
	{regexp.MustCompile(`^world: (\S+) is up for (\S+)$`), func(p *player, m []string) { p.upFor(m[1], m[2]) }},
	{regexp.MustCompile(`^until world: (\S+) doors (\S+)$`), func(p *player, m []string) { p.untilDoors(m[1], m[2]) }},
	{regexp.MustCompile(`^until world: (\S+) has (\d+) snapshots?$`), func(p *player, m []string) { p.untilSnapshots(m[1], atoi(p.t, m[2])) }},
	{regexp.MustCompile(`^advance (\S+)$`), func(p *player, m []string) { p.advance(m[1]) }},
	{regexp.MustCompile(`^set (\{.+\})$`), func(p *player, m []string) { p.set(m[1]) }},
	{regexp.MustCompile(`^way back: (\S+) (snapshot|backup|none)(?:, (.+))?$`), func(p *player, m []string) { p.wayBack(m[1], m[2], m[3]) }},
	{regexp.MustCompile(`^restart the bot$`), func(p *player, _ []string) { p.stopBot(); p.startBot() }},
	{regexp.MustCompile(`^stop the bot$`), func(p *player, _ []string) { p.stopBot() }},
	{regexp.MustCompile(`^start the bot$`), func(p *player, _ []string) { p.startBot() }},
	{regexp.MustCompile(`^host (\S+): (\{.+\})$`), func(p *player, m []string) { p.hostFault(m[1], m[2]) }},
	{regexp.MustCompile(`^slack: (\{.+\})$`), func(p *player, m []string) { p.slackFault(m[1]) }},
	{regexp.MustCompile(`^vcenter: (\{.+\})$`), func(p *player, m []string) { p.vcenterFault(m[1]) }},
	{regexp.MustCompile(`^sql: (\{.+\})$`), func(p *player, m []string) { p.sqlFault(m[1]) }},
	{regexp.MustCompile(`^(\S+) is looked for at the address of (\S+)$`), func(p *player, m []string) { p.moveHost(m[1], m[2]) }},
	{regexp.MustCompile(`^the bot's password is (right|wrong)$`), func(p *player, m []string) { p.mistyped.Store(m[1] == "wrong") }},
	{regexp.MustCompile(`^hosts get (\S+) to answer$`), func(p *player, m []string) { p.waitForHosts(m[1]) }},
	{regexp.MustCompile(`^log-ons refused: (\d+)$`), func(p *player, m []string) { p.refusedLogOns(atoi(p.t, m[1])) }},
	{regexp.MustCompile(`^vCenter shows another certificate$`), func(p *player, _ []string) { p.anotherVCenter() }},
	{regexp.MustCompile(`^a self-restore is due on (\S+) in (\S+)$`), func(p *player, m []string) { p.selfRestore(m[1], m[2]) }},
	{regexp.MustCompile(`^replace the bot$`), func(p *player, _ []string) { p.replaceBot() }},
	{regexp.MustCompile(`^hold waits of (\S+)$`), func(p *player, m []string) { p.gate.hold(p.duration(m[1])) }},
	{regexp.MustCompile(`^let waits go$`), func(p *player, _ []string) { p.gate.open() }},
	{regexp.MustCompile(`^faults end$`), func(p *player, _ []string) {
		p.lab.Slack.Clear()
		p.lab.CMDB.Clear()
		if err := p.lab.VCenter.Clear(); err != nil {
			p.t.Fatal(err)
		}
		for _, h := range p.lab.Hosts {
			h.Clear()
		}
	}},
}

func (p *player) line(s string) bool {
	p.t.Helper()
	for _, l := range slices.Concat(lines, openingLines, dayLines, serverLines, snapshotLines, rollbackLines) {
		if m := l.form.FindStringSubmatch(s); m != nil {
			l.do(p, m)
			return true
		}
	}
	return false
}

// unquote lets a line hold what no text file shows: "\u200b".
func unquote(s string) string {
	if u, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err == nil {
		return u
	}
	return s
}

func (p *player) neverSaw(words string) {
	p.t.Helper()
	for _, m := range p.lab.Slack.Messages(p.id("Cleo"), p.plant.slack.Channel, "") {
		if !m.Ephemeral && strings.Contains(flat(m.Blocks), words) {
			p.t.Errorf("the channel shows %q", words)
		}
	}
}

func (p *player) doors(host, want string) {
	p.t.Helper()
	for _, h := range p.lab.World.Truth().Hosts {
		if h.Name == host {
			if string(h.Doors) != want {
				p.t.Errorf("%s: doors are %s, want %s", host, h.Doors, want)
			}
			return
		}
	}
	p.t.Errorf("no host %s", host)
}

// untilDoors waits for the world, not for the channel.
func (p *player) untilDoors(host, want string) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	for {
		seen := p.lab.World.Version()
		for _, h := range p.lab.World.Truth().Hosts {
			if h.Name == host && string(h.Doors) == want {
				return
			}
		}
		if _, err := p.lab.World.Wait(ctx, seen); err != nil {
			p.t.Fatalf("%s: doors never became %s", host, want)
		}
	}
}

func (p *player) advance(s string) { p.lab.World.Advance(p.duration(s)) }

func (p *player) set(s string) {
	var c world.Condition
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		p.t.Fatal(err)
	}
	if err := p.lab.World.Set(c); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) hostFault(host, s string) {
	var f wsman.Fault
	if err := json.Unmarshal([]byte(s), &f); err != nil {
		p.t.Fatal(err)
	}
	if err := p.lab.Hosts[host].Inject(f); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) vcenterFault(s string) {
	var f vcenter.Fault
	if err := json.Unmarshal([]byte(s), &f); err != nil {
		p.t.Fatal(err)
	}
	if err := p.lab.VCenter.Inject(f); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) slackFault(s string) {
	var f slack.Fault
	if err := json.Unmarshal([]byte(s), &f); err != nil {
		p.t.Fatal(err)
	}
	if err := p.lab.Slack.Inject(f); err != nil {
		p.t.Fatal(fmt.Errorf("slack fault: %w", err))
	}
}

// wayBack writes into the configuration how a host goes back.
func (p *player) wayBack(host, way, because string) {
	p.t.Helper()
	p.stopBot()
	for i, h := range p.plant.estate.Hosts {
		if h.Name == host {
			p.plant.estate.Hosts[i].Way, p.plant.estate.Hosts[i].Because = estate.Way(way), because
		}
	}
	p.plant.digest = configDigest(p.plant)
	p.startBot()
}

// fillIn waits for a person's form, fills in its one field and sends it.
func (p *player) fillIn(who, text string) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	if err := p.lab.Slack.Submit(ctx, p.id(who), p.form(who), map[string]map[string]any{"rest": {"text": text}}); err != nil {
		p.t.Fatalf("%s fills in %q: %v", who, text, err)
	}
}

func (p *player) closeForm(who string) {
	p.t.Helper()
	if err := p.lab.Slack.CloseView(p.id(who), p.form(who)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) noForm(who string) {
	p.t.Helper()
	if open := p.lab.Slack.Open(p.id(who)); len(open) > 0 {
		p.t.Errorf("%s has the form %s open", who, open[0].Title)
	}
}

// form waits until a person has a form open, and gives its id.
func (p *player) form(who string) (id string) {
	p.t.Helper()
	p.until("a form for "+who, func() bool {
		for _, v := range p.lab.Slack.Open(p.id(who)) {
			id = v.ID
		}
		return id != ""
	})
	return id
}
