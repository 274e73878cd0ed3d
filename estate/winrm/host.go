package winrm

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"itmsbot/estate/trust"
)

// Auth is how the bot proves who it is to a host.
type Auth string

// The ways to log on.
const (
	// NTLM seals every message on http and is bound to the certificate on https.
	NTLM Auth = "ntlm"
	// Basic sends the password in each request, so it is for https alone.
	Basic Auth = "basic"
)

// Host is one Windows host.
type Host struct {
	Name string // as plans and cards call it
	URL  string // http://smp1.corp.example:5985/wsman
	Auth Auth   // empty means NTLM
	// Login is required. Hosts that share a *Login share its parking; so do Logins
	// that name the same account of one domain, of which the first is asked for the
	// password.
	Login *trust.Login
	// Rescue is an account of the host itself, for the day on which its domain does
	// not know it any more; nil where there is none. It reads and changes nothing.
	Rescue *trust.Login
	// Peer says which certificate is believed on https, where it is required. With
	// Roots the URL's host name must be in the certificate.
	trust.Peer

	name string // of the URL's host
}

// Options are the limits of all hosts. The zero value is good.
type Options struct {
	// Operation is how long a host may hold one request back when it has nothing
	// to say; default 15 s. Windows takes no less than 0.5 s.
	Operation time.Duration
	// LookLimit ends a script that changes nothing; default 20 s (DESIGN §8). It
	// covers the wait for the lane.
	LookLimit time.Duration
	// ChangeLimit ends the wait for a script that changes something, whose outcome
	// is then unknown; default 5 min.
	ChangeLimit time.Duration
	// Dial ends making a connection, TLS included; default 5 s.
	Dial time.Duration
	// pause is what a busy host is given before it is offered input again; 5 s.
	pause time.Duration
	// output is the most that is kept of what a script writes, in bytes; 8 MiB.
	output int
	// Log gets what no caller is told: log-ons, parking, shells that could not be
	// deleted. Nil is silent.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Operation, 15*time.Second)
	set(&o.LookLimit, 20*time.Second)
	set(&o.ChangeLimit, 5*time.Minute)
	set(&o.Dial, 5*time.Second)
	set(&o.pause, 5*time.Second)
	if o.output == 0 {
		o.output = replyLimit
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// checked returns the host with its defaults filled in, or why it cannot be used.
func (h Host) checked() (Host, error) {
	if h.Auth == "" {
		h.Auth = NTLM
	}
	u, err := url.Parse(h.URL)
	switch {
	case h.Name == "":
		return h, errors.New("a host has no name")
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return h, errors.New("the URL has to look like https://host:5986/wsman")
	case u.User != nil:
		return h, errors.New("the URL must not hold a user or a password")
	case h.Auth != NTLM && h.Auth != Basic:
		return h, fmt.Errorf("there is no log-on %q; there are %s and %s", h.Auth, NTLM, Basic)
	case u.Scheme == "http" && h.Auth == Basic:
		return h, errors.New("basic on http would send the password in clear")
	case u.Scheme == "http" && h.Peer.Known():
		return h, errors.New("a certificate is configured, but the URL is http")
	}
	if err := h.Login.Check(); err != nil {
		return h, err
	}
	if h.Rescue != nil {
		if err := h.Rescue.Check(); err != nil {
			return h, fmt.Errorf("the host's own account: %w", err)
		}
	}
	h.name = u.Hostname()
	if u.Scheme == "https" {
		if h.Peer, err = h.Peer.Checked(); err != nil {
			return h, fmt.Errorf("https: %w", err)
		}
	}
	return h, nil
}
