package vsphere_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/vsphere"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/world"
)

func TestOnlyAKnownCertificateIsBelieved(t *testing.T) {
	t.Parallel()
	p := start(t)
	stranger, err := vcenter.New(vcenter.Config{World: world.New(world.Options{Manual: true, Managed: 20}), User: user, Password: password, Neighbours: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stranger.Close() })
	pretty := strings.ToUpper(p.server.Thumbprint())
	for i := 2; i < len(pretty); i += 3 {
		pretty = pretty[:i] + ":" + pretty[i:]
	}
	tests := []struct {
		name       string
		url        string
		roots      *x509.CertPool
		thumbprint string
		trusted    bool
	}{
		{"its authority", "", p.server.Roots(), "", true},
		{"its thumbprint", "", nil, p.server.Thumbprint(), true},
		{"its thumbprint as people paste it", "", nil, pretty, true},
		{"both", "", p.server.Roots(), p.server.Thumbprint(), true},
		{"by another name in the certificate", strings.Replace(p.server.URL(), "127.0.0.1", "localhost", 1), p.server.Roots(), "", true},
		{"without a path", strings.TrimSuffix(p.server.URL(), "/sdk"), p.server.Roots(), "", true},
		{"another authority", "", stranger.Roots(), "", false},
		{"no authority", "", x509.NewCertPool(), "", false},
		{"another thumbprint", "", nil, stranger.Thumbprint(), false},
		{"its authority and another thumbprint", "", p.server.Roots(), stranger.Thumbprint(), false},
		{"another authority and its thumbprint", "", stranger.Roots(), p.server.Thumbprint(), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			logins, asked := p.server.Stats().Calls["Login"], 0
			v := dial(t, p.server, vsphere.Config{URL: tt.url, Peer: trust.Peer{Roots: tt.roots, Thumbprint: tt.thumbprint},
				Login: login(func() (string, error) { asked++; return password, nil })})
			_, err := v.VM(soon(t), "VirtualMachine:vm-1")
			if tt.trusted {
				if estate.TroubleOf(err) != estate.Failed || asked != 1 { // there is no such machine
					t.Errorf("error %v", err)
				}
				return
			}
			if kind := estate.TroubleOf(err); kind != estate.Untrusted {
				t.Errorf("error %v", err)
			}
			if n := p.server.Stats().Calls["Login"] - logins; n != 0 || asked != 0 {
				t.Errorf("the password was read %d times and sent %d times", asked, n)
			}
		})
	}
}

func TestConfigurationThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	good := func() vsphere.Config {
		return vsphere.Config{URL: "https://vcenter.corp.example", Peer: trust.Peer{Roots: x509.NewCertPool()},
			Login: login(func() (string, error) { return "secret", nil })}
	}
	if _, err := vsphere.New(good()); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*vsphere.Config)
		says   string
	}{
		{"no URL", func(c *vsphere.Config) { c.URL = "" }, "https://"},
		{"http", func(c *vsphere.Config) { c.URL = "http://vcenter/sdk" }, "https://"},
		{"password in the URL", func(c *vsphere.Config) { c.URL = "https://u:secret@vcenter/sdk" }, "must not hold"},
		{"no user", func(c *vsphere.Config) { c.Login.User = "" }, "no account"},
		{"no password", func(c *vsphere.Config) { c.Login.Password = nil }, "no account"},
		{"nothing to know it by", func(c *vsphere.Config) { c.Roots = nil }, "thumbprint"},
		{"a SHA-1 thumbprint", func(c *vsphere.Config) { c.Thumbprint = strings.Repeat("ab", 20) }, "SHA-256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := good()
			tt.change(&c)
			_, err := vsphere.New(c)
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want one about %q", err, tt.says)
			}
		})
	}
}
