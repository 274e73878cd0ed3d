package winrm

import (
	"context"

	"itmsbot/estate"
)

// CopyRules makes narrow copies of local rules in the bot's group; one that is there
// already and as narrow is left alone. Where an original is missing nothing is done at
// all.
func (f *Fleet) CopyRules(ctx context.Context, host, machine string, copies []estate.RuleCopy) (estate.Changed, error) {
	plain := make([]estate.RuleCopy, len(copies))
	for i, c := range copies {
		c.Ports = list(c.Ports)
		plain[i] = c
	}
	return f.change(ctx, host, f.scripts.firewallCopy, struct {
		Machine string            `json:"machine"`
		Group   string            `json:"group"`
		Copies  []estate.RuleCopy `json:"copies"`
	}{machine, estate.RuleGroup, plain})
}
