package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// firewallDisable switches exactly the wide rules of one host off (1.4 item 1)
// with a self-restore of DESIGN §13 around it.
//
// If the bot dies after arming, the host opens itself again within the time of
// the plan, and the look after the restart finds the step not done. If it dies
// before disarming, the look finds the restore armed, which is never "done".
var firewallDisable = &Kind{
	Name: "firewall.disable", Version: 1, Limit: 8 * time.Minute, Again: true,
	Look:     lookAtDisabled,
	Do:       closeHost,
	LookBack: lookAtReopened,
	Undo:     reopenHost,
	ByHand:   openByHand,
	AgainByHand: func(s runbook.Step, raw json.RawMessage) ([]string, error) {
		names, err := switchedOff(s, raw)
		if err != nil || len(names) == 0 {
			return nil, err
		}
		return []string{"Disable-NetFirewallRule -PolicyStore PersistentStore -Name " + quoted(names)}, nil
	},
	Reversed: func(s runbook.Step) runbook.Effect {
		return runbook.Effect{What: s.Effect.What, Before: "Closed", After: strings.ToLower(s.Effect.Before[:1]) + s.Effect.Before[1:]}
	},
}

// disableParams is the data of a firewall.disable step.
type disableParams struct {
	Host estate.Host `json:"host"`
	// Rules are the wide rules as they were when the plan was made, those for any
	// port among them.
	Rules []estate.Rule `json:"rules"`
	// Spared are wide rules that stay on, on somebody's word.
	Spared []sparedRule `json:"spared,omitempty"`
	// Kept are the addresses that may stay connected.
	Kept           []string `json:"kept"`
	WinRMPort      int      `json:"winrm_port"`
	RestoreKey     string   `json:"restore_key"`
	RestoreSeconds int      `json:"restore_seconds"`
	LingerSeconds  int      `json:"linger_seconds"`
	// opened are the ways in by name that requests have made meanwhile, where a look
	// has found rules of the bot.
	opened []estate.NewRule
}

func (p disableParams) names() []string {
	names := make([]string, len(p.Rules))
	for i, r := range p.Rules {
		names[i] = r.Name
	}
	return names
}

// sparedRule is a rule that was excluded by name, as it was when the plan was made.
// Changed since, it is not the one that was approved.
type sparedRule struct {
	Rule    estate.Rule `json:"rule"`
	Because string      `json:"because"`
}

// named lists rules by the names that people see, as the local ones that they are.
func (p disableParams) named(on map[string]bool) string {
	var names []string
	for _, r := range p.Rules {
		if on[r.Name] {
			names = append(names, fmt.Sprintf("local rule %q", r.Display))
		}
	}
	return estate.Join(names)
}

// without takes out of the doors what stays on, and gives the rules that do: those
// that are still in force, and as they were approved.
func (p disableParams) without(d estate.Doors) (estate.Doors, []sparedRule) {
	var on []sparedRule
	spared := func(r estate.Rule) bool {
		i := slices.IndexFunc(p.Spared, func(s sparedRule) bool { return s.Rule.Name == r.Name && unchanged(s.Rule, r) })
		if i >= 0 {
			on = append(on, p.Spared[i])
		}
		return i >= 0
	}
	d.Wide, d.AnyPort = slices.DeleteFunc(d.Wide, spared), slices.DeleteFunc(d.AnyPort, spared)
	return d, on
}

// leftOn says what lets clients in although the doors are closed.
func (p disableParams) leftOn() string {
	text := ""
	for _, s := range p.Spared {
		text += fmt.Sprintf(" Left on, because “%s”: rule %q lets in %s on %s.", s.Because, s.Rule.Display, strings.Join(s.Rule.Remote, ", "), strings.Join(s.Rule.Ports, ", "))
	}
	return text
}

// disableBefore records which of the rules were on.
type disableBefore struct {
	Rules []ruleWas `json:"rules"`
}

type ruleWas struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
}

func lookAtRules(ctx context.Context, env Env, s runbook.Step) (disableParams, estate.Firewall, error) {
	p, err := params[disableParams](s.Params, s.ID)
	if err != nil {
		return p, estate.Firewall{}, err
	}
	fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: p.names(), Ports: p.Host.ClientPorts, WinRMPort: p.WinRMPort})
	if err == nil && env.Opened != nil && slices.ContainsFunc(estate.DoorsOf(p.Host, fw, p.Kept).Wide, ofTheBot) {
		p.opened, err = env.Opened(s.Host)
	}
	return p, fw, err
}

func lookAtDisabled(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
	p, fw, err := lookAtRules(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	return p.standing(fw), nil
}

// standing says how the closing stands by one look.
func (p disableParams) standing(fw estate.Firewall) Finding {
	f := Finding{Facts: factsOf(fw), HostNow: fw.Now}
	moved, on := compareRules(p.Rules, fw.Local)
	if moved != "" {
		f.Standing, f.Text = Otherwise, moved
		return f
	}
	before := disableBefore{Rules: []ruleWas{}}
	for _, r := range p.Rules {
		before.Rules = append(before.Rules, ruleWas{Name: r.Name, Enabled: on[r.Name]})
	}
	f.Before = before
	doors, _ := beside(estate.DoorsOf(p.Host, fw, p.Kept), p.opened)
	doors, p.Spared = p.without(doors)
	off := len(p.Rules) - len(on)
	switch {
	case fw.Restore != nil && fw.Restore.Armed && off == len(p.Rules):
		f.Standing, f.Text = IsPartly, fmt.Sprintf("%s off, but the self-restore %q is still armed: unless it is disarmed before, the doors of %s open again by themselves at %s, by its own clock.",
			count(off, "rule"), fw.Restore.Key, p.Host.Name, fw.Restore.Due.UTC().Format("15:04 MST"))
	case off < len(p.Rules) && off > 0:
		f.Standing, f.Text = IsPartly, fmt.Sprintf("%d of %s are off. On: %s.", off, count(len(p.Rules), "rule"), p.named(on))
	case off < len(p.Rules):
		f.Standing, f.Text = IsNotDone, fmt.Sprintf("%s on.", count(len(p.Rules), "rule"))
	case !doors.Closed():
		f.Standing, f.Text = Otherwise, stillOpen(doors)
	default:
		f.Standing, f.Text = IsDone, fmt.Sprintf("%s off. %s", count(off, "rule"), p.connected(fw.Peers))
	}
	f.Warn = strings.TrimSpace(p.leftOn())
	return f
}

// compareRules says how the rules differ from the plan in more than being on
// or off, and which of them are on.
func compareRules(planned, local []estate.Rule) (moved string, on map[string]bool) {
	now := byName(local)
	on = map[string]bool{}
	for _, r := range planned {
		got, ok := now[r.Name]
		switch {
		case !ok:
			return fmt.Sprintf("Rule %q of the plan is not there any more.", r.Display), nil
		case !unchanged(r, got):
			return fmt.Sprintf("Rule %q is not as the plan has it: it lets %s in on %s now.", r.Display, strings.Join(got.Remote, ", "), strings.Join(got.Ports, ", ")), nil
		}
		if got.Enabled {
			on[r.Name] = true
		}
	}
	return "", on
}

// unchanged reports whether a rule is as the plan has it, on or off.
func unchanged(planned, got estate.Rule) bool {
	return sameSet(planned.Ports, got.Ports, strings.ToLower) && sameSet(planned.Remote, got.Remote, spelling) &&
		planned.Profile == got.Profile && planned.Protocol == got.Protocol && planned.Action == got.Action && planned.Program == got.Program
}

// stillOpen names what lets clients in although the planned rules are off.
func stillOpen(d estate.Doors) string {
	if len(d.Faults) > 0 {
		return "The doors are not closed: " + strings.Join(d.Faults, "; ") + "."
	}
	for _, rules := range [][]estate.Rule{d.Policy, d.AnyPort, d.Wide} {
		if len(rules) > 0 {
			r := rules[0]
			from := "a local rule"
			if r.Source != "" && !strings.EqualFold(r.Store, "Local") {
				from = "group policy " + r.Source
			}
			return fmt.Sprintf("The doors are not closed: rule %q (%s) lets in %s.", r.Display, from, strings.Join(r.Remote, ", "))
		}
	}
	return "The doors are not closed."
}

// connected says who of the clients is still connected, by address. Whoever may
// have come in by a rule that stays on is told apart: nobody can say by which rule a
// connection came in, so that these are not waited for and not passed over either.
func (p disableParams) connected(peers []estate.Peer) string {
	var left, spared []string
	for _, peer := range peers {
		switch {
		case estate.Inside(peer.Address, p.Kept):
		case p.mayStay(peer):
			spared = append(spared, peer.Address)
		default:
			left = append(left, peer.Address)
		}
	}
	text := "No client is connected."
	switch n := len(left); {
	case n == 1:
		text = "Still connected: " + left[0] + "."
	case n > 1:
		text = fmt.Sprintf("Still connected: %d clients, %s.", n, estate.Join(left))
	case len(spared) > 0:
		text = ""
	}
	if n := len(spared); n > 0 {
		text += fmt.Sprintf(" By what was left on %s may be connected: %s.", count(n, "client"), estate.Join(spared))
	}
	return strings.TrimSpace(text)
}

// mayStay reports whether a rule that stays on lets a connected client in.
func (p disableParams) mayStay(peer estate.Peer) bool {
	if slices.ContainsFunc(p.opened, func(r estate.NewRule) bool { return estate.Inside(peer.Address, r.Remote) }) {
		return true
	}
	return slices.ContainsFunc(p.Spared, func(s sparedRule) bool { return s.Rule.Admits(peer.Address, peer.Port) })
}

// closeHost arms, switches off, disarms over a new connection and waits until
// the clients' connections are gone.
func closeHost(ctx context.Context, env Env, s runbook.Step) error {
	p, err := params[disableParams](s.Params, s.ID)
	if err != nil {
		return err
	}
	if len(p.Rules) > 0 {
		order := estate.RestoreOrder{Key: p.RestoreKey, Seconds: p.RestoreSeconds, Names: p.names()}
		armed, err := env.Restores.ArmRestore(ctx, s.Host, s.Machine, order)
		if err := whole(s, "arm the self-restore", armed, err); err != nil {
			return err
		}
		off, err := env.Firewalls.SwitchRules(ctx, s.Host, s.Machine, p.names(), false)
		if err := whole(s, "switch the rules off", off, err); err != nil {
			return err
		}
		if _, err := env.Restores.DisarmRestore(ctx, s.Host, s.Machine, p.RestoreKey); err != nil {
			return err
		}
	}
	return waitForClients(ctx, env, s, p)
}

// whole is an error when a script left out part of what it was asked: a rule
// that is gone, or a self-restore of another request, which is left alone.
func whole(s runbook.Step, op string, c estate.Changed, err error) error {
	if err != nil || len(c.Missing) == 0 {
		return err
	}
	return &estate.Error{Kind: estate.Failed, Host: s.Host, Op: op, Detail: "not done for " + estate.Join(c.Missing)}
}

// waitForClients looks until no client is connected, at most as long as the
// plan says: established connections may outlive the rule that let them in
// (itms.md §12). What stays is named by the look afterwards.
func waitForClients(ctx context.Context, env Env, s runbook.Step, p disableParams) error {
	const pause = 15 * time.Second
	for waited := time.Duration(0); waited < time.Duration(p.LingerSeconds)*time.Second; waited += pause {
		_, fw, err := lookAtRules(ctx, env, s)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(fw.Peers, func(peer estate.Peer) bool { return !estate.Inside(peer.Address, p.Kept) && !p.mayStay(peer) }) {
			return nil
		}
		if err := env.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
	return nil
}

func lookAtReopened(ctx context.Context, env Env, s runbook.Step, raw json.RawMessage) (Finding, error) {
	was, err := params[disableBefore](raw, s.ID+" before")
	if err != nil {
		return Finding{}, err
	}
	p, fw, err := lookAtRules(ctx, env, s)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{Facts: factsOf(fw), HostNow: fw.Now}
	moved, on := compareRules(p.Rules, fw.Local)
	if moved != "" {
		f.Standing, f.Text = Otherwise, moved
		return f, nil
	}
	back, wanted, idle := 0, 0, ""
	active := byName(fw.Active)
	for i, r := range was.Rules {
		if r.Enabled {
			wanted++
			if on[r.Name] {
				back++
			}
			if _, inForce := active[r.Name]; !inForce && idle == "" {
				idle = p.Rules[i].Display
			}
		} else if on[r.Name] {
			f.Standing, f.Text = Otherwise, fmt.Sprintf("Rule %q was off before and is on now.", r.Name)
			return f, nil
		}
	}
	switch {
	case fw.Restore != nil && fw.Restore.Armed:
		f.Standing, f.Text = IsPartly, fmt.Sprintf("The self-restore %q is still armed.", fw.Restore.Key)
	case back == wanted && idle != "":
		f.Standing, f.Text = Otherwise, fmt.Sprintf("Rule %q is on again, but not in force: group policy or another store decides.", idle)
	case back == wanted:
		f.Standing, f.Text = IsDone, fmt.Sprintf("The same %s on again.", count(wanted, "rule"))
	case back == 0:
		f.Standing, f.Text = IsNotDone, fmt.Sprintf("%s off.", count(wanted, "rule"))
	default:
		f.Standing, f.Text = IsPartly, fmt.Sprintf("%d of %s are on again.", back, count(wanted, "rule"))
	}
	return f, nil
}

func openByHand(s runbook.Step, raw json.RawMessage) ([]string, error) {
	names, err := switchedOff(s, raw)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return []string{"Enable-NetFirewallRule -PolicyStore PersistentStore -Name " + quoted(names)}, nil
}

// switchedOff are the rules that were on before.
func switchedOff(s runbook.Step, raw json.RawMessage) ([]string, error) {
	was, err := params[disableBefore](raw, s.ID+" before")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range was.Rules {
		if r.Enabled {
			names = append(names, r.Name)
		}
	}
	return names, nil
}

func reopenHost(ctx context.Context, env Env, s runbook.Step, raw json.RawMessage) error {
	p, err := params[disableParams](s.Params, s.ID)
	if err != nil {
		return err
	}
	names, err := switchedOff(s, raw)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		on, err := env.Firewalls.SwitchRules(ctx, s.Host, s.Machine, names, true)
		if err := whole(s, "switch the rules on again", on, err); err != nil {
			return err
		}
	}
	_, err = env.Restores.DisarmRestore(ctx, s.Host, s.Machine, p.RestoreKey)
	return err
}
