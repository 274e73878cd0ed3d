package vsphere

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Config is how to reach one vCenter.
type Config struct {
	// Name is how errors call it; empty is the host of the URL.
	Name string
	// URL looks like https://vcenter.corp.example; a missing path is /sdk.
	URL  string
	User string // itmsbot@vsphere.local
	// Password is called at each log-on and never kept.
	Password func() (string, error)
	// Roots and Thumbprint say which certificate is believed; at least one of
	// them is required, and with both the certificate must satisfy both. With
	// Roots the URL's host name must be in the certificate.
	Roots *x509.CertPool
	// Thumbprint is the SHA-256 of the certificate in hexadecimal; colons and
	// spaces do not matter.
	Thumbprint string

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
	case c.User == "" || c.Password == nil:
		return c, nil, errors.New("there is no account to log on with")
	case c.Roots == nil && c.Thumbprint == "":
		return c, nil, errors.New("root certificates or a thumbprint are needed to know vCenter by")
	}
	if c.Thumbprint != "" {
		if c.Thumbprint, err = thumbprint(c.Thumbprint); err != nil {
			return c, nil, err
		}
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/sdk"
	}
	if c.Name == "" {
		c.Name = u.Hostname()
	}
	return c, u, nil
}

// thumbprint brings a SHA-256 as people paste it into the form of hex.EncodeToString.
func thumbprint(s string) (string, error) {
	s = strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(s))
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return "", errors.New("the thumbprint has to be the SHA-256 of the certificate, 64 hexadecimal digits")
	}
	return s, nil
}
