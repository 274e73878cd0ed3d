package wsman

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"
)

// newMasterzen is a whole client that is not ours: its own messages, transport and
// loop.
func newMasterzen(t testing.TB, address string, transport winrm.Transporter, certificate *tls.Certificate) *winrm.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	var ca []byte
	if certificate != nil {
		ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	}
	w := params()
	if transport != nil { // else Basic
		w.TransportDecorator = func() winrm.Transporter { return transport }
	}
	endpoint := winrm.NewEndpoint(u.Hostname(), port, u.Scheme == "https", false, ca, nil, nil, 10*time.Second)
	c, err := winrm.NewClientWithParameters(endpoint, testUser, testPassword, w)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMasterzen(t *testing.T) {
	encryption, err := winrm.NewEncryption("ntlm")
	if err != nil {
		t.Fatal(err)
	}
	certificate := hostCertificate(t)
	for _, test := range []struct {
		name      string
		cfg       Config
		transport winrm.Transporter
		sealed    bool
	}{
		{"sealed", Config{}, encryption, true},
		{"NTLM over https", Config{Certificate: certificate}, &winrm.ClientNTLM{}, false},
		{"NTLM in clear", Config{AllowUnencrypted: true}, &winrm.ClientNTLM{}, false},
		{"Basic over https", Config{Certificate: certificate, AllowBasic: true}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Run = func(_ context.Context, c *Command) {
				fmt.Fprintf(c.Stdout(), "ran %s", c.Line)
				fmt.Fprint(c.Stderr(), "warned")
				c.Exit(7)
			}
			s, address := startHost(t, test.cfg)
			c := newMasterzen(t, address, test.transport, test.cfg.Certificate)
			out, errs, exit, err := c.RunCmdWithContext(t.Context(), "hostname")
			if err != nil || out != "ran hostname" || errs != "warned" || exit != 7 {
				t.Errorf("got %q, %q, exit %d, %v", out, errs, exit, err)
			}
			st := s.Stats()
			if st.Shells != 0 || st.Commands != 1 || (st.Sealed > 0) != test.sealed || (st.Plain > 0) == test.sealed || (st.Basic > 0) != (test.transport == nil) {
				t.Errorf("not what went over the wire: %+v", st)
			}
		})
	}
}

// TestMasterzenInput is without NTLM: masterzen sends stdin beside its Receives,
// which its NTLM transports do not stand.
func TestMasterzenInput(t *testing.T) {
	t.Parallel()
	certificate := hostCertificate(t)
	_, address := startHost(t, Config{Certificate: certificate, AllowBasic: true, Run: echo})
	input := strings.Repeat("0123456789", 10_000)
	out, errs, exit, err := newMasterzen(t, address, nil, certificate).RunWithContextWithString(t.Context(), "sort", input)
	if err != nil || out != input || errs != "100000 bytes" || exit != 7 {
		t.Errorf("got %d bytes, %q, exit %d, %v", len(out), errs, exit, err)
	}
}

// TestMasterzenRefused has it meet a host that takes nothing in clear.
func TestMasterzenRefused(t *testing.T) {
	s, address := startHost(t, Config{})
	if _, err := newMasterzen(t, address, &winrm.ClientNTLM{}, nil).CreateShell(); err == nil {
		t.Error("a shell for a client that does not seal")
	}
	if st := s.Stats(); st.Handshakes != 1 || st.Shells != 0 {
		t.Errorf("got %+v", st)
	}
}
