package main

import (
	"regexp"
	"slices"
	"time"
)

// The lines of conversations about who is let in by name.
var openingLines = []lineForm{
	{regexp.MustCompile(`^world: client (\S+) (gets in|stays out)$`), func(p *player, m []string) { p.client(m[1], m[2] == "gets in") }},
	{regexp.MustCompile(`^world: (\S+) has (no )?rule (\S+)$`), func(p *player, m []string) { p.rule(m[1], m[3], m[2] == "") }},
	{regexp.MustCompile(`^until world: (\S+) has (no )?rule (\S+)$`), func(p *player, m []string) { p.untilRule(m[1], m[3], m[2] == "") }},
	{regexp.MustCompile(`^world: (\S+) closes nothing by itself$`), func(p *player, m []string) { p.closings(m[1]) }},
	{regexp.MustCompile(`^world: (\S+) closes (.+) in (\S+)$`), func(p *player, m []string) { p.closesIn(m[1], m[2], m[3]) }},
}

// client checks whether a computer has had contact in the time in which it would try
// at least once; the world has to have been moved on before.
func (p *player) client(name string, in bool) {
	p.t.Helper()
	const every = 17 * time.Minute
	c, err := p.lab.World.Client(name)
	if err != nil || !c.On {
		p.t.Fatalf("client %s: on %v, %v", name, c.On, err)
	}
	if age := p.lab.World.Now().Sub(c.Contact); (age <= every) != in {
		p.t.Errorf("client %s had its last contact %s ago; gets in: want %v", name, age, in)
	}
}

func (p *player) hasRule(host, name string) bool {
	p.t.Helper()
	v, err := p.lab.World.Look(host)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, r := range v.Rules {
		if r.Name == name {
			return true
		}
	}
	return false
}

func (p *player) rule(host, name string, there bool) {
	p.t.Helper()
	if p.hasRule(host, name) != there {
		p.t.Errorf("%s has rule %s: %v, want %v", host, name, !there, there)
	}
}

func (p *player) untilRule(host, name string, there bool) {
	p.t.Helper()
	ctx, cancel := p.within()
	defer cancel()
	for {
		seen := p.lab.World.Version()
		if p.hasRule(host, name) == there {
			return
		}
		if _, err := p.lab.World.Wait(ctx, seen); err != nil {
			p.t.Fatalf("%s never had rule %s: %v", host, name, there)
		}
	}
}

func (p *player) closings(host string) {
	p.t.Helper()
	if v, err := p.lab.World.Look(host); err != nil || len(v.Closings) > 0 {
		p.t.Errorf("%s closes by itself: %+v %v", host, v.Closings, err)
	}
}

// closesIn checks when a host would end an opening without the bot, to three minutes.
func (p *player) closesIn(host, key, in string) {
	p.t.Helper()
	v, err := p.lab.World.Look(host)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range v.Closings {
		if c.Key == key {
			if left := c.Due.Sub(v.Now); (left - p.duration(in)).Abs() > 3*time.Minute {
				p.t.Errorf("%s closes %s in %s, want %s", host, key, left, in)
			}
			return
		}
	}
	p.t.Errorf("%s does not close %s by itself: %+v", host, key, slices.Clone(v.Closings))
}
