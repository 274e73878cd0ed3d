package winrm

import (
	"context"

	"itmsbot/estate"
)

// Firewall looks at a host's firewall and changes nothing.
func (f *Fleet) Firewall(ctx context.Context, host string, lane estate.Lane, q estate.FirewallQuery) (estate.Firewall, error) {
	q.Names, q.Ports = list(q.Names), list(q.Ports)
	var answer estate.Firewall
	err := f.Run(ctx, host, lane, f.scripts.firewallRead, q, &answer)
	return answer, err
}

// AddRules makes allow rules of the bot's group; one that is there already and the
// same is left alone, one of the same name that differs is replaced.
func (f *Fleet) AddRules(ctx context.Context, host, machine string, rules []estate.NewRule) (estate.Changed, error) {
	plain := make([]estate.NewRule, len(rules))
	for i, r := range rules {
		r.Ports, r.Remote = list(r.Ports), list(r.Remote)
		plain[i] = r
	}
	return f.change(ctx, host, f.scripts.firewallAdd, struct {
		Machine string           `json:"machine"`
		Group   string           `json:"group"`
		Rules   []estate.NewRule `json:"rules"`
	}{machine, estate.RuleGroup, plain})
}

// SwitchRules switches local rules on or off, by their names.
func (f *Fleet) SwitchRules(ctx context.Context, host, machine string, names []string, on bool) (estate.Changed, error) {
	return f.change(ctx, host, f.scripts.firewallSwitch, struct {
		Machine string   `json:"machine"`
		Names   []string `json:"names"`
		On      bool     `json:"on"`
	}{machine, list(names), on})
}

// RemoveRules removes rules of the bot's own group, by their names.
func (f *Fleet) RemoveRules(ctx context.Context, host, machine string, names []string) (estate.Changed, error) {
	return f.change(ctx, host, f.scripts.firewallRemove, struct {
		Machine string   `json:"machine"`
		Group   string   `json:"group"`
		Names   []string `json:"names"`
	}{machine, estate.RuleGroup, list(names)})
}

// change runs a changing script on the change lane.
func (f *Fleet) change(ctx context.Context, host string, script Script, args any) (estate.Changed, error) {
	var answer estate.Changed
	err := f.Run(ctx, host, estate.Change, script, args, &answer)
	return answer, err
}

// list is never nil: JSON's null would reach a script as a list of one nothing.
func list(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}
