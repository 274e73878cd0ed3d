package vsphere

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"itmsbot/estate/trust"
)

// Config is how to reach one vCenter.
type Config struct {
	// Name is how errors call it; empty is the host of the URL.
	Name string
	// URL looks like https://vcenter.corp.example; a missing path is /sdk.
	URL string
	// Login is required; vCenter is told itmsbot@vsphere.local.
	Login *trust.Login
	// Peer says which certificate is believed; it is required. With Roots the URL's
	// host name must be in the certificate.
	trust.Peer

	Options
}

// Options are limits. The zero value is good.
type Options struct {
	// Call ends one call, its log-on included; default 20 s.
	Call time.Duration
	// Dial ends making a connection, TLS included; default 5 s.
	Dial time.Duration
	// Alive is how often Run shows vCenter that the session is in use; default
	// 5 min. vCenter ends a session that was idle for 30 min.
	Alive time.Duration
	// Poll is the longest time between two looks at the tasks that somebody
	// waits for; default 2 s. It begins shorter.
	Poll time.Duration
	// Log gets what no caller is told: log-ons and parking. Nil is silent.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Call, 20*time.Second)
	set(&o.Dial, 5*time.Second)
	set(&o.Alive, 5*time.Minute)
	set(&o.Poll, 2*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// checked returns the configuration with its defaults and its URL, or why it
// cannot be used.
func (c Config) checked() (Config, *url.URL, error) {
	c.Options = c.Options.withDefaults()
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https":
		return c, nil, errors.New("the URL has to look like https://vcenter.corp.example")
	case u.User != nil:
		return c, nil, errors.New("the URL must not hold a user or a password")
	}
	if err := c.Login.Check(); err != nil {
		return c, nil, err
	}
	if c.Peer, err = c.Peer.Checked(); err != nil {
		return c, nil, err
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/sdk"
	}
	if c.Name == "" {
		c.Name = u.Hostname()
	}
	return c, u, nil
}
