package vsphere

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/estate"
)

// VCenter is one vCenter. It is safe for concurrent use.
type VCenter struct {
	cfg Config
	url *url.URL

	// turn holds one token; who has it may use the field below. It is no mutex,
	// because a log-on takes long and who waits for it has a context.
	turn   chan struct{}
	client *vim25.Client // logged on; nil when there is no session

	watch *watch
}

// New makes a VCenter or says what is wrong with its configuration. It does not
// touch the network.
func New(c Config) (*VCenter, error) {
	c, u, err := c.checked()
	if err != nil {
		return nil, fmt.Errorf("vcenter %s: %w", c.Name, err)
	}
	v := &VCenter{cfg: c, url: u, turn: make(chan struct{}, 1), watch: newWatch(c.Poll)}
	v.turn <- struct{}{}
	return v, nil
}

// Name is how errors call this vCenter.
func (v *VCenter) Name() string { return v.cfg.Name }

// Run keeps the session alive until ctx ends, then logs off. Without it everything
// works, but vCenter keeps the last session for its half hour.
func (v *VCenter) Run(ctx context.Context) error {
	t := time.NewTicker(v.cfg.Alive)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			v.keepAlive(ctx)
		case <-ctx.Done():
			v.logOff(context.WithoutCancel(ctx))
			return nil
		}
	}
}

// keepAlive uses the session, if there is one. A session that is gone is forgotten,
// and the next call logs on.
func (v *VCenter) keepAlive(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Call)
	defer cancel()
	if v.take(ctx) != nil {
		return
	}
	c := v.client
	v.giveBack()
	if c == nil {
		return
	}
	if _, err := methods.GetCurrentTime(ctx, c); err != nil {
		v.cfg.Log.Info("vcenter: keep the session alive", "vcenter", v.cfg.Name, "error", detailOf(err))
		if notAuthenticated(err) {
			v.forget(ctx, c)
		}
	}
}

// logOff ends the session at vCenter.
func (v *VCenter) logOff(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if v.take(ctx) != nil {
		return
	}
	defer v.giveBack()
	if v.client == nil {
		return
	}
	if err := session.NewManager(v.client).Logout(ctx); err != nil {
		v.cfg.Log.Info("vcenter: log off", "vcenter", v.cfg.Name, "error", detailOf(err))
	}
	v.client.CloseIdleConnections()
	v.client = nil
}

// Unpark lets the account be tried once more, after a person looked. It counts
// wherever its Login is used.
func (v *VCenter) Unpark() { v.cfg.Login.Unpark() }

// loggedOn gives a client with a session, and makes one where there is none.
func (v *VCenter) loggedOn(ctx context.Context) (*vim25.Client, error) {
	if err := v.take(ctx); err != nil {
		return nil, err
	}
	defer v.giveBack()
	if v.client != nil {
		return v.client, nil
	}
	c, err := v.logOn(ctx)
	if err != nil {
		return nil, err
	}
	v.client = c
	return c, nil
}

// logOn makes a new client: a log-on over a session that still lives is refused
// with the same words as a wrong password. Whoever calls has the turn.
func (v *VCenter) logOn(ctx context.Context) (*vim25.Client, error) {
	if err := v.cfg.Login.Usable(); err != nil {
		return nil, err
	}
	s := soapClient(v.url, v.cfg)
	c, err := vim25.NewClient(ctx, s)
	if err != nil {
		return nil, troubleOf(err, false)
	}
	user := v.cfg.Login.Principal()
	err = v.cfg.Login.LogOn(ctx, v.cfg.Name, func(password string) (refused bool, err error) {
		if err := session.NewManager(c).Login(ctx, url.UserPassword(user, password)); err != nil {
			t := v.refused(err)
			return t.kind == estate.Refused, t
		}
		return false, nil
	})
	if err != nil {
		s.CloseIdleConnections()
		return nil, err
	}
	v.cfg.Log.Debug("vcenter: logged on", "vcenter", v.cfg.Name, "user", user)
	return c, nil
}

// refused sorts out a log-on that did not succeed. Refused is said of the account
// alone.
func (v *VCenter) refused(err error) *trouble {
	f := faultOf(err)
	switch f.(type) {
	case *types.InvalidLogin, *types.NoPermission, *types.NotAuthenticated:
		user := v.cfg.Login.Principal()
		v.cfg.Log.Warn("credential parked", "account", user, "vcenter", v.cfg.Name)
		return &trouble{estate.Refused, fmt.Sprintf("%s: %s", user, sentenceOf(f, "")), err}
	}
	return troubleOf(err, false)
}

// forget drops a client whose session is gone, unless somebody else has done so.
func (v *VCenter) forget(ctx context.Context, c *vim25.Client) {
	if v.take(ctx) != nil {
		return
	}
	defer v.giveBack()
	if v.client == c {
		v.client = nil
		c.CloseIdleConnections()
	}
}

func (v *VCenter) take(ctx context.Context) error {
	select {
	case <-v.turn:
		return nil
	case <-ctx.Done():
		return &trouble{estate.Unreachable, "the log-on takes too long", ctx.Err()}
	}
}

func (v *VCenter) giveBack() { v.turn <- struct{}{} }

// notAuthenticated reports whether vCenter does not know the session. Nothing was
// done then.
func notAuthenticated(err error) bool {
	var known *trouble
	if errors.As(err, &known) {
		return false
	}
	_, is := faultOf(err).(*types.NotAuthenticated)
	return is
}
