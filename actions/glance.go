package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Glance is what one look says now, to somebody who only asks.
type Glance struct {
	Host string
	Text string
	// Unknown reports that it could not be looked at.
	Unknown bool
}

// glances are the looks that have a command of their own. Most are those of a
// stage of quiesce, made in the look lane.
var glances = map[string]func(ctx context.Context, l *Looks, hosts []estate.Host) ([]Glance, error){
	"queues":    ofStage(drain),
	"logs":      ofStage(readLogs),
	"disk":      ofStage(freeSpace),
	"backups":   ofStage(backups),
	"services":  eachHost((*Looks).services),
	"snapshots": eachHost((*Looks).snapshots),
}

// glanceLimit bounds a look for somebody who asks; the logs take the longest.
const glanceLimit = time.Minute

// Glance makes a look of that name, at the given hosts or, with none, at all that
// it is about. Whoever asks within ten seconds shares it, unless the trail has
// gone on since; head is the number of its last event. It changes nothing.
func (l *Looks) Glance(ctx context.Context, what string, hosts []estate.Host, head int64) ([]Glance, error) {
	look, ok := glances[what]
	if !ok {
		return nil, fmt.Errorf("look: there is no look %q", what)
	}
	key := what + " " + estate.Names(hosts)
	found, err := shared(l, ctx, key, head, glanceLimit, func(ctx context.Context) (any, error) {
		return look(ctx, l, hosts)
	})
	if err != nil {
		return nil, err
	}
	list := found.([]Glance)
	if slices.ContainsFunc(list, func(g Glance) bool { return g.Unknown }) {
		l.forget(key) // whoever asks again wants to know whether it is still so
	}
	return list, nil
}

// ofStage makes the looks of a stage's steps, all at once.
func ofStage(stageOf func(Env, string) (runbook.Stage, error)) func(context.Context, *Looks, []estate.Host) ([]Glance, error) {
	return func(ctx context.Context, l *Looks, hosts []estate.Host) ([]Glance, error) {
		env := l.env
		env.Lane = estate.Look
		if len(hosts) > 0 {
			env.Estate.Hosts = hosts
		}
		stage, err := stageOf(env, "1")
		if err != nil {
			return nil, err
		}
		return together(len(stage.Steps), func(i int) Glance {
			s := stage.Steps[i]
			kind, err := kindOf(s)
			if err != nil {
				return unseenGlance(s.Host, err)
			}
			f, err := kind.Look(ctx, env, s)
			if err != nil {
				return unseenGlance(s.Host, err)
			}
			return Glance{Host: s.Host, Text: f.Text, Unknown: f.Standing == IsUnknown}
		}), nil
	}
}

// eachHost asks the hosts, every one of the estate if none is given, all at once.
func eachHost(look func(*Looks, context.Context, Env, estate.Host) (string, error)) func(context.Context, *Looks, []estate.Host) ([]Glance, error) {
	return func(ctx context.Context, l *Looks, hosts []estate.Host) ([]Glance, error) {
		env := l.env
		env.Lane = estate.Look
		if len(hosts) == 0 {
			hosts = env.Estate.Hosts
		}
		return together(len(hosts), func(i int) Glance {
			text, err := look(l, ctx, env, hosts[i])
			if err != nil {
				return unseenGlance(hosts[i].Name, err)
			}
			return Glance{Host: hosts[i].Name, Text: text}
		}), nil
	}
}

func together(n int, look func(i int) Glance) []Glance {
	found := make([]Glance, n)
	var wg sync.WaitGroup // waited for below
	for i := range found {
		wg.Go(func() { found[i] = look(i) })
	}
	wg.Wait()
	return found
}

func unseenGlance(host string, err error) Glance {
	return Glance{Host: host, Unknown: true, Text: "The bot " + Words(err) + "."}
}

// services compares what runs with what ran when the host was last recorded.
func (l *Looks) services(ctx context.Context, env Env, h estate.Host) (string, error) {
	record, err := env.Reboots.Record(ctx, h.Name, env.Lane)
	if err != nil {
		return "", err
	}
	var mine []estate.Service
	var stopped []string
	for _, s := range record.Services {
		if ofITMS(s) {
			mine = append(mine, s)
			if s.Start == "Auto" && !s.Running() {
				stopped = append(stopped, s.Name+" is "+s.State)
			}
		}
	}
	then, request, err := recorded(l.past, h.Name)
	if err != nil {
		return "", err
	}
	if request == "" {
		text := fmt.Sprintf("%s; nothing recorded to compare with.", count(len(mine), "service"))
		if len(stopped) > 0 {
			text += " " + upper(strings.Join(stopped, "; ")) + "."
		}
		return text, nil
	}
	differ := append(notRunning(then.ranThen(), record.Services), changedServices(then.Services, mine)...)
	if len(differ) == 0 {
		return fmt.Sprintf("%s, as %s recorded.", count(len(mine), "service"), request), nil
	}
	return fmt.Sprintf("%s; not as %s recorded: %s.", count(len(mine), "service"), request, strings.Join(differ, "; ")), nil
}

// changedServices says which services are new, or start in another way or under
// another account.
func changedServices(then, now []estate.Service) []string {
	was := map[string]estate.Service{}
	for _, s := range then {
		was[strings.ToLower(s.Name)] = s
	}
	var changed []string
	for _, s := range now {
		old, known := was[strings.ToLower(s.Name)]
		switch {
		case !known:
			changed = append(changed, s.Name+" is new")
		case old.Start != s.Start:
			changed = append(changed, fmt.Sprintf("%s starts %s, was %s", s.Name, s.Start, old.Start))
		case !strings.EqualFold(old.Account, s.Account):
			changed = append(changed, fmt.Sprintf("%s runs as %s, was %s", s.Name, s.Account, old.Account))
		}
	}
	return changed
}
