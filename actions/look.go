package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	Doors    estate.Doors
	// Bot are the rules of the bot's group that are in force.
	Bot []estate.Rule
	// At is when it was read, on the bot's clock; Err says why it was not.
	At  time.Time
	Err error
	// of is the trail's number when it was asked for.
	of int64
}

// Looks answers people who look. Whoever asks within ten seconds shares one
// look (DESIGN §8), unless something was written into the trail since: then the
// estate may have changed. A change never waits for a look, because looks have
// a lane of their own.
type Looks struct {
	env    Env
	flight singleflight.Group

	mu   sync.Mutex // protects last
	last map[string]DoorLook
}

// NewLooks makes the looks of an estate.
func NewLooks(env Env) *Looks { return &Looks{env: env, last: map[string]DoorLook{}} }

// Times of a look: how long one may take, and how long it is shared.
const (
	lookLimit = 20 * time.Second
	lookFresh = 10 * time.Second
)

// Doors looks at the doors of hosts, all at once. head is the number of the
// trail's last event.
func (l *Looks) Doors(ctx context.Context, hosts []estate.Host, head int64) []DoorLook {
	looks := make([]DoorLook, len(hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range hosts {
		wg.Go(func() { looks[i] = l.door(ctx, h, head) })
	}
	wg.Wait()
	return looks
}

// Fresh looks without sharing what was read before.
func (l *Looks) Fresh(ctx context.Context, hosts []estate.Host) []DoorLook {
	l.mu.Lock()
	for _, h := range hosts {
		delete(l.last, h.Name)
	}
	l.mu.Unlock()
	return l.Doors(ctx, hosts, -1)
}

func (l *Looks) door(ctx context.Context, h estate.Host, head int64) DoorLook {
	l.mu.Lock()
	last, ok := l.last[h.Name]
	l.mu.Unlock()
	if ok && last.Err == nil && last.of == head && time.Since(last.At) < lookFresh {
		return last
	}
	v, _, _ := l.flight.Do(fmt.Sprint(h.Name, " ", head), func() (any, error) {
		// The look belongs to all who share it, so the one who leaves
		// does not end it for the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer cancel()
		look := DoorLook{Host: h, At: time.Now(), of: head}
		look.Firewall, look.Err = l.env.Firewalls.Firewall(ctx, h.Name, estate.Look,
			estate.FirewallQuery{Names: []string{}, Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
		kept := slices.Clone(look.Firewall.Callers)
		for _, k := range l.env.Estate.Keep {
			kept = append(kept, k.Remote...)
		}
		look.Doors = estate.DoorsOf(h, look.Firewall, kept)
		for _, r := range look.Firewall.Active {
			if strings.EqualFold(r.Group, estate.RuleGroup) {
				look.Bot = append(look.Bot, r)
			}
		}
		l.mu.Lock()
		l.last[h.Name] = look
		l.mu.Unlock()
		return look, nil
	})
	return v.(DoorLook)
}

// Preview computes what an action would do, proposing nothing. The plan is of
// no request, so that it can never be approved.
func (e *Engine) Preview(ctx context.Context, a *Action, args map[string]string, upgrade string) (runbook.Plan, []runbook.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	r := runbook.Request{ID: "preview", Upgrade: upgrade, Action: a.Name, Args: args, Risk: a.Risk}
	if a.Name == undo.Name {
		r.Undoes = args["request"]
	}
	plan, draft, err := e.planOf(ctx, r)
	return plan, draft.Readings, err
}
