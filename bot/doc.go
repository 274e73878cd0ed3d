// Package bot is the Slack side of the product, and the only package that says
// Slack: envelopes in, messages out.
//
// It promises that a delivery is on disk under all its identities before it is
// acknowledged, that deliveries are decided in the order in which they came,
// and that the channel is drawn from what was written: a card is a picture of
// a request and its plan, drawn again whenever an event changed them, found
// again by its metadata when it is not known whether it arrived.
//
// It decides nothing: a line goes to the router as it is. It knows no host and
// no SQL, and it never stops an upgrade: when Slack is away the channel is
// caught up afterwards, newest state first.
package bot
