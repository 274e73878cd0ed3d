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

// foreseeLimit bounds each look that only the preview of a rollback needs. None of them
// stops it.
const foreseeLimit = 20 * time.Second

// foreseen says what a rollback loses, what it does not bring back, and what could not be
// looked at. Nothing of it binds: it is read anew whenever the plan is.
func foreseen(ctx context.Context, env Env, set *SnapshotSet, members []backMember) ([]string, []runbook.Reading) {
	age := time.Duration(0)
	var names []string
	for _, m := range members {
		age, names = max(age, m.age), append(names, m.Host)
	}
	lost := fmt.Sprintf("What will be lost: everything since %s, %s, on %s.", set.At.UTC().Format("Mon 2 Jan 15:04 UTC"), long(age), estate.Join(names))
	looks := []func(context.Context) (string, error){
		func(ctx context.Context) (string, error) { return whoCameIn(ctx, env, age, agentThen(env, set)) },
		func(ctx context.Context) (string, error) { return otherDatabases(ctx, env, members) },
		func(ctx context.Context) (string, error) { return packageServers(ctx, env, members) },
	}
	said := make([]string, len(looks))
	unknown := []string{"which clients came in", "which other databases go back too", "which package servers stay on the new version"}
	var wg sync.WaitGroup // waited for below
	for i, look := range looks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, foreseeLimit)
			defer cancel()
			text, err := look(ctx)
			if err != nil {
				text = fmt.Sprintf("Not known: %s; the bot %s.", unknown[i], Words(err))
			}
			said[i] = text
		})
	}
	var away []string
	answers := make([]error, len(env.Estate.Hosts))
	for i, h := range env.Estate.Hosts {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, foreseeLimit)
			defer cancel()
			_, answers[i] = env.Reboots.Record(ctx, h.Name, env.Lane)
		})
	}
	wg.Wait()
	for i, h := range env.Estate.Hosts {
		if answers[i] != nil {
			away = append(away, h.Name)
		}
	}
	warnings := append([]string{lost}, slices.DeleteFunc(said, func(s string) bool { return s == "" })...)
	if len(away) > 0 {
		warnings = append(warnings, fmt.Sprintf("Not looked at: %s. It does not stop the way back: the power closes the doors, and what is kept of the logs is less.", estate.Join(away)))
	}
	for _, m := range set.Machines {
		switch {
		case m.WayBack == runbook.WayBackSnapshot || m.WayBack == "":
		case restoredFromBackup(m):
			warnings = append(warnings, fmt.Sprintf("By hand: %s %s. The others wait for that, off.", m.Host, m.WayBack))
		default:
			warnings = append(warnings, fmt.Sprintf("Stays as it is: %s %s.", m.Host, m.WayBack))
		}
	}
	for _, h := range env.Estate.Hosts {
		if !slices.ContainsFunc(set.Machines, func(m runbook.Machine) bool { return m.Host == h.Name }) {
			warnings = append(warnings, fmt.Sprintf("Stays as it is: %s was left out when the set was taken.", h.Name))
		}
	}
	warnings = append(warnings, "What the bot cannot undo: agents that were upgraded, mail that was sent, changes in other systems.")
	readings := []runbook.Reading{{What: "Age of the set", Value: long(age), At: env.Clock.Now().UTC().Truncate(time.Second)}}
	return warnings, readings
}

// whoCameIn counts the clients since the set, and those that keep a newer agent.
// then is the agent's version when the set was taken, empty if that is not known.
func whoCameIn(ctx context.Context, env Env, age time.Duration, then string) (string, error) {
	if env.CMDB == nil {
		return "", unasked("list the clients that came in")
	}
	c, err := env.CMDB.ClientsSince(ctx, int64(age.Seconds()))
	if err != nil {
		return "", err
	}
	if c.Count == 0 && c.Complete() {
		return "No client came in since.", nil
	}
	text := "Clients: " + lower(cameIn(c)) + " since; the list is kept in the thread"
	var newest string
	for agent := range c.Agents {
		if later, known := estate.NewerVersion(agent, newest); newest == "" || known && later {
			newest = agent
		}
	}
	if then == "" {
		return text + ". Which of them run a newer agent is not known: no version was recorded before.", nil
	}
	newer, unknown := c.Newer(then)
	if newer > 0 {
		text += fmt.Sprintf(". What stays: %d of them run a newer agent (%s, was %s), which the bot cannot take back", newer, newest, then)
	}
	if unknown > 0 {
		text += fmt.Sprintf("; of %d it is not known", unknown)
	}
	return text + ".", nil
}

// agentThen is the version of the SMP's own agent when the set was taken: its clients
// have none that is newer. It is empty where that was not recorded.
func agentThen(env Env, set *SnapshotSet) string {
	left := set.Then[hostOf(env.Estate, estate.SMP)].Recorded
	if left.Step.ID == "" {
		return ""
	}
	raw, err := env.FactsOf(left.Request, left.Step.ID)
	if err != nil {
		return ""
	}
	facts, err := params[recordFacts](raw, "the record of the SMP")
	if err != nil {
		return ""
	}
	for _, p := range facts.Products {
		// "Symantec Management Agent", "Altiris Agent" (itms.md §4).
		if strings.HasSuffix(p.Name, " Agent") {
			return p.Version
		}
	}
	return ""
}

// otherDatabases names what goes back with the machine of the SQL Server although it is
// nothing of ITMS.
func otherDatabases(ctx context.Context, env Env, members []backMember) (string, error) {
	if !slices.ContainsFunc(members, func(m backMember) bool { return m.role == estate.SQL }) {
		return "", nil
	}
	if env.CMDB == nil {
		return "", unasked("list the databases")
	}
	n, err := env.CMDB.Neighbours(ctx)
	if err != nil || len(n.Databases) == 0 {
		return "", err
	}
	var names []string
	for _, d := range n.Databases {
		names = append(names, d.Name)
	}
	return fmt.Sprintf("Other databases go back too: %s. Tell who uses them.", estate.Join(names)), nil
}

// packageServers names the site servers outside the set: they stay on the new version.
func packageServers(ctx context.Context, env Env, members []backMember) (string, error) {
	if env.CMDB == nil {
		return "", unasked("list the site servers")
	}
	sites, err := env.CMDB.SiteServers(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, s := range sites.Servers {
		if !slices.ContainsFunc(members, func(m backMember) bool {
			return strings.EqualFold(m.Host, s.Name) || strings.EqualFold(m.machine.Name, s.Name)
		}) {
			names = append(names, s.FQDN())
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	return fmt.Sprintf("Package servers outside the set stay as they are: %s.", estate.Join(names)), nil
}

// unasked is what keeps a look from being made where the configuration names no CMDB.
func unasked(op string) error {
	return &estate.Error{Kind: estate.Unavailable, Host: "CMDB", Op: op, Detail: "no CMDB is configured"}
}

// long says a duration to the minute: "9 h 42 min".
func long(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())%60
	if h == 0 {
		return fmt.Sprintf("%d\u00a0min", m)
	}
	return fmt.Sprintf("%d\u00a0h %d\u00a0min", h, m)
}
