package winrm

import (
	"context"

	"itmsbot/estate"
)

// RebootState reads what a reboot of a host would find, and whether there was one
// since the boot key of key was laid. It changes nothing.
func (f *Fleet) RebootState(ctx context.Context, host string, lane estate.Lane, key string) (estate.RebootState, error) {
	var answer estate.RebootState
	err := f.Run(ctx, host, lane, f.scripts.rebootRead, struct {
		Key string `json:"key"`
	}{key}, &answer)
	return answer, err
}

// LayBootKey lays the boot key of key, which does not survive a boot; one that is there
// is left alone.
func (f *Fleet) LayBootKey(ctx context.Context, host, machine, key string) (estate.Changed, error) {
	return f.change(ctx, host, f.scripts.rebootLay, keyed{machine, key})
}

// OrderReboot orders a restart within seconds, once for a key. Nothing is ordered, and
// the boot key is named as missing, where it was not laid or did not survive: then the
// host has restarted since. A look that is under way on the host is given up first.
func (f *Fleet) OrderReboot(ctx context.Context, host, machine, key string) (estate.Changed, error) {
	f.quiet(host)
	return f.change(ctx, host, f.scripts.rebootOrder, keyed{machine, key})
}

// keyed is a change that is made once for a key.
type keyed struct {
	Machine string `json:"machine"`
	Key     string `json:"key"`
}
