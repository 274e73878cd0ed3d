package main

import (
	"regexp"
	"slices"

	"itmsbot/lab/world"
)

// The lines of conversations about the restart and the services of one server.
var serverLines = []lineForm{
	{regexp.MustCompile(`^until world: (\S+) is told to restart$`), func(p *player, m []string) { p.untilToldToRestart(m[1]) }},
	{regexp.MustCompile(`^world: (\S+) service (\S+) (\S+)$`), func(p *player, m []string) { p.service(m[1], m[2], m[3]) }},
}

// untilToldToRestart waits until a restart is ordered on a host; it is up still.
func (p *player) untilToldToRestart(host string) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	for {
		seen := p.lab.World.Version()
		if in, err := p.lab.World.Inside(host); err == nil && in.RestartOrdered {
			return
		}
		if _, err := p.lab.World.Wait(ctx, seen); err != nil {
			p.t.Fatalf("%s was never told to restart", host)
		}
	}
}

func (p *player) service(host, name, state string) {
	p.t.Helper()
	in, err := p.lab.World.Inside(host)
	if err != nil {
		p.t.Fatal(err)
	}
	i := slices.IndexFunc(in.Services, func(s world.Service) bool { return s.Name == name })
	if i < 0 || in.Services[i].State != state {
		p.t.Errorf("%s: %s is %+v, want %s", host, name, in.Services[max(i, 0)], state)
	}
}
