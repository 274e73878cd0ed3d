package actions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// How long what an opening does is looked at, from its first verified way in: half an
// hour, or ten minutes from when a single client was seen. A bot that was away for more
// than an hour after that says nothing any more.
const (
	observeFor  = 30 * time.Minute
	observeOne  = 10 * time.Minute
	observeLate = time.Hour
)

// What is different enough from what was said last to be a line of its own: 100 events
// or five clients, and a fifth of them. A queue grows that has become longer by so much
// and by 20 events a minute; it is short with so many.
const (
	eventsWorth  = 100
	clientsWorth = 5
	worthPart    = 5 // the fifth part
	growsBy      = 20
)

// Observe looks at what openings do: how long the queue is and how it drains, who has
// connected, and who has asked for its configuration. It keeps nothing in memory: what
// was seen last is the last event of the request, and where nothing is worth a line, the
// next look compares with the same one.
func (e *Engine) Observe(ctx context.Context) error {
	recent, err := e.journal.Recent(50)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(recent, func(o runbook.Request) bool { return o.Takes && o.State.Holds() }) {
		return nil // servers are off
	}
	var all []*observation
	for _, r := range recent {
		o, err := e.observation(r)
		if err != nil {
			return err
		}
		if o != nil {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	e.see(ctx, all)
	for _, o := range all {
		body, worth := o.tell()
		if !worth {
			continue
		}
		err := e.journal.Append(func(tx Tx) error {
			now, err := tx.Request(o.request.ID)
			if _, open := openSince(now); err != nil || !open {
				return err // closed while it was looked at
			}
			return addTo(tx, Order{By: runbook.Clock, Door: "clock"}, now, runbook.Observed, "", body)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// observation is one look at what an opening does.
type observation struct {
	request runbook.Request
	// hosts are those it has opened, with the addresses that it let in there; none are
	// all.
	hosts map[string][]string
	// after is how long it is open, over reports that this is the last look.
	after time.Duration
	over  bool
	// last is what was said before, nil for nothing.
	last *runbook.ObservedBody
	seen sighting
}

// sighting is what a look has found. A part that could not be looked at has an error,
// and its figure means nothing.
type sighting struct {
	queue       queueSample
	queueErr    error
	connected   int
	peersErr    error
	contacts    int64
	partly      bool // the CMDB does not keep the requests of the whole time
	agents      map[string]int64
	contactsErr error
}

// openSince is when a request that is at rest has opened what is open still.
func openSince(r runbook.Request) (time.Time, bool) {
	switch {
	case r.State != runbook.WasDone && r.State != runbook.WasLeft || r.BackedOutBy != "":
		return time.Time{}, false
	case r.Opening != nil:
		return r.Opening.Since, r.Opening.Ended == nil
	case opensAll(r) && r.State == runbook.WasDone && r.Ended != nil:
		return r.Ended.At, true
	}
	return time.Time{}, false
}

// observation says whether an opening is to be looked at now, and what is known of it.
func (e *Engine) observation(r runbook.Request) (*observation, error) {
	since, open := openSince(r)
	now := e.env.Clock.Now()
	if !open || now.Sub(since) > observeFor+observeLate {
		return nil, nil
	}
	events, err := e.journal.EventsOf(r.ID)
	if err != nil {
		return nil, err
	}
	o := &observation{request: r, hosts: map[string][]string{}, after: now.Sub(since)}
	o.over = o.after >= observeFor
	for _, ev := range events {
		if ev.Kind != runbook.Observed {
			continue
		}
		b := new(runbook.ObservedBody)
		if err := ev.Read(b); err != nil {
			return nil, err
		}
		o.last = b
		if o.single() && b.Connected > 0 && now.Sub(ev.At) >= observeOne {
			o.over = true
		}
	}
	if o.last != nil && o.last.Over {
		return nil, nil
	}
	bytes, err := e.journal.Plan(r.Digest)
	if err != nil {
		return nil, err
	}
	plan, err := runbook.OpenPlan(bytes)
	if err != nil {
		return nil, nil //nolint:nilerror // of a later version, which looks itself
	}
	for _, s := range plan.Steps() {
		switch {
		case opensAll(r):
			o.hosts[s.Host] = nil
		case s.Kind == kindOpen && s.Undoes == nil:
			p, err := params[openParams](s.Params, s.ID)
			if err != nil {
				return nil, err
			}
			for _, rule := range p.Rules {
				o.hosts[s.Host] = append(o.hosts[s.Host], rule.Remote...)
			}
		}
	}
	return o, nil
}

// single reports an opening for one computer.
func (o *observation) single() bool { return o.request.Action == allowClient.Name }

// lets reports whether an address is one that it has let in on a host.
func (o *observation) lets(host, address string) bool {
	in, opened := o.hosts[host]
	return opened && (len(in) == 0 || estate.Inside(address, in))
}

// see looks once at the queue and at every host, for all openings together, and asks the
// CMDB for each.
func (e *Engine) see(ctx context.Context, all []*observation) {
	ctx, cancel := context.WithTimeout(ctx, glanceLimit)
	defer cancel()
	env := e.lookEnv()
	queue, queueErr := sampleQueue(ctx, env, hostOf(env.Estate, estate.SMP))
	var hosts []estate.Host
	for _, h := range env.Estate.WithDoors() {
		if slices.ContainsFunc(all, func(o *observation) bool { _, opened := o.hosts[h.Name]; return opened }) {
			hosts = append(hosts, h)
		}
	}
	looks := make([]estate.Firewall, len(hosts))
	errs := make([]error, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() {
			looks[i], errs[i] = env.Firewalls.Firewall(ctx, h.Name, estate.Look, estate.FirewallQuery{Names: []string{}, Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
		})
	}
	wg.Wait()
	for _, o := range all {
		o.seen = sighting{queue: queue, queueErr: queueErr}
		who := map[string]bool{}
		for i, h := range hosts {
			if _, opened := o.hosts[h.Name]; opened && errs[i] != nil {
				o.seen.peersErr = errs[i]
			}
			for _, p := range looks[i].Peers {
				if o.lets(h.Name, p.Address) && !env.Estate.Keeps(p.Address) {
					who[p.Address] = true
				}
			}
		}
		o.seen.connected = len(who)
		o.contacts(ctx, env)
	}
}

// contacts asks the CMDB who has asked for its configuration since the opening.
func (o *observation) contacts(ctx context.Context, env Env) {
	if env.CMDB == nil {
		o.seen.contactsErr = &estate.Error{Kind: estate.Unavailable, Op: "read the contacts", Detail: "no CMDB is configured"}
		return
	}
	found, err := env.CMDB.ClientsSince(ctx, int64(max(o.after, time.Minute).Seconds()))
	if err != nil {
		o.seen.contactsErr = err
		return
	}
	o.seen.partly = !found.Complete()
	if opensAll(o.request) {
		o.seen.contacts, o.seen.agents = found.Count, found.Agents
		return
	}
	o.seen.agents = map[string]int64{}
	o.seen.partly = o.seen.partly || found.Count > int64(len(found.List))
	for _, c := range found.List {
		for host := range o.hosts {
			if o.lets(host, c.Address) {
				o.seen.contacts++
				o.seen.agents[c.Agent]++
				break
			}
		}
	}
}

// tell says what was seen, and whether that is worth a line: it is pure.
func (o *observation) tell() (body runbook.ObservedBody, worth bool) {
	s := o.seen
	body = runbook.ObservedBody{Over: o.over, Unknown: s.queueErr != nil || len(s.queue.Doubts) > 0, Blind: s.peersErr != nil || s.contactsErr != nil,
		Taken: s.queue.Now, Left: s.queue.left(), Oldest: s.queue.Oldest, Connected: s.connected, Contacts: s.contacts, Agents: sayAgents(s.agents)}
	if s.peersErr != nil && o.last != nil {
		body.Connected = max(body.Connected, o.last.Connected)
	}
	q := o.queueSince()
	body.Grows, body.Short = q.grows(), q.short()
	text := fmt.Sprintf("%s after it was opened. ", hours(o.after.Round(time.Minute)))
	if o.over {
		text = fmt.Sprintf("The bot has looked for %s and looks no more. ", hours(o.after.Round(time.Minute)))
	}
	body.Text = text + strings.Join(slices.DeleteFunc([]string{q.say(s), o.sayClients(), o.advice(q)}, func(s string) bool { return s == "" }), " ")
	last := o.last
	switch {
	case last == nil || o.over || body.Unknown != last.Unknown || body.Blind != last.Blind:
		worth = true
	case body.Grows:
		worth = !last.Grows || body.Left*2 >= last.Left*3
	case last.Grows || body.Short && !last.Short:
		worth = true
	case o.single():
		worth = (body.Connected > 0) != (last.Connected > 0) || body.Contacts > 0 && last.Contacts == 0 || body.Agents != last.Agents
	default:
		worth = differs(int64(body.Connected), int64(last.Connected), clientsWorth) || differs(body.Contacts, last.Contacts, clientsWorth)
	}
	if !body.Unknown && last != nil && !last.Unknown {
		worth = worth || differs(body.Left, last.Left, eventsWorth)
	}
	return body, worth
}

// differs reports whether a figure has changed by at least so many, and by a part of
// what it was.
func differs(now, then, least int64) bool {
	by := max(now-then, then-now)
	return by >= least && by*worthPart >= then
}

// queueTrend is what the queue has done since it was last said.
type queueTrend struct {
	left, empty int64
	known       bool
	// minutes lie between the two samples, 0 where there is but one.
	minutes float64
	// net is by how many events a minute the queue has become shorter, done how many
	// were processed; negative where that cannot be told.
	net, done, more int64
}

func (o *observation) queueSince() queueTrend {
	s, last := o.seen.queue, o.last
	q := queueTrend{left: s.left(), known: o.seen.queueErr == nil && len(s.Doubts) == 0, done: -1}
	if !q.known || last == nil || last.Unknown || s.Now.Sub(last.Taken) < time.Minute {
		return q
	}
	q.minutes = s.Now.Sub(last.Taken).Minutes()
	q.more = q.left - last.Left
	q.net = int64(float64(-q.more) / q.minutes)
	if s.Oldest > 0 && last.Oldest > 0 && s.Oldest >= last.Oldest {
		q.done = int64(float64(s.Oldest-last.Oldest) / q.minutes)
	}
	return q
}

func (q queueTrend) grows() bool {
	return q.minutes > 0 && q.more >= eventsWorth && -q.net >= growsBy
}

func (q queueTrend) short() bool { return q.minutes > 0 && q.left <= eventsWorth }

func (q queueTrend) say(s sighting) string {
	switch {
	case s.queueErr != nil:
		return fmt.Sprintf("What it does to the queue is unknown: the bot %s.", Words(s.queueErr))
	case !q.known:
		return fmt.Sprintf("What it does to the queue is unknown: %s.", strings.TrimRight(s.queue.Doubts[0], "."))
	case q.left == 0:
		return "Nothing waits in the queue."
	}
	text := count(int(q.left), "event") + " in the queue"
	rate := ""
	if q.done >= 0 && q.minutes > 0 {
		rate = fmt.Sprintf(" (%d a minute are processed, %d arrive)", q.done, max(q.done-q.net, 0))
	}
	switch {
	case q.minutes == 0:
		return text + "."
	case q.grows():
		return fmt.Sprintf("The backlog grows faster than it drains: %s, %d more a minute%s.", text, -q.net, rate)
	case q.net > 0:
		return fmt.Sprintf("%s, draining by %d a minute%s.", text, q.net, rate)
	}
	return text + rate + "."
}

// sayClients says who has come.
func (o *observation) sayClients() string {
	s := o.seen
	var parts []string
	switch {
	case s.peersErr != nil:
		parts = append(parts, fmt.Sprintf("Who is connected is not known of every server: the bot %s.", Words(s.peersErr)))
	case o.single() && s.connected > 0:
		parts = append(parts, "The client is connected.")
	case o.single() && o.over && (o.last == nil || o.last.Connected == 0):
		parts = append(parts, "The client was not seen connected.")
	case o.single():
		parts = append(parts, "The client is not connected.")
	default:
		parts = append(parts, count(s.connected, "client")+" connected.")
	}
	least := ""
	if s.partly {
		least = " at least"
	}
	switch agents := sayAgents(s.agents); {
	case s.contactsErr != nil:
		parts = append(parts, fmt.Sprintf("Who has asked for its configuration is unknown: the bot %s.", Words(s.contactsErr)))
	case s.contacts == 0:
		parts = append(parts, "The CMDB has no contact of them since.")
	case o.single():
		parts = append(parts, "It has asked for its configuration; "+agents+".")
	default:
		parts = append(parts, fmt.Sprintf("%s%s asked for the configuration since; %s.", count(int(s.contacts), "client"), least, agents))
	}
	return strings.Join(parts, " ")
}

// sayAgents counts agents by version, the most first.
func sayAgents(agents map[string]int64) string {
	versions := slices.SortedFunc(maps.Keys(agents), func(a, b string) int {
		if agents[a] != agents[b] {
			return int(agents[b] - agents[a])
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, v := range versions {
		name := v
		if v == "" {
			name = "of unknown version"
		}
		parts = append(parts, fmt.Sprintf("agent %s on %d", name, agents[v]))
	}
	if len(parts) == 0 {
		return ""
	}
	return estate.Join(parts)
}

// advice says when the next subnet may be let in (itms.md §1): when what waits is
// processed. After anything but a subnet there is none that comes next; where it only
// grows, the way back is named.
func (o *observation) advice(q queueTrend) string {
	subnet := o.request.Action == allowSubnet.Name
	switch {
	case !subnet && q.net > 0 && !q.short():
		return fmt.Sprintf("It is empty in about %s.", hours(inMinutes(q.left/q.net+1)))
	case !subnet && q.grows():
		return fmt.Sprintf("If it goes on like that, `/itms undo %s` takes the opening back.", o.request.ID)
	case !subnet || !q.known || q.minutes == 0:
		return ""
	case q.short():
		return "The next subnet can be opened now."
	case q.net > 0:
		return fmt.Sprintf("Open the next subnet in about %s, when that is processed.", hours(inMinutes(q.left/q.net+1)))
	}
	return "Open nothing more before it drains."
}

func inMinutes(n int64) time.Duration { return time.Duration(n) * time.Minute }
