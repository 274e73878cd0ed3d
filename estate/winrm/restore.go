package winrm

import (
	"context"

	"itmsbot/estate"
)

// ArmRestore makes the one-shot task that switches rules on again when the bot has
// lost the host (DESIGN §13).
func (f *Fleet) ArmRestore(ctx context.Context, host, machine string, order estate.RestoreOrder) (estate.Changed, error) {
	order.Names = list(order.Names)
	return f.change(ctx, host, f.scripts.restoreArm, struct {
		Machine string `json:"machine"`
		estate.RestoreOrder
	}{machine, order})
}

// DisarmRestore removes task and marker of key over a connection made anew, which
// proves that the bot still gets in.
func (f *Fleet) DisarmRestore(ctx context.Context, host, machine, key string) (estate.Changed, error) {
	f.Reconnect(host)
	return f.change(ctx, host, f.scripts.restoreDisarm, struct {
		Machine string `json:"machine"`
		Key     string `json:"key"`
	}{machine, key})
}
