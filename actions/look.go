package actions

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// DoorLook is what one host answered to a person who looks.
type DoorLook struct {
	Host     estate.Host
	Firewall estate.Firewall
	// Doors are without who is let in by name; Openings are the rules that do.
	Doors    estate.Doors
	Openings []estate.Rule
	// Report compares it with the trail. Unread says why that could not be done.
	Report DoorReport
	Unread error
	// At is when it was read, on the bot's clock; Err says why it was not.
	At  time.Time
	Err error
}

// Looks answers people who look. Whoever asks within ten seconds shares one
// look (DESIGN §8), unless something was written into the trail since: then the
// estate may have changed. A change never waits for a look, because looks have
// a lane of their own.
type Looks struct {
	env    Env
	past   Journal
	flight singleflight.Group

	mu   sync.Mutex // protects last
	last map[string]sharedLook
}

// sharedLook is what was found, when, and with which number of the trail.
type sharedLook struct {
	found any
	at    time.Time // real time: how long it is shared is no matter of the domain clock
	head  int64
}

// NewLooks makes the looks of an estate; past is what they compare with.
func NewLooks(env Env, past Journal) *Looks {
	return &Looks{env: env, past: past, last: map[string]sharedLook{}}
}

// Times of a look: how long one may take, and how long it is shared.
const (
	lookLimit = 20 * time.Second
	lookFresh = 10 * time.Second
)

// shared makes a look, or gives what somebody found with it a moment ago. The look
// belongs to all who share it, so the one who leaves does not end it for the others.
// What could not be found is not kept.
func shared(l *Looks, ctx context.Context, key string, head int64, limit time.Duration, look func(context.Context) (any, error)) (any, error) {
	found, err, _ := l.flight.Do(fmt.Sprint(key, " ", head), func() (any, error) {
		l.mu.Lock()
		last, ok := l.last[key]
		l.mu.Unlock()
		if ok && last.head == head && time.Since(last.at) < lookFresh {
			return last.found, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		at := time.Now()
		found, err := look(ctx)
		if err == nil {
			l.mu.Lock()
			l.last[key] = sharedLook{found, at, head}
			l.mu.Unlock()
		}
		return found, err
	})
	return found, err
}

// forget lets the next look of a key be made anew.
func (l *Looks) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.last, key)
}

// planOf reads the plan of a request.
func (l *Looks) planOf(r runbook.Request) (runbook.Plan, error) {
	bytes, err := l.past.Plan(r.Digest)
	if err != nil {
		return runbook.Plan{}, err
	}
	return runbook.OpenPlan(bytes)
}

// Doors looks at the doors of hosts, all at once. head is the number of the
// trail's last event.
func (l *Looks) Doors(ctx context.Context, hosts []estate.Host, head int64) []DoorLook {
	looks := make([]DoorLook, len(hosts))
	ledger, making, err := Ledger{}, map[string]bool{}, error(nil)
	if l.past != nil {
		if ledger, err = readLedger(l.past); err == nil {
			making, err = l.making()
		}
	}
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() {
			looks[i] = l.door(ctx, h, ledger.Hosts[h.Name], head)
			looks[i].Unread = err
			looks[i].Report.Differs = slices.DeleteFunc(slices.Clone(looks[i].Report.Differs), func(d Difference) bool {
				return d.What == IsUnasked && making[h.Name+" rule "+d.Rule.Name]
			})
		})
	}
	wg.Wait()
	return looks
}

// making lists what requests that are not over touch: a rule of the bot that is there
// before its step has ended is not nobody's.
func (l *Looks) making() (map[string]bool, error) {
	live, err := l.past.Live()
	if err != nil {
		return nil, err
	}
	touched := map[string]bool{}
	for _, r := range live {
		if !r.State.Holds() {
			continue
		}
		plan, err := l.planOf(r)
		if err != nil {
			return nil, err
		}
		for _, s := range plan.Steps() {
			for _, what := range s.Touches {
				touched[what] = true
			}
		}
	}
	return touched, nil
}

// Fresh looks without sharing what was read before.
func (l *Looks) Fresh(ctx context.Context, hosts []estate.Host) []DoorLook {
	for _, h := range hosts {
		l.forget(doorKey(h))
	}
	return l.Doors(ctx, hosts, -1)
}

func doorKey(h estate.Host) string { return "doors " + h.Name }

// door is one round trip to a host.
func (l *Looks) door(ctx context.Context, h estate.Host, left HostLedger, head int64) DoorLook {
	look := DoorLook{Host: h, At: time.Now()}
	found, err := shared(l, ctx, doorKey(h), head, lookLimit, func(ctx context.Context) (any, error) {
		look := look
		fw, err := l.env.Firewalls.Firewall(ctx, h.Name, estate.Look,
			estate.FirewallQuery{Names: left.names(), Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
		if err != nil {
			return nil, err
		}
		look.Firewall = fw
		kept := slices.Clone(fw.Callers)
		for _, k := range l.env.Estate.Keep {
			kept = append(kept, k.Remote...)
		}
		look.Doors, look.Openings = beside(estate.DoorsOf(h, fw, kept), left.waysIn())
		look.Report = compareDoors(left, fw, look.Doors, l.env.Clock.Now())
		return look, nil
	})
	if err != nil {
		look.Err = err
		return look
	}
	return found.(DoorLook)
}

// Preview computes what an action would do, proposing nothing. The plan is of
// no request, so that it can never be approved.
func (e *Engine) Preview(ctx context.Context, a *Action, args map[string]string, upgrade string) (runbook.Plan, Draft, error) {
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	r := runbook.Request{ID: "preview", Upgrade: upgrade, Action: a.Name, Args: args, Risk: a.RiskWith(args)}
	if a.Name == undo.Name {
		r.Undoes = args["request"]
	}
	return e.planOf(ctx, r)
}
