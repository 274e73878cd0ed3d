package winrm_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/wsman"
)

// TestTLS holds whom we believe on https, and that an account is offered to nobody
// else.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	_, otherRoots := certificate(t)
	sum := sha256.Sum256(cert.Certificate[0])
	pin := strings.ToUpper(hex.EncodeToString(sum[:]))
	otherPin := strings.Repeat("0", 64)
	for _, tt := range []struct {
		name  string
		auth  winrm.Auth
		roots *x509.CertPool
		pin   string
		kind  estate.Trouble
		says  string
	}{
		{"private roots", winrm.NTLM, roots, "", "", ""},
		{"thumbprint", winrm.NTLM, nil, pin, "", ""},
		{"both", winrm.NTLM, roots, pin, "", ""},
		{"other roots", winrm.NTLM, otherRoots, "", estate.Untrusted, "certificate"},
		{"other thumbprint", winrm.NTLM, nil, otherPin, estate.Untrusted, "thumbprint"},
		{"good roots, other thumbprint", winrm.NTLM, roots, otherPin, estate.Untrusted, "thumbprint"},
		{"other roots, good thumbprint", winrm.NTLM, otherRoots, pin, estate.Untrusted, "certificate"},
		{"basic", winrm.Basic, roots, "", "", ""},
		{"basic, other roots", winrm.Basic, otherRoots, "", estate.Untrusted, "certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := startWindows(t, func(c *wsman.Config) {
				c.Certificate, c.RequireBinding, c.AllowBasic = cert, true, tt.auth == winrm.Basic
			})
			f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) { h.Auth, h.Roots, h.Thumbprint = tt.auth, tt.roots, tt.pin })
			for range 2 {
				expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), tt.kind, tt.says)
			}
			if st := w.Stats(); tt.kind != "" && (st.Requests > 0 || w.attempts.Load() > 0) {
				t.Errorf("something was sent: %+v", st)
			}
		})
	}
}

// An impostor who comes later is not believed either.
func TestImpostor(t *testing.T) {
	cert, roots := certificate(t)
	w := startWindows(t, func(c *wsman.Config) { c.Certificate = cert })
	f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) { h.Roots = roots })
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), "", "")
	if err := w.Inject(wsman.Fault{Kind: wsman.FaultAnotherCertificate}); err != nil {
		t.Fatal(err)
	}
	f.Reconnect("SMP1")
	before := w.Stats().Requests
	expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), estate.Untrusted, "certificate")
	if after := w.Stats().Requests; after != before {
		t.Errorf("the impostor got %d requests", after-before)
	}
}

// Basic is refused once and parked like NTLM, and a host that does not offer it
// says nothing about the password.
func TestBasicRefused(t *testing.T) {
	cert, roots := certificate(t)
	for _, offered := range []bool{true, false} {
		w := startWindows(t, func(c *wsman.Config) { c.Certificate, c.AllowBasic = cert, offered })
		w.setPassword("changed")
		f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) { h.Auth, h.Roots = winrm.Basic, roots })
		first, second := estate.Refused, estate.Parked
		if !offered {
			first, second = estate.Untrusted, estate.Untrusted
		}
		expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), first, "")
		expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), second, "")
	}
}

// TestNew holds what a configuration may not say.
func TestNew(t *testing.T) {
	good := func() winrm.Host {
		return winrm.Host{Name: "SMP1", URL: "https://smp1.corp.example:5986/wsman", Peer: trust.Peer{Thumbprint: strings.Repeat("AB:", 31) + "AB"}, Login: login()}
	}
	for _, tt := range []struct {
		name   string
		change func(*winrm.Host)
		says   string
	}{
		{"https with a thumbprint", func(*winrm.Host) {}, ""},
		{"sealed on http", func(h *winrm.Host) { h.URL, h.Thumbprint = "http://smp1:5985/wsman", "" }, ""},
		{"basic on http", func(h *winrm.Host) { h.URL, h.Thumbprint, h.Auth = "http://smp1:5985/wsman", "", winrm.Basic }, "in clear"},
		{"certificate on http", func(h *winrm.Host) { h.URL = "http://smp1:5985/wsman" }, "the URL is http"},
		{"https without roots", func(h *winrm.Host) { h.Thumbprint = "" }, "needs root certificates"},
		{"SHA-1 thumbprint", func(h *winrm.Host) { h.Thumbprint = strings.Repeat("AB", 20) }, "SHA-256"},
		{"kerberos", func(h *winrm.Host) { h.Auth = "kerberos" }, `no log-on "kerberos"`},
		{"no name", func(h *winrm.Host) { h.Name = "" }, "no name"},
		{"no account", func(h *winrm.Host) { h.Login = nil }, "no account"},
		{"no user", func(h *winrm.Host) { h.Login.User = "" }, "no account"},
		{"password in the URL", func(h *winrm.Host) { h.URL = "https://a:geheim@smp1/wsman" }, "must not hold"},
		{"no URL", func(h *winrm.Host) { h.URL = "smp1:5986" }, "has to look like"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := good()
			tt.change(&h)
			_, err := winrm.New([]winrm.Host{h}, winrm.Options{})
			switch {
			case err == nil && tt.says == "":
			case err == nil || tt.says == "" || !strings.Contains(err.Error(), tt.says):
				t.Errorf("got %v, want %q", err, tt.says)
			case strings.Contains(err.Error(), "geheim"):
				t.Errorf("a password is in %v", err)
			}
		})
	}
	if _, err := winrm.New([]winrm.Host{good(), good()}, winrm.Options{}); err == nil {
		t.Error("one host is there twice")
	}
}
