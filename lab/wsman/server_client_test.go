package wsman

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"
	"github.com/masterzen/winrm"
)

const (
	testUser     = "svc-bot"
	testPassword = "Passw0rd!"
)

// startHost serves cfg on a loopback port and returns its URL. The account is
// LAB\svc-bot, local and of the domain.
func startHost(t testing.TB, cfg Config) (*Server, string) {
	t.Helper()
	cfg.Name, cfg.Domain = "SMP1", "LAB"
	cfg.Password = func(user, domain string) (string, bool) {
		known := domain == "" || strings.EqualFold(domain, "LAB") || strings.EqualFold(domain, "SMP1")
		return testPassword, known && strings.EqualFold(user, testUser)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(cfg)
	served := make(chan error, 1)
	serve := s.Serve
	if cfg.Certificate != nil {
		serve = s.ServeTLS
	}
	go func() { served <- serve(l) }() // the cleanup waits for it
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	scheme := "http"
	if cfg.Certificate != nil {
		scheme = "https"
	}
	return s, scheme + "://" + l.Addr().String() + "/wsman"
}

// peer speaks to a host over one connection with bodgit's NTLM, which shares no
// code with the server.
type peer struct {
	url, user, password, domain string
	bindings                    *ntlmssp.ChannelBindings
	ntlmv1                      bool
	alter                       func(leg int, token []byte) // changes a token on its way
	web                         *http.Client
	ntlm                        *ntlmssp.Client
}

func newPeer(t testing.TB, url string) *peer {
	transport := &http.Transport{
		MaxConnsPerHost: 1,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &peer{url: url, user: testUser, password: testPassword, domain: "LAB", web: &http.Client{Transport: transport}}
}

// post sends one request and returns status, header and body.
func (p *peer) post(ctx context.Context, contentType, authorization string, body []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := p.web.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	return resp, reply, err
}

// logOn goes through the handshake and returns the status of its end.
func (p *peer) logOn(ctx context.Context) (int, error) {
	c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo(p.user, p.password), ntlmssp.SetDomain(p.domain), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		return 0, err
	}
	if p.ntlmv1 {
		if err := c.SetOption(ntlmssp.SetCompatibilityLevel(1)); err != nil {
			return 0, err
		}
	}
	p.ntlm = c
	var challenge []byte
	for leg := 1; ; leg += 2 {
		token, err := c.Authenticate(challenge, p.bindings)
		if err != nil {
			return 0, err
		}
		token = bytes.Clone(token) // the client's own copy goes into its MIC
		if p.alter != nil {
			p.alter(leg, token)
		}
		resp, _, err := p.post(ctx, soapType, "Negotiate "+base64.StdEncoding.EncodeToString(token), nil)
		if err != nil {
			return 0, err
		}
		if _, value, ok := strings.Cut(resp.Header.Get("WWW-Authenticate"), "Negotiate "); leg == 1 && ok {
			if challenge, err = base64.StdEncoding.DecodeString(value); err != nil {
				return 0, err
			}
			continue
		}
		return resp.StatusCode, nil
	}
}

// mustLogOn ends the test when the handshake does not succeed.
func (p *peer) mustLogOn(t testing.TB) {
	t.Helper()
	status, err := p.logOn(t.Context())
	if err != nil || status != http.StatusOK {
		t.Fatalf("log on: status %d, %v", status, err)
	}
}

// wrap seals a message and frames it.
func (p *peer) wrap(message string) []byte {
	sealed, signature, err := p.ntlm.SecuritySession().Wrap([]byte(message))
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n")
	fmt.Fprintf(&b, "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n", len(message))
	fmt.Fprintf(&b, "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n")
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(signature))))
	b.Write(signature)
	b.Write(sealed)
	b.WriteString("--Encrypted Boundary--\r\n")
	return b.Bytes()
}

// wsmanError is a fault as a client sees it.
type wsmanError struct {
	Status int
	Code   uint32
	Text   string
	Body   string
}

func (e *wsmanError) Error() string {
	return fmt.Sprintf("http %d, wsman fault %d: %s", e.Status, e.Code, e.Text)
}

var errNotSealed = errors.New("answer is not sealed")

// call sends a sealed message and opens the sealed answer.
func (p *peer) call(ctx context.Context, message string) (string, error) {
	resp, body, err := p.post(ctx, sealType, "", p.wrap(message))
	if err != nil {
		return "", err
	}
	if resp.Header.Get("Content-Type") != sealType {
		if resp.StatusCode == http.StatusOK {
			return "", errNotSealed
		}
		return "", &wsmanError{Status: resp.StatusCode}
	}
	f, err := parseFrame(body)
	if err != nil {
		return "", err
	}
	plain, err := p.ntlm.SecuritySession().Unwrap(f.sealed, f.signature)
	if err != nil {
		return "", err
	}
	if resp.StatusCode == http.StatusOK {
		return string(plain), nil
	}
	var fault struct {
		Detail struct {
			Code    uint32 `xml:"Code,attr"`
			Message string
		} `xml:"Body>Fault>Detail>WSManFault"`
	}
	if err := xml.Unmarshal(plain, &fault); err != nil {
		return "", err
	}
	return "", &wsmanError{resp.StatusCode, fault.Detail.Code, fault.Detail.Message, string(plain)}
}

// code is the WSManFault code of an error, 0 for any other and for none.
func code(err error) uint32 {
	var e *wsmanError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func params() *winrm.Parameters { return winrm.NewParameters("PT5S", "en-US", 153600) }

// openShell creates a shell.
func (p *peer) openShell(t testing.TB) string {
	t.Helper()
	reply, err := p.call(t.Context(), winrm.NewOpenShellRequest(p.url, params()).String())
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	id, err := winrm.ParseOpenShellResponse(reply)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return id
}

// startCommand starts a command.
func (p *peer) startCommand(t testing.TB, shell, line string) string {
	t.Helper()
	reply, err := p.call(t.Context(), winrm.NewExecuteCommandRequest(p.url, shell, line, nil, params()).String())
	if err != nil {
		t.Fatalf("command: %v", err)
	}
	id, err := winrm.ParseExecuteCommandResponse(reply)
	if err != nil {
		t.Fatalf("command: %v", err)
	}
	return id
}

// send sends stdin.
func (p *peer) send(t testing.TB, shell, command string, data []byte, end bool) error {
	_, err := p.call(t.Context(), winrm.NewSendInputRequest(p.url, shell, command, data, end, params()).String())
	return err
}

// receiveOnce is one Receive.
func (p *peer) receiveOnce(ctx context.Context, shell, command string, w *winrm.Parameters) (out, errs string, done bool, code int, err error) {
	reply, err := p.call(ctx, winrm.NewGetOutputRequest(p.url, shell, command, "stdout stderr", w).String())
	if err != nil {
		return "", "", false, 0, err
	}
	var o, e bytes.Buffer
	done, code, err = winrm.ParseSlurpOutputErrResponse(reply, &o, &e)
	return o.String(), e.String(), done, code, err
}

// receiveAll receives until the command is done.
func (p *peer) receiveAll(t testing.TB, shell, command string) (out, errs string, exit int) {
	t.Helper()
	for {
		o, e, done, code, err := p.receiveOnce(t.Context(), shell, command, params())
		if err != nil {
			t.Fatalf("receive: %v", err)
		}
		out, errs = out+o, errs+e
		if done {
			return out, errs, code
		}
	}
}

func (p *peer) deleteShell(t testing.TB, shell string) error {
	_, err := p.call(t.Context(), winrm.NewDeleteShellRequest(p.url, shell, params()).String())
	return err
}

// ready starts a host, logs on and opens a shell.
func ready(t testing.TB, cfg Config) (s *Server, p *peer, shell string) {
	t.Helper()
	s, url := startHost(t, cfg)
	p = newPeer(t, url)
	p.mustLogOn(t)
	return s, p, p.openShell(t)
}

// signal sends a signal; masterzen's builder knows terminate only.
func (p *peer) signal(t testing.TB, shell, command, name string) error {
	m := winrm.NewSignalRequest(p.url, shell, command, params()).String()
	_, err := p.call(t.Context(), strings.Replace(m, "signal/terminate", "signal/"+name, 1))
	return err
}

// echo is a process that gives back its input, says so on stderr and exits with 7.
func echo(_ context.Context, c *Command) {
	b, _ := io.ReadAll(c.Stdin())
	_, _ = c.Stdout().Write(b)
	fmt.Fprintf(c.Stderr(), "%d bytes", len(b))
	c.Exit(7)
}

// untilEnded is a process that runs until it is ended from outside, and says so.
func untilEnded(ended chan<- struct{}) func(context.Context, *Command) {
	return func(ctx context.Context, _ *Command) {
		<-ctx.Done()
		ended <- struct{}{}
	}
}
