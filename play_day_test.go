package main

import (
	"regexp"

	"github.com/google/go-cmp/cmp"

	"itmsbot/lab/world"
)

// The lines of conversations about a whole day.
var dayLines = []lineForm{
	{regexp.MustCompile(`^remember the world$`), func(p *player, _ []string) { p.kept = p.lab.World.Dump() }},
	{regexp.MustCompile(`^world as remembered$`), func(p *player, _ []string) {
		if d := cmp.Diff(p.kept, p.lab.World.Dump()); d != "" {
			p.t.Errorf("the world is not as remembered (-then +now):\n%s", d)
		}
	}},
	{regexp.MustCompile(`^world: (\S+) has version (\S+)$`), func(p *player, m []string) { p.version(m[1], m[2]) }},
	{regexp.MustCompile(`^world: (\S+) is (on|off)$`), func(p *player, m []string) { p.power(m[1], m[2]) }},
	{regexp.MustCompile(`^world: the agent of (\S+) has version (\S+)$`), func(p *player, m []string) { p.agent(m[1], m[2]) }},
}

func (p *player) dumped(host string) world.HostDump {
	p.t.Helper()
	for _, h := range p.lab.World.Dump().Hosts {
		if h.Name == host {
			return h
		}
	}
	p.t.Fatalf("no host %s", host)
	return world.HostDump{}
}

func (p *player) version(host, want string) {
	p.t.Helper()
	if got := p.dumped(host).Version; got != want {
		p.t.Errorf("%s has version %s, want %s", host, got, want)
	}
}

func (p *player) power(host, want string) {
	p.t.Helper()
	if off := p.dumped(host).Power == world.PowerOff; off != (want == "off") {
		p.t.Errorf("%s is %s, want %s", host, p.dumped(host).Power, want)
	}
}

func (p *player) agent(computer, want string) {
	p.t.Helper()
	c, err := p.lab.World.Client(computer)
	if err != nil || c.Agent != want {
		p.t.Errorf("the agent of %s has version %s (%v), want %s", computer, c.Agent, err, want)
	}
}
