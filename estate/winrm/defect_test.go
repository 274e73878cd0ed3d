package winrm_test

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/masterzen/winrm"

	"itmsbot/lab/wsman"
)

// TestDefects is why this package has a transport of its own. Each row shows what
// masterzen/winrm does with its transports and what happens here in its place. A
// library that has learned better fails its row, so that we notice. The numbers
// are those of the measurements that led here; 13 is about Kerberos.
func TestDefects(t *testing.T) {
	for _, row := range []struct {
		name    string
		library func(*testing.T) (shown bool)
		ours    func(*testing.T)
	}{
		{"1 a downgrade gets the password", libraryDowngrade, oursDowngrade},
		{"2 a fault is success and polled for ever", libraryFault, oursFault},
		{"3 input is lost in silence", libraryInput, oursInput},
		{"4 output that is late is lost", libraryLate, oursLate},
		{"5 a cancelled run goes on", libraryCancel, oursCancel},
		{"6 a silent host is waited for without end", librarySilent, oursSilent},
		{"7 a sealed run with input is not safe", libraryConcurrent, oursConcurrent},
		{"8 one client, many connections", libraryShared, oursConcurrent},
		{"9 connections are left", libraryConnections, oursConnections},
		{"10 a handshake for each message", libraryCost, oursCost},
		{"11 a command ends the CDATA", libraryCDATA, oursCDATA},
		{"12 every no reads the same", libraryWords, oursWords},
		{"14 no log-on bound to TLS", libraryBinding, oursBinding},
		{"15 a weak challenge is answered", libraryWeak, oursWeak},
		{"16 a short signature panics", librarySignature, oursSignature},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if !row.library(t) {
				t.Error("the library does not show the defect any more")
			}
			row.ours(t)
		})
	}
}

// library makes a client of masterzen/winrm; a nil transport is its Basic one.
func (w *windows) library(t *testing.T, transport func() winrm.Transporter, operation time.Duration) *winrm.Client {
	t.Helper()
	return libraryClient(t, w.url, transport, operation)
}

func libraryClient(t *testing.T, address string, transport func() winrm.Transporter, operation time.Duration) *winrm.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	p := winrm.NewParameters(fmt.Sprintf("PT%gS", operation.Seconds()), "en-US", 153600)
	p.TransportDecorator = transport
	name := user
	if transport != nil {
		name = `LAB\` + user
	}
	// Its header timeout is the operation timeout, as in its default of 60 s each.
	c, err := winrm.NewClientWithParameters(winrm.NewEndpoint(u.Hostname(), port, u.Scheme == "https", true, nil, nil, nil, operation), name, password, p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sealing() winrm.Transporter {
	e, err := winrm.NewEncryption("ntlm")
	if err != nil {
		panic(err) // "ntlm" is the one it knows
	}
	return e
}

// lax is a host that takes whatever the library sends.
func lax(run func(context.Context, *wsman.Command)) func(*wsman.Config) {
	return func(c *wsman.Config) {
		c.AllowBasic, c.AllowUnencrypted, c.MaxShells = true, true, 1000
		if run != nil {
			c.Run = run
		}
	}
}
