package vsphere

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/vmware/govmomi/vim25"

	"itmsbot/estate"
	"itmsbot/estate/trust"
)

// errand is what a call is for.
type errand struct {
	doing   string // for errors: "snapshot VirtualMachine:vm-42"
	changes bool
}

// call lets f speak to vCenter within the limit of a call. f is repeated in two
// cases: with a new session when vCenter did not know the old one, and, unless it
// changes something, on a new connection when the old one broke. Both happen at
// most once.
func (v *VCenter) call(ctx context.Context, e errand, f func(context.Context, *vim25.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Call)
	defer cancel()
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	c, err := v.loggedOn(ctx)
	if err != nil {
		return v.errorOf(err, e, false)
	}
	err = f(traced, c)
	switch {
	case err == nil:
		return nil
	case notAuthenticated(err):
		v.forget(ctx, c)
		if c, err = v.loggedOn(ctx); err != nil {
			return v.errorOf(err, e, false)
		}
		sent.Store(false)
		err = f(traced, c)
	case faultOf(err) == nil && !e.changes && ctx.Err() == nil && !trust.Untrusted(err):
		err = f(traced, c)
	}
	if err == nil {
		return nil
	}
	return v.errorOf(err, e, sent.Load())
}

// errorOf makes the error that callers get. sent says that a connection carried
// the call: whether a change was accepted is unknown then, unless vCenter itself
// said no.
func (v *VCenter) errorOf(err error, e errand, sent bool) *estate.Error {
	t := troubleOf(err, sent && e.changes)
	return &estate.Error{Kind: t.kind, Host: v.cfg.Name, Op: e.doing, Detail: t.detail, Err: t.err}
}
