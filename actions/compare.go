package actions

import (
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// DoorReport is a host's firewall beside what the trail says of it.
type DoorReport struct {
	// Ways are all ways in that are in force: the doors first, then the bot's own.
	Ways []Way
	// Off are the original rules that requests have switched off and that are off.
	Off []Way
	// Differs is what is not as the trail has it.
	Differs []Difference
}

// Way is a rule, and which request it is of.
type Way struct {
	Rule estate.Rule
	// Whose says why it is there.
	Whose Whose
	// Request is who made it, switched it off or left it on; empty for nobody.
	Request string
	// Until is when an opening ends, zero for never.
	Until time.Time
	// Because is why a rule was left on.
	Because string
}

// Whose says what a rule is to the bot.
type Whose int

// What a rule may be. A rule of the bot's group that no request has is Nobodys.
const (
	Original Whose = iota
	OfPolicy
	LeftOn
	KeepList
	CopyOf
	OpenedByName
	Nobodys
)

// Difference is one thing that is not as the trail has it.
type Difference struct {
	What Differing
	Whose
	// Rule is the rule as it is now, or as it was made where it is gone.
	Rule estate.Rule
	// Request is whose doing it is not; empty for nobody's.
	Request string
	Until   time.Time
	// Fault is what is wrong with the firewall itself.
	Fault string
}

// Differing is in which way something differs.
type Differing int

// The ways to differ.
const (
	// IsOn: a rule that a request has switched off is on.
	IsOn Differing = iota
	// IsGone and IsAltered: a rule is not there, or is otherwise than it was left.
	IsGone
	IsAltered
	// IsIdle: the bot's rule is there and not in force.
	IsIdle
	// IsUnasked: the rule is of the bot's group, and no request has it.
	IsUnasked
	// IsAnother: somebody else's rule lets clients in while the doors ought to be closed.
	IsAnother
	// IsOverdue and IsUnarmed: the end of an opening is past, or nothing on the host
	// would end it.
	IsOverdue
	IsUnarmed
	// IsFaulty: however the rules stand, the firewall closes nothing.
	IsFaulty
)

// compareDoors compares one look with the ledger. It is pure; doors are those of the
// look, without who is let in by name.
func compareDoors(left HostLedger, fw estate.Firewall, doors estate.Doors, now time.Time) DoorReport {
	c := comparison{left: left, fw: fw, local: byName(fw.Local), active: byName(fw.Active), doors: doors, now: now, seen: map[string]bool{}, spared: map[string]Way{}}
	for _, l := range slices.Backward(left.Closed) {
		c.closing(l)
	}
	c.ways()
	for _, l := range left.Kept {
		if p, err := params[allowParams](l.Step.Params, l.Step.ID); err == nil {
			c.made(l, KeepList, p.Rules)
		}
	}
	for _, l := range left.Copies {
		c.copies(l)
	}
	for _, l := range left.Opened {
		c.opening(l)
	}
	for _, r := range fw.Local {
		if _, known := left.rules()[strings.ToLower(r.Name)]; ofTheBot(r) && !known {
			c.differs(IsUnasked, Nobodys, r, Left{})
		}
	}
	if len(left.Closed) > 0 {
		c.others()
	}
	return c.report
}

// comparison is one comparison while it is made.
type comparison struct {
	left          HostLedger
	fw            estate.Firewall
	local, active map[string]estate.Rule
	doors         estate.Doors
	now           time.Time
	// seen are the rules whose closing was looked at, spared those that were left on.
	seen   map[string]bool
	spared map[string]Way
	report DoorReport
}

func (c *comparison) differs(what Differing, whose Whose, r estate.Rule, l Left) {
	c.report.Differs = append(c.report.Differs, Difference{What: what, Whose: whose, Rule: r, Request: l.Request, Until: l.Until})
}

// closing looks at the rules that a request has switched off. Of several closings of one
// rule the newest counts.
func (c *comparison) closing(l Left) {
	p, err := params[disableParams](l.Step.Params, l.Step.ID)
	if err != nil {
		return
	}
	for _, r := range p.Rules {
		if c.seen[r.Name] {
			continue
		}
		c.seen[r.Name] = true
		got, ok := c.local[r.Name]
		switch {
		case !ok:
			c.differs(IsGone, Original, r, l)
		case got.Enabled:
			c.differs(IsOn, Original, got, l)
		case !unchanged(r, got):
			c.differs(IsAltered, Original, got, l)
		default:
			c.report.Off = append(c.report.Off, Way{Rule: got, Whose: Original, Request: l.Request})
		}
	}
	for _, s := range p.Spared {
		got, ok := c.active[s.Rule.Name]
		if _, again := c.spared[s.Rule.Name]; ok && !again && !c.seen[s.Rule.Name] && unchanged(s.Rule, got) {
			c.spared[s.Rule.Name] = Way{Rule: got, Whose: LeftOn, Request: l.Request, Because: s.Because}
		}
	}
}

// ways lists what is in force: doors first.
func (c *comparison) ways() {
	for _, set := range []struct {
		rules []estate.Rule
		whose Whose
	}{{c.doors.Wide, Original}, {c.doors.AnyPort, Original}, {c.doors.Policy, OfPolicy}} {
		for _, r := range set.rules {
			way, ok := c.spared[r.Name]
			if !ok {
				way = Way{Rule: r, Whose: set.whose}
			}
			if !ofTheBot(r) {
				c.report.Ways = append(c.report.Ways, way)
			}
		}
	}
	owners := c.left.rules()
	var mine []Way
	for _, r := range c.fw.Active {
		if !ofTheBot(r) {
			continue
		}
		way := Way{Rule: r, Whose: Nobodys}
		if l, ok := owners[strings.ToLower(r.Name)]; ok {
			way.Request, way.Until, way.Whose = l.Request, l.Until, whoseOf(l.Step)
		}
		mine = append(mine, way)
	}
	slices.SortStableFunc(mine, func(a, b Way) int {
		if a.Whose != b.Whose {
			return int(a.Whose - b.Whose)
		}
		return strings.Compare(a.Rule.Name, b.Rule.Name)
	})
	c.report.Ways = append(c.report.Ways, mine...)
}

func whoseOf(s runbook.Step) Whose {
	switch s.Kind {
	case firewallAllow.Name:
		return KeepList
	case firewallCopy.Name:
		return CopyOf
	}
	return OpenedByName
}

// made looks at rules that the bot has made: there, as they were made, in force.
func (c *comparison) made(l Left, whose Whose, rules []estate.NewRule) {
	for _, want := range rules {
		got, ok := c.local[want.Name]
		inForce, active := c.active[want.Name]
		switch {
		case !ok:
			c.differs(IsGone, whose, estate.Rule{Name: want.Name, Display: want.Display, Remote: want.Remote, Ports: want.Ports}, l)
		case !sameRule(want, got):
			c.differs(IsAltered, whose, got, l)
		case !active || !sameRule(want, inForce):
			c.differs(IsIdle, whose, got, l)
		}
	}
}

func (c *comparison) copies(l Left) {
	p, err := params[copyParams](l.Step.Params, l.Step.ID)
	if err != nil {
		return
	}
	for _, of := range p.Rules {
		for _, want := range of.Copies {
			got, ok := c.local[want.Name]
			inForce, active := c.active[want.Name]
			switch {
			case !ok:
				c.differs(IsGone, CopyOf, estate.Rule{Name: want.Name, Display: want.Display, Remote: of.Rule.Remote, Ports: want.Ports}, l)
			case !isCopy(of.Rule, want, got):
				c.differs(IsAltered, CopyOf, got, l)
			case !active || !isCopy(of.Rule, want, inForce):
				c.differs(IsIdle, CopyOf, got, l)
			}
		}
	}
}

func (c *comparison) opening(l Left) {
	p, err := params[openParams](l.Step.Params, l.Step.ID)
	if err != nil {
		return
	}
	c.made(l, OpenedByName, p.Rules)
	if len(p.Rules) == 0 || len(p.there(c.fw.Local)) == 0 || l.Until.IsZero() {
		return
	}
	switch first := c.local[p.there(c.fw.Local)[0].Name]; {
	case c.now.After(l.Until):
		c.differs(IsOverdue, OpenedByName, first, l)
	case !p.armed(c.fw):
		c.differs(IsUnarmed, OpenedByName, first, l)
	}
}

// others finds what lets clients in although the doors were closed, by no rule that is
// said already.
func (c *comparison) others() {
	newest := c.left.Closed[len(c.left.Closed)-1]
	for _, rules := range [][]estate.Rule{c.doors.Wide, c.doors.AnyPort, c.doors.Policy} {
		for _, r := range rules {
			if _, spared := c.spared[r.Name]; spared || c.seen[r.Name] || ofTheBot(r) {
				continue
			}
			whose := Original
			if !strings.EqualFold(r.Store, "Local") {
				whose = OfPolicy
			}
			c.differs(IsAnother, whose, r, newest)
		}
	}
	for _, f := range c.doors.Faults {
		c.report.Differs = append(c.report.Differs, Difference{What: IsFaulty, Fault: f, Request: newest.Request})
	}
}

// names are the original rules that requests have switched off on a host, to be read
// with one look whatever their state.
func (h HostLedger) names() []string {
	names := []string{}
	for _, l := range h.Closed {
		if p, err := params[disableParams](l.Step.Params, l.Step.ID); err == nil {
			names = append(names, p.names()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
