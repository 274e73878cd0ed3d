package winrm

import (
	"context"

	"itmsbot/estate"
)

// ArmClosing makes the task that removes the rules of an opening at its end, in the
// place of the one that order.Key has (DESIGN §7). An order outside the limits of
// estate.ClosingOrder is refused by the host, as estate.Failed.
func (f *Fleet) ArmClosing(ctx context.Context, host, machine string, order estate.ClosingOrder) (estate.Changed, error) {
	order.Names = list(order.Names)
	return f.change(ctx, host, f.scripts.closingArm, struct {
		Machine string `json:"machine"`
		estate.ClosingOrder
	}{machine, order})
}

// DisarmClosing removes the task of key and leaves the rules.
func (f *Fleet) DisarmClosing(ctx context.Context, host, machine, key string) (estate.Changed, error) {
	return f.change(ctx, host, f.scripts.closingDisarm, struct {
		Machine string `json:"machine"`
		Key     string `json:"key"`
	}{machine, key})
}
