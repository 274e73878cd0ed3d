package wsman

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"
)

func inject(t testing.TB, s *Server, f Fault) {
	t.Helper()
	if err := s.Inject(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaultKinds(t *testing.T) {
	s := New(Config{})
	for _, k := range FaultKinds() {
		if k.Text == "" || strings.HasSuffix(k.Text, ".") {
			t.Errorf("%s: %q", k.Kind, k.Text)
		}
		inject(t, s, Fault{Kind: k.Kind})
	}
	if n := len(s.Faults()); n != len(FaultKinds()) {
		t.Errorf("%d faults are armed", n)
	}
	s.Clear()
	if n := len(s.Faults()); n != 0 {
		t.Errorf("%d faults are left", n)
	}
	for _, f := range []Fault{{}, {Kind: "dorp"}, {Kind: FaultDrop, After: -1}, {Kind: FaultDrop, Count: -1}, {Kind: FaultSlow, Delay: -1}, {Kind: FaultHang, On: "receive"}} {
		if err := s.Inject(f); err == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
}

func TestAfterAndCount(t *testing.T) {
	s := New(Config{})
	inject(t, s, Fault{Kind: FaultFault, After: 2, Count: 2, On: "Send"})
	inject(t, s, Fault{Kind: FaultFault, On: "Create"})
	var struck []int
	for n := range 6 {
		if _, ok := s.faults.strike("Send", FaultFault); ok {
			struck = append(struck, n)
		}
		if _, ok := s.faults.strike("Send", FaultHang); ok {
			t.Error("another kind struck")
		}
		if _, ok := s.faults.strike("Create", FaultFault); !ok {
			t.Error("a fault without count has ended")
		}
	}
	if !slices.Equal(struck, []int{2, 3}) {
		t.Errorf("struck at %v", struck)
	}
	want := []Fault{{Kind: FaultFault, On: "Create"}}
	if got := s.Faults(); !slices.Equal(got, want) {
		t.Errorf("left are %+v", got)
	}
}

// TestClearAtTheStrike clears between the strike and the wait that follows it.
func TestClearAtTheStrike(t *testing.T) {
	s := New(Config{})
	inject(t, s, Fault{Kind: FaultHang})
	f, ok := s.faults.strike("Receive", FaultHang)
	s.Clear()
	select {
	case <-f.cleared:
	default:
		t.Errorf("struck %v, and hangs after Clear", ok)
	}
}

// TestDrop cuts a Receive; after a new logon the command is still there.
func TestDrop(t *testing.T) {
	s, p, shell := ready(t, Config{Run: echo})
	command := p.startCommand(t, shell, "x")
	inject(t, s, Fault{Kind: FaultDrop, Count: 1})
	if err := p.send(t, shell, command, []byte("x"), true); err != nil {
		t.Fatal(err)
	}
	if _, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params()); err == nil || code(err) != 0 {
		t.Fatalf("got %v, want a lost connection", err)
	}
	p.mustLogOn(t)
	if out, _, exit := p.receiveAll(t, shell, command); out != "x" || exit != 7 {
		t.Errorf("got %q, exit %d", out, exit)
	}
	if len(s.Faults()) != 0 {
		t.Error("the fault is still armed")
	}
}

func TestDropBefore(t *testing.T) {
	s, p, shell := ready(t, Config{Run: echo})
	inject(t, s, Fault{Kind: FaultDropBefore, Count: 1})
	_, err := p.call(t.Context(), winrm.NewExecuteCommandRequest(p.url, shell, "x", nil, params()).String())
	if err == nil || code(err) != 0 {
		t.Errorf("got %v, want a lost connection", err)
	}
	if n := s.Stats().Commands; n != 0 {
		t.Errorf("%d commands ran", n)
	}
	p.mustLogOn(t)
	p.startCommand(t, shell, "x")
}

func TestHang(t *testing.T) {
	t.Parallel()
	t.Run("until the client leaves", func(t *testing.T) {
		s, p, shell := ready(t, Config{})
		inject(t, s, Fault{Kind: FaultHang, On: "Delete"})
		ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer leave()
		_, err := p.call(ctx, winrm.NewDeleteShellRequest(p.url, shell, params()).String())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if n := s.Stats().Shells; n != 1 {
			t.Error("the shell was deleted")
		}
	})
	t.Run("until cleared", func(t *testing.T) {
		s, p, shell := ready(t, Config{})
		inject(t, s, Fault{Kind: FaultHang, Count: 1})
		deleted := make(chan error, 1)
		go func() { deleted <- p.deleteShell(t, shell) }() // deleted waits for it
		for len(s.Faults()) > 0 {
			// The message has not arrived yet.
			if _, _, err := newPeer(t, p.url).post(t.Context(), soapType, "", nil); err != nil {
				t.Fatal(err)
			}
		}
		s.Clear()
		if err := <-deleted; err == nil || code(err) != 0 {
			t.Errorf("got %v, want a lost connection", err)
		}
	})
}

// TestSlow loses the output for a client that does not wait, and keeps it for one
// that does.
func TestSlow(t *testing.T) {
	t.Parallel()
	run := func(_ context.Context, c *Command) { io.WriteString(c.Stdout(), "x") }
	s, p, shell := ready(t, Config{Run: run})
	command := p.startCommand(t, shell, "x")
	inject(t, s, Fault{Kind: FaultSlow, Count: 1})
	ctx, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer leave()
	if _, _, _, _, err := p.receiveOnce(ctx, shell, command, params()); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	p.mustLogOn(t)
	if _, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params()); code(err) != codeSelectors {
		t.Errorf("the output was kept: %v", err)
	}
	inject(t, s, Fault{Kind: FaultSlow, Delay: time.Millisecond})
	if out, _, _ := p.receiveAll(t, shell, p.startCommand(t, shell, "x")); out != "x" {
		t.Errorf("got %q", out)
	}
}

func TestWrongAnswer(t *testing.T) {
	s, p, shell := ready(t, Config{})
	inject(t, s, Fault{Kind: FaultWrongAnswer, Count: 1})
	reply, err := p.call(t.Context(), winrm.NewDeleteShellRequest(p.url, shell, params()).String())
	if err != nil || strings.Contains(reply, "Envelope") {
		t.Errorf("got %q, %v", reply, err)
	}
	if err := p.deleteShell(t, shell); err != nil {
		t.Errorf("it was carried out: %v", err)
	}
}

func TestFaultFault(t *testing.T) {
	s, p, shell := ready(t, Config{})
	for _, test := range []struct{ code, want uint32 }{
		{0, codeSelectors}, {codeTimeout, codeTimeout}, {codeAborted, codeAborted}, {codeBusy, codeBusy},
		{codeShellQuota, codeShellQuota}, {codeSelectors, codeSelectors}, {5, 5},
	} {
		inject(t, s, Fault{Kind: FaultFault, Code: test.code, On: "Delete", Count: 1})
		if err := p.deleteShell(t, shell); code(err) != test.want {
			t.Errorf("%d: got %v", test.code, err)
		}
	}
	if err := p.deleteShell(t, shell); err != nil {
		t.Error(err)
	}
}

func TestUnsealed(t *testing.T) {
	s, p, shell := ready(t, Config{})
	inject(t, s, Fault{Kind: FaultUnsealed, Count: 1})
	if err := p.deleteShell(t, shell); !errors.Is(err, errNotSealed) {
		t.Errorf("got %v", err)
	}
}

func TestShortSignature(t *testing.T) {
	s, p, shell := ready(t, Config{})
	inject(t, s, Fault{Kind: FaultShortSignature, Count: 1})
	resp, body, err := p.post(t.Context(), sealType, "", p.wrap(winrm.NewDeleteShellRequest(p.url, shell, params()).String()))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", resp, err)
	}
	_, data, ok := bytes.Cut(body, []byte("octet-stream\r\n"))
	if !ok || binary.LittleEndian.Uint32(data) != 8 {
		t.Errorf("signature of %d bytes", binary.LittleEndian.Uint32(data))
	}
}

func TestWeakChallenge(t *testing.T) {
	s, url := startHost(t, Config{})
	inject(t, s, Fault{Kind: FaultWeakChallenge, Count: 1})
	p := newPeer(t, url)
	status, err := p.logOn(t.Context())
	if err != nil || status != http.StatusOK {
		t.Fatalf("a client that does not look: status %d, %v", status, err)
	}
	if p.ntlm.SecuritySession() != nil {
		t.Error("the client has a session to seal with")
	}
	p.mustLogOn(t)
	p.openShell(t)
}

// TestRefused: an account that is locked or disabled gets no further with the right
// password, by either way.
func TestRefused(t *testing.T) {
	s, url := startHost(t, Config{Certificate: hostCertificate(t), AllowBasic: true})
	inject(t, s, Fault{Kind: FaultRefused, Count: 2})
	p := newPeer(t, url)
	if status, err := p.logOn(t.Context()); err != nil || status != http.StatusUnauthorized {
		t.Errorf("NTLM: status %d, %v", status, err)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(`LAB\`+testUser+":"+testPassword))
	for _, want := range []int{http.StatusUnauthorized, http.StatusOK} {
		if resp, _, err := p.post(t.Context(), soapType, basic, nil); err != nil || resp.StatusCode != want {
			t.Errorf("Basic: %v, %v, want %d", resp, err, want)
		}
	}
	p.mustLogOn(t)
}

// TestDowngrade shows what the fault is for: a client that falls back sends the
// password in clear.
func TestDowngrade(t *testing.T) {
	s, url := startHost(t, Config{AllowUnencrypted: true})
	inject(t, s, Fault{Kind: FaultDowngrade})
	resp, _, err := newPeer(t, url).post(t.Context(), soapType, "Negotiate "+base64.StdEncoding.EncodeToString([]byte("NTLMSSP\x00")), nil)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !slices.Equal(resp.Header.Values("WWW-Authenticate"), []string{`Basic realm="WSMAN"`}) {
		t.Errorf("got %v, %v", resp, err)
	}
	if _, err := newMasterzen(t, url, &winrm.ClientNTLM{}, nil).CreateShell(); err == nil {
		t.Error("a shell after all")
	}
	if n := s.Stats().Basic; n == 0 {
		t.Error("masterzen has not fallen back: choose another client to show it")
	}
}

func TestAnotherCertificate(t *testing.T) {
	own := hostCertificate(t)
	s, url := startHost(t, Config{Certificate: own})
	leaf, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, url)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	p.web.Transport = &http.Transport{MaxConnsPerHost: 1, TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(p.web.CloseIdleConnections)

	inject(t, s, Fault{Kind: FaultAnotherCertificate, Count: 1})
	var unknown x509.UnknownAuthorityError
	if _, err := p.logOn(t.Context()); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	p.mustLogOn(t)

	// Who does not verify but binds is refused by the host.
	inject(t, s, Fault{Kind: FaultAnotherCertificate, Count: 1})
	careless := newPeer(t, url)
	careless.web.Transport.(*http.Transport).TLSClientConfig.VerifyConnection = func(cs tls.ConnectionState) error {
		careless.bindings = bindingsTo(&tls.Certificate{Certificate: [][]byte{cs.PeerCertificates[0].Raw}})
		return nil
	}
	if _, _, err := careless.post(t.Context(), soapType, "", nil); err != nil {
		t.Fatal(err)
	}
	if status, err := careless.logOn(t.Context()); err != nil || status != http.StatusUnauthorized {
		t.Errorf("status %d, %v", status, err)
	}
}
