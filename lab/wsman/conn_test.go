package wsman

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodgit/ntlmssp"
	"github.com/masterzen/winrm"
)

// hostCertificate is a self-signed certificate for the loopback address.
func hostCertificate(t testing.TB) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "smp1.lab"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// bindingsTo are what a client computes from the certificate it was shown.
func bindingsTo(c *tls.Certificate) *ntlmssp.ChannelBindings {
	sum := sha256.Sum256(c.Certificate[0])
	return &ntlmssp.ChannelBindings{ApplicationData: append([]byte(ntlmssp.TLSServerEndPoint+":"), sum[:]...)}
}

func TestChannelBindings(t *testing.T) {
	own, other := hostCertificate(t), hostCertificate(t)
	for _, test := range []struct {
		name     string
		bindings *ntlmssp.ChannelBindings
		required bool
		want     int
	}{
		{"none", nil, false, 200},
		{"none, required", nil, true, 401},
		{"the host's", bindingsTo(own), false, 200},
		{"the host's, required", bindingsTo(own), true, 200},
		{"another's", bindingsTo(other), false, 401},
		{"another's, required", bindingsTo(other), true, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, url := startHost(t, Config{Certificate: own, RequireBinding: test.required})
			p := newPeer(t, url)
			p.bindings = test.bindings
			status, err := p.logOn(t.Context())
			if err != nil || status != test.want {
				t.Fatalf("status %d, %v; want %d", status, err, test.want)
			}
			if status == http.StatusOK {
				p.openShell(t) // sealed inside TLS works as well
			}
		})
	}
}

// TestWhoMaySpeak is infra A5: what a connection is worth after the handshake.
func TestWhoMaySpeak(t *testing.T) {
	_, url := startHost(t, Config{})
	p := newPeer(t, url)
	p.mustLogOn(t)
	create := winrm.NewOpenShellRequest(url, params()).String()

	resp, _, err := p.post(t.Context(), soapType, "", nil)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") != "Negotiate" {
		t.Errorf("empty request after the handshake: %v, %v", resp, err)
	}
	if _, err := p.call(t.Context(), create); err != nil {
		t.Errorf("sealed message without Authorization: %v", err)
	}
	resp, _, err = p.post(t.Context(), soapType, "", []byte(create))
	if err != nil || resp.StatusCode != http.StatusInternalServerError || resp.ContentLength != 0 {
		t.Errorf("message in clear: %v, %v", resp, err)
	}
	elsewhere := newPeer(t, url)
	resp, _, err = elsewhere.post(t.Context(), sealType, "", p.wrap(create))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("sealed message on another connection: %v, %v", resp, err)
	}
}

func TestSpoiledSession(t *testing.T) {
	_, url := startHost(t, Config{})
	p := newPeer(t, url)
	p.mustLogOn(t)
	m := winrm.NewOpenShellRequest(url, params()).String()
	p.wrap(m) // never sent: the next is out of sequence
	resp, _, err := p.post(t.Context(), sealType, "", p.wrap(m))
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("message out of sequence: %v, %v", resp, err)
	}
	resp, _, err = p.post(t.Context(), sealType, "", p.wrap(m))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the session outlived it: %v, %v", resp, err)
	}
	p.mustLogOn(t) // on the same connection
	p.openShell(t)
}

func TestOneAnswerPerChallenge(t *testing.T) {
	s, url := startHost(t, Config{})
	p := newPeer(t, url)
	var last []byte
	p.alter = func(leg int, token []byte) { last = token }
	p.mustLogOn(t)
	resp, _, err := p.post(t.Context(), soapType, "Negotiate "+base64.StdEncoding.EncodeToString(last), nil)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("type 3 once more: %v, %v", resp, err)
	}
	if n := s.Stats().Handshakes; n != 1 {
		t.Errorf("%d handshakes", n)
	}
}

func TestHTTP(t *testing.T) {
	_, url := startHost(t, Config{AllowUnencrypted: true, AllowBasic: true})
	p := newPeer(t, url)
	create := winrm.NewOpenShellRequest(url, params()).String()
	identify := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="` + nsIdentity + `"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>`
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	good := basic(`LAB\`+testUser, testPassword)
	for _, test := range []struct {
		name, method, path, kind, authorization, identify, body string
		want                                                    int
		contains                                                string
	}{
		{"Basic", "POST", "/wsman", soapType, good, "", create, 200, "ShellId"},
		{"Basic, local account", "POST", "/wsman", soapType, basic(testUser, testPassword), "", create, 200, `SMP1\svc-bot`},
		{"Basic, wrong password", "POST", "/wsman", soapType, basic(testUser, "no"), "", create, 401, ""},
		{"Basic that is none", "POST", "/wsman", soapType, "Basic !", "", create, 401, ""},
		{"nobody", "POST", "/wsman", soapType, "", "", create, 401, ""},
		{"unknown scheme", "POST", "/wsman", soapType, "Kerberos YII=", "", create, 401, ""},
		{"Negotiate that is none", "POST", "/wsman", soapType, "Negotiate ?", "", create, 401, ""},
		{"SPNEGO", "POST", "/wsman", soapType, "Negotiate YEgGBisGAQUFAqA+MDw=", "", create, 401, ""},
		{"sealed without a session", "POST", "/wsman", sealType, good, "", string(exampleFrame().marshal()), 400, ""},
		{"sealed without sense", "POST", "/wsman", sealType, good, "", "x", 400, ""},
		{"other content", "POST", "/wsman", "text/plain", good, "", create, 415, ""},
		{"other method", "GET", "/wsman", "", good, "", "", 405, ""},
		{"other path", "POST", "/", soapType, good, "", create, 404, ""},
		{"nothing asked", "POST", "/wsman", soapType, good, "", "", 200, ""},
		{"fault", "POST", "/wsman", soapType, good, "", strings.Replace(create, "transfer/Create", "transfer/Get", 1), 500, "2150858771"},
		{"identify", "POST", "/wsman", soapType, good, "", identify, 200, "OS: 10.0"},
		{"identify by anybody", "POST", "/wsman", soapType, "", "unauthenticated", identify, 200, "OS: 0.0.0"},
		{"something else by anybody", "POST", "/wsman", soapType, "", "unauthenticated", create, 401, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), test.method, strings.TrimSuffix(url, "/wsman")+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", test.kind)
			for name, value := range map[string]string{"Authorization": test.authorization, "WSMANIDENTIFY": test.identify} {
				if value != "" {
					req.Header.Set(name, value)
				}
			}
			resp, err := p.web.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != test.want || !strings.Contains(string(body), test.contains) {
				t.Errorf("%s, %v: %s; want %d with %q", resp.Status, err, body, test.want, test.contains)
			}
			if resp.StatusCode == http.StatusUnauthorized && len(resp.Header.Values("WWW-Authenticate")) != 2 {
				t.Errorf("offers %q", resp.Header.Values("WWW-Authenticate"))
			}
		})
	}
}

func TestBasicRefused(t *testing.T) {
	s, url := startHost(t, Config{})
	p := newPeer(t, url)
	resp, _, err := p.post(t.Context(), soapType, "Basic "+base64.StdEncoding.EncodeToString([]byte(testUser+":"+testPassword)), nil)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || len(resp.Header.Values("WWW-Authenticate")) != 1 {
		t.Errorf("got %v, %v", resp, err)
	}
	if n := s.Stats().Basic; n != 1 {
		t.Errorf("%d passwords in clear counted", n)
	}
}

// TestAnswers closes the door before a connection, and before the next request of
// an open one.
func TestAnswers(t *testing.T) {
	var shut atomic.Bool
	s, url := startHost(t, Config{Answers: func(remote netip.AddrPort, _ int) bool {
		return remote.Addr().IsLoopback() && !shut.Load()
	}})
	p := newPeer(t, url)
	p.mustLogOn(t)
	shut.Store(true)
	if _, _, err := p.post(t.Context(), soapType, "", nil); err == nil {
		t.Error("a request was answered")
	}
	if _, _, err := newPeer(t, url).post(t.Context(), soapType, "", nil); err == nil {
		t.Error("a connection was answered")
	}
	if n := s.Stats().Connections; n != 1 {
		t.Errorf("%d connections", n)
	}
	shut.Store(false)
	p.mustLogOn(t)
}

func TestReset(t *testing.T) {
	ended := make(chan struct{}, 1)
	s, p, shell := ready(t, Config{Run: untilEnded(ended)})
	command := p.startCommand(t, shell, "x")
	waiting := awaitReceive(s, shell, command)
	received := make(chan error, 1)
	go func() { // received waits for it
		_, _, _, _, err := p.receiveOnce(t.Context(), shell, command, params())
		received <- err
	}()
	<-waiting
	s.Reset()
	<-ended
	if err := <-received; err == nil || code(err) != 0 {
		t.Errorf("the Receive that waited: %v", err)
	}
	if n := s.Stats().Shells; n != 0 {
		t.Errorf("%d shells are left", n)
	}
	p.mustLogOn(t)
	if err := p.deleteShell(t, shell); code(err) != codeSelectors {
		t.Errorf("shell of before: %v", err)
	}
}

func TestClose(t *testing.T) {
	left := make(chan struct{})
	var gone atomic.Bool
	s, p, shell := ready(t, Config{Run: func(ctx context.Context, c *Command) {
		<-ctx.Done()
		<-left
		gone.Store(true)
	}})
	p.startCommand(t, shell, "x")
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }() // closed waits for it
	if _, _, err := p.post(t.Context(), soapType, "", nil); err == nil {
		// The request came before Close; the next cannot.
		for err == nil {
			_, _, err = p.post(t.Context(), soapType, "", nil)
		}
	}
	close(left)
	if err := <-closed; err != nil || !gone.Load() {
		t.Errorf("closed with %v; command gone: %v", err, gone.Load())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); err != nil {
		t.Errorf("serve after close: %v", err)
	}
}

func TestManyClients(t *testing.T) {
	s, url := startHost(t, Config{Run: echo})
	var wg sync.WaitGroup
	for range 20 {
		p := newPeer(t, url)
		wg.Go(func() {
			if status, err := p.logOn(t.Context()); err != nil || status != http.StatusOK {
				t.Errorf("log on: %d, %v", status, err)
				return
			}
			reply, err := p.call(t.Context(), winrm.NewOpenShellRequest(url, params()).String())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := winrm.ParseOpenShellResponse(reply); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if st := s.Stats(); st.Handshakes != 20 || st.Shells != 20 {
		t.Errorf("got %+v", st)
	}
}
