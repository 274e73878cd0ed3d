package lab

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	masterzen "github.com/masterzen/winrm"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/pki"
	"itmsbot/lab/world"
)

// host is how the document says a machine is reached.
func (l *Lab) host(t *testing.T, name string) HostDocument {
	t.Helper()
	hosts := l.Document().Hosts
	i := slices.IndexFunc(hosts, func(h HostDocument) bool { return h.Name == name })
	if i < 0 {
		t.Fatalf("the document has no %s", name)
	}
	return hosts[i]
}

// fleetTLS reaches one machine over https, believing a CA.
func fleetTLS(t *testing.T, h HostDocument, auth winrm.Auth, ca string) *winrm.Fleet {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(ca)) {
		t.Fatal("the CA is no certificate")
	}
	f, err := winrm.New([]winrm.Host{{Name: h.Name, URL: h.WinRMHTTPS, Auth: auth, Peer: trust.Peer{Roots: roots},
		Login: &trust.Login{User: h.User, Domain: h.Domain, Password: func() (string, error) { return h.Password, nil }}}}, winrm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// TestRemoteManagementOverTLS logs on to a server and a test client with the bot's own
// transport, with either way to prove who it is.
func TestRemoteManagementOverTLS(t *testing.T) {
	l, _ := run(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, name := range []string{"SMP1", "GW1", "WS-0412", "WS-0977"} {
		h := l.host(t, name)
		for auth, logons := range map[winrm.Auth]int{winrm.NTLM: 1, winrm.Basic: 0} {
			before := l.Hosts[name].Stats()
			r, err := fleetTLS(t, h, auth, h.CA).Record(ctx, name, estate.Look)
			after := l.Hosts[name].Stats()
			if err != nil || r.Name != name {
				t.Errorf("%s with %s: %q, %v", name, auth, r.Name, err)
			}
			if got := after.Handshakes - before.Handshakes; got != logons || (after.Basic > before.Basic) != (auth == winrm.Basic) {
				t.Errorf("%s with %s: %d handshakes and %d passwords in clear", name, auth, got, after.Basic-before.Basic)
			}
		}
	}
}

// TestAnotherAuthority: who believes another CA is shown the certificate and goes away
// without having said who it is.
func TestAnotherAuthority(t *testing.T) {
	l, _ := run(t)
	other, err := pki.NewAuthority("Somebody else's CA")
	if err != nil {
		t.Fatal(err)
	}
	h := l.host(t, "SMP1")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = fleetTLS(t, h, winrm.NTLM, string(other.PEM())).Record(ctx, "SMP1", estate.Look)
	if got := estate.TroubleOf(err); got != estate.Untrusted {
		t.Errorf("%v, want that the certificate is not believed", err)
	}
	if s := l.Hosts["SMP1"].Stats(); s.Requests != 0 {
		t.Errorf("%d requests were sent all the same", s.Requests)
	}
}

// TestTheFirewallDecidesAboutEachPort: 5986 closed by hand leaves 5985 open.
func TestTheFirewallDecidesAboutEachPort(t *testing.T) {
	l, plain := run(t)
	off := false
	if err := l.World.Set(world.Condition{Field: "rule", Host: "SMP1", Name: "WINRM-HTTPS-In-TCP", On: &off}); err != nil {
		t.Fatal(err)
	}
	h := l.host(t, "SMP1")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := fleetTLS(t, h, winrm.NTLM, h.CA).Record(ctx, "SMP1", estate.Look); estate.TroubleOf(err) != estate.Unreachable {
		t.Errorf("over TLS: %v, want unreachable", err)
	}
	if _, err := plain.Record(ctx, "SMP1", estate.Look); err != nil {
		t.Errorf("over http: %v", err)
	}
}

// TestAnotherClientOverTLS is masterzen's, with the CA of the document.
func TestAnotherClientOverTLS(t *testing.T) {
	l, _ := run(t)
	h := l.host(t, "WS-0977")
	u, err := url.Parse(h.WinRMHTTPS)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for name, decorate := range map[string]func() masterzen.Transporter{
		"NTLM":  func() masterzen.Transporter { return &masterzen.ClientNTLM{} },
		"Basic": nil,
	} {
		params := *masterzen.DefaultParameters
		params.TransportDecorator = decorate
		endpoint := masterzen.NewEndpoint(u.Hostname(), port, true, false, []byte(h.CA), nil, nil, 0)
		c, err := masterzen.NewClientWithParameters(endpoint, h.Domain+`\`+h.User, h.Password, &params)
		if err != nil {
			t.Fatal(err)
		}
		var out, wrong bytes.Buffer
		code, err := c.RunWithContext(ctx, "hostname", &out, &wrong)
		if err != nil || code != 0 || strings.TrimSpace(out.String()) != "WS-0977" {
			t.Errorf("%s: code %d, %q, %q, %v", name, code, &out, &wrong, err)
		}
	}
}

// TestDocumentOfHosts: what any tool needs stands there, and what is no virtual machine
// is none.
func TestDocumentOfHosts(t *testing.T) {
	l, _ := run(t)
	var names []string
	for _, h := range l.Document().Hosts {
		names = append(names, h.Name+" "+h.Role+" "+h.VM)
		block, rest := pem.Decode([]byte(h.CA))
		if block == nil || len(rest) != 0 || !strings.HasPrefix(h.WinRM, "http://127.0.0.1:") || !strings.HasPrefix(h.WinRMHTTPS, "https://127.0.0.1:") {
			t.Errorf("%+v", h)
		}
	}
	want := []string{"SMP1 smp SMP1", "SQL1 sql SQL1", "SITE1 site SITE1", "GW1 gateway GW1", "WS-0412 client ", "WS-0977 client "}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
