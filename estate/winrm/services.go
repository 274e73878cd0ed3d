package winrm

import (
	"context"

	"itmsbot/estate"
)

// SwitchServices starts services in the order given, or stops them in the reverse order,
// by their keys, and waits 90 seconds at most until all of them have. What is disabled is
// Missing as if it were not there; what did not get there in time, or was refused by
// Windows, is in neither list. Stopping WinRM or the firewall is estate.Failed, and
// nothing is stopped.
func (f *Fleet) SwitchServices(ctx context.Context, host, machine string, names []string, on bool) (estate.Changed, error) {
	return f.change(ctx, host, f.scripts.serviceSwitch, struct {
		Machine string   `json:"machine"`
		Names   []string `json:"names"`
		On      bool     `json:"on"`
	}{machine, list(names), on})
}
